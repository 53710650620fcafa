"""Tokens: what they say, and everything that makes one worthless."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from telecine.apis.tokens import Claims, Tokens, bare
from telecine.core.errors import ErrorKind, TelecineError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLAIMS = Claims("DEMO", "abc123", 4)


@pytest.fixture
def tokens():
    return Tokens(b"m" * 32, "tnp", 3600)


def kind_of(tokens, token, now=NOW):
    with pytest.raises(TelecineError) as caught:
        tokens.read(token, now)
    return caught.value.kind


def body_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_token_says_whom_it_speaks_for(tokens):
    assert tokens.read(tokens.issue(CLAIMS, NOW), NOW) == CLAIMS


def test_a_token_says_who_made_it_for_what_and_until_when(tokens):
    body = body_of(tokens.issue(CLAIMS, NOW))
    begun = int(NOW.timestamp())
    assert (body["iss"], body["aud"], body["sub"], body["site"], body["key"]) == (
        "telecine",
        "tnp",
        "abc123",
        "DEMO",
        4,
    )
    assert (body["iat"], body["nbf"], body["exp"]) == (begun, begun, begun + 3600)


def test_two_tokens_of_one_second_differ(tokens):
    assert tokens.issue(CLAIMS, NOW) != tokens.issue(CLAIMS, NOW)


def test_a_token_lives_as_long_as_it_says(tokens):
    token = tokens.issue(CLAIMS, NOW)
    assert tokens.read(token, NOW + timedelta(seconds=3599)) == CLAIMS
    assert kind_of(tokens, token, NOW + timedelta(seconds=3600)) is ErrorKind.TOKEN_EXPIRED


def test_a_token_of_tomorrow_is_not_valid_today(tokens):
    assert kind_of(tokens, tokens.issue(CLAIMS, NOW + timedelta(days=1))) is ErrorKind.TOKEN_INVALID


def test_a_token_of_another_server_or_another_api_is_worthless(tokens):
    for other in (Tokens(b"x" * 32, "tnp", 3600), Tokens(b"m" * 32, "dwm", 3600)):
        assert kind_of(tokens, other.issue(CLAIMS, NOW)) is ErrorKind.TOKEN_INVALID


def test_a_changed_token_is_worthless(tokens):
    head, body, signature = tokens.issue(CLAIMS, NOW).split(".")
    changed = body_of(f"{head}.{body}.{signature}") | {"site": "EVIL"}
    forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    assert kind_of(tokens, f"{head}.{forged}.{signature}") is ErrorKind.TOKEN_INVALID


def test_the_token_does_not_choose_its_algorithm(tokens):
    good = body_of(tokens.issue(CLAIMS, NOW))
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(good).encode()).decode().rstrip("=")
    assert kind_of(tokens, f"{none}.{body}.") is ErrorKind.TOKEN_INVALID
    own_key = tokens._key
    assert isinstance(own_key, OctKey)
    stronger = jwt.encode({"alg": "HS512"}, good, OctKey.import_key(own_key.raw_value), ["HS512"])
    assert kind_of(tokens, stronger) is ErrorKind.TOKEN_INVALID
    foreign = jwt.encode({"alg": "RS256"}, good, RSAKey.generate_key(2048), ["RS256"])
    assert kind_of(tokens, foreign) is ErrorKind.TOKEN_INVALID


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "site", "key", "nbf", "exp"])
def test_a_token_that_lacks_a_claim_is_worthless(tokens, name):
    body = body_of(tokens.issue(CLAIMS, NOW))
    del body[name]
    token = jwt.encode({"alg": "HS256"}, body, tokens._key, ["HS256"])
    assert kind_of(tokens, token) is ErrorKind.TOKEN_INVALID


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "....", "ey" * 3000, "é.é.é", "\x00"])
def test_what_is_no_token(tokens, text):
    assert kind_of(tokens, text) is ErrorKind.TOKEN_INVALID


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("  Bearer   abc ", "abc"),
        ("abc", "abc"),
        ("Bearer Bearer abc", "abc"),
        ("Bearer", ""),
        ("", ""),
        (None, ""),
        ("Basic YTpi", ""),
        ("abc def", ""),
    ],
)
def test_a_header_with_or_without_bearer(header, token):
    assert bare(header) == token
