"""The command that makes the sound, as text."""

from fractions import Fraction
from typing import Any

from telecine.core.limits import MediaLimits
from telecine.core.plan import AudioOutput, AudioSource, Plan
from telecine.media.audio_args import audio_arguments, encoding_graph, silence_arguments
from telecine.media.safe_input import safe_input


def source(file: int = 0, stream: int = 1, channels: int = 2, **values: Any) -> AudioSource:
    base = {"demuxer": "mov", "origin": Fraction(0), "offset": Fraction(0)}
    return AudioSource(file=file, stream=stream, channels=channels, **(base | values))


def output(*sources: AudioSource, **values: Any) -> AudioOutput:
    base = {
        "name": "a0",
        "track_id": "audio1",
        "codec": "aac",
        "copy_stream": False,
        "sources": sources or (source(),),
        "channels": 2,
        "sample_rate": 48000,
        "bitrate": 128_000,
        "language": "en",
        "label": "en",
        "default": True,
    }
    return AudioOutput(**(base | values))


def plan(*outputs: AudioOutput, duration: Fraction = Fraction(10)) -> Plan:
    return Plan(
        content_id="content",
        duration=duration,
        gop=Fraction(2),
        segment=Fraction(4),
        picture=None,
        chunks=(),
        video=(),
        audio=outputs,
        subtitles=(),
        trees=(),
        min_buffer_time=2,
        average_bandwidth=False,
        thumbnails=False,
        preset_h264="",
        preset_h265="",
    )


PLACE = "aresample=48000:async=1:first_pts=0:min_hard_comp=0.02"


def test_one_command_encodes_and_passes_through_and_opens_each_file_once():
    encoded = output(source(file=3, origin=Fraction(7, 5)), codec="ac3", bitrate=192_000)
    passed = output(source(file=1, stream=0, demuxer="wav"), name="a1", copy_stream=True)
    more = output(source(file=3, stream=2), name="a2", copy_stream=True)
    outputs = (encoded, passed, more)
    limits = MediaLimits()
    command = audio_arguments(
        plan(*outputs), outputs, {1: "one", 3: "three"}, {"a0": "x.mp4", "a1": "y.mp4", "a2": "z.mp4"}, limits
    )
    inputs = [*safe_input("mov", "three", limits), *safe_input("wav", "one", limits)]
    begun = command.index("-protocol_whitelist")
    assert command[begun : begun + len(inputs)] == inputs
    moved = "-bsf:a setts=pts=round(PTS-(0/1)/TB):dts=round(DTS-(0/1)/TB)"
    assert " ".join(command[:begun] + command[begun + len(inputs) :]) == (
        "-hide_banner -nostdin -y -v warning -nostats -progress pipe:1 -stats_period 0.5 -copyts "
        f"-filter_complex [0:1]asetpts=round(PTS-(7/5)/TB),{PLACE},aformat=channel_layouts=stereo,"
        "apad=whole_len=480000,atrim=start_sample=256:end_sample=480000,asetpts=N[a0] "
        "-map [a0] -c:a ac3 -b:a 192000 -use_editlist 0 -avoid_negative_ts make_zero "
        "-map_metadata -1 -map_chapters -1 -f mp4 x.mp4 "
        f"-map 1:0 -c:a copy {moved} -avoid_negative_ts disabled -movie_timescale 48000 "
        "-map_metadata -1 -map_chapters -1 -f mp4 y.mp4 "
        f"-map 0:2 -c:a copy {moved} -avoid_negative_ts disabled -movie_timescale 48000 "
        "-map_metadata -1 -map_chapters -1 -f mp4 z.mp4"
    )


def test_two_mono_tracks_of_two_files_become_left_and_right():
    made = output(source(file=0, channels=1), source(file=1, channels=1, stream=0))
    start = "asetpts=round(PTS-(0/1)/TB)"
    assert encoding_graph(plan(made, duration=Fraction(1)), made, {0: 0, 1: 1}).split(";") == [
        f"[0:1]{start},{PLACE},apad=whole_len=48000[a0s0]",
        f"[1:0]{start},{PLACE},apad=whole_len=48000[a0s1]",
        "[a0s0][a0s1]join=inputs=2:channel_layout=stereo:map=0.0-FL|1.0-FR,"
        "atrim=start_sample=1024:end_sample=48000,asetpts=N[a0]",
    ]


def test_pairs_fill_a_surround_layout_in_their_order():
    made = output(*(source(stream=n) for n in (1, 2, 3)), channels=6)
    assert "join=inputs=3:channel_layout=5.1:map=0.0-FL|0.1-FR|1.0-FC|1.1-LFE|2.0-BL|2.1-BR" in encoding_graph(
        plan(made), made, {0: 0}
    )


def test_silence_is_made_in_the_codec_of_the_track():
    assert " ".join(silence_arguments("eac3", 6, 48000, 384_000, "s.mp4")) == (
        "-hide_banner -nostdin -y -v warning -f lavfi "
        "-i anullsrc=channel_layout=5.1:sample_rate=48000:duration=1 -c:a eac3 -b:a 384000 -f mp4 s.mp4"
    )
