"""Frames of a source by number: the same ones whether it is read at one go or in pieces, for every kind of source.

Most of it runs in this very process, which is quicker; what the cage adds is looked at once.
"""

import hashlib
import io
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from tests import clips

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Source
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.enhance import decode, frame_index
from telecine.media.enhance.decode import decode_process
from telecine.media.enhance.frame_index import FrameIndex, index_frames, index_path
from telecine.media.pipeline import run_pipe
from telecine.media.sniff import sniff
from telecine.media.workspace import Workspace

SIZE = "160x90"
LIMITS = MediaLimits()


def h264(*more: str, parameters: str = "") -> list[str]:
    return ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "fast", "-x264-params", parameters, *more]


def made(suffix: str, *encoder: str, rate: str = "25", seconds: float = 2, size: str = SIZE) -> Path:
    return clips.make(suffix, *clips.picture(seconds, rate, size), *encoder)


def open_gop_ts() -> Path:
    return made(".ts", *h264(parameters="open-gop=1:keyint=12:bframes=3:b-pyramid=normal:scenecut=0"))


def edited() -> Path:
    """A copy that begins within a GOP: an edit list hides what lies before."""
    whole = made(".mp4", *h264(parameters="keyint=20:bframes=2"))
    return clips.make(".mp4", "-ss", "0.5", "-i", whole, "-c", "copy", inputs=(whole,))


def broken_ts() -> Path:
    """Bytes in the middle are overwritten."""
    source = open_gop_ts()
    target = source.with_name(f"broken-{source.name}")
    data = bytearray(source.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle + 20 : middle + 1500] = bytes(1480)
    target.write_bytes(bytes(data))
    return target


HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1")
INTERLACED = ("-vf", "interlace", "-flags", "+ildct+ilme")
SOURCES = {
    "h264 with open GOPs, ts": open_gop_ts,
    "h264 without keyframes, mkv": lambda: made(".mkv", *h264(parameters="intra-refresh=1:keyint=10:bframes=0")),
    "mpeg-2 interlaced, ts": lambda: made(".ts", *INTERLACED, "-c:v", "mpeg2video", "-bf", "2", "-g", "12"),
    "mpeg-2 4:2:2, mxf": lambda: made(".mxf", "-c:v", "mpeg2video", "-bf", "2", "-pix_fmt", "yuv422p"),
    "prores, mov": lambda: made(".mov", "-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le"),
    "hevc with open GOPs, mp4": lambda: made(".mp4", *HEVC, "-x265-params", "open-gop=1:keyint=14:log-level=error"),
    "variable rate, mp4": lambda: clips.variable_rate(2),
    "edit list, mp4": edited,
    "damaged, ts": broken_ts,
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(tmp_path)
    workspace.input_dir(0).mkdir(parents=True)
    return workspace


def indexed(path: Path, workspace: Workspace, average: Fraction = Fraction(25)) -> FrameIndex:
    """Put the clip into the work folder and index it, without the cage."""
    shutil.copy(path, workspace.input_file(0))
    file = [workspace.relative(workspace.input_file(0)), sniff(path), 0, LIMITS.pixels, LIMITS.streams]
    rate = [average.numerator, average.denominator]
    frame_index.main({"file": file, "average": rate, "target": workspace.relative(index_path(workspace))})
    return FrameIndex.load(index_path(workspace))


def source_of(path: Path, index: FrameIndex, average: Fraction = Fraction(25)) -> Source:
    """The source in its own format, whatever that is."""
    import av

    with av.open(str(path)) as container:
        form = container.streams.video[0].codec_context
        assert form.pix_fmt
        chroma = next(c for c in Chroma if c.replace(":", "") in form.pix_fmt)
        bits = 10 if "10" in form.pix_fmt else 8
    rate, frames, resampled = index.at_one_rate(average)
    picture = Picture(width=form.width, height=form.height, chroma=chroma, bits=bits, rate=rate, frames=frames)
    return Source(demuxer=sniff(path), stream=0, resampled=resampled, picture=picture)


def raw(source: Source, span: Span, workspace: Workspace) -> bytes:
    """What the decoder's process would write."""
    asked = {
        "source": source.model_dump(mode="json"),
        "path": workspace.relative(workspace.input_file(0)),
        "index": workspace.relative(index_path(workspace)),
        "span": list(span),
        "limits": {"pixels": LIMITS.pixels, "streams": LIMITS.streams},
    }
    out = io.BytesIO()
    decode.main(asked, out)
    return out.getvalue()


def hashes(data: bytes, picture: Picture) -> list[str]:
    step = picture.frame_bytes
    assert len(data) % step == 0
    return [hashlib.md5(data[at : at + step]).hexdigest() for at in range(0, len(data), step)]


@pytest.mark.parametrize("name", SOURCES)
def test_pieces_are_the_whole(name: str, workspace: Workspace) -> None:
    path = SOURCES[name]()
    average = Fraction(30) if name.startswith("variable") else Fraction(25)
    source = source_of(path, index := indexed(path, workspace, average), average)
    picture = source.picture
    whole = hashes(raw(source, Span(0, picture.frames), workspace), picture)
    assert len(whole) == picture.frames
    for first in range(0, picture.frames, 7):
        span = Span(first, min(first + 7, picture.frames))
        assert hashes(raw(source, span, workspace), picture) == whole[first : span.end], span
    assert index.timed


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("damaged, ts", "variable rate, mp4")])
def test_the_whole_is_what_ffmpeg_shows(name: str, workspace: Workspace, tmp_path: Path) -> None:
    path = SOURCES[name]()
    source = source_of(path, indexed(path, workspace))
    form = ["-pix_fmt", source.picture.pixel_format, "-fps_mode", "passthrough", "-f", "rawvideo"]
    clips.ffmpeg("-i", path, *form, tmp_path / "raw")
    mine = hashes(raw(source, Span(0, source.picture.frames), workspace), source.picture)
    assert mine == hashes((tmp_path / "raw").read_bytes(), source.picture)


def test_a_variable_rate_is_filled_up_to_one_rate(workspace: Workspace) -> None:
    path = clips.variable_rate(3)
    index = indexed(path, workspace, Fraction(20))
    source = source_of(path, index, Fraction(20))
    assert (source.resampled, source.picture.rate, source.picture.frames) == (True, 30, 90)
    assert index.frames == 70
    shown = hashes(raw(source, Span(0, 90), workspace), source.picture)
    assert len(set(shown)) == 70
    assert len(set(shown[30:60])) == 10


def test_full_range_stays_full_and_rgb_becomes_the_asked_range(workspace: Workspace) -> None:
    white = ["-f", "lavfi", "-i", "color=white:s=160x90:d=0.2"]
    full = clips.make(".mov", *white, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p")
    source = source_of(full, indexed(full, workspace))
    assert max(raw(source, Span(0, 1), workspace)) == 255
    rgb = clips.make(".mov", *white, "-c:v", "png", "-pix_fmt", "rgb24")
    indexed(rgb, workspace)
    shown = raw(source.model_copy(update={"demuxer": "mov"}), Span(0, 1), workspace)
    assert max(shown[: 160 * 90]) == 235


def test_a_keyframe_that_brings_the_wrong_frame_is_not_believed(workspace: Workspace) -> None:
    """As where the first frames behind a keyframe need what lies before it: it goes back, at last to the start."""
    path = open_gop_ts()
    index = indexed(path, workspace)
    source = source_of(path, index)
    right = raw(source, Span(20, 26), workspace)
    lying = index.keys + 3  # frames that cannot be decoded from where these are
    FrameIndex(index.times, index.checks, lying, index.time_base, timed=True).save(index_path(workspace))
    assert raw(source, Span(20, 26), workspace) == right


def test_other_depth_and_chroma_are_converted(workspace: Workspace) -> None:
    path = open_gop_ts()
    source = source_of(path, indexed(path, workspace))
    wide = source.picture.model_copy(update={"chroma": Chroma.C444, "bits": 10})
    data = raw(source.model_copy(update={"picture": wide}), Span(3, 5), workspace)
    assert len(data) == 2 * wide.frame_bytes
    narrow = raw(source, Span(3, 4), workspace)
    assert abs(int.from_bytes(data[:2], "little") / 4 - narrow[0]) <= 1


def test_frames_that_are_not_there_are_refused(workspace: Workspace) -> None:
    path = open_gop_ts()
    source = source_of(path, indexed(path, workspace))
    with pytest.raises(ValueError, match="the source has 50"):
        raw(source, Span(48, 51), workspace)


def test_in_the_cage_it_is_the_same(workspace: Workspace) -> None:
    """Index and decoder as processes of their own; the index is made once."""
    path = open_gop_ts()
    shutil.copy(path, workspace.input_file(0))
    ticks: list[Tick] = []
    context = Context(clips.tools(), LIMITS, ticks.append)
    index = index_frames("mpegts", 0, Fraction(25), 50, workspace, context)
    assert index.frames == 50
    assert ticks[-1].fraction == 1
    inode = index_path(workspace).stat().st_ino
    index_frames("mpegts", 0, Fraction(25), 50, workspace, context)
    assert index_path(workspace).stat().st_ino == inode
    source = source_of(path, index)
    parts: list[bytes] = []
    process = decode_process(source, Span(20, 26), workspace, LIMITS)
    run_pipe([process], cwd=workspace.root, limits=LIMITS, on_bytes=parts.append)
    assert b"".join(parts) == raw(source, Span(20, 26), workspace)


def test_what_is_no_picture_is_refused(workspace: Workspace) -> None:
    shutil.copy(clips.sound(".mp4", "aac"), workspace.input_file(0))
    with pytest.raises(TelecineError) as caught:
        index_frames("mov", 0, Fraction(25), 50, workspace, Context(clips.tools(), LIMITS))
    assert caught.value.kind is ErrorKind.INPUT_UNREADABLE
    assert not list(workspace.temporaries())
