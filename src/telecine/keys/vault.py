"""The vault: the default source, whose keys are random and kept in the catalog, sealed."""

import secrets
import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from telecine.catalog import content_keys
from telecine.catalog.content_keys import Owner
from telecine.catalog.database import Database
from telecine.catalog.key_models import StoredKey
from telecine.catalog.seal import Sealer
from telecine.core.drm import KEY_BYTES, ContentKey, Label, Scheme

IV_BYTES = 16


class Vault:
    """A `KeySource` of random keys: one for each content and label, the same in both schemes."""

    KIND = "vault"

    def __init__(self, database: Database, sealer: Sealer, site_id: str) -> None:
        self._database = database
        self._sealer = sealer
        self._site_id = site_id

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:
        """The content's keys, made where there are none. Raises NOT_FOUND (site), FIELD_… for an odd content id."""
        content_keys.checked_content_id(content_id)
        owner = Owner(self._site_id, content_id, self.KIND)
        with self._database.read() as s:
            found = content_keys.current(s, owner, labels)
        if set(labels) - set(found):
            with self._database.write() as s:
                found = self.make(s, content_id, labels)
        return {label: content_keys.opened(self._sealer, row, scheme) for label, row in found.items()}

    def make(self, s: Session, content_id: str, labels: Collection[Label]) -> dict[Label, StoredKey]:
        """The content's current keys, with fresh ones for those of `labels` that have none."""
        owner = Owner(self._site_id, content_id, self.KIND)
        missing = set(labels) - set(content_keys.current(s, owner, labels))
        content_keys.add(s, self._sealer, owner, [fresh_key(label) for label in missing])
        return content_keys.current(s, owner, labels)


def fresh_key(label: Label) -> ContentKey:
    """A new random key with its own KID and IV."""
    return ContentKey(label, fresh_kid(), secrets.token_bytes(KEY_BYTES), fresh_iv())


def fresh_kid() -> bytes:
    """A new random KID, which is a UUID of version 4: some key servers look at that."""
    return uuid.uuid4().bytes


def fresh_iv() -> bytes:
    """A new random IV."""
    return secrets.token_bytes(IV_BYTES)
