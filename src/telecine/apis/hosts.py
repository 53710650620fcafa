"""Where a dialect answers: under its prefix on any host, and without it on host names of its own.

A client whose paths are fixed is repointed by name resolution alone: on `tnp.pallycon.com` the path
`/api/token/DEMO` is read as `/tnp/api/token/DEMO`. A dialect whose document has a `<relative_path>` before its own
paths takes any: `/pri/adapter/DEMO/cxf/pri/v1/…` is read as `/pri/cxf/pri/v1/…`, and what was left out is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from telecine.core.errors import TelecineError


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API: its prefix, what its paths begin with, its host names, and how it reports a failure.

    `relative` says that its root may come behind any path of the deployment's choice; `more_roots` are further
    beginnings of its paths.
    """

    prefix: str
    root: str
    hosts: frozenset[str]
    error_body: Callable[[TelecineError], dict[str, Any]] = field(repr=False)
    error_status: Callable[[TelecineError], int] = field(repr=False, default=lambda error: error.entry.status)
    relative: bool = False
    more_roots: tuple[str, ...] = ()

    def owns(self, path: str) -> bool:
        """Whether `path` lies under the prefix."""
        return path.startswith(f"{self.prefix}/")

    @property
    def roots(self) -> tuple[str, ...]:
        """Everything that its paths begin with."""
        return (self.root, *self.more_roots)


RELATIVE = "telecine.relative"
"""Where a request's scope keeps the relative path that was left out, without slashes at its ends."""

ADDED = "telecine.prefix"
"""Where the scope of a request that came without its dialect's prefix keeps the prefix that was put before its path."""


class HostPrefix:
    """ASGI middleware that puts a dialect's prefix before the paths that arrive on its host names."""

    def __init__(self, app: ASGIApp, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._by_host = {host.lower(): dialect for dialect in dialects for host in dialect.hosts}
        self._relative = [dialect for dialect in dialects if dialect.relative]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its prefixed path where the host asks for one."""
        if scope["type"] == "http":
            own = self._by_host.get(host_of(scope))
            if (
                own is not None
                and not own.owns(scope["path"])
                and (own.relative or scope["path"].startswith(own.roots))
            ):
                scope = _prefixed(scope, own)
            for dialect in self._relative:
                if dialect.owns(scope["path"]):
                    scope = _without_relative(scope, dialect)
        await self._app(scope, receive, send)


def _prefixed(scope: Scope, dialect: Dialect) -> Scope:
    """The request with the dialect's prefix before its path; as it was where the path does not hold the root."""
    if not any(root in scope["path"] for root in dialect.roots):
        return scope
    raw = scope.get("raw_path") or scope["path"].encode()
    path = dialect.prefix + scope["path"]
    return {**scope, "path": path, "raw_path": dialect.prefix.encode() + raw, ADDED: dialect.prefix}


def _without_relative(scope: Scope, dialect: Dialect) -> Scope:
    """The request without what stands between the prefix and the root; that is kept beside. The log keeps it too."""
    relative, root, rest = scope["path"].removeprefix(dialect.prefix).partition(dialect.root)
    if not root or not relative:
        return scope
    return {**scope, "path": f"{dialect.prefix}{root}{rest}", RELATIVE: relative.strip("/")}


def host_of(scope: Scope) -> str:
    """The host that the request names, in lower case, without port and without a dot at the end."""
    named = next((value for name, value in scope["headers"] if name == b"host"), b"")
    host, colon, port = named.decode("latin-1").strip().lower().rpartition(":")
    return (host if colon and port.isdigit() else f"{host}{colon}{port}").rstrip(".")
