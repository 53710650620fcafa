"""The media types that players and CDNs expect of published files. A wrong one makes some of them refuse to play.

Nothing here is a type that a browser would run (HTML, SVG, XML): files of a bucket may be served beside the console.
"""

from pathlib import PurePosixPath

from telecine.core.layout import PACE_INFO

UNKNOWN = "application/octet-stream"

_CBOR = "application/cbor"
_TYPES = {
    ".mpd": "application/dash+xml",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".cmfv": "video/mp4",
    ".cmfa": "audio/mp4",
    ".cmft": "application/mp4",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".m4a": "audio/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".mxf": "application/mxf",
    ".ts": "video/mp2t",
    ".aac": "audio/aac",
    ".ac3": "audio/ac3",
    ".ec3": "audio/eac3",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".vtt": "text/vtt; charset=utf-8",
    ".srt": "application/x-subrip",
    ".ttml": "application/ttml+xml",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".json": "application/json",
    ".cbor": _CBOR,
    ".txt": "text/plain; charset=utf-8",
}


def content_type(key: str) -> str:
    """The media type of an object or file by the end of its name, whatever its case.

    What lies in a folder of positions for edges is named after the segment that it is about.
    """
    if PurePosixPath(key).parent.name == PACE_INFO:
        return _CBOR
    return _TYPES.get(PurePosixPath(key).suffix.lower(), UNKNOWN)
