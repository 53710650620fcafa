"""A leak is fetched from a public address, whole and within bounds, and nothing else is reached by it."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.jobs import leak_download
from telecine.notify.targets import Allowed

HERE = Allowed.of(["127.0.0.1"])
BODY = b"moving pictures" * 10_000


@contextmanager
def server(answers):
    """Serves `answers` by path: status, headers, body."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}", asked
    finally:
        made.shutdown()
        made.server_close()


def fetch(url, target, allowed=HERE, largest=10**6, report=lambda *_: None, **more):
    leak_download.download(url, target, allowed, largest, report, **more)


def refused(kind, call):
    with pytest.raises(TelecineError) as caught:
        call()
    assert caught.value.kind is kind
    return caught.value


def test_a_file_comes_whole_and_its_progress_is_told(tmp_path):
    told = []
    with server({"/a": (200, {"Content-Length": str(len(BODY))}, BODY)}) as (base, _):
        fetch(f"{base}/a", tmp_path / "leak", report=lambda *ticks: told.append(ticks))
    assert (tmp_path / "leak").read_bytes() == BODY
    assert told[-1] == (len(BODY), len(BODY))


def test_redirects_are_followed_but_not_into_the_operators_network(tmp_path):
    answers = {
        "/a": (302, {"Location": "/b?x=1"}, b""),
        "/b?x=1": (200, {}, BODY),
        "/in": (302, {"Location": "http://169.254.169.254/latest"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
    }
    with server(answers) as (base, asked):
        fetch(f"{base}/a", tmp_path / "leak")
        assert (tmp_path / "leak").read_bytes() == BODY
        refused(ErrorKind.TARGET_REFUSED, lambda: fetch(f"{base}/in", tmp_path / "no"))
        refused(ErrorKind.TARGET_REFUSED, lambda: fetch(f"{base}/file", tmp_path / "no"))
        refused(ErrorKind.DOWNLOAD_FAILED, lambda: fetch(f"{base}/round", tmp_path / "no"))
        assert asked.count("/round") == leak_download.REDIRECTS + 1
    assert not (tmp_path / "no").exists()


def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(tmp_path):
    inside = {"allowed": Allowed.of([]), "resolve": lambda *_: ["10.0.0.1"]}
    refused(ErrorKind.TARGET_REFUSED, lambda: fetch("https://public.example.com/a", tmp_path / "no", **inside))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((404, {}, b""), ErrorKind.DOWNLOAD_FAILED),
        ((500, {}, b""), ErrorKind.DOWNLOAD_FAILED),
        ((200, {"Content-Length": "0"}, b""), ErrorKind.DOWNLOAD_FAILED),
        ((200, {"Content-Length": "999"}, b"less"), ErrorKind.DOWNLOAD_FAILED),
        ((200, {"Content-Length": "2000000"}, b""), ErrorKind.INPUT_OVER_LIMIT),
        ((200, {}, b"x" * 1_000_001), ErrorKind.INPUT_OVER_LIMIT),
    ],
)
def test_what_goes_wrong_is_said_without_the_address(tmp_path, answer, kind):
    with server({"/a?signature=sesame": answer}) as (base, _):
        error = refused(kind, lambda: fetch(f"{base}/a?signature=sesame", tmp_path / "leak"))
    assert "sesame" not in str(error)


def test_a_server_that_is_not_there_or_has_no_name(tmp_path):
    refused(ErrorKind.DOWNLOAD_FAILED, lambda: fetch("http://127.0.0.1:9", tmp_path / "leak"))

    def nowhere(*_):
        raise OSError("no such name")

    refused(ErrorKind.DOWNLOAD_FAILED, lambda: fetch("https://a.example.com/x", tmp_path / "leak", resolve=nowhere))


def test_somebody_who_wants_it_to_end_is_heard(tmp_path):
    def stop(*_):
        raise Cancelled

    with server({"/a": (200, {}, BODY)}) as (base, _), pytest.raises(Cancelled):
        fetch(f"{base}/a", tmp_path / "leak", report=stop)
