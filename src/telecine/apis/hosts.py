"""Where a dialect answers: under its prefix on any host, and without it on host names of its own.

A client whose paths are fixed is repointed by name resolution alone: on `tnp.pallycon.com` the path
`/api/token/DEMO` is read as `/tnp/api/token/DEMO`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from telecine.core.errors import TelecineError


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API: its prefix, what its paths begin with, its host names, and the body by which it reports a failure."""

    prefix: str
    root: str
    hosts: frozenset[str]
    error_body: Callable[[TelecineError], dict[str, Any]] = field(repr=False)


class HostPrefix:
    """ASGI middleware that puts a dialect's prefix before the paths that arrive on its host names."""

    def __init__(self, app: ASGIApp, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._by_host = {host.lower(): dialect for dialect in dialects for host in dialect.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its prefixed path where the host asks for one."""
        if scope["type"] == "http":
            dialect = self._by_host.get(host_of(scope))
            if dialect is not None and scope["path"].startswith(dialect.root):
                raw = scope.get("raw_path") or scope["path"].encode()
                path = {"path": dialect.prefix + scope["path"], "raw_path": dialect.prefix.encode() + raw}
                scope = {**scope, **path}
        await self._app(scope, receive, send)


def host_of(scope: Scope) -> str:
    """The host that the request names, in lower case, without port and without a dot at the end."""
    named = next((value for name, value in scope["headers"] if name == b"host"), b"")
    host, colon, port = named.decode("latin-1").strip().lower().rpartition(":")
    return (host if colon and port.isdigit() else f"{host}{colon}{port}").rstrip(".")
