"""Paths on a dialect's own host names mean its paths under the prefix."""

import asyncio

import pytest

from telecine.apis.hosts import RELATIVE, Dialect, HostPrefix, host_of

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


RELATIVE_DIALECT = Dialect("/pri", "/cxf/pri/", frozenset({"pri.example.com"}), lambda error: {}, relative=True)


def relative_seen(host: str, path: str) -> tuple[str, str | None]:
    """The path that the application sees, and the relative path that was left out of it."""
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    scope = {"type": "http", "path": path, "raw_path": path.encode(), "headers": [(b"host", host.encode())]}
    asyncio.run(HostPrefix(app, [DIALECT, RELATIVE_DIALECT])(scope, None, None))
    return seen["path"], seen.get(RELATIVE)


@pytest.mark.parametrize("host", ["pri.example.com", "localhost"])
@pytest.mark.parametrize(("relative", "kept"), [("/pri", None), ("/pri/DEMO", "DEMO"), ("/pri/a/b", "a/b")])
def test_behind_the_prefix_any_relative_path_is_left_out(host, relative, kept):
    assert relative_seen(host, f"{relative}/cxf/pri/v1/x") == ("/pri/cxf/pri/v1/x", kept)


@pytest.mark.parametrize(("relative", "kept"), [("", None), ("/a", "a"), ("/a/DEMO", "a/DEMO"), ("/prix", "prix")])
def test_on_its_host_any_relative_path_is_left_out(relative, kept):
    assert relative_seen("pri.example.com", f"{relative}/cxf/pri/v1/x") == ("/pri/cxf/pri/v1/x", kept)
    assert relative_seen("localhost", f"{relative}/cxf/pri/v1/x") == (f"{relative}/cxf/pri/v1/x", None)


@pytest.mark.parametrize("path", ["/", "/health/live", "/tnp/api/token/DEMO", "/pri", "/pri/x", "/files/a/b"])
def test_paths_without_its_root_are_left_alone(path):
    assert relative_seen("pri.example.com", path) == (path, None)


def test_an_id_that_looks_like_the_root_is_an_id():
    path = "/pri/cxf/pri/v1/packagedassets/a/cxf/pri/b"
    assert relative_seen("localhost", path) == (path, None)
