"""DASH manifest → the neutral model. Static presentations of one period, as packagers make them for VOD."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from lxml import etree

from telecine.media.manifests import (
    MOST_SEGMENTS,
    Fault,
    Kind,
    Manifest,
    ManifestError,
    Piece,
    Segment,
    Track,
    read_text,
    resolve,
    understood,
)
from telecine.media.read_mpd_keys import dash_marks, repeated_elements

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
ROLE = "urn:mpeg:dash:role:2011"
_NS = {"d": NAMESPACE}
_TRICK_MODE = "http://dashif.org/guidelines/trickmode"
_DURATION = re.compile(r"^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,10}(?:\.\d{1,12})?)S)?)?$")
_RATE = re.compile(r"\d{1,9}(?:/\d{1,9}|\.\d{1,9})?", re.ASCII)
_IDENTIFIER = re.compile(r"\$(RepresentationID|Number|Bandwidth|Time)?(?:%0(\d{1,2})d)?\$")


def parse_xml(path: str, text: str) -> etree._Element:
    """The root element. No entity is expanded, no DTD read, nothing fetched; a DOCTYPE is refused outright."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise ManifestError(path, f"is not well-formed XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise ManifestError(path, "has a DOCTYPE, which no manifest needs")
    return root


def read_mpd(root: Path, path: str, most: int = MOST_SEGMENTS) -> Manifest:
    """Read the MPD `path` below `root`. Raises ManifestError where it cannot be understood.

    `most` is how many segments it may name in all.
    """
    mpd = parse_xml(path, read_text(root, path))
    with understood(path):
        return _manifest(path, mpd, most)


def parse_duration(text: str) -> Fraction:
    """Seconds of an XML duration such as `PT1H2M3.5S`. Raises ValueError."""
    match = _DURATION.match(text)
    if not match or not any(match.groups()):
        raise ValueError(f"'{text[:60]}' is not a duration")
    days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
    return Fraction(((days * 24 + hours) * 60 + minutes) * 60) + Fraction(match[4] or 0)


def _manifest(path: str, mpd: etree._Element, most: int) -> Manifest:
    if mpd.tag != f"{{{NAMESPACE}}}MPD":
        raise ManifestError(path, "is not an MPD")
    if mpd.get("type", "static") != "static":
        raise ManifestError(path, "is a live presentation (type is not 'static')")
    periods = mpd.findall("d:Period", _NS)
    if len(periods) != 1:
        raise ManifestError(path, f"has {len(periods)} periods instead of one")
    declared = mpd.get("mediaPresentationDuration") or periods[0].get("duration")
    if not declared:
        raise ManifestError(path, "does not say how long it is")
    duration = parse_duration(declared)
    scopes: list[_Scope] = []
    tracks: list[Track] = []
    for choice, adaptation in enumerate(periods[0].findall("d:AdaptationSet", _NS)):
        for representation in adaptation.findall("d:Representation", _NS):
            if _kind(adaptation, representation):
                scopes.append(_Scope(path, duration, (mpd, periods[0], adaptation, representation), choice, most))
                tracks.append(_track(scopes[-1]))
                most -= len(tracks[-1].segments)
    if not tracks:
        raise ManifestError(path, "has no track")
    faults = [
        Fault(path, f"has the ContentProtection {name} twice for {scope.elements[3].get('id', '?')}")
        for scope in scopes
        for name in repeated_elements(scope.elements[2:])
    ]
    return Manifest(path, "dash", duration, tuple(tracks), (path,), faults=tuple(faults))


@dataclass(frozen=True, slots=True)
class _Scope:
    """A Representation in its surroundings: elements from the MPD down, of which the inner one overrules."""

    path: str
    duration: Fraction
    elements: tuple[etree._Element, ...]
    choice: int
    most: int

    def attribute(self, name: str) -> str:
        """An attribute of the Representation, or else of its AdaptationSet."""
        adaptation, representation = self.elements[2:]
        return representation.get(name) or adaptation.get(name) or ""

    def base(self) -> str:
        """What every BaseURL on the way puts before a reference."""
        bases = [element.findtext("d:BaseURL", "", _NS).strip() for element in self.elements]
        return "".join(base for base in bases if base.endswith("/"))

    def file(self, reference: str) -> Piece:
        """A whole file by its reference, `base` included."""
        return Piece(resolve(self.path, reference))

    def inherited(self, name: str) -> "_Timing | None":
        """What all elements of a name, such as SegmentTemplate, say together; an inner one overrules those around."""
        found = [t for element in self.elements[1:] if (t := element.find(f"d:{name}", _NS)) is not None]
        if not found:
            return None
        timelines = [t for element in found if (t := element.find("d:SegmentTimeline", _NS)) is not None]
        values = {str(key): str(value) for element in found for key, value in element.attrib.items()}
        return _Timing(values, timelines[-1] if timelines else None)


@dataclass(frozen=True, slots=True)
class _Timing:
    """The attributes of a SegmentTemplate or SegmentBase, and its SegmentTimeline where it has one."""

    values: dict[str, str]
    timeline: etree._Element | None

    def number(self, name: str, otherwise: int) -> int:
        """An attribute that is a whole number. Raises ValueError."""
        return int(self.values.get(name, otherwise))

    @property
    def scale(self) -> int:
        """Ticks of a second."""
        return self.number("timescale", 1)

    @property
    def offset(self) -> int:
        """What the media's clock shows at the presentation's zero, in ticks."""
        return self.number("presentationTimeOffset", 0)


def _track(scope: _Scope) -> Track:
    adaptation, representation = scope.elements[2:]
    kind = _kind(adaptation, representation)
    assert kind is not None
    template = scope.inherited("SegmentTemplate")
    timed = template or scope.inherited("SegmentBase")
    init: Piece | None = None
    segments: tuple[Segment, ...]
    if scope.inherited("SegmentList"):
        raise ManifestError(scope.path, "lists its segments in a SegmentList, which is not understood")
    if template is None:
        name = representation.findtext("d:BaseURL", "", _NS).strip()
        segments = (Segment(scope.file(scope.base() + name), Fraction(0), scope.duration),)
    else:
        init, segments = _templated(scope, template)
    roles = adaptation.findall(f"d:Role[@schemeIdUri='{ROLE}']", _NS)
    rate = scope.attribute("frameRate")
    return Track(
        name=representation.get("id", "?"),
        kind=kind,
        segments=segments,
        init=init,
        codecs=scope.attribute("codecs"),
        language=adaptation.get("lang", ""),
        label=adaptation.findtext("d:Label", "", _NS),
        default=any(role.get("value") == "main" for role in roles),
        bandwidth=int(representation.get("bandwidth", "0")),
        width=int(scope.attribute("width") or 0),
        height=int(scope.attribute("height") or 0),
        frame_rate=_frame_rate(rate) if rate else None,
        protection=dash_marks((adaptation, representation), len(segments)),
        offset=Fraction(timed.offset, timed.scale) if timed else Fraction(0),
        choice=scope.choice,
    )


def _frame_rate(text: str) -> Fraction:
    """Pictures per second. Raises ValueError: a Fraction of `1e999999999` would be reckoned for hours."""
    if not _RATE.fullmatch(text):
        raise ValueError(f"'{text[:60]}' is not a frame rate")
    return Fraction(text)


def _kind(adaptation: etree._Element, representation: etree._Element) -> Kind | None:
    """Video, audio or text; None for what players do not play, such as image tracks and pictures for fast forward."""
    if any(e.get("schemeIdUri") == _TRICK_MODE for e in adaptation.findall("d:EssentialProperty", _NS)):
        return None
    mime = representation.get("mimeType") or adaptation.get("mimeType") or ""
    declared = adaptation.get("contentType") or mime.split("/")[0]
    if declared == "video":
        return "video"
    if declared == "audio":
        return "audio"
    return "text" if declared in ("text", "application") else None


def _templated(scope: _Scope, template: _Timing) -> tuple[Piece | None, tuple[Segment, ...]]:
    number, scale, offset = template.number("startNumber", 1), template.scale, template.offset
    media, initialization = template.values.get("media", ""), template.values.get("initialization", "")
    values = {"RepresentationID": scope.elements[3].get("id", ""), "Bandwidth": scope.attribute("bandwidth")}
    base, segments = scope.base(), []
    runs = list(_runs(scope, template))
    if sum(count for _, _, count in runs) > scope.most:
        raise ManifestError(scope.path, f"names more than {scope.most} segments")
    times = ((start + n * length, length) for start, length, count in runs for n in range(count))
    for position, (start, length) in enumerate(times):
        name = _fill(media, values | {"Number": str(number + position), "Time": str(start)})
        segments.append(Segment(scope.file(base + name), Fraction(start - offset, scale), Fraction(length, scale)))
    return scope.file(base + _fill(initialization, values)) if initialization else None, tuple(segments)


def _runs(scope: _Scope, template: _Timing) -> Iterator[tuple[int, int, int]]:
    """Segments of one length that follow each other: start of the first, length of each, on the media's clock in ticks,
    and how many they are; from the timeline or from one constant length."""
    end = int(scope.duration * template.scale) + template.offset
    if template.timeline is None:
        length = template.number("duration", 0)
        if length <= 0:
            raise ManifestError(scope.path, "has a SegmentTemplate with neither timeline nor duration")
        count, rest = divmod(max(0, end - template.offset), length)
        yield template.offset, length, count
        if rest:
            yield end - rest, rest, 1
        return
    at = 0
    for entry in template.timeline.findall("d:S", _NS):
        at = int(entry.get("t", at))
        length, repeat = int(entry.get("d", "0")), int(entry.get("r", "0"))
        if length <= 0:
            raise ManifestError(scope.path, "has a timeline entry without length")
        count = repeat + 1 if repeat >= 0 else max(0, -(-(end - at) // length))
        yield at, length, count
        at += count * length


def _fill(template: str, values: dict[str, str]) -> str:
    """A segment's name from its template."""

    def replacement(match: re.Match[str]) -> str:
        if not match[1]:
            return "$"
        value = values[match[1]]
        return value.zfill(int(match[2])) if match[2] else value

    return _IDENTIFIER.sub(replacement, template)
