"""The keys of one site, wherever they come from: what packaging, verification, export and operators use.

Which source makes the keys is looked up each time, for it is the operator's to change at any moment.
"""

from collections.abc import Collection
from typing import assert_never

from telecine.catalog import content_keys, key_sources
from telecine.catalog.content_keys import Actor
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer
from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.config import Choice, SpekeChoice, VaultChoice, WidevineChoice, chosen, shown
from telecine.keys.cpix import write_keys
from telecine.keys.http import Patience
from telecine.keys.server import ServedKeys
from telecine.keys.source import KeySource
from telecine.keys.speke import Speke
from telecine.keys.vault import Vault
from telecine.keys.widevine import Widevine


class KeyRing:
    """A `KeySource` over the source that the site has chosen. Safe to share between threads."""

    def __init__(self, database: Database, sealer: Sealer, site_id: str, patience: Patience = Patience()) -> None:
        self._database = database
        self._sealer = sealer
        self._site_id = site_id
        self._patience = patience

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:
        """See `KeySource`."""
        return self._source().keys_for(content_id, labels, scheme)

    def key(self, kid: bytes, scheme: Scheme | None = None) -> ContentKey | None:
        """The key of this KID, of any content and version, with its signals for `scheme`; None where none is."""
        with self._database.read() as s:
            row = content_keys.find(s, self._site_id, kid)
        return None if row is None else content_keys.opened(self._sealer, row, scheme)

    def rotate(self, content_id: str, actor: Actor) -> list[ContentKey]:
        """Give the content new versions of all its keys; the old ones stay findable by KID, and packaged trees play on.

        The vault makes them at once; a key server is asked when they are next needed, so none are given. Raises
        NOT_FOUND where the content has no keys.
        """
        source = self._source()
        with self._database.write() as s:
            retired = content_keys.retire(s, self._site_id, content_id)
            detail = {"retired_kids": sorted(row.kid for row in retired)}
            content_keys.write_down(s, self._site_id, actor, "rotate", content_id=content_id, detail=detail)
            if not isinstance(source, Vault):
                return []
            made = source.make(s, content_id, {row.label for row in retired})
            return [content_keys.opened(self._sealer, row) for row in made.values()]

    def export(self, content_id: str, actor: Actor) -> str:
        """The content's current keys as a CPIX document in plain, for its owner's licence servers. It is written down.

        Raises NOT_FOUND where it has none.
        """
        with self._database.write() as s:
            latest = {row.label: row for row in content_keys.versions(s, self._site_id, content_id)}
            rows = [row for row in latest.values() if row.retired_time is None and row.key_sealed is not None]
            if not rows:
                raise TelecineError(ErrorKind.NOT_FOUND, f"Any current key of content {content_id!r}")
            detail = {"kids": sorted(row.kid for row in rows)}
            content_keys.write_down(s, self._site_id, actor, "export", content_id=content_id, detail=detail)
            return write_keys(content_id, [content_keys.opened(self._sealer, row) for row in rows])

    def choice(self) -> Choice:
        """Where the site's keys come from. Raises NOT_FOUND (site)."""
        with self._database.read() as s:
            kept = key_sources.get(s, self._sealer, self._site_id)
        return VaultChoice() if kept is None else chosen(kept)

    def choose(self, choice: Choice, actor: Actor) -> None:
        """Take keys from there. Contents that were packaged with keys from elsewhere get new ones the next time."""
        with self._database.write() as s:
            key_sources.put(s, self._sealer, self._site_id, choice.model_dump(mode="json"))
            content_keys.write_down(s, self._site_id, actor, "source", detail=shown(choice))

    def _source(self) -> KeySource:
        choice = self.choice()
        match choice:
            case VaultChoice():
                return Vault(self._database, self._sealer, self._site_id)
            case SpekeChoice():
                server: Speke | Widevine = Speke(choice, self._patience)
            case WidevineChoice():
                server = Widevine(choice, self._patience)
            case _:
                assert_never(choice)
        return ServedKeys(self._database, self._sealer, self._site_id, server)
