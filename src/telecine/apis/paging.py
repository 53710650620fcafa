"""Time zones, dates and pages as list calls of every dialect understand them.

The database keeps instants; a client asks for whole days in a zone of its own and reads local times without one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from urllib.parse import unquote

from telecine.core.errors import ErrorKind, TelecineError

DEFAULT_PAGE = 25
LARGEST_PAGE = 1000
LAST_PAGE = 10**9
"""Highest page number that is looked at; it keeps the offset inside a database's integer."""

_OFFSET = re.compile(r"([+-]?)(\d{1,2}):?(\d{2})", re.ASCII)
_WIDEST = timedelta(hours=14)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARS = range(1970, 9999)


@dataclass(frozen=True, slots=True)
class Zone:
    """A fixed offset from UTC, and how answers name it: `+09:00`."""

    offset: timedelta

    def __str__(self) -> str:
        minutes = int(self.offset.total_seconds()) // 60
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"

    def show(self, instant: datetime | None) -> str | None:
        """The local time of `instant` as `YYYY-MM-DDTHH:MM:SS`; None stays None."""
        if instant is None:
            return None
        # A list shows thousands: a time without a zone is written in half the time that one with a zone takes.
        local = instant.astimezone(UTC) + self.offset
        return datetime.combine(local, local.time()).isoformat("T", "seconds")

    def local(self, instant: datetime) -> datetime:
        """The local time of `instant` in whole seconds; JSON shows it as `show` does.

        A list shows thousands: with a plain time that the JSON writer makes into text, each takes half as long.
        """
        at = instant.astimezone(UTC) + self.offset
        return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second)

    def midnight(self, day: date) -> datetime:
        """The instant, in UTC, at which `day` begins here."""
        return datetime.combine(day, time(), timezone(self.offset)).astimezone(UTC)


def parse_zone(text: str | None, field: str = "time_zone") -> Zone:
    """The zone meant by `+09:00`, `%2B09:00`, `+0900`, `09:00`, ` 09:00` (a plus that was decoded as a space) or `Z`.

    Nothing means UTC. Raises FIELD_INVALID for another form, FIELD_OUT_OF_RANGE beyond 14 hours.
    """
    plain = unquote(text or "").strip()
    if plain.upper() in ("", "Z", "UTC"):
        return Zone(timedelta(0))
    match = _OFFSET.fullmatch(plain)
    if match is None:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must look like +09:00.", field=field)
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _WIDEST or int(minutes) > 59:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, "between -14:00 and +14:00.", field=field)
    return Zone(-offset if sign == "-" else offset)


def parse_day(text: str | None, field: str) -> date | None:
    """The day meant by `YYYY-MM-DD`; nothing means None. Raises FIELD_INVALID."""
    plain = (text or "").strip()
    if not plain:
        return None
    try:
        day = date.fromisoformat(plain) if _DATE.fullmatch(plain) else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be a date like 2022-05-31.", field=field)
    return day


def span(first: str | None, last: str | None, zone: Zone) -> tuple[datetime | None, datetime | None]:
    """The instants from which on and before which rows of the days `first` to `last` lie, `last` included.

    Raises FIELD_INVALID, naming `from` or `to`, where one is no date or they are in the wrong order.
    """
    begin, end = parse_day(first, "from"), parse_day(last, "to")
    if begin is not None and end is not None and begin > end:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is later than 'to'.", field="from")
    return (
        None if begin is None else zone.midnight(begin),
        None if end is None else zone.midnight(end + timedelta(days=1)),
    )
