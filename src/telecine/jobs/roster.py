"""Who has which number, where there is no database: a list in a file beside what leaks are compared with.

A recipient's number follows from his place in the list, and his marks from his number. So the list only grows.
"""

import hmac
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from telecine.core.distribution import MOST_RECIPIENTS
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.recipient_names import check_name, key_of
from telecine.media.workspace import Workspace, write_finished

NAME = "recipients.json"


class Roster(BaseModel):
    """The recipients of one content. `secret` tells whether it is still the same secret, and nothing else of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site_id: str
    content_id: str
    secret: str
    recipients: tuple[str, ...] = ()
    """The first has number 1."""

    @property
    def numbers(self) -> dict[int, str]:
        """Names by number."""
        return dict(enumerate(self.recipients, start=1))

    def with_names(self, names: Sequence[str]) -> Self:
        """The list with those of `names` that are not in it, in any case, at its end.

        Raises FIELD_INVALID and FIELD_OUT_OF_RANGE for what is no name, and for more than 4095 in all.
        """
        known = {key_of(name): name for name in self.recipients}
        for name in names:
            known.setdefault(key_of(check_name(name, "--recipients")), name)
        if len(known) > MOST_RECIPIENTS:
            why = f"a content has at most {MOST_RECIPIENTS} recipients; this would make {len(known)}."
            raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, why, field="--recipients")
        return self.model_copy(update={"recipients": tuple(known.values())})

    def numbers_of(self, names: Sequence[str]) -> dict[int, str]:
        """Of these names, which must be in the list, the spelling there by number."""
        wanted = {key_of(name) for name in names}
        return {number: name for number, name in self.numbers.items() if key_of(name) in wanted}


def digest_of(secret: bytes) -> str:
    """What a list remembers of the secret: too little to guess it by, for a secret has 32 bytes or more."""
    return hmac.digest(secret, b"telecine roster 1", "sha256").hex()[:16]


def load(folder: Path) -> Roster | None:
    """The list in `folder`, or None where there is none. Raises FIELD_INVALID where it is damaged."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        return Roster.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{path} is damaged.", field="--keep") from error


def keep(folder: Path, roster: Roster) -> None:
    """Write the list down; it is there whole, the old or the new one."""
    write_finished(Workspace(folder), folder / NAME, roster.model_dump_json(indent=2).encode() + b"\n")


def check(roster: Roster, site: str, content: str, secret: bytes) -> None:
    """See that a list is of this site, content and secret. Raises FIELD_INVALID naming what is not."""
    for option, given, kept in (("--site", site, roster.site_id), ("--content", content, roster.content_id)):
        if given != kept:
            raise TelecineError(ErrorKind.FIELD_INVALID, f"what is kept there is of {kept!r}.", field=option)
    if not hmac.compare_digest(digest_of(secret), roster.secret):
        why = "what is kept there was made with another secret."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--secret")
