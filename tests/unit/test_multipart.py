"""Multipart forms as they come: which bytes are the file's, whatever the pieces, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.apis.multipart import LONGEST_HEADERS, MOST_PARTS, FilePart, FormReader, boundary_of
from telecine.core.errors import ErrorKind, TelecineError

B = "xyz"
OCTETS = "application/octet-stream"


def part(content: bytes, disposition: str = 'form-data; name="file"; filename="a.mov"', more: str = "") -> bytes:
    return f"--{B}\r\nContent-Disposition: {disposition}\r\n{more}\r\n".encode() + content + b"\r\n"


def form(*parts: bytes, end: bytes = b"--xyz--\r\n") -> bytes:
    return b"".join(parts) + end


def read(body: bytes, sizes=(10**9,), boundary: str = B) -> tuple[FilePart | None, bytes]:
    """What the form's file is, when the body comes in pieces of these sizes in turn."""
    reader, pieces, at, turn = FormReader(boundary), [], 0, 0
    while at < len(body):
        size = sizes[turn % len(sizes)]
        pieces += [bytes(piece) for piece in reader.feed(body[at : at + size])]
        at, turn = at + size, turn + 1
    reader.close()
    return reader.file, b"".join(pieces)


def refused(kind: ErrorKind, body: bytes) -> None:
    for size in (1, 7, len(body) or 1):
        with pytest.raises(TelecineError) as caught:
            read(body, (size,))
        assert caught.value.kind is kind


# Bytes that are likely to look like the framing.
TRICKY = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n", b"\r\n--", b"x", b"xy", b"\r\n--xy", b"\0"]))


@given(st.one_of(st.binary(max_size=200), TRICKY.map(b"".join)), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_the_pieces_do_not_matter(content, sizes):
    body = form(part(b"no", 'form-data; name="note"'), part(content), part(b"second"))
    if b"\r\n--xyz" in b"\r\n" + content + b"\r":
        return
    file, found = read(body, sizes)
    assert file == FilePart("a.mov", OCTETS)
    assert found == content


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_any_bytes_are_a_form_or_refused_whatever_the_pieces(noise, sizes):
    def outcome(sizes):
        try:
            return read(b"--xyz" + noise, sizes)
        except TelecineError as error:
            return error.kind

    assert outcome(sizes) == outcome((10**9,))


@pytest.mark.parametrize(
    ("disposition", "more", "name", "media_type"),
    [
        ('form-data; name="file"; filename="a.mov"', "", "a.mov", OCTETS),
        ('form-data; name="film.mov"; filename="film.mov"', f"Content-Type: {OCTETS}\r\n", "film.mov", OCTETS),
        ("form-data; name=f; filename=plain.mov", "Content-Type: Video/MP4; a=b\r\n", "plain.mov", "video/mp4"),
        ('FORM-DATA; NAME="f"; FILENAME="영화 1.mov"', "", "영화 1.mov", OCTETS),
        (r'form-data; name="f"; filename="a \"b\" c.mov"', "", 'a "b" c.mov', OCTETS),
        ('form-data; name="f"; filename="%22q%22.mov"', "", '"q".mov', OCTETS),
        (r'form-data; name="f"; filename="C:\films\a.mov"', "", r"C:\films\a.mov", OCTETS),
        ('form-data; name="f"; filename="e.mov"; filename*=UTF-8\'\'%e2%82%ac.mov', "", "€.mov", OCTETS),
        ('form-data; name="f"; filename="e.mov"; filename*=EBCDIC\'\'%e2', "", "e.mov", OCTETS),
        ('form-data; name="film.mov"', f"Content-Type: {OCTETS}\r\n", "film.mov", OCTETS),
        ('form-data; name="a;b"; filename="x;y.mov"', "", "x;y.mov", OCTETS),
    ],
)
def test_the_file_is_called_as_clients_call_it(disposition, more, name, media_type):
    file, content = read(form(part(b"x", 'form-data; name="note"'), part(b"data", disposition, more)))
    assert (file, content) == (FilePart(name, media_type), b"data")


def test_a_name_that_is_no_utf_8_is_read_as_latin_1():
    body = b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="caf\xe9.mov"\r\n\r\nx\r\n--xyz--'
    assert read(body)[0] == FilePart("café.mov", OCTETS)


def test_folded_headers_blanks_after_delimiters_preamble_and_epilogue_are_read_past():
    head = b'Content-Disposition: form-data; name="f";\r\n filename="a.mov"'
    body = b"hello\r\n--xyz \t\r\n" + head + b"\r\n\r\nx\r\n--xyz--  \r\nbye --xyz\r\n"
    assert read(body) == (FilePart("a.mov", OCTETS), b"x")


def test_an_empty_file_is_a_file_of_no_bytes():
    assert read(form(part(b""))) == (FilePart("a.mov", OCTETS), b"")


def test_only_the_first_file_counts():
    body = form(part(b"one"), part(b"two", 'form-data; name="file"; filename="b.mov"'))
    assert read(body) == (FilePart("a.mov", OCTETS), b"one")


@pytest.mark.parametrize(
    "body",
    [
        form(part(b"x", 'form-data; name="note"')),
        form(part(b"", 'form-data; name="file"; filename=""')),
        form(part(b"x", 'form-data; name="note"', "Content-Type: text/plain\r\n")),
        b"--xyz--",
    ],
)
def test_a_form_without_a_file_is_refused(body):
    refused(ErrorKind.FIELD_MISSING, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        part(b"cut off")[:-2],
        form(part(b"x"), end=b"--xyz-"),
        form(part(b"x"), end=b""),
        form(part(b"x"), end=b"--xyzz--"),
        form(part(b"x", more="X: " + "y" * LONGEST_HEADERS + "\r\n")),
        b"--xyz\r\n" + b"y" * (LONGEST_HEADERS + 10),
        b"--xyz" + b" " * 300 + b"\r\n",
        form(*[part(b"", 'form-data; name="n"')] * (MOST_PARTS + 1)),
        form(part(b"eA==", more="Content-Transfer-Encoding: base64\r\n")),
    ],
)
def test_broken_framing_is_refused(body):
    refused(ErrorKind.FIELD_INVALID, body)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ('Multipart/Form-Data; charset=utf-8; Boundary="a b:c"', "a b:c"),
        (
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            "----WebKitFormBoundary7MA4YWxkTrZu0gW",
        ),
    ],
)
def test_the_boundary_is_the_content_types(content_type, boundary):
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/mixed; boundary=a",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 71}",
        "multipart/form-data; boundary=ü",
    ],
)
def test_without_a_boundary_there_is_no_form(content_type):
    with pytest.raises(TelecineError) as caught:
        boundary_of(content_type)
    assert caught.value.field == "Content-Type"
