"""Paths on a dialect's own host names mean its paths under the prefix."""

import asyncio

import pytest

from telecine.apis.hosts import Dialect, HostPrefix, host_of

DIALECT = Dialect("/tnp", "/api/", frozenset({"tnp.pallycon.com", "TNP.example.com"}), lambda error: {})


def path_seen(host: str, path: str) -> tuple[str, bytes]:
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    scope = {"type": "http", "path": path, "raw_path": path.encode(), "headers": [(b"host", host.encode("latin-1"))]}
    asyncio.run(HostPrefix(app, [DIALECT])(scope, None, None))
    return seen["path"], seen["raw_path"]


@pytest.mark.parametrize(
    "host", ["tnp.pallycon.com", "TNP.PallyCon.com", "tnp.pallycon.com:8080", "tnp.pallycon.com.", "tnp.example.com"]
)
def test_a_path_on_the_host_gets_the_prefix(host):
    assert path_seen(host, "/api/token/DEMO") == ("/tnp/api/token/DEMO", b"/tnp/api/token/DEMO")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8787", "[::1]:8787", "evil-tnp.pallycon.com", "", "é"])
def test_other_hosts_are_left_alone(host):
    assert path_seen(host, "/api/token/DEMO")[0] == "/api/token/DEMO"


@pytest.mark.parametrize("path", ["/tnp/api/token/DEMO", "/health/live", "/", "/apis", "/files/a/b"])
def test_paths_that_are_not_the_dialects_are_left_alone(path):
    assert path_seen("tnp.pallycon.com", path)[0] == path


@pytest.mark.parametrize(
    ("header", "host"),
    [("A:1", "a"), ("[::1]:8", "[::1]"), ("[::1]", "[::1]"), ("a", "a"), ("a:x", "a:x"), (":80", "")],
)
def test_the_host_is_read_without_its_port(header, host):
    assert host_of({"headers": [(b"host", header.encode())]}) == host


def test_other_kinds_of_connection_pass():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)

    asyncio.run(HostPrefix(app, [DIALECT])({"type": "lifespan"}, None, None))
    assert seen == [{"type": "lifespan"}]
