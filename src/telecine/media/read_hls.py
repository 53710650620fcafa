"""HLS multivariant playlist and everything below it → the neutral model.

Attribute values are read by the m3u8 library. A media playlist that is missing or broken is a fault of its own and
does not keep the rest from being read.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

import m3u8

from telecine.media.manifests import (
    MOST_SEGMENTS,
    Fault,
    Kind,
    Manifest,
    ManifestError,
    Piece,
    Segment,
    SystemMark,
    Track,
    Variant,
    read_text,
    resolve,
    understood,
)
from telecine.media.read_hls_keys import hls_marks, session_keys

_VIDEO_CODECS = ("avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "av01", "vp09")
_MICRO = 1_000_000
LONGEST_LINE = 16 * 2**10
"""Characters. Key lines have a few thousand; patterns that attributes are found by take the square of it."""
MOST_KEY_LINES = 1000
"""The library compares every one with every segment."""

OPEN_ENDED = "has no EXT-X-ENDLIST, so players take it for a live stream"
"""The fault of a playlist that does not say that it is whole."""


def read_hls(root: Path, path: str) -> Manifest:
    """Read the multivariant playlist `path` below `root`. Raises ManifestError where it cannot be understood."""
    with understood(path):
        text = read_text(root, path)
        return _manifest(root, path, parsed(path, text), session_keys(text))


def playlists_of(root: Path, path: str) -> list[str]:
    """The media playlists that the multivariant playlist `path` names, there or not. Raises ManifestError."""
    with understood(path):
        master = parsed(path, read_text(root, path))
        items = [*master.media, *master.playlists, *master.iframe_playlists]
        return sorted({resolve(path, item.uri) for item in items if item.uri})


def read_media_playlist(root: Path, path: str) -> Manifest:
    """Read the media playlist `path`, which no multivariant playlist leads to, as a manifest of one rendition.

    Raises ManifestError where it cannot be understood.
    """
    reader = _Reader(root, path)
    tracks: dict[str, Track] = {}
    reader.add(tracks, quote(path.rpartition("/")[2]), "video", codecs="")
    duration = max((track.duration for track in tracks.values()), default=Fraction(0))
    return Manifest(path, "hls", duration, tuple(tracks.values()), tuple(reader.playlists), faults=tuple(reader.faults))


def _manifest(root: Path, path: str, master: Any, keys: tuple[SystemMark, ...]) -> Manifest:  # noqa: ANN401 - no types
    if not master.playlists:
        raise ManifestError(path, "names no variant")
    reader = _Reader(root, path)
    variants = tuple(reader.variant(item) for item in master.playlists)
    media = [item for item in master.media if item.uri]
    tracks: dict[str, Track] = {}
    for item in media:
        reader.add(tracks, item.uri, _media_kind(item), codecs="", **_described(item))
    for item, variant in zip(master.playlists, variants, strict=True):
        if variant.playlist not in tracks:
            # Without a word on codecs or size it may be anything, and mostly is a picture with its sound.
            silent = not variant.codecs and not variant.width
            kind: Kind = "video" if silent or variant.width or _has_video(variant.codecs) else "audio"
            reader.add(tracks, item.uri, kind, **_pictured(variant))
    iframes: dict[str, Track] = {}
    for item in master.iframe_playlists:
        info = item.iframe_stream_info
        bandwidths = {"bandwidth": info.bandwidth or 0, "average": info.average_bandwidth or 0}
        reader.add(iframes, item.uri, "video", codecs=info.codecs or "", **bandwidths)
    duration = max((track.duration for track in tracks.values() if track.kind != "text"), default=Fraction(0))
    return Manifest(
        path,
        "hls",
        duration,
        tuple(tracks.values()),
        (path, *reader.playlists),
        variants,
        tuple(iframes.values()),
        tuple(reader.faults),
        keys,
    )


class _Reader:
    """Reads media playlists once each, and keeps what is wrong with them."""

    def __init__(self, root: Path, master: str) -> None:
        self._root = root
        self._master = master
        self._left = MOST_SEGMENTS
        self.playlists: list[str] = []
        self.faults: list[Fault] = []

    def variant(self, item: Any) -> Variant:  # noqa: ANN401 - the library has no types
        info = item.stream_info
        width, height = info.resolution or (0, 0)
        return Variant(
            playlist=resolve(self._master, item.uri),
            bandwidth=info.bandwidth or 0,
            average=info.average_bandwidth or 0,
            codecs=tuple(codec.strip() for codec in (info.codecs or "").split(",") if codec.strip()),
            width=width,
            height=height,
            frame_rate=_exact(info.frame_rate) if info.frame_rate else None,
            video_range=info.video_range or "",
            audio=info.audio or "",
            subtitles=info.subtitles or "",
        )

    def add(self, tracks: dict[str, Track], uri: str, kind: Kind, **values: Any) -> None:  # noqa: ANN401
        """Read the media playlist `uri` into `tracks`, unless it is there already or at fault."""
        name = resolve(self._master, uri)
        if name in tracks:
            return
        try:
            with understood(name):
                text = read_text(self._root, name)
                self._left -= text.count("#EXTINF")
                if self._left < 0:  # the library takes a kilobyte for each
                    raise ManifestError(name, f"makes it more than {MOST_SEGMENTS:,} segments in all")
                playlist = parsed(name, text)
                segments, init = _segments(name, playlist)
                marks, faults = hls_marks(name, text)
            self.faults += faults
            if not segments:
                raise ManifestError(name, "names no segment")
            if not playlist.is_endlist:
                self.faults.append(Fault(name, OPEN_ENDED))
        except ManifestError as error:
            self.faults.append(error.fault)
            return
        self.playlists.append(name)
        tracks[name] = Track(
            name=name,
            kind=kind,
            segments=segments,
            init=init,
            target=playlist.target_duration,
            protection=marks,
            **values,
        )


def parsed(path: str, text: str) -> Any:  # noqa: ANN401
    """The playlist `path` as the library reads it. Raises ManifestError."""
    if not text.startswith("#EXTM3U"):
        raise ManifestError(path, "is not an HLS playlist (no EXTM3U)")
    if any(len(line) > LONGEST_LINE for line in text.splitlines()):
        raise ManifestError(path, f"has a line of more than {LONGEST_LINE} characters")
    if text.count("#EXT-X-KEY") > MOST_KEY_LINES:
        raise ManifestError(path, f"has more than {MOST_KEY_LINES} key lines")
    try:
        return m3u8.loads(text)
    except Exception as error:  # the library raises whatever its parsing stumbles over
        raise ManifestError(path, f"cannot be read as a playlist: {str(error)[:200]}") from None


def _segments(name: str, playlist: Any) -> tuple[tuple[Segment, ...], Piece | None]:  # noqa: ANN401
    at = Fraction(0)
    segments: list[Segment] = []
    inits: set[Piece] = set()
    for item in playlist.segments:
        duration = _exact(item.duration)
        if duration < 0 or not isinstance(item.uri, str):
            raise ValueError(f"segment {len(segments) + 1} has no name or lasts less than nothing")
        segments.append(Segment(_piece(name, item.uri, item.byterange, segments), at, duration))
        at += duration
        if item.init_section:
            inits.add(_piece(name, item.init_section.uri, item.init_section.byterange, []))
    if len(inits) > 1:
        raise ManifestError(name, "changes its EXT-X-MAP, which is not understood")
    return tuple(segments), next(iter(inits), None)


def _piece(name: str, uri: str, byterange: str | None, before: list[Segment]) -> Piece:
    """A file or a range of it; a range without offset follows the one before."""
    path = resolve(name, uri)
    if not byterange:
        return Piece(path)
    length, _, offset = byterange.partition("@")
    if offset:
        return Piece(path, int(offset), int(length))
    last = before[-1].piece if before else None
    if last is None or last.path != path or last.length is None:
        raise ManifestError(name, f"has a byte range of {uri} that begins nowhere")
    return Piece(path, last.offset + last.length, int(length))


def _media_kind(item: Any) -> Kind:  # noqa: ANN401
    return "text" if item.type == "SUBTITLES" else "audio" if item.type == "AUDIO" else "video"


def _described(item: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "language": item.language or "",
        "label": item.name or "",
        "group": item.group_id or "",
        "default": item.default == "YES",
    }


def _pictured(variant: Variant) -> dict[str, Any]:
    video = [codec for codec in variant.codecs if _has_video((codec,))]
    return {
        "codecs": ",".join(video) or ",".join(variant.codecs),
        "width": variant.width,
        "height": variant.height,
        "frame_rate": variant.frame_rate,
    }


def _has_video(codecs: tuple[str, ...]) -> bool:
    return any(codec.startswith(_VIDEO_CODECS) for codec in codecs)


def _exact(seconds: float | str) -> Fraction:
    """A decimal number as it was written; the library hands on a float."""
    return Fraction(round(float(seconds) * _MICRO), _MICRO)
