"""Whether pictures are progressive, interlaced or telecined film, by what their lines show. Pure.

FFmpeg's `idet` looks at every picture and says which order of fields fits its lines best, by itself (its verdict on the
single picture) and with its neighbours in mind (on multiple pictures), and whether one of its fields is the last
picture's again. Here the verdicts are taken in sections of the programme, each is judged, and the judgements are put
together. The type is taken from the verdicts on multiple pictures, of which few are undetermined; the order from those
on single ones, for the others follow a first mistake. Thresholds: measured on four clips in four treatments each, see
`docs/ingestion.md`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telecine.core.ingest import Scanning
from telecine.core.media_info import FieldOrder

SECTION = 100
"""Pictures that are judged together; some 3 seconds."""

MOST_UNDETERMINED = 0.6
"""Of a section's pictures. Where nothing moves, nobody can tell fields apart."""
INTERLACED_FROM = 0.25
"""Share of interlaced pictures among the determined ones."""
SAME_ORDER = 0.8
"""Share of a section's interlaced pictures that must have one order. Where both are common they are no fields: drawn
pictures and coarse coding look so."""
TELECINE_FROM = 0.25
"""Share of pictures with a repeated field. Film at 24 in 60 fields has two in five."""
CADENCE = 5
"""Pictures after which the places of repeated fields come again."""
IN_CADENCE = 0.7
"""Share of repeated fields in their most common places of a cadence. Noise and still pictures repeat anywhere."""
RHYTHM_FROM = 0.6
"""See `Section.rhythm`. Coding may hide that fields are repeated, yet in each cadence some pictures stay whole."""
LEAST_RHYTHM = 25
"""Pictures."""
PURE = 0.9
"""Share of determined pictures that must be of one kind; else they are mixed."""

_UNKNOWN = Scanning(type="unknown")


@dataclass(frozen=True, slots=True)
class Section:
    """Verdicts on pictures that follow each other."""

    pictures: int
    interlaced: int
    progressive: int
    top: int
    """Pictures whose upper field is first, by themselves."""
    bottom: int
    repeated: int
    """Pictures one field of which is in the picture before too."""
    in_cadence: int
    """Those of them that lie in the most common places of a cadence, one for upper and one for lower fields."""

    rhythm: float
    """Share of interlaced pictures, by themselves, in that place of the cadence that has most, less that in the place
    with fewest. Near 0 of true fields, for any picture may move; near 1 of film."""

    @property
    def determined(self) -> int:
        """Pictures with a verdict."""
        return self.interlaced + self.progressive


class FieldTally:
    """Collects verdicts picture by picture; three bytes a picture, so that a day of video fits."""

    def __init__(self) -> None:
        self._verdicts = bytearray()
        self._single = bytearray()
        self._repeats = bytearray()

    def add(self, verdict: str, single: str, repeated: str) -> None:
        """Take one picture's verdicts, on multiple and on single pictures, and its repeated field.

        In `idet`'s words: `tff`, `bff`, `progressive`, `undetermined`; `top`, `bottom`, `neither`.
        """
        self._verdicts += verdict[:1].encode()
        self._single += single[:1].encode()
        self._repeats += repeated[:1].encode()

    @property
    def pictures(self) -> int:
        """How many there were."""
        return len(self._verdicts)

    def sections(self) -> Iterator[Section]:
        """All pictures in sections of `SECTION`; what is left at the end belongs to the last one."""
        whole = max(1, self.pictures // SECTION)
        for number in range(whole):
            end = self.pictures if number + 1 == whole else (number + 1) * SECTION
            yield self._section(slice(number * SECTION, end))

    def _section(self, part: slice) -> Section:
        verdicts, single, repeats = self._verdicts[part], self._single[part], self._repeats[part]
        places = [Counter(at % CADENCE for at, field in enumerate(repeats) if field == kind) for kind in b"tb"]
        return Section(
            pictures=len(verdicts),
            interlaced=verdicts.count(b"t") + verdicts.count(b"b"),
            progressive=verdicts.count(b"p"),
            top=single.count(b"t"),
            bottom=single.count(b"b"),
            repeated=sum(count.total() for count in places),
            in_cadence=sum(max(count.values(), default=0) for count in places),
            rhythm=_rhythm(single),
        )


def declared(order: FieldOrder) -> Scanning:
    """What a file's metadata says, from its order of fields."""
    if order in ("top_first", "bottom_first"):
        return Scanning(type="interlaced", order=order)
    return Scanning(type="progressive") if order == "progressive" else _UNKNOWN


def judge(section: Section) -> Scanning:
    """What one section is. Telecined pictures count as interlaced ones for `idet`: most of them are woven of two."""
    if section.determined < (1 - MOST_UNDETERMINED) * section.pictures or not section.determined:
        return _UNKNOWN
    if section.interlaced <= INTERLACED_FROM * section.determined:
        return Scanning(type="progressive")
    order = _order(section.top, section.bottom)
    if order == "unknown":
        return _UNKNOWN
    return Scanning(type="telecine" if _telecined(section) else "interlaced", order=order)


def together(sections: Sequence[Section]) -> Scanning:
    """What the whole is: one type and order where nearly all of it agrees, mixed where it does not.

    Sections that nobody can judge do not count; where all are so, it is unknown.
    """
    shares: Counter[Scanning] = Counter()
    for section in sections:
        shares[judge(section)] += section.determined
    del shares[_UNKNOWN]
    if not shares:
        return _UNKNOWN
    most, pictures = shares.most_common(1)[0]
    return most if pictures >= PURE * shares.total() else Scanning(type="mixed", order=_common_order(shares))


def _telecined(section: Section) -> bool:
    repeats = section.repeated > TELECINE_FROM * section.pictures
    return (repeats and section.in_cadence >= IN_CADENCE * section.repeated) or section.rhythm >= RHYTHM_FROM


def _rhythm(single: bytearray) -> float:
    """`Section.rhythm` of verdicts on single pictures; 0 where there are too few to tell."""
    places = [single[place::CADENCE] for place in range(CADENCE)]
    if len(single) < LEAST_RHYTHM:
        return 0.0
    shares = [(place.count(b"t") + place.count(b"b")) / len(place) for place in places]
    return max(shares) - min(shares)


def _order(top: int, bottom: int) -> FieldOrder:
    """The order of nearly all; unknown where there is none."""
    if top > SAME_ORDER * (top + bottom):
        return "top_first"
    return "bottom_first" if bottom > SAME_ORDER * (top + bottom) else "unknown"


def _common_order(shares: Counter[Scanning]) -> FieldOrder:
    """The order of all sections that have one; progressive ones have none and do not matter."""
    orders = {scanning.order for scanning in shares if scanning.type != "progressive"}
    return orders.pop() if len(orders) == 1 else "unknown"
