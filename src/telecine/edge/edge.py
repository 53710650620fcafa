"""Serves one file to one viewer: reads the address and the token, chooses the variant, and finds the object."""

import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import structlog

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.ticket import Ticket, TokenRefused, variant_of
from telecine.edge.address import Address, read_address
from telecine.edge.books import Books
from telecine.edge.fresh import Fresh
from telecine.edge.names import Kind
from telecine.edge.objects import Bucket, Changed, Objects
from telecine.edge.place import Place, find_place
from telecine.edge.positions import Table, position_of, read_table
from telecine.edge.ranges import Part, choose
from telecine.edge.refusal import Outcome, Refused
from telecine.edge.rights import Rules, check
from telecine.storage.content_types import content_type
from telecine.storage.store import ObjectInfo

MEDIA_SECONDS = 3600
"""How long a viewer's own player may keep a segment."""

_SIDECAR_SECONDS = 60.0
_MOST_SIDECARS = 64
_OUTCOMES = {304: Outcome.UNCHANGED, 412: Outcome.UNCHANGED, 416: Outcome.RANGE}

_log = structlog.get_logger()

type ReadToken = Callable[[str], Ticket]
"""Reads a token of the site. Raises TokenRefused."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a viewer gets: `body` gives the bytes of `part`, of which the first piece has been read already."""

    outcome: Outcome
    part: Part
    headers: Mapping[str, str]
    body: Iterator[bytes]


class Edge:
    """Serves the marked titles of one site. Safe to share between threads."""

    def __init__(
        self,
        books: Books,
        objects: Objects,
        read_token: ReadToken,
        rules: Rules,
        prefixes: frozenset[str],
        now: Callable[[], datetime],
    ) -> None:
        self.books = books
        self.objects = objects
        self._read_token = read_token
        self._rules = rules
        self._prefixes = prefixes
        self._now = now
        self._tables: Fresh[tuple[str, str, str], Table | None] = Fresh(_SIDECAR_SECONDS, _MOST_SIDECARS)

    def address(self, path: bytes) -> Address:
        """See `read_address`."""
        return read_address(path, self._prefixes)

    def find(self, address: Address, headers: Mapping[str, str], *, with_body: bool = True) -> Found:
        """What answers a GET, or a HEAD without a body. Names of headers are lower-case. Raises Refused."""
        try:
            return self._find(address, headers, with_body)
        except TelecineError as error:
            if error.kind in (ErrorKind.OBJECT_MISSING, ErrorKind.FIELD_INVALID):
                raise Refused(Outcome.MISSING, "There is no such file.") from error
            _log.error("the storage does not give a file", path=address.path, kind=error.kind.value, why=error.detail)
            raise Refused(Outcome.STORAGE, "The storage does not give this file.") from error
        except Changed as error:
            raise Refused(Outcome.STORAGE, "The file is being replaced; ask again.") from error

    def _find(self, address: Address, headers: Mapping[str, str], with_body: bool) -> Found:
        ticket = self._ticket(address)
        place = find_place(address.parts, self.books.titles(address.parts))
        session = self.books.session(address.token, ticket)
        check(self._rules, ticket, address.revoke_token, place.title.content_id, session, self._now())
        bucket = self.books.bucket(place.title.output_storage)
        key = place.key(self._variant(ticket, place, bucket) if place.kind is Kind.SEGMENT else 0)
        try:
            return self._open(place, bucket, key, headers, with_body)
        except Changed:  # replaced at this moment: what is there now is whole
            return self._open(place, bucket, key, headers, with_body)

    def _ticket(self, address: Address) -> Ticket:
        try:
            return self._read_token(address.token)
        except TokenRefused as refused:
            raise Refused(Outcome.BAD_TOKEN, f"The token is not good: {refused.reason}.") from None

    def _variant(self, ticket: Ticket, place: Place, bucket: Bucket) -> int:
        position = position_of(place, self._table(place, bucket))
        try:
            return variant_of(ticket, position, place.first, self.books.keys(place.title.content_id))
        except TokenRefused as refused:
            raise Refused(Outcome.BAD_TOKEN, f"The token is not good: {refused.reason}.") from None

    def _table(self, place: Place, bucket: Bucket) -> Table | None:
        key = place.sidecar()

        def load() -> Table | None:
            try:
                return read_table(bucket.store.read(key))
            except TelecineError as error:
                if error.kind is ErrorKind.OBJECT_MISSING:
                    return None
                raise

        return self._tables.get((bucket.name, key, place.title.version), load)

    def _open(self, place: Place, bucket: Bucket, key: str, headers: Mapping[str, str], with_body: bool) -> Found:
        info = self.objects.head(bucket, key)
        if info is None:
            raise Refused(Outcome.MISSING, "There is no such file.")
        etag = self._etag(info)
        part = choose(headers, etag, info.size)
        told = {"ETag": etag, "Cache-Control": _caching(place), "Accept-Ranges": "bytes"}
        if part.status == 416:
            return Found(Outcome.RANGE, part, told | {"Content-Range": f"bytes */{info.size}"}, iter(()))
        if part.status in _OUTCOMES:
            return Found(_OUTCOMES[part.status], part, told, iter(()))
        if part.status == 206:
            told["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{info.size}"
        # By the place and not by the key, which names a variant.
        told |= {"Content-Type": content_type(place.parts[-1]), "Content-Length": str(part.length)}
        body = _begun(self.objects.read(bucket, info, part.start, part.end)) if with_body else iter(())
        return Found(Outcome.SERVED, part, told, body)

    def _etag(self, info: ObjectInfo) -> str:
        """A tag that changes with the object and tells nothing of it: a store's own may tell which variant is older."""
        said = f"{info.key}\0{info.etag}\0{info.size}".encode()
        return f'"{hmac.digest(self._tag_key, said, "sha256")[:16].hex()}"'

    @cached_property
    def _tag_key(self) -> bytes:
        return hmac.digest(self.books.secret(), b"telecine edge entity tag 1", "sha256")


def _caching(place: Place) -> str:
    return "private, no-cache" if place.kind is Kind.MANIFEST else f"private, max-age={MEDIA_SECONDS}"


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, of which the first is read now, while an error can still be answered as one."""
    first = next(pieces, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from pieces

    return whole()
