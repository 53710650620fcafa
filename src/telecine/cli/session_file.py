"""A title's sessions in a file, for detections without a database: CSV with a line of names, or a JSON list."""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telecine.core.detection_codes import WORDS, Subject, Words
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.bias import Family
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import Block, Keys
from telecine.core.watermark.sequence import SequenceKey
from telecine.jobs.detection_population import Suspect, suspects

OPTION = "--sessions"
BLOCK = 4096
"""Sessions that are compared at a time."""

_SESSION = re.compile(r"[0-9a-f]{32}")
_PAYLOAD = re.compile(r"[0-9a-f]{14}")


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session of the file."""

    session: str
    payload: str
    code: SessionCode
    forensic_mark: str


@dataclass(frozen=True, slots=True)
class Viewers:
    """All sessions of a title, with the keys of their sequences."""

    lines: Mapping[str, SessionLine]
    title_keys: Keys

    @property
    def words(self) -> Words:
        """What a report calls them."""
        return WORDS[Subject.VIEWERS]

    @property
    def codes(self) -> list[SessionCode]:
        """The codes that at least one of them follows."""
        found = {line.code for line in self.lines.values()}
        return [code for code in SessionCode if code in found]

    def blocks(self, code: SessionCode) -> Iterator[Block]:
        """Those that follow `code`, some at a time."""
        lines = [line for line in self.lines.values() if line.code is code]
        for begin in range(0, len(lines), BLOCK):
            block = lines[begin : begin + BLOCK]
            yield [line.session for line in block], [line.payload for line in block]

    def keys(self, family: Family) -> SequenceKey:
        """The key of their sequences."""
        return self.title_keys(family)

    def known(self, sessions: Sequence[str]) -> dict[str, Suspect]:
        """What the file says of these."""
        return suspects({session: self.lines[session] for session in sessions})


def read_sessions(path: Path, content_id: str, keys: Keys) -> Viewers:
    """The sessions in a file; those that it says to be of another content are left out. `keys` are the title's.

    Raises FIELD_INVALID, with the entry's number, where one is not as it must be: `session` (32 hexadecimal digits),
    `code`, `payload` (14 hexadecimal digits, which sessions of the delivery format need), `forensic_mark`.
    """
    lines: dict[str, SessionLine] = {}
    for number, entry in enumerate(_entries(path), start=1):
        if entry.get("content_id") not in (None, "", content_id):
            continue
        line = _line(entry, number)
        if line.session in lines:
            raise _wrong(number, f"the session {line.session} is there already.")
        lines[line.session] = line
    return Viewers(lines, keys)


def _entries(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not text.lstrip().startswith(("[", "{")):
            return list(csv.DictReader(text.splitlines()))
        entries = json.loads(text)
    except (ValueError, csv.Error, RecursionError) as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{path} cannot be read: {error}.", field=OPTION) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{path} holds no list of sessions.", field=OPTION)
    return entries


def _line(entry: Mapping[str, Any], number: int) -> SessionLine:
    session, payload, code = (str(entry.get(name) or "").strip().lower() for name in ("session", "payload", "code"))
    if not _SESSION.fullmatch(session):
        raise _wrong(number, f"'session' must have 32 hexadecimal digits, and is {session[:40]!r}.")
    if code not in set(SessionCode):
        raise _wrong(number, f"'code' must be one of {', '.join(SessionCode)}, and is {code[:40]!r}.")
    if not _PAYLOAD.fullmatch(payload) and (payload or code == SessionCode.DELIVERY):
        raise _wrong(number, f"'payload' must have 14 hexadecimal digits, and is {payload[:40]!r}.")
    return SessionLine(session, payload, SessionCode(code), str(entry.get("forensic_mark") or ""))


def _wrong(number: int, why: str) -> TelecineError:
    return TelecineError(ErrorKind.FIELD_INVALID, f"entry {number}: {why}", field=OPTION)
