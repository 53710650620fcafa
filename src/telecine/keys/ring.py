"""The keys of one site, wherever they come from: what packaging, verification, export and operators use.

Which source makes the keys is looked up each time, for it is the operator's to change at any moment.
"""

from collections.abc import Collection

from telecine.catalog import content_keys
from telecine.catalog.content_keys import Actor
from telecine.catalog.database import Database
from telecine.catalog.key_models import StoredKey
from telecine.catalog.seal import Sealer
from telecine.core.drm import ContentKey, Label, Scheme
from telecine.keys.source import KeySource
from telecine.keys.vault import Vault


class KeyRing:
    """A `KeySource` over the source that the site has chosen. Safe to share between threads."""

    def __init__(self, database: Database, sealer: Sealer, site_id: str) -> None:
        self._database = database
        self._sealer = sealer
        self._site_id = site_id

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:
        """See `KeySource.keys_for`."""
        return self._source().keys_for(content_id, labels, scheme)

    def key(self, kid: bytes, scheme: Scheme | None = None) -> ContentKey | None:
        """The key of this KID, of any content and version, with its signals for `scheme`; None where none is."""
        with self._database.read() as s:
            row = content_keys.find(s, self._site_id, kid)
        return None if row is None else content_keys.opened(self._sealer, row, scheme)

    def rotate(self, content_id: str, actor: Actor) -> list[StoredKey]:
        """Give the content new versions of all its keys; the old ones stay findable by KID, and packaged trees play on.

        The vault makes them at once, a key server when it is next asked. Gives the current rows: none, then. Raises
        NOT_FOUND where the content has no keys.
        """
        with self._database.write() as s:
            retired = content_keys.retire(s, self._site_id, content_id)
            kids = sorted(row.kid for row in retired)
            content_keys.write_down(
                s, self._site_id, actor, "rotate", content_id=content_id, detail={"retired_kids": kids}
            )
            source = self._source()
            if not isinstance(source, Vault):
                return []
            return list(source.make(s, content_id, {row.label for row in retired}).values())

    def _source(self) -> KeySource:
        return Vault(self._database, self._sealer, self._site_id)
