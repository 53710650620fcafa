"""Playback tokens: what they open, and everything that makes one worthless."""

from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt

from telecine.apis.playback import Playback, PlaybackTokens
from telecine.apis.tokens import Claims, Tokens
from telecine.core.drm import Label, PlaybackTracks
from telecine.core.errors import ErrorKind, TelecineError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MASTER = b"m" * 32
FILM = Playback("DEMO", "film", PlaybackTracks.SD_HD)


@pytest.fixture
def tokens():
    return PlaybackTokens(MASTER)


def kind_of(call):
    with pytest.raises(TelecineError) as caught:
        call()
    return caught.value.kind


def test_a_token_says_what_it_opens_for_as_long_as_it_says(tokens):
    token = tokens.issue(FILM, NOW, 60)
    assert tokens.read(token, NOW) == tokens.read(token, NOW + timedelta(seconds=59)) == FILM
    assert kind_of(lambda: tokens.read(token, NOW + timedelta(seconds=60))) is ErrorKind.TOKEN_EXPIRED


def test_a_content_id_may_be_odd(tokens):
    odd = Playback("DEMO", "ünïcödé/ 電影:\"'", PlaybackTracks.ALL)
    assert tokens.read(tokens.issue(odd, NOW, 60), NOW) == odd


@pytest.mark.parametrize("seconds", [0, -1, 86401])
def test_a_token_lives_from_a_second_to_a_day(tokens, seconds):
    assert kind_of(lambda: tokens.issue(FILM, NOW, seconds)) is ErrorKind.FIELD_OUT_OF_RANGE


def test_api_tokens_and_playback_tokens_are_different_things(tokens):
    api = Tokens(MASTER, "tnp", 60)
    assert kind_of(lambda: tokens.read(api.issue(Claims("DEMO", "a", 1), NOW), NOW)) is ErrorKind.TOKEN_INVALID
    assert kind_of(lambda: api.read(tokens.issue(FILM, NOW, 60), NOW)) is ErrorKind.TOKEN_INVALID
    # Neither does an API token of the right audience pass, for the keys differ as well.
    posing = Tokens(MASTER, "playback", 60).issue(Claims("DEMO", "film", 1), NOW)
    assert kind_of(lambda: tokens.read(posing, NOW)) is ErrorKind.TOKEN_INVALID


def test_a_token_of_another_server_is_worthless(tokens):
    token = PlaybackTokens(b"x" * 32).issue(FILM, NOW, 60)
    assert kind_of(lambda: tokens.read(token, NOW)) is ErrorKind.TOKEN_INVALID


@pytest.mark.parametrize("change", [{"tracks": "8K"}, {"tracks": None}, {"aud": "tnp"}, {"nbf": 2**40}, {"iss": "x"}])
def test_a_claim_that_cannot_be_makes_a_token_worthless(tokens, change):
    claims = {"iss": "telecine", "aud": "playback", "sub": "film", "site": "DEMO", "tracks": "ALL"}
    claims |= {"nbf": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}
    good = jwt.encode({"alg": "HS256"}, claims, tokens._key, ["HS256"])
    assert tokens.read(good, NOW) == Playback("DEMO", "film")
    bad = jwt.encode({"alg": "HS256"}, claims | change, tokens._key, ["HS256"])
    assert kind_of(lambda: tokens.read(bad, NOW)) is ErrorKind.TOKEN_INVALID


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "site", "tracks", "nbf", "exp"])
def test_a_token_that_lacks_a_claim_is_worthless(tokens, name):
    claims = {"iss": "telecine", "aud": "playback", "sub": "film", "site": "DEMO", "tracks": "ALL"}
    claims |= {"nbf": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}
    del claims[name]
    token = jwt.encode({"alg": "HS256"}, claims, tokens._key, ["HS256"])
    assert kind_of(lambda: tokens.read(token, NOW)) is ErrorKind.TOKEN_INVALID


def test_only_all_opens_a_single_key_and_nothing_opens_another_content():
    for tracks in PlaybackTracks:
        playback = Playback("DEMO", "film", tracks)
        assert playback.opens("film", Label.AUDIO)
        assert playback.opens("film", Label.ALL) == (tracks is PlaybackTracks.ALL)
        assert not any(playback.opens("Film", label) for label in Label)
