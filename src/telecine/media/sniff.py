"""What a file really is, by its first bytes: the demuxer that every tool is then told to use, or a refusal.

Names and content types are the sender's claim. Formats that point at other files or addresses (playlists,
manifests, lists) are never media here, whatever they are called.
"""

import re
from collections.abc import Callable
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError

HEAD = 4096
"""Bytes that are looked at; after an ID3 tag, the same number behind it."""

_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
_MXF_KEY = bytes.fromhex("060e2b34020501010d010201")
_ID3_HEADER = 10


def sniff(path: Path, *, archives: bool = False) -> str:
    """The FFmpeg demuxer for the file at `path`; with `archives` also for containers of older recordings.

    Raises INPUT_UNSAFE for anything that is not an accepted container, saying what it looks like, and
    INPUT_UNREADABLE for an empty file or plain text.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if not head:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it is empty.")
        if head.startswith(b"ID3"):
            file.seek(_id3_size(head))
            head = file.read(HEAD) or head
    demuxer = sniff_bytes(head, archives=archives)
    if demuxer:
        return demuxer
    raise _refusal(head)


def sniff_bytes(head: bytes, *, archives: bool = False) -> str | None:
    """The FFmpeg demuxer for a file that begins with `head`; None where it is nothing that we accept."""
    accepted = (*_ACCEPTED, *_ARCHIVES) if archives else _ACCEPTED
    return next((demuxer for demuxer, is_it in accepted if is_it(head)), None)


def _is_mov(head: bytes) -> bool:
    kind = head[4:8]
    return head[8:12] not in _STILL_BRANDS if kind == b"ftyp" else kind in _OLD_QUICKTIME


def _is_matroska(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3") and (b"matroska" in head[:128] or b"webm" in head[:128])


def _is_mpegts(head: bytes) -> bool:
    """Sync bytes every 188 bytes, or every 192 after a four-byte time code; five of them, or all of a short file."""
    return any(
        len(syncs) >= 2 and all(sync == 0x47 for sync in syncs)
        for syncs in (head[0 : 5 * 188 : 188], head[4 : 4 + 5 * 192 : 192])
    )


def _is_mxf(head: bytes) -> bool:
    return head.startswith(_MXF_KEY)


def _is_wav(head: bytes) -> bool:
    return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE"


def _is_flac(head: bytes) -> bool:
    return head.startswith(b"fLaC")


def _is_ac3(head: bytes) -> bool:
    return head.startswith(b"\x0b\x77") and len(head) > 5 and head[5] >> 3 <= 10


def _is_eac3(head: bytes) -> bool:
    return head.startswith(b"\x0b\x77") and len(head) > 5 and 10 < head[5] >> 3 <= 16


def _is_adts(head: bytes) -> bool:
    """Twelve bits of sync, layer 0, and the next frame just where this one says that it ends."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return False
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    following = head[size : size + 2]
    return size >= 7 and (len(following) < 2 or (following[0] == 0xFF and following[1] & 0xF6 == 0xF0))


def _is_mp3(head: bytes) -> bool:
    """MPEG audio sync of layer II or III with a possible bitrate and sample rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer in (1, 2) and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _is_avi(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def _is_program_stream(head: bytes) -> bool:
    """A pack header of MPEG-1 or MPEG-2, by the bits before its clock reference."""
    return head.startswith(b"\x00\x00\x01\xba") and len(head) > 4 and (head[4] >> 4 == 2 or head[4] >> 6 == 1)


def _is_dv(head: bytes) -> bool:
    """The header block of a DIF sequence of 25 Mbit/s DV, for 525 or 625 lines."""
    return head[:3] == b"\x1f\x07\x00" and len(head) > 3 and head[3] in (0x3F, 0xBF)


_ACCEPTED: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("mov", _is_mov),
    ("matroska", _is_matroska),
    ("mpegts", _is_mpegts),
    ("mxf", _is_mxf),
    ("wav", _is_wav),
    ("flac", _is_flac),
    ("ac3", _is_ac3),
    ("eac3", _is_eac3),
    ("aac", _is_adts),
    ("mp3", _is_mp3),
)

_ARCHIVES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("avi", _is_avi),
    ("mpeg", _is_program_stream),
    ("dv", _is_dv),
)
"""Containers of tapes, discs and captures that are worth enhancing. None of them can point at another file."""

_TEXTS: tuple[tuple[str, str], ...] = (
    ("an HLS playlist", r"#EXTM3U"),
    ("a DASH manifest", r"(<\?xml.*?)?<(\w+:)?MPD\b"),
    ("a list of files for ffmpeg", r"ffconcat\b|file\s+\S"),
    ("a playlist", r"\[playlist\]|<smil|<asx"),
    ("a Smooth Streaming manifest", r"(<\?xml.*?)?<SmoothStreamingMedia\b"),
    ("a session description", r"v=0\s"),
    ("an SVG image", r"(<\?xml.*?)?(<!DOCTYPE svg.*?)?<svg\b"),
    ("a script", r"#!"),
)
"""Texts that some tool would obey, as regular expressions for their beginning."""

_BINARIES: tuple[tuple[str, str], ...] = (
    ("a PNG image", r"\x89PNG"),
    ("a JPEG image", r"\xff\xd8\xff"),
    ("a GIF image", r"GIF8"),
    ("a WebP image", r"RIFF....WEBP"),
    ("a TIFF image", r"II\*\x00|MM\x00\*"),
    ("a BMP image", r"BM....\x00\x00\x00\x00"),
    ("an AVIF or HEIF image", r"....ftyp"),
    ("an AVI file", r"RIFF....AVI "),
    ("an MPEG program stream", r"\x00\x00\x01\xba"),
    ("a Flash video", r"FLV\x01"),
    ("an Ogg file", r"OggS"),
    ("a Windows Media file", r"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("a ZIP archive", r"PK\x03\x04"),
    ("a PDF document", r"%PDF"),
    ("a program", r"\x7fELF|MZ"),
)


def _refusal(head: bytes) -> TelecineError:
    text = head.decode("utf-8-sig", "ignore").lstrip()
    for name, pattern in _TEXTS:
        if re.match(pattern, text, re.DOTALL | re.IGNORECASE):
            return TelecineError(ErrorKind.INPUT_UNSAFE, f"it looks like {name}, which may point at other files.")
    binary = head.decode("latin-1")
    for name, pattern in _BINARIES:
        if re.match(pattern, binary, re.DOTALL):
            return TelecineError(ErrorKind.INPUT_UNSAFE, f"it looks like {name}.")
    if _is_text(head):
        return TelecineError(ErrorKind.INPUT_UNREADABLE, "it is text, not media.")
    return TelecineError(ErrorKind.INPUT_UNSAFE, "its first bytes are those of no container that is accepted here.")


def _is_text(head: bytes) -> bool:
    """UTF-8 (its last character may be cut) without control characters."""
    whole = len(head.decode("utf-8", "ignore").encode()) > len(head) - 4
    return whole and all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)


def _id3_size(head: bytes) -> int:
    """Length of an ID3v2 tag with its header: four bytes of seven bits each."""
    size = 0
    for byte in head[6:_ID3_HEADER]:
        size = size << 7 | byte & 0x7F
    return size + _ID3_HEADER
