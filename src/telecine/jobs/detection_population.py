"""Whom a leak may be of: the viewers of a marked title, or the recipients of a master's copies.

A report needs the same of both: which codes they follow, who they are, what to call them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, Protocol

from telecine.core.detection_codes import WORDS, Subject, Words
from telecine.core.watermark.bias import Family
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.recipients import RecipientKeys, name_of
from telecine.core.watermark.report import Block
from telecine.core.watermark.sequence import SequenceKey

BLOCK = 256
"""Recipients that are compared at a time: the words of a long intra master have tens of thousands of bits."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One who may be named. `facts`: what the result says of him; `label`: a short name for the picture; `title`: who
    he is, in one line; `payload`: hexadecimal, where his code has one."""

    facts: dict[str, Any]
    label: str
    title: str
    payload: str = ""


class Population(Protocol):
    """All who may be named, each under a key of his own: a viewer's session, or `recipients.name_of`."""

    @property
    def words(self) -> Words: ...  # noqa: D102

    @property
    def codes(self) -> Sequence[SessionCode]:
        """The codes that at least one of them follows."""

    def blocks(self, code: SessionCode) -> Iterable[Block]:
        """Those that follow `code`, as many at a time as fit in memory."""

    def keys(self, family: Family) -> SequenceKey:
        """The key of their sequences."""

    def known(self, keys: Sequence[str]) -> Mapping[str, Suspect]:
        """Who these are."""


class Viewer(Protocol):
    """What must be known of a session to name it: the fields of `MarkSession` of these names."""

    @property
    def session(self) -> str: ...  # noqa: D102
    @property
    def payload(self) -> str: ...  # noqa: D102
    @property
    def forensic_mark(self) -> str: ...  # noqa: D102


def suspects(viewers: Mapping[str, Viewer]) -> dict[str, Suspect]:
    """Viewers as those who may be named."""
    return {
        session: Suspect(
            facts={"session": one.session, "forensic_mark": one.forensic_mark, "payload": one.payload},
            label=one.session[:8],
            title=f"{one.session[:8]}  {_printable(one.forensic_mark)!r}",
            payload=one.payload,
        )
        for session, one in viewers.items()
    }


def _printable(mark: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in mark[:60])


@dataclass(frozen=True, slots=True)
class Recipients:
    """Everybody who has a copy of a content: names by number (dwm_id), and the content's keys."""

    names: Mapping[int, str]
    secrets: RecipientKeys

    @property
    def words(self) -> Words:
        """What a report calls them."""
        return WORDS[Subject.RECIPIENTS]

    @property
    def codes(self) -> list[SessionCode]:
        """The one that copies of this content follow; none where nobody has one."""
        return [SessionCode(self.secrets.sequence.family.value)] if self.names else []

    def blocks(self, _code: SessionCode) -> Iterator[Block]:
        """All of them, some at a time."""
        for some in batched(self.names, BLOCK):
            yield [name_of(number) for number in some], [""] * len(some)

    def keys(self, _family: Family) -> SequenceKey:
        """The content's."""
        return self.secrets.sequence

    def known(self, keys: Sequence[str]) -> dict[str, Suspect]:
        """By their numbers."""
        by_key = {name_of(number): (number, name) for number, name in self.names.items()}
        return {key: _recipient(*by_key[key]) for key in keys}


def _recipient(number: int, name: str) -> Suspect:
    label = name if len(name) <= 10 else f"{name[:9]}…"
    return Suspect(facts={"recipient": name, "dwm_id": number}, label=label, title=name)
