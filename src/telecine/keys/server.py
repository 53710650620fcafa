"""What every key server can do, and the source that asks one and keeps what it answered.

What is kept serves all that follows: the same content gets the same keys although the server may be away, and licences,
export and verification work as for the vault's own keys.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from telecine.catalog import content_keys
from telecine.catalog.content_keys import Owner
from telecine.catalog.database import Database
from telecine.catalog.key_models import StoredKey
from telecine.catalog.seal import Sealer
from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.cpix import refused
from telecine.keys.vault import fresh_iv, fresh_kid


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to ask for: the KID and IV that we propose, or that the server gave before; empty where it chooses."""

    kid: bytes = b""
    iv: bytes = b""


class KeyServer(Protocol):
    """Somebody else's source of keys. Safe to share between threads."""

    kind: str
    chooses_kids: bool

    def ask(self, content_id: str, wanted: Mapping[Label, Wanted], scheme: Scheme) -> dict[Label, ContentKey]:
        """A key for every label of `wanted`, checked. Raises KEYS_UNREACHABLE, KEYS_REFUSED."""


class ServedKeys:
    """A `KeySource` over a key server and the table of keys."""

    def __init__(self, database: Database, sealer: Sealer, site_id: str, server: KeyServer) -> None:
        self._database = database
        self._sealer = sealer
        self._site_id = site_id
        self._server = server

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:
        """See `KeySource`. The server is asked once for each scheme: what it wants said depends on that."""
        content_keys.checked_content_id(content_id)
        owner = Owner(self._site_id, content_id, self._server.kind)
        with self._database.read() as s:
            rows = content_keys.current(s, owner, labels)
        if not all(label in rows and _answered(rows[label], scheme) for label in labels):
            rows = self._ask(owner, labels, scheme)
        return {label: content_keys.opened(self._sealer, rows[label], scheme) for label in rows}

    def _ask(self, owner: Owner, labels: Collection[Label], scheme: Scheme) -> dict[Label, StoredKey]:
        """Ask for all of `labels` in one request, for it describes the whole contract; no transaction is open then."""
        rows = self._known(owner, labels)
        wanted = {
            label: Wanted(bytes.fromhex(rows[label].kid), bytes.fromhex(rows[label].iv)) if label in rows else Wanted()
            for label in Label
            if label in labels
        }
        answers = self._server.ask(owner.content_id, wanted, scheme)
        with self._database.write() as s:
            rows = rows | self._keep(s, owner, [key for label, key in answers.items() if label not in rows], scheme)
            return {
                label: content_keys.fill(s, self._sealer, rows[label], answer, scheme)
                for label, answer in answers.items()
            }

    def _keep(self, s: Session, owner: Owner, new: list[ContentKey], scheme: Scheme) -> dict[Label, StoredKey]:
        try:
            return content_keys.add(s, self._sealer, owner, new, scheme)
        except TelecineError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            raise refused(f"{error.detail} Another content, or rotated keys, need new ones of the server.") from error

    def _known(self, owner: Owner, labels: Collection[Label]) -> dict[Label, StoredKey]:
        """The rows of `labels`, with KIDs of ours for those that have none where the server leaves that to us."""
        if self._server.chooses_kids:
            with self._database.read() as s:
                return content_keys.current(s, owner, labels)
        with self._database.write() as s:
            chosen = {label: (fresh_kid(), fresh_iv()) for label in labels}
            return content_keys.reserve(s, owner, chosen)


def _answered(row: StoredKey, scheme: Scheme) -> bool:
    return row.key_sealed is not None and scheme in row.signals
