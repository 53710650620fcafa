"""Small work on the elements of an MPD that more than one room does: names, order, numbers, writing."""

from collections.abc import Mapping

from lxml import etree

from telecine.core.layout import TrackFiles
from telecine.media.read_mpd import NAMESPACE

SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"
"""Says between which AdaptationSets a player may switch as it may within one: those of one picture in several keys."""

_ORDER = (
    *("FramePacking", "AudioChannelConfiguration", "ContentProtection", "EssentialProperty", "SupplementalProperty"),
    *("InbandEventStream", "Label", "Accessibility", "Role", "Rating", "Viewpoint", "ContentComponent", "BaseURL"),
    *("SegmentBase", "SegmentList", "SegmentTemplate", "Representation"),
)
"""Children of an AdaptationSet as the schema of ISO/IEC 23009-1 orders them."""


def tag(name: str) -> str:
    """The qualified name of an element of the MPD."""
    return f"{{{NAMESPACE}}}{name}"


def track_of(representation: etree._Element, files: Mapping[str, TrackFiles]) -> str:
    """The plan's name of the track whose segments or file a Representation names; empty where it is none of them."""
    template = representation.find(tag("SegmentTemplate"))
    media = template.get("media") if template is not None else representation.findtext(tag("BaseURL"))
    return next((name for name, track in files.items() if media and media in (track.segments, track.sidecar)), "")


def put_in_order(adaptation: etree._Element) -> None:
    """Sort an AdaptationSet's children as the schema wants them; children of one kind keep their order."""
    names = [tag(name) for name in _ORDER]
    adaptation[:] = sorted(adaptation, key=lambda child: names.index(child.tag))


def number_sets(period: etree._Element) -> None:
    """Give every AdaptationSet its position as id, also where others name it; ids of sets that are gone go.

    The packager's ids depend on which of its threads is first.
    """
    sets = period.findall(tag("AdaptationSet"))
    positions = {adaptation.get("id"): str(position) for position, adaptation in enumerate(sets)}
    for position, adaptation in enumerate(sets):
        adaptation.set("id", str(position))
        for switching in adaptation.findall(f"{tag('SupplementalProperty')}[@schemeIdUri='{SWITCHING}']"):
            named = [positions[old] for old in switching.get("value", "").split(",") if old in positions]
            if named:
                switching.set("value", ",".join(named))
            else:
                adaptation.remove(switching)


def printed(mpd: etree._Element) -> str:
    """The MPD as text, indented."""
    etree.indent(mpd, space="  ")
    written: bytes = etree.tostring(mpd.getroottree(), xml_declaration=True, encoding="UTF-8")
    return written.decode() + "\n"
