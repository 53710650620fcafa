"""What is sent, and what came of sending it: the same for every kind of target."""

import json
from dataclasses import dataclass
from typing import Any

LONGEST_BODY = 2000
"""How much of an answer is kept, in characters."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` is unique and the same on every try, so that a receiver can drop what it has seen."""

    id: str
    payload: dict[str, Any]

    @property
    def text(self) -> str:
        """The payload as JSON, the same bytes on every try."""
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try. `status` is the HTTP status or None without an answer, `body` the answer's beginning
    or what went wrong. `gone` says that the target wants no more; `retry_after` (seconds) when it wants the next.
    """

    delivered: bool
    status: int | None = None
    body: str = ""
    retry_after: float | None = None
    gone: bool = False
