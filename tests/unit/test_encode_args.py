"""The commands that encode, as text: whoever reads a job's log sees these."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.job import Cbr, Crf, Vbr
from telecine.core.limits import MediaLimits
from telecine.core.plan import ChunkSpan, Colour, PictureSource, Plan, VideoOutput
from telecine.media.encode_args import chunk_arguments, frame_ticks, output_options, rate_options, track_timescale
from telecine.media.picture_graph import picture_graph, shared_filters
from telecine.media.safe_input import safe_input

BT709 = Colour(primaries="bt709", transfer="bt709", matrix="bt709", range="tv")
PQ = Colour(
    primaries="bt2020",
    transfer="smpte2084",
    matrix="bt2020nc",
    range="tv",
    mastering_display="G(1,2)B(3,4)R(5,6)WP(7,8)L(9,10)",
    content_light="1000,400",
)
FILM = Fraction(24000, 1001)


def output(name: str, width: int, height: int, **values: Any) -> VideoOutput:
    base = {
        "name": name,
        "track_id": name,
        "codec": "h264",
        "width": width,
        "height": height,
        "frame_rate": Fraction(25),
        "rate": Cbr(bitrate=1_000_000),
        "pixel_format": "yuv420p",
        "colour": BT709,
    }
    return VideoOutput(**(base | values))


def source(**values: Any) -> PictureSource:
    base = {
        "file": 0,
        "demuxer": "mov",
        "stream": 0,
        "start": Fraction(0),
        "frame_rate": Fraction(25),
        "colour": BT709,
    }
    return PictureSource(**(base | values))


def plan(*outputs: VideoOutput, picture: PictureSource | None = None, **values: Any) -> Plan:
    base = {
        "content_id": "content",
        "duration": Fraction(100),
        "gop": Fraction(2),
        "segment": Fraction(4),
        "picture": picture or source(),
        "chunks": (),
        "video": outputs,
        "audio": (),
        "subtitles": (),
        "trees": (),
        "min_buffer_time": 2,
        "average_bandwidth": False,
        "thumbnails": False,
        "preset_h264": "medium",
        "preset_h265": "fast",
    }
    return Plan(**(base | values))


MIDDLE = ChunkSpan(index=1, start=Fraction(60), end=Fraction(80))
LAST = ChunkSpan(index=2, start=Fraction(80), end=Fraction(100))
WHOLE = ChunkSpan(index=0, start=Fraction(0), end=Fraction(100))


def graph(made: Plan, chunk: ChunkSpan = MIDDLE) -> list[str]:
    return picture_graph(made, chunk).split(";")


def scaled(width: int, height: int, pixel_format: str = "yuv420p", matrix: str = "bt709") -> str:
    size = f"scale=w={width}:h={height}:flags=bicubic:out_range=tv:out_color_matrix={matrix}"
    return f"{size},setsar=1,format={pixel_format}"


MEANING = "setparams=color_primaries=bt709:color_trc=bt709:range=tv:colorspace=bt709"


def test_the_whole_command_of_one_chunk():
    made = plan(output("v0", 1280, 720), picture=source(start=Fraction(7, 5), stream=1))
    command = chunk_arguments(made, MIDDLE, "input/0/source", {"v0": "chunk/v0/x.mp4"}, MediaLimits(), cores=2)
    before, after = command.index("-protocol_whitelist"), command.index("-filter_complex_threads")
    assert command[before:after] == safe_input("mov", "input/0/source", MediaLimits())
    assert " ".join(command[:before] + command[after:]) == (
        "-hide_banner -nostdin -y -v warning -nostats -progress pipe:1 -stats_period 0.5 -copyts "
        "-seek_timestamp 1 -noaccurate_seek -ss 60900000us -noautorotate -apply_cropping codec -threads:v 3 "
        "-filter_complex_threads 2 "
        f"-filter_complex [0:1]{MEANING},setpts=round(PTS-(7/5)/TB),fps=25,trim=start_pts=1500:end_pts=2000,"
        f"setpts=PTS-1500,{scaled(1280, 720)}[v0] "
        "-map [v0] -c:v libx264 -preset medium -profile:v high -threads:v 3 "
        "-x264-params keyint=50:min-keyint=50:scenecut=0:open-gop=0:stitchable=1 "
        "-b:v 1000000 -minrate 1000000 -maxrate 1000000 -bufsize 1000000 "
        "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv "
        "-fps_mode passthrough -map_metadata -1 -map_chapters -1 "
        "-video_track_timescale 12800 -movie_timescale 12800 -f mp4 chunk/v0/x.mp4"
    )


def test_the_first_chunk_and_a_second_try_read_from_the_start():
    made = plan(output("v0", 1280, 720))
    first = chunk_arguments(made, WHOLE, "in", {"v0": "out"}, MediaLimits(), cores=2)
    again = chunk_arguments(made, MIDDLE, "in", {"v0": "out"}, MediaLimits(), cores=2, seek=False)
    assert "-ss" not in first
    assert "-ss" not in again


def test_only_the_last_chunk_may_hold_its_last_picture():
    made = plan(output("v0", 1280, 720))
    assert graph(made, LAST) == [
        f"[0:0]{MEANING},fps=25,tpad=stop=50:stop_mode=clone,trim=start_pts=2000:end_pts=2500,setpts=PTS-2000,"
        f"{scaled(1280, 720)}[v0]"
    ]
    assert "tpad" not in graph(made, MIDDLE)[0]


def test_a_ladder_is_scaled_from_the_nearest_picture_twice_as_large():
    sizes = [(1920, 1080), (1280, 720), (960, 540), (640, 360), (426, 240)]
    made = plan(*(output(f"v{number}", *size) for number, size in enumerate(sizes)))
    assert graph(made) == [
        f"[0:0]{MEANING},fps=25,trim=start_pts=1500:end_pts=2000,setpts=PTS-1500,split=2[p0][p1]",
        f"[p0]{scaled(1920, 1080)},split=2[v0][p2]",
        f"[p2]{scaled(960, 540)},split=2[v2][p3]",
        f"[p3]{scaled(426, 240)}[v4]",
        f"[p1]{scaled(1280, 720)},split=2[v1][p4]",
        f"[p4]{scaled(640, 360)}[v3]",
    ]


def test_renditions_of_one_size_share_one_picture():
    made = plan(output("v0", 640, 360), output("v1", 640, 360, rate=Cbr(bitrate=1)), output("v2", 640, 360))
    assert graph(made)[-1].endswith(f"{scaled(640, 360)},split=3[v0][v1][v2]")


def test_two_frame_rates_are_picked_apart_before_scaling():
    made = plan(output("v0", 1280, 720, frame_rate=Fraction(50)), output("v1", 640, 360))
    assert graph(made) == [
        f"[0:0]{MEANING},split=2[p0][p1]",
        f"[p0]fps=50,trim=start_pts=3000:end_pts=4000,setpts=PTS-3000,{scaled(1280, 720)}[v0]",
        f"[p1]fps=25,trim=start_pts=1500:end_pts=2000,setpts=PTS-1500,{scaled(640, 360)}[v1]",
    ]


def test_tone_mapping_is_done_once_at_the_largest_size_that_needs_it():
    hdr = output("v0", 1920, 1080, codec="h265", pixel_format="yuv420p10le", colour=PQ)
    sdr = [output(f"v{n}", *size, tone_map=True) for n, size in ((1, (1280, 720)), (2, (640, 360)))]
    made = plan(hdr, *sdr, picture=source(colour=PQ, tone_map=True))
    assert graph(made)[1:] == [
        "[p0]zscale=w=1280:h=720:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
        "zscale=t=bt709:m=bt709:r=tv,format=yuv420p,sidedata=mode=delete:type=MASTERING_DISPLAY_METADATA,"
        f"sidedata=mode=delete:type=CONTENT_LIGHT_LEVEL,{scaled(1280, 720)},split=2[v1][p2]",
        f"[p2]{scaled(640, 360)}[v2]",
        f"[p1]{scaled(1920, 1080, 'yuv420p10le', 'bt2020nc')}[v0]",
    ]


def test_ten_bits_are_never_made_from_eight():
    deep = output("v1", 640, 360, codec="h265", pixel_format="yuv420p10le")
    made = plan(output("v0", 1280, 720), deep, output("v2", 320, 180))
    assert graph(made) == [
        f"[0:0]{MEANING},fps=25,trim=start_pts=1500:end_pts=2000,setpts=PTS-1500,split=2[p0][p1]",
        f"[p0]{scaled(1280, 720)}[v0]",
        f"[p1]{scaled(640, 360, 'yuv420p10le')},split=2[v1][p2]",
        f"[p2]{scaled(320, 180)}[v2]",
    ]


@pytest.mark.parametrize(
    ("values", "filters"),
    [
        ({}, []),
        ({"rotation": 90}, ["transpose=clock", "sidedata=mode=delete:type=DISPLAYMATRIX"]),
        ({"rotation": 180}, ["hflip", "vflip", "sidedata=mode=delete:type=DISPLAYMATRIX"]),
        ({"rotation": 270}, ["transpose=cclock", "sidedata=mode=delete:type=DISPLAYMATRIX"]),
        ({"deinterlace": "top_first"}, ["bwdif=mode=send_frame:parity=tff:deint=all"]),
        ({"deinterlace": "bottom_first", "field_rate": True}, ["bwdif=mode=send_field:parity=bff:deint=all"]),
        ({"deinterlace": "auto"}, ["bwdif=mode=send_frame:parity=auto:deint=interlaced"]),
        ({"start": Fraction(-1, 25)}, ["setpts=round(PTS-(-1/25)/TB)"]),
    ],
)
def test_what_all_renditions_share(values, filters):
    assert shared_filters(source(**values)) == [MEANING, *filters]


@pytest.mark.parametrize(
    ("rate", "options"),
    [
        (Cbr(bitrate=1000), "-b:v 1000 -minrate 1000 -maxrate 1000 -bufsize 1000"),
        (Vbr(bitrate=1000, peak=1500), "-b:v 1000 -maxrate 1500 -bufsize 3000"),
        (Crf(crf=23), "-crf 23"),
        (Crf(crf=23.5, peak=1500), "-crf 23.5 -maxrate 1500 -bufsize 3000"),
    ],
)
def test_rate_control(rate, options):
    assert " ".join(rate_options(rate)) == options


def test_h265_options_with_hdr():
    hdr = output(
        "v0", 1920, 1080, codec="h265", pixel_format="yuv420p10le", colour=PQ, rate=Crf(crf=20), frame_rate=FILM
    )
    made = plan(hdr, gop=Fraction(2002, 1000))
    assert " ".join(output_options(made, hdr, threads=3)) == (
        "-c:v libx265 -preset fast -tag:v hvc1 -dolbyvision 0 -x265-params "
        "keyint=48:min-keyint=48:scenecut=0:open-gop=0:repeat-headers=0:log-level=1:"
        "master-display=G(1,2)B(3,4)R(5,6)WP(7,8)L(9,10):max-cll=1000,400 -crf 20 "
        "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv "
        "-fps_mode passthrough -map_metadata -1 -map_chapters -1 "
        "-video_track_timescale 24000 -movie_timescale 24000 -f mp4"
    )


@given(st.integers(1, 120_000), st.integers(1, 1001))
def test_every_frame_lasts_a_whole_number_of_ticks(numerator, denominator):
    rate = Fraction(numerator, denominator)
    assert Fraction(frame_ticks(rate), track_timescale(rate)) == 1 / rate
    assert track_timescale(rate) >= 10_000
