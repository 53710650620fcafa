"""Is a master in MXF of the kind that is written here? Its first partition says how its essence is laid out.

SMPTE ST 377-1, 7.1 (partition pack) and 8.3.1 (operational pattern); ST 386 (D-10 in the generic container).
"""

from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.copies.klv import elements
from telecine.media.structure import BrokenError

_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
"""How keys of partition packs begin."""
_PATTERN = 64
"""Where the operational pattern stands in a partition pack; the list of essence containers follows it."""
_SINGLE_ITEM, _SINGLE_PACKAGE = 1, 1
_CONTAINERS = _PATTERN + 16 + 8
_D10 = 1


def check_mxf(path: Path) -> None:
    """Raise MASTER_REFUSED for a pattern other than OP1a and for D-10, INPUT_UNREADABLE for what is no MXF."""
    try:
        with path.open("rb") as file:
            first = next(elements(file), None)
            if first is None or not first.key.startswith(_PARTITION):
                raise BrokenError("does not begin with a partition")
            file.seek(first.value)
            pack = file.read(first.end - first.value)
    except BrokenError as error:
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, f"the master {error}.") from error
    pattern = pack[_PATTERN : _PATTERN + 16]
    if pattern[12:14] != bytes([_SINGLE_ITEM, _SINGLE_PACKAGE]):
        raise _refused("is not OP1a: one item in one file")
    containers = [pack[at : at + 16] for at in range(_CONTAINERS, len(pack), 16)]
    if any(container[13:14] == bytes([_D10]) for container in containers):
        raise _refused("is D-10 (IMX), whose frames have a fixed size")


def _refused(what: str) -> TelecineError:
    return TelecineError(ErrorKind.MASTER_REFUSED, f"it {what}.")
