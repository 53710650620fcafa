"""A file is what its first bytes say, never what it is called."""

from pathlib import Path

import pytest

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.sniff import sniff

TS_PACKET = b"\x47" + bytes(187)
ADTS = bytes.fromhex("fff15080 01 3ffc") + bytes(2)  # a frame of 9 bytes
ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"\0\0\0\x20ftypisom", "mov"),
        (b"\0\0\0\x14ftypqt  ", "mov"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
        (b"\0\0\x10\0moov", "mov"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "matroska"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "matroska"),
        (TS_PACKET * 5, "mpegts"),
        ((bytes(4) + TS_PACKET) * 5, "mpegts"),
        (bytes.fromhex("060e2b34020501010d0102010102"), "mxf"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"fLaC\0\0\0\x22", "flac"),
        (b"\x0b\x77\0\0\x14\x40", "ac3"),
        (b"\x0b\x77\0\0\x34\x80", "eac3"),
        (ADTS + ADTS, "aac"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (ID3 + b"\xff\xfb\x90\x64", "mp3"),
        (ID3 + ADTS + ADTS, "aac"),
    ],
)
def test_accepted(tmp_path: Path, head: bytes, demuxer: str) -> None:
    path = tmp_path / "source"
    path.write_bytes(head + bytes(200) if demuxer != "mpegts" else head)
    assert sniff(path) == demuxer


@pytest.mark.parametrize(
    ("head", "likeness"),
    [
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd", "an HLS playlist"),
        (b"\xef\xbb\xbf  \n#EXTM3U", "an HLS playlist"),
        (b'<?xml version="1.0"?>\n<MPD xmlns="">', "a DASH manifest"),
        (b"<MPD>", "a DASH manifest"),
        (b"ffconcat version 1.0\nfile x", "a list of files"),
        (b"file '/etc/passwd'", "a list of files"),
        (b"[playlist]\nFile1=x", "a playlist"),
        (b"v=0\no=- 0 0", "a session description"),
        (b"<svg xmlns=''>", "an SVG image"),
        (b"#!/bin/sh", "a script"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"RIFF\0\0\0\0AVI LIST", "an AVI file"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
        (b"\0\0\0\x20ftypavif", "an AVIF or HEIF image"),
        (b"\x00\x00\x01\xba", "an MPEG program stream"),
        (b"OggS", "an Ogg file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x7fELF", "a program"),
        (b"\x00\x01\x02\x03\x04", "no container"),
        (b"\xff\xfeh\0i\0", "no container"),
    ],
)
def test_refused_with_its_likeness(tmp_path: Path, head: bytes, likeness: str) -> None:
    path = tmp_path / "innocent.mp4"
    path.write_bytes(head)
    with pytest.raises(TelecineError, match=likeness) as caught:
        sniff(path)
    assert caught.value.kind is ErrorKind.INPUT_UNSAFE


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"hello world\n", "text, not media")])
def test_unreadable(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(TelecineError, match=reason) as caught:
        sniff(path)
    assert caught.value.kind is ErrorKind.INPUT_UNREADABLE


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"\0\0\x01\xba\x44\0\x04", "mpeg"),
        (b"\0\0\x01\xba\x21\0\x01", "mpeg"),
        (b"\x1f\x07\0\x3f", "dv"),
        (b"\x1f\x07\0\xbf", "dv"),
    ],
)
def test_older_recordings_are_accepted_where_they_are_asked_for(tmp_path: Path, head: bytes, demuxer: str) -> None:
    path = tmp_path / "source"
    path.write_bytes(head + bytes(200))
    assert sniff(path, archives=True) == demuxer
    with pytest.raises(TelecineError) as caught:
        sniff(path)
    assert caught.value.kind is ErrorKind.INPUT_UNSAFE


@pytest.mark.parametrize("head", [b"\0\0\x01\xba\xff\0", b"\x1f\x07\0\0", b"RIFF\0\0\0\0WEBPVP8 "])
def test_what_only_begins_like_them_is_refused(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "source"
    path.write_bytes(head + bytes(200))
    with pytest.raises(TelecineError):
        sniff(path, archives=True)
