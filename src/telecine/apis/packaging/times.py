"""Times of the document: `YYYY-MM-DDThh:mm:ssZ`, in UTC; what has no Z is local in the request's time zone."""

import re
from datetime import UTC, datetime, timedelta, timezone

from telecine.apis.paging import Zone, parse_day
from telecine.core.errors import ErrorKind, TelecineError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_YEARS = range(1970, 9999)


def show(instant: datetime | None) -> str | None:
    """A time as the document prints it; None stays None."""
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def between(first: str | None, last: str | None, zone: Zone) -> tuple[datetime | None, datetime | None]:
    """The instants from which on and before which rows from `first` to `last` lie, both included: seconds or days.

    Raises FIELD_INVALID, naming `from` or `to`, where one is no time or they are in the wrong order.
    """
    begin, end = _bounds(first, "from", zone), _bounds(last, "to", zone)
    if begin is not None and end is not None and begin[0] >= end[1]:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is later than 'to'.", field="from")
    return begin and begin[0], end and end[1]


def _bounds(text: str | None, at: str, zone: Zone) -> tuple[datetime, datetime] | None:
    """Where the second or the day that `text` names begins and ends."""
    plain = (text or "").strip()
    if not plain:
        return None
    if _DAY.fullmatch(plain):
        day = parse_day(plain, at)
        assert day is not None
        return zone.midnight(day), zone.midnight(day + timedelta(days=1))
    instant = _instant(plain, zone)
    if instant is None or instant.year not in _YEARS:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must look like 2020-07-15T10:42:34Z.", field=at)
    return instant, instant + timedelta(seconds=1)


def _instant(text: str, zone: Zone) -> datetime | None:
    try:
        read = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
        if read is None:
            return None
        return (read if read.tzinfo else read.replace(tzinfo=timezone(zone.offset))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
