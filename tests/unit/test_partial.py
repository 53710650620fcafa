"""Answers with ranges: headers, framing, lengths."""

import email

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from telecine.apis.partial import Content, disposition_of, respond

BODY = bytes(range(256)) * 40
ETAG = '"tag"'


@pytest.fixture(scope="module")
def client():
    app = FastAPI()

    @app.api_route("/", methods=["GET", "HEAD"])
    def get(request: Request) -> Response:
        content = Content(len(BODY), "tag", "video/mp4", "attachment", lambda start, end: iter([BODY[start:end]]))
        return respond(request, content, lambda: Response("refused", 416))

    return TestClient(app)


def test_the_whole(client):
    got = client.get("/")
    assert (got.status_code, got.content) == (200, BODY)
    assert got.headers["content-length"] == str(len(BODY))
    assert (got.headers["etag"], got.headers["accept-ranges"]) == (ETAG, "bytes")
    head = client.head("/", headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(BODY)))


def test_what_the_client_has_is_not_sent_again(client):
    for method in ("GET", "HEAD"):
        got = client.request(method, "/", headers={"If-None-Match": f'"x", {ETAG}', "Range": "bytes=0-1"})
        assert (got.status_code, got.content, got.headers["etag"]) == (304, b"", ETAG)
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_one_range(client):
    got = client.get("/", headers={"Range": "bytes=10-19", "If-Range": ETAG})
    assert (got.status_code, got.content) == (206, BODY[10:20])
    assert (got.headers["content-range"], got.headers["content-length"]) == (f"bytes 10-19/{len(BODY)}", "10")
    assert client.get("/", headers={"Range": "bytes=10-19", "If-Range": '"old"'}).status_code == 200


def test_several_ranges_come_as_parts(client):
    got = client.get("/", headers={"Range": "bytes=5000-5009,-5,0-0"})
    assert (got.status_code, len(got.content)) == (206, int(got.headers["content-length"]))
    message = email.message_from_bytes(f"Content-Type: {got.headers['content-type']}\r\n\r\n".encode() + got.content)
    assert message.get_content_type() == "multipart/byteranges"
    parts = message.get_payload()
    assert [part["Content-Range"] for part in parts] == [
        f"bytes {span}/{len(BODY)}" for span in ("5000-5009", f"{len(BODY) - 5}-{len(BODY) - 1}", "0-0")
    ]
    assert {part.get_content_type() for part in parts} == {"video/mp4"}
    assert [part.get_payload(decode=True) for part in parts] == [BODY[5000:5010], BODY[-5:], BODY[:1]]


def test_nothing_of_it(client):
    got = client.get("/", headers={"Range": f"bytes={len(BODY)}-"})
    assert (got.status_code, got.text, got.headers["content-range"]) == (416, "refused", f"bytes */{len(BODY)}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a b.mov", 'attachment; filename="a b.mov"'),
        ('q"\\%.mov', "attachment; filename=\"q___.mov\"; filename*=UTF-8''q%22%5C%25.mov"),
        ("é\r\n.mov", "attachment; filename=\"___.mov\"; filename*=UTF-8''%C3%A9%0D%0A.mov"),
        ("\ud800.mov", "attachment; filename=\"_.mov\"; filename*=UTF-8''%3F.mov"),
    ],
)
def test_names_travel_safely(name, expected):
    assert disposition_of(name) == expected
