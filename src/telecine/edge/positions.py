"""The positions of segments as a rendition's own sidecar tells them (ETSI TS 104 002), against those of their names."""

from collections.abc import Mapping

from telecine.core.watermark.pace_info import UNMARKED, name_pattern, read_discrete_sidecar
from telecine.edge.place import Place
from telecine.edge.refusal import Outcome, Refused

type Table = Mapping[str, int]
"""Position by the pattern of the segment's name, as our packager writes it."""


def read_table(content: bytes) -> Table:
    """What a sidecar says. Raises Refused where it is none."""
    try:
        return {entry.pattern: entry.position for entry in read_discrete_sidecar(content)}
    except ValueError:
        raise Refused(Outcome.CONTRADICTION, "The positions of this rendition cannot be read.") from None


def position_of(place: Place, table: Table | None) -> int:
    """The position of a segment: 0 or more, or `UNMARKED`. `table` is None where the rendition has no sidecar.

    Raises Refused where sidecar and name disagree: one of the two belongs to another publication, and whoever serves
    by either gives the viewer a copy that is traced to somebody else.
    """
    if table is None:
        return place.position
    listed = table.get(name_pattern(place.parts[-1]))
    if listed is None:
        raise Refused(Outcome.MISSING, "There is no such segment.")
    if listed not in (place.position, UNMARKED):
        raise Refused(Outcome.CONTRADICTION, "The segment's name and its sidecar name two positions.")
    return listed
