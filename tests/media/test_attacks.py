"""Hostile files under innocent names: each is refused in words, and what it points at is never opened.

The rows are those of `research/anchors.md` 3.4. What a file points at lies inside the tool's own folder, so that the
sandbox's view of the disk cannot be what saves us: sniffing and the input options must do it, each by itself.
"""

import ctypes
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests import clips

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media import sandbox
from telecine.media.probe import probe
from telecine.media.safe_input import safe_input

LIMITS = MediaLimits(process_seconds=60)
SMALL = MediaLimits(process_seconds=60, process_memory_bytes=600 * 2**20)
"""Address space in which ffmpeg runs well, but in which a picture bomb would not fit."""

HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n"
MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"
     profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
  <Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="500000">
    <BaseURL>file://{}</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
ATTACKS = {
    "HLS list to an absolute path": (HLS, "{marker}", "an HLS playlist"),
    "HLS list to a relative path": (HLS, "inner/../inner/marker.ts", "an HLS playlist"),
    "HLS list to loopback": (HLS, "http://127.0.0.1:9/marker.ts", "an HLS playlist"),
    "DASH manifest to a file": (MPD, "{marker}", "a DASH manifest"),
    "ffconcat to an absolute path": ("ffconcat version 1.0\nfile {}\n", "{marker}", "a list of files"),
    "ffconcat to a relative path": ("ffconcat version 1.0\nfile {}\n", "inner/marker.ts", "a list of files"),
}


@contextmanager
def watch(path: Path) -> Iterator[list[str]]:
    """Fill a list with one entry for each time that `path` is opened (Linux inotify)."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    in_open = 0x20
    assert libc.inotify_add_watch(descriptor, os.fsencode(path), in_open) >= 0
    opened: list[str] = []
    try:
        yield opened
        with suppress(BlockingIOError):
            opened.extend("opened" for _ in range(len(os.read(descriptor, 2**16)) // 16))
    finally:
        os.close(descriptor)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Harmless media that nothing may open."""
    path = tmp_path / "inner" / "marker.ts"
    path.parent.mkdir()
    shutil.copy(clips.clip(1, audio="", suffix=".ts"), path)
    return path


def disguise(name: str, marker: Path) -> Path:
    """The hostile file of a row, called `upload.mp4`, beside the folder of its marker."""
    text, target, _ = ATTACKS[name]
    path = marker.parent.parent / "upload.mp4"
    path.write_text(text.format(target.format(marker=marker)))
    return path


def refusal(path: Path, limits: MediaLimits = LIMITS) -> TelecineError:
    with pytest.raises(TelecineError) as caught:
        probe(path, clips.tools(), limits)
    assert str(path.parent) not in caught.value.message
    return caught.value


def decode(path: Path, *arguments: str, limits: MediaLimits = LIMITS) -> sandbox.Completed:
    """Let ffmpeg decode a file opened with `arguments`."""
    command = [clips.tools().ffmpeg, "-nostdin", "-hide_banner", "-v", "error", *arguments, "-f", "null", "-"]
    return sandbox.run(command, cwd=path.parent, limits=limits)


def describe(path: Path, *arguments: str, limits: MediaLimits = LIMITS) -> sandbox.Completed:
    """Let ffprobe look at a file opened with `arguments`."""
    command = [clips.tools().ffprobe, "-hide_banner", "-v", "error", "-show_streams", *arguments]
    return sandbox.run(command, cwd=path.parent, limits=limits)


# --- lists that point elsewhere


@pytest.mark.parametrize("name", ATTACKS)
def test_a_list_is_refused_for_what_it_is(name: str, marker: Path) -> None:
    path = disguise(name, marker)
    with watch(marker) as opened:
        error = refusal(path)
    assert error.kind is ErrorKind.INPUT_UNSAFE
    assert ATTACKS[name][2] in error.message
    assert not opened


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("tool", [decode, describe])
def test_a_list_is_refused_by_the_tools_even_if_it_were_not_sniffed(name: str, tool, marker: Path) -> None:
    path = disguise(name, marker)
    with watch(marker) as opened:
        for demuxer in ("mov", "matroska", "mpegts", "mp3"):
            with pytest.raises(TelecineError):
                tool(path, *safe_input(demuxer, path.name, LIMITS))
    assert not opened


@pytest.mark.parametrize("tool", [decode, describe])
@pytest.mark.parametrize("name", ["ffconcat to a relative path", "HLS list to a relative path"])
def test_the_white_list_alone_stops_a_list_that_names_its_own_demuxer(name: str, tool, marker: Path) -> None:
    path = disguise(name, marker)
    demuxer = "concat" if "ffconcat" in name else "hls"
    arguments = safe_input("mov", path.name, LIMITS)
    arguments[arguments.index("-f") + 1] = demuxer
    for option in ("-enable_drefs", "-use_absolute_path"):  # mov's own
        del arguments[arguments.index(option) : arguments.index(option) + 2]
    with watch(marker) as opened, pytest.raises(TelecineError):
        tool(path, *arguments)
    assert not opened


def test_without_protection_the_marker_would_be_read(marker: Path) -> None:
    """The attack is real and the watch sees it; otherwise the tests above would show nothing."""
    path = disguise("ffconcat to a relative path", marker)
    with watch(marker) as opened:
        decode(path, "-i", path.name)
    assert opened


# --- QuickTime data references


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def replace(data: bytes, path: list[bytes], content: bytes) -> bytes:
    """`data` (boxes) with the content of the first box at `path` replaced."""
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if kind == path[0]:
            inner = data[position + 8 : position + size]
            new = content if len(path) == 1 else replace(inner, path[1:], content)
            return data[:position] + box(kind, new) + data[position + size :]
        position += size
    raise AssertionError(f"no box {path[0]!r}")


def alias(target: str) -> bytes:
    """A data reference of the old Macintosh kind: an alias record with a relative way and an absolute path."""
    path = target.encode() + b"\0" * (len(target) % 2)
    volume, file = bytes([1]) + b"x".ljust(27, b"\0"), bytes([1]) + b"x".ljust(63, b"\0")
    record = bytes(10) + volume + bytes(12) + file + bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">hh", 2, len(path)) + path + struct.pack(">hh", -1, 0)
    return box(b"alis", struct.pack(">I", 0) + record)


@pytest.fixture
def referring(tmp_path: Path) -> tuple[Path, Path]:
    """A movie whose picture lies in another file, and that file."""
    movie = clips.make(".mov", "-i", clips.clip(1, audio=""), "-c", "copy").read_bytes()
    path, target = tmp_path / "upload.mov", tmp_path / "marker.mov"
    target.write_bytes(movie)
    reference = struct.pack(">II", 0, 1) + alias("/x/marker.mov")
    path.write_bytes(replace(movie, [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"], reference))
    return path, target


def test_a_movie_that_refers_to_another_file_is_refused(referring: tuple[Path, Path]) -> None:
    path, target = referring
    with watch(target) as opened:
        error = refusal(path)
    assert error.kind is ErrorKind.INPUT_UNSAFE
    assert "points at another file" in error.message
    assert not opened


@pytest.mark.parametrize("tool", [decode, describe])
def test_the_tools_do_not_follow_a_data_reference(tool, referring: tuple[Path, Path]) -> None:
    path, target = referring
    with watch(target) as opened, suppress(TelecineError):  # refusing is as good as finding nothing
        tool(path, *safe_input("mov", path.name, LIMITS))
    assert not opened


def test_with_references_enabled_the_other_file_would_be_read(referring: tuple[Path, Path]) -> None:
    path, target = referring
    with watch(target) as opened:
        decode(path, "-f", "mov", "-enable_drefs", "1", "-i", path.name)
    assert opened


# --- bombs


def png_bomb(path: Path, width: int = 16_000, height: int = 15_000) -> Path:
    """A valid black picture of under a megabyte that takes 700 MB to decode."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows, row = 100, 1 + 3 * width
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(rows * row)) + packer.flush(zlib.Z_FULL_FLUSH)  # stands alone, so it can be repeated
    checksum = (height * row % 65521) << 16 | 1  # Adler-32 of as many zeros
    packed = b"\x78\xda" + block * (height // rows) + b"\x03\x00" + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    return path


def png_movie(path: Path) -> Path:
    """The bomb as the one frame of a movie. (Wrapping it costs ffmpeg a decode, so that is kept.)"""
    picture = clips.folder() / "bomb.png"
    if not picture.exists():
        png_bomb(picture.with_name(f".{os.getpid()}.png")).replace(picture)
    shutil.copy(clips.make(path.suffix, "-f", "image2", "-max_pixels", "2000000000", "-i", picture, "-c", "copy"), path)
    return path


def lying_movie(path: Path) -> Path:
    """A Matroska file that says 320x180, around a VP8 frame that says 15000x15000."""
    content = bytearray(clips.clip(1, audio="", video=("-c:v", "libvpx", "-cpu-used", "8"), suffix=".mkv").read_bytes())
    struct.pack_into("<HH", content, content.index(b"\x9d\x01\x2a") + 3, 15_000, 15_000)
    path.write_bytes(content)
    return path


def test_a_picture_is_no_movie(tmp_path: Path) -> None:
    path = png_bomb(tmp_path / "bomb.png").rename(tmp_path / "upload.mp4")
    error = refusal(path, SMALL)
    assert error.kind is ErrorKind.INPUT_UNSAFE
    assert "a PNG image" in error.message


@pytest.mark.parametrize("make", [png_movie, lying_movie])
def test_a_bomb_in_a_movie_is_refused_in_little_memory(make, tmp_path: Path) -> None:
    error = refusal(make(tmp_path / "upload.mkv"), SMALL)
    assert error.kind is ErrorKind.INPUT_OVER_LIMIT
    assert "pixels" in error.message


@pytest.mark.parametrize("make", [png_movie, lying_movie])
def test_ffmpeg_does_not_decode_the_bomb(make, tmp_path: Path) -> None:
    path = make(tmp_path / "upload.mkv")
    with pytest.raises(TelecineError, match="exceeds specified max pixel count") as caught:
        decode(path, *safe_input("matroska", path.name, SMALL), limits=SMALL)
    assert caught.value.kind is not ErrorKind.OUT_OF_MEMORY


def test_without_the_pixel_limit_the_bomb_takes_its_memory(tmp_path: Path) -> None:
    """The bomb is real: in the same small address space it does not fit."""
    path = png_movie(tmp_path / "upload.mkv")
    with pytest.raises(TelecineError) as caught:
        decode(path, "-f", "matroska", "-i", path.name, limits=SMALL)
    assert caught.value.kind is ErrorKind.OUT_OF_MEMORY


def test_a_box_that_claims_to_be_enormous(tmp_path: Path) -> None:
    """A sample table of four billion entries in a file of a few hundred kilobytes."""
    movie = clips.make(".mov", "-i", clips.clip(1, audio=""), "-c", "copy").read_bytes()
    position = movie.index(b"stsz")
    path = tmp_path / "upload.mov"
    path.write_bytes(movie[: position + 12] + b"\xff\xff\xff\xff" + movie[position + 16 :])
    assert refusal(path, SMALL).kind in (ErrorKind.INPUT_UNREADABLE, ErrorKind.INPUT_OVER_LIMIT)


# --- names


@pytest.mark.parametrize("name", ["-i.mp4", "-y", "--version", "a:b.mp4", "concat:x.mp4", "pipe:0", "%d.mp4", "@x"])
@pytest.mark.parametrize("tool", [decode, describe])
def test_a_name_is_never_an_option_or_an_address(name: str, tool, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copy(clips.clip(1), path)
    tool(path, *safe_input("mov", path.name, LIMITS))
    assert probe(path, clips.tools(), LIMITS).duration == 1


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    content = clips.clip(3).read_bytes()
    path = tmp_path / "upload.mp4"
    path.write_bytes(content[: len(content) * 2 // 3])
    error = refusal(path)
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert "cut off" in error.message
