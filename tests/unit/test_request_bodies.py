"""What passes as a JSON object, and what does not."""

import pytest

from telecine.apis.strict_json import DEEPEST, parse
from telecine.core.errors import ErrorKind, TelecineError


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        ('{"a": "é한"}'.encode(), "utf-8"),
        ('\ufeff{"a": "é한"}'.encode(), "utf-8"),
        ('{"a": "é한"}'.encode("utf-16"), "utf-8"),
        ('{"a": "é한"}'.encode(), "iso-8859-1"),
        (b'{"a": "\\u00e9\\ud55c"}', "anything"),
    ],
)
def test_unicode_in_every_form(raw, charset):
    assert parse(raw, charset) == {"a": "é한"}


def test_other_charsets_where_the_content_type_names_them():
    assert parse('{"a": "é"}'.encode("iso-8859-1"), "iso-8859-1") == {"a": "é"}
    assert parse('{"a": "한국"}'.encode("euc-kr"), "euc-kr") == {"a": "한국"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": 1e300}',
        b'{"a": 9223372036854775808}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": ' + b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1) + b"}",
        b"<xml/>",
        b"a=b&c=d",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_cannot_be_kept_is_refused(raw):
    with pytest.raises(TelecineError) as caught:
        parse(raw)
    assert caught.value.kind is ErrorKind.BODY_NOT_JSON


def test_what_a_request_may_hold():
    assert parse(b'{"a": [1, 1.5, null, true, "\\ud83c\\udfac", {"b": {}}], "": -9223372036854775807}')


@pytest.mark.parametrize("charset", ["utf-7", "idna", "punycode", "zlib", "rot13", "nonsense"])
def test_odd_codecs_are_not_tried(charset):
    with pytest.raises(TelecineError):
        parse(b'{"a": "\xff"}', charset)
