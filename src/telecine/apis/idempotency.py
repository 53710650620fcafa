"""`Idempotency-Key` on every create: the same key with the same request gives the first answer again.

A request that failed changed nothing and is not remembered; sending it again tries again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from sqlalchemy.orm import Session

from telecine.apis.bodies import SentBody
from telecine.catalog import idempotency
from telecine.core.errors import ErrorKind, TelecineError

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
"""Header of an answer that was given before."""

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Once:
    """A create request that may have been sent before; an empty `key` says nothing about that."""

    key: str
    fingerprint: str

    def of(self, owner: str) -> "Once":
        """The same among the keys of one `owner` within the site, who may use a key that another one has used."""
        return replace(self, key=f"{owner} {self.key}") if self.key else self

    def recall(self, s: Session, site_id: str) -> dict[str, Any] | None:
        """The answer given before, if any. Raises IDEMPOTENCY_MISMATCH."""
        return idempotency.recall(s, site_id, self.key, self.fingerprint) if self.key else None

    def answer(
        self, s: Session, site_id: str, make: Callable[[], tuple[dict[str, Any], dict[str, Any]]]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The answer given before, or a new one, and the headers that tell which.

        `make` does the work in this transaction and gives the answer twice: as it is sent now, and as it may be
        kept and given again (without secrets that are shown once).
        """
        known = self.recall(s, site_id)
        if known is not None:
            return known, REPLAYED
        answer, kept = make()
        if self.key:
            idempotency.remember(s, site_id, self.key, self.fingerprint, kept)
        return answer, {}


IdempotencyKey = Annotated[str, Header(alias=HEADER, description="Ours: makes sending a create twice harmless.")]


def once_of(request: Request, sent: dict[str, Any], key: str) -> Once:
    """The create that asks for `sent`, under the client's `key`. Raises FIELD_OUT_OF_RANGE for a long one."""
    if len(key) > LONGEST:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"at most {LONGEST} characters.", field=HEADER)
    body = json.dumps(sent, sort_keys=True, ensure_ascii=True)
    where = f"{request.method} {request.scope['path']}"
    return Once(key.strip(), f"{where} {sha256(body.encode()).hexdigest()}")


def _once(request: Request, sent: SentBody, key: IdempotencyKey = "") -> Once:
    return once_of(request, sent, key)


OnlyOnce = Annotated[Once, Depends(_once)]
"""Declare a parameter of this type in a route that creates something."""
