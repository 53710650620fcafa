"""Manifests of encrypted trees as the packager wrote them → manifests that every DRM system's players understand.

The packager is given keys and no DRM systems, so what it says about protection is only where it begins. Here that is
replaced by the signals of `drm_signals`: once per key and system, the same in MPD, playlists and init segments.

The packager puts a discontinuity where a clear lead ends. Nothing is discontinuous there (same init segment, times go
on), and tracks that stay clear have none, while HLS wants the same ones in all renditions: so it goes.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, chain

from lxml import etree

from telecine.core.drm import SIGNAL_SPACES
from telecine.core.layout import TrackFiles
from telecine.media.drm_signals import Marks
from telecine.media.mpd_elements import printed, put_in_order, tag, track_of
from telecine.media.read_mpd import parse_xml

_KEY = "#EXT-X-KEY:"
_EXTINF = "#EXTINF:"
_LENGTH = re.compile(rf"^{_EXTINF}([\d.]+),", re.MULTILINE)
_SESSION_KEY = "#EXT-X-SESSION-KEY:"
_DISCONTINUITY = "#EXT-X-DISCONTINUITY"
_SEGMENTS_STAND_ALONE = "#EXT-X-INDEPENDENT-SEGMENTS"


def clear_segments(text: str, until: Fraction) -> int:
    """How many segments of a media playlist begin before `until` (seconds)."""
    lengths = [Fraction(match[1]) for match in _LENGTH.finditer(text)]
    return sum(start < until for start in list(accumulate(lengths, initial=Fraction(0)))[:-1])


def protect_playlist(text: str, lines: Sequence[str], clear: int = 0) -> str:
    """A media or I-frame playlist with `lines` (EXT-X-KEY) after the first `clear` segments.

    The packager's own key line is no guide to the place: in the scheme cenc it writes none.
    """
    kept: list[str] = []
    entry = 0  # where the tags of the next entry begin
    segments: set[str] = set()
    placed = False
    for line in text.splitlines():
        if line.startswith(_KEY) or line == _DISCONTINUITY:
            continue
        if line.startswith(_EXTINF):
            entry = len(kept)
        kept.append(line)
        if line and not line.startswith("#"):
            segments.add(line)
            if len(segments) > clear and not placed:
                kept[entry:entry] = lines
                placed = True
    return "\n".join(kept) + "\n"


def protect_master(text: str, lines: Sequence[str]) -> str:
    """A multivariant playlist with `lines` (EXT-X-SESSION-KEY), each once, before its first rendition."""
    kept = [line for line in text.splitlines() if not line.startswith(_SESSION_KEY)]
    place = kept.index(_SEGMENTS_STAND_ALONE) + 1 if _SEGMENTS_STAND_ALONE in kept else 1
    return "\n".join([*kept[:place], *dict.fromkeys(lines), *kept[place:]]) + "\n"


def protect_mpd(text: str, files: Mapping[str, TrackFiles], marks: Mapping[str, Marks]) -> str:
    """An MPD whose AdaptationSets say how their tracks are encrypted; `marks` are by track, none for clear ones."""
    mpd = parse_xml("stream.mpd", text)
    for adaptation in mpd.iter(tag("AdaptationSet")):
        for old in adaptation.findall(tag("ContentProtection")):
            adaptation.remove(old)
        names = [track_of(one, files) for one in adaptation.findall(tag("Representation"))]
        said = next((marks[name] for name in names if name in marks), None)
        adaptation.extend(said.elements() if said else ())
        put_in_order(adaptation)
    etree.cleanup_namespaces(mpd, top_nsmap=SIGNAL_SPACES)
    return printed(mpd)


def session_lines(marks: Mapping[str, Marks], *, transport_stream: bool) -> list[str]:
    """The session key lines of some tracks' keys."""
    said = (mark.session_lines(transport_stream=transport_stream) for mark in marks.values())
    return list(dict.fromkeys(chain.from_iterable(said)))
