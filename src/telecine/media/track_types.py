"""A full manifest → the same for some screens: without the pictures that are too large. Pure text to text.

Audio, subtitles and the segments themselves are shared; only what names a left-out picture goes.
"""

from collections.abc import Collection, Mapping, Sequence

from telecine.core.layout import TrackFiles
from telecine.media.hls_attributes import bare, parse_attributes
from telecine.media.mend_protection import protect_master
from telecine.media.mpd_elements import number_sets, printed, tag, track_of
from telecine.media.read_mpd import parse_xml


def without_in_mpd(text: str, files: Mapping[str, TrackFiles], left_out: Collection[str]) -> str:
    """An MPD without the tracks `left_out` (the plan's names)."""
    mpd = parse_xml("stream.mpd", text)
    period = mpd.find(tag("Period"))
    assert period is not None
    for adaptation in period.findall(tag("AdaptationSet")):
        for representation in adaptation.findall(tag("Representation")):
            if track_of(representation, files) in left_out:
                adaptation.remove(representation)
        if adaptation.find(tag("Representation")) is None:
            period.remove(adaptation)
    number_sets(period)
    return printed(mpd)


def without_in_master(
    text: str, files: Mapping[str, TrackFiles], left_out: Collection[str], session: Sequence[str]
) -> str:
    """A multivariant playlist without the tracks `left_out`, with the session key lines of those that stay."""
    gone = {name for track in left_out for name in (files[track].playlist, files[track].iframes)}
    lines = text.splitlines()
    kept: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        head, _, rest = line.partition(":")
        if head == "#EXT-X-STREAM-INF" and following in gone:
            continue
        if head == "#EXT-X-I-FRAME-STREAM-INF" and bare(parse_attributes(rest)["URI"]) in gone:
            continue
        if line not in gone:
            kept.append(line)
    return protect_master("\n".join(kept) + "\n", session)
