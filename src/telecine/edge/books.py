"""What the edge looks up in the catalog: titles, sessions, storages and keys of its one site. It writes nothing.

Rows are remembered for some seconds, so a revocation or a new publication takes effect within `FRESH_SECONDS`.
"""

from collections.abc import Callable
from functools import lru_cache

from sqlalchemy import select

from telecine.catalog import mark_sessions, marks, session_keys, storages
from telecine.catalog.database import Database
from telecine.catalog.mark_models import MarkedTitle, MarkSecret
from telecine.catalog.seal import Sealer
from telecine.core.job import MarkLayout
from telecine.core.watermark.bias import Family
from telecine.core.watermark.sequence import SequenceKey, derive_key
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.token_keys import TokenKeys
from telecine.core.watermark.tokens import token_digest
from telecine.edge.fresh import Fresh
from telecine.edge.objects import Bucket
from telecine.edge.place import Title, candidates
from telecine.edge.refusal import Outcome, Refused
from telecine.edge.rights import Session
from telecine.storage.open import StoreFactory

FRESH_SECONDS = 5.0
_KEPT_SECONDS = 60.0
"""For what an operator changes, and rarely."""

_MOST = 10_000


class Books:
    """The catalog of `site`, as an edge reads it."""

    def __init__(self, database: Database, sealer: Sealer, stores: StoreFactory, site: str) -> None:
        self.site = site
        self._database = database
        self._sealer = sealer
        self._stores = stores
        self._titles: Fresh[tuple[str, ...], tuple[Title, ...]] = Fresh(FRESH_SECONDS, _MOST)
        self._sessions: Fresh[str, Session | None] = Fresh(FRESH_SECONDS, _MOST)
        self._buckets: Fresh[str, Bucket] = Fresh(_KEPT_SECONDS, 100)
        self._token_keys: Fresh[str, TokenKeys] = Fresh(_KEPT_SECONDS, 1)
        self.keys = lru_cache(1000)(self._keys)

    def titles(self, parts: tuple[str, ...]) -> tuple[Title, ...]:
        """The marked titles that a path can be about."""
        wanted = candidates(parts)
        return self._titles.get(wanted, lambda: self._find_titles(wanted))

    def session(self, token: str, ticket: Ticket) -> Session | None:
        """The session of a token, None where the catalog knows none."""
        return self._sessions.get(token_digest(token), lambda: self._find_session(token, ticket))

    def bucket(self, storage_id: str) -> Bucket:
        """An open storage of the site. Raises NOT_FOUND and STORAGE_REFUSED."""
        return self._buckets.get(storage_id, lambda: self._open(storage_id))

    def token_keys(self) -> TokenKeys:
        """What the site's tokens are read with. Raises Refused where it has no title that a token could be for."""
        return self._token_keys.get(self.site, self._find_token_keys)

    def secret(self) -> bytes:
        """The site's watermark secret. Raises Refused where it has none yet, and so no marked title."""
        with self._database.read() as s:
            if s.get(MarkSecret, self.site) is None:
                raise Refused(Outcome.MISSING, "There is no such title.")
            return marks.secret(s, self._sealer, self.site)

    def answers(self) -> None:
        """Ask the catalog for something. Raises what that raises."""
        with self._database.read() as s:
            s.scalar(select(MarkedTitle.content_id).where(MarkedTitle.site_id == self.site).limit(1))

    def _keys(self, content_id: str) -> Callable[[Family], SequenceKey]:
        secret = self.secret()
        return lru_cache(len(Family))(lambda family: derive_key(secret, self.site, content_id, family))

    def _find_token_keys(self) -> TokenKeys:
        self.secret()  # or else this would make one
        with self._database.read() as s:
            return session_keys.token_keys(s, self._sealer, self.site).for_reading()

    def _find_titles(self, wanted: tuple[str, ...]) -> tuple[Title, ...]:
        mine = (MarkedTitle.site_id == self.site) & MarkedTitle.content_id.in_(wanted)
        with self._database.read() as s:
            return tuple(map(_title, s.scalars(select(MarkedTitle).where(mine))))

    def _find_session(self, token: str, ticket: Ticket) -> Session | None:
        with self._database.read() as s:
            row = mark_sessions.of_token(s, self.site, token, ticket)
        return None if row is None else Session(row.content_id, row.expires, revoked=row.revoked is not None)

    def _open(self, storage_id: str) -> Bucket:
        with self._database.read() as s:
            row = storages.get(s, self.site, storage_id)
            secret = storages.secret(self._sealer, row)
        store = self._stores.open(row.aws_bucket, row.region, row.access_key_id, secret, patient=False)
        return Bucket(storage_id, store)


def _title(row: MarkedTitle) -> Title:
    return Title(
        content_id=row.content_id,
        layout=MarkLayout(row.layout),
        formats=frozenset(row.formats),
        output_storage=row.output_storage,
        output_path=row.output_path,
        version=str(row.job_id),
    )
