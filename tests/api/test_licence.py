"""The ClearKey licence server: who gets which key, and who gets none."""

import json
from base64 import urlsafe_b64encode

import pytest
from fastapi.testclient import TestClient

from telecine.apis.app import assemble
from telecine.catalog.content_keys import Actor
from telecine.core.drm import Label, PlaybackTracks, Scheme
from telecine.keys.ring import KeyRing

MULTI = (Label.SD, Label.HD, Label.UHD1, Label.UHD2, Label.AUDIO)
URL = "/licence/clearkey"


def b64(value):
    return urlsafe_b64encode(value).decode().rstrip("=")


@pytest.fixture
def keys(api):
    """Keys of each label of DEMO's film."""
    return ring(api).keys_for("film", MULTI, Scheme.CENC)


def ring(api, site_id="DEMO"):
    return KeyRing(api.database, api.services.sealer, site_id)


def ask(api, kids, token=None, **more):
    """The answer to a request as a browser makes it."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"kids": [kid if isinstance(kid, str) else b64(kid) for kid in kids], "type": "temporary"}
    return api.client.post(URL, headers=headers | more.pop("headers", {}), content=json.dumps(body), **more)


def given(answer):
    """KIDs and keys of a licence."""
    assert answer.status_code == 200, answer.text
    licence = answer.json()
    assert licence["type"] == "temporary"
    assert all(key["kty"] == "oct" for key in licence["keys"])
    return {key["kid"]: key["k"] for key in licence["keys"]}


def as_jwk(*keys):
    return {b64(key.kid): b64(key.key) for key in keys}


def kind_of(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert list(answer.json()) == ["error", "field", "message", "cure"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["error"]


def test_a_licence_holds_the_keys_that_were_asked_for(api, keys):
    wanted = [keys[Label.SD], keys[Label.AUDIO]]
    answer = ask(api, [key.kid for key in wanted], api.playback_token())
    assert given(answer) == as_jwk(*wanted)
    assert answer.headers["cache-control"] == "no-store"


def test_players_that_cannot_set_headers_send_the_token_in_the_address(api, keys):
    answer = ask(api, [keys[Label.SD].kid], params={"token": api.playback_token()})
    assert given(answer) == as_jwk(keys[Label.SD])


def test_the_token_in_the_header_goes_first(api, keys):
    answer = ask(api, [keys[Label.SD].kid], "nonsense", params={"token": api.playback_token()})
    assert kind_of(answer, 401) == "token_invalid"


@pytest.mark.parametrize("host", ["tnp.example.com", "pri.example.com", "films.example"])
def test_licences_are_given_on_every_host(api, keys, host):
    answer = ask(api, [keys[Label.SD].kid], api.playback_token(), headers={"Host": host})
    assert given(answer) == as_jwk(keys[Label.SD])
    assert kind_of(ask(api, [b"?" * 16], "none", headers={"Host": host}), 401) == "token_invalid"


@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", "text/plain", "", "x"])
def test_a_request_may_have_any_content_type(api, keys, content_type):
    answer = ask(api, [keys[Label.SD].kid], api.playback_token(), headers={"Content-Type": content_type})
    assert given(answer) == as_jwk(keys[Label.SD])


@pytest.mark.parametrize(
    ("tracks", "labels"),
    [
        (PlaybackTracks.ALL, MULTI),
        (PlaybackTracks.SD_ONLY, (Label.SD, Label.AUDIO)),
        (PlaybackTracks.SD_HD, (Label.SD, Label.HD, Label.AUDIO)),
        (PlaybackTracks.SD_UHD1, (Label.SD, Label.HD, Label.UHD1, Label.AUDIO)),
        (PlaybackTracks.SD_UHD2, MULTI),
    ],
)
def test_a_token_opens_its_tracks_and_no_others(api, keys, tracks, labels):
    answer = ask(api, [key.kid for key in keys.values()], api.playback_token(tracks=tracks))
    assert given(answer) == as_jwk(*(keys[label] for label in labels))


@pytest.mark.parametrize("tracks", PlaybackTracks)
def test_a_single_key_for_all_tracks_opens_for_all_tracks_only(api, tracks):
    (key,) = ring(api).keys_for("film", [Label.ALL], Scheme.CENC).values()
    answer = ask(api, [key.kid], api.playback_token(tracks=tracks))
    if tracks is PlaybackTracks.ALL:
        assert given(answer) == as_jwk(key)
    else:
        assert kind_of(answer, 403) == "licence_refused"


def test_keys_of_another_content_or_site_or_of_nobody_are_not_given(api, keys):
    api.add_site("ELSE")
    (other,) = ring(api).keys_for("series", [Label.SD], Scheme.CENC).values()
    (foreign,) = ring(api, "ELSE").keys_for("film", [Label.SD], Scheme.CENC).values()
    kids = [other.kid, foreign.kid, b"?" * 16]
    assert given(ask(api, [*kids, keys[Label.SD].kid], api.playback_token())) == as_jwk(keys[Label.SD])
    for kid in kids:
        answer = ask(api, [kid], api.playback_token())
        assert kind_of(answer, 403) == "licence_refused"
        assert answer.json()["message"] == "There is no licence: the token opens none of these keys."
    assert given(ask(api, [foreign.kid], api.playback_token(site_id="ELSE"))) == as_jwk(foreign)


def test_old_versions_play_on_after_a_rotation(api, keys):
    ring(api).rotate("film", Actor("me", "here"))
    new = ring(api).keys_for("film", [Label.SD], Scheme.CENC)[Label.SD]
    answer = ask(api, [keys[Label.SD].kid, new.kid], api.playback_token())
    assert given(answer) == as_jwk(keys[Label.SD], new)


def test_a_token_ends(api, keys):
    token = api.playback_token()
    api.clock.turn(299)
    assert given(ask(api, [keys[Label.SD].kid], token))
    api.clock.turn(1)
    answer = ask(api, [keys[Label.SD].kid], token)
    assert kind_of(answer, 401) == "token_expired"
    assert answer.headers["www-authenticate"] == 'Bearer realm="telecine"'


def test_no_other_token_is_a_playback_token(api, keys):
    for token in (None, "x", "a.b.c", api.token_once().removeprefix("Bearer ")):
        assert kind_of(ask(api, [keys[Label.SD].kid], token), 401) == "token_invalid"


def test_a_playback_token_is_no_api_token(api):
    answer = api.client.get("/tnp/api/job/DEMO", headers={"Authorization": f"Bearer {api.playback_token()}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{", ""),
        (b"{}", "kids"),
        (b'{"kids": []}', "kids"),
        (b'{"kids": "AAAAAAAAAAAAAAAAAAAAAA"}', "kids"),
        (b'{"kids": ["AAAAAAAAAAAAAAAAAAAAA"]}', "kids[0]"),
        (b'{"kids": ["AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA+/"]}', "kids[1]"),
        (b'{"kids": [1]}', "kids[0]"),
        (b'{"kids": ["AAAAAAAAAAAAAAAAAAAAAA"], "type": "persistent-license"}', "type"),
        (json.dumps({"kids": ["A" * 22] * 33}).encode(), "kids"),
    ],
)
def test_what_is_no_request_is_refused_by_name(api, body, field):
    answer = api.client.post(URL, content=body, headers={"Authorization": f"Bearer {api.playback_token()}"})
    kind_of(answer, 400)
    assert answer.json()["field"] == field


def test_what_browsers_write_differently_is_the_same(api, keys):
    key = keys[Label.SD]
    headers = {"Authorization": f"Bearer {api.playback_token()}"}
    padded = api.client.post(URL, json={"kids": [b64(key.kid) + "==", b64(key.kid)], "more": 1}, headers=headers)
    assert given(padded) == as_jwk(key)


def test_failures_of_every_kind_are_in_the_same_envelope(api):
    assert kind_of(api.client.get(URL), 405) == "method_not_allowed"
    assert kind_of(api.client.post("/licence/widevine"), 404) == "not_found"
    assert kind_of(api.client.post(URL, content=b"x" * 3_000_000), 413) == "body_too_large"
    api.database.close()
    assert "error_code" in api.client.get("/nowhere").json()


def test_a_fault_of_ours_is_in_the_envelope_too(make_api, monkeypatch):
    api = make_api()
    kid = ring(api).keys_for("film", [Label.SD], Scheme.CENC)[Label.SD].kid
    monkeypatch.setattr("telecine.catalog.content_keys.find", lambda *_: 1 / 0)
    answer = ask(api, [kid], api.playback_token(), headers={"Origin": "https://shop.example"})
    assert kind_of(answer, 500) == "internal"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_neither_token_nor_key_is_in_the_log(api, keys, capsys):
    token = api.playback_token()
    ask(api, [keys[Label.SD].kid], params={"token": token})
    ask(api, [b"?" * 16], token)
    said = "".join(capsys.readouterr())
    assert "/licence/clearkey" in said
    assert token not in said
    assert token.split(".")[2] not in said
    assert b64(keys[Label.SD].key) not in said
    assert keys[Label.SD].key.hex() not in said


class TestCors:
    PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-odd"}  # noqa: RUF012

    def test_any_page_may_ask_where_all_origins_are_allowed(self, api, keys):
        origin = {"Origin": "https://shop.example"}
        answer = api.client.options(URL, headers=origin | self.PREFLIGHT)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "POST"
        assert "authorization" in answer.headers["access-control-allow-headers"]
        for token in (api.playback_token(), None):
            answer = ask(api, [keys[Label.SD].kid], token, headers=origin)
            assert answer.headers["access-control-allow-origin"] == "*"

    def test_only_the_origins_that_are_set_may_ask(self, make_api):
        api = make_api(cors_origins=["https://shop.example"])
        client = TestClient(assemble(api.services))
        for origin, allowed in (("https://shop.example", True), ("https://evil.example", False)):
            preflight = client.options(URL, headers={"Origin": origin} | self.PREFLIGHT)
            answer = client.post(URL, json={"kids": [b64(b"?" * 16)]}, headers={"Origin": origin})
            assert answer.status_code == 401
            assert answer.headers["vary"] == "Origin"
            for headers in (preflight.headers, answer.headers):
                assert headers.get("access-control-allow-origin") == (origin if allowed else None)

    def test_other_paths_are_not_shared(self, api):
        answer = api.client.get("/tnp/api/job/DEMO", headers={"Origin": "https://shop.example"})
        assert "access-control-allow-origin" not in answer.headers
