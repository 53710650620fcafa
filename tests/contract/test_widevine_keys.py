"""Widevine's common encryption JSON against a key server that checks signatures and answers wrongly on purpose."""

import base64
import json

import pytest
from tests.contract.keyserver_speke import PLAYREADY, WIDEVINE, box, key_of
from tests.contract.keyserver_widevine import SIGNER, SIGNING_IV, SIGNING_KEY

from telecine.catalog.content_keys import Actor
from telecine.core.drm import Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.config import WidevineChoice
from telecine.keys.http import Patience
from telecine.keys.ring import KeyRing
from telecine.keys.server import Wanted
from telecine.keys.widevine import Widevine, signed_request

IMPATIENT = Patience(try_seconds=1, tries=3, first_pause=0.01)
MULTI = (Label.SD, Label.HD, Label.UHD1, Label.UHD2, Label.AUDIO)
ME = Actor("me", "here")


def choice(url, **changes):
    given = {"signer": SIGNER, "signing_key": SIGNING_KEY.hex(), "signing_iv": SIGNING_IV.hex()}
    return WidevineChoice(url=url, **given | changes)


def ask(url, labels=MULTI, scheme=Scheme.CBCS, wanted=Wanted(), **changes):
    return Widevine(choice(url, **changes), IMPATIENT).ask("film", dict.fromkeys(labels, wanted), scheme)


def refusal(url, **more):
    with pytest.raises(TelecineError) as caught:
        ask(url, **more)
    return caught.value


def asked(key_server, url, number=0):
    return json.loads(base64.b64decode(json.loads(key_server.seen(url)[number]["body"])["request"]))


def test_the_request_says_who_asks_for_what(key_server):
    url = key_server.url("widevine")
    ask(url, policy="long")
    assert asked(key_server, url) == {
        "content_id": base64.b64encode(b"film").decode(),
        "policy": "long",
        "tracks": [{"type": label} for label in MULTI],
        "drm_types": ["WIDEVINE", "PLAYREADY"],
        "protection_scheme": "CBCS",
    }


def test_a_signature_is_the_encrypted_digest_of_the_request():
    """A vector made with OpenSSL: `openssl dgst -sha1 -binary | openssl enc -aes-256-cbc -K 00…1f -iv 00…0f`."""
    message = json.loads(signed_request(choice("http://x/"), "film", ["HD"], Scheme.CENC))
    request = base64.b64decode(message["request"])
    assert request == (
        b'{"content_id":"ZmlsbQ==","policy":"","tracks":[{"type":"HD"}],'
        b'"drm_types":["WIDEVINE","PLAYREADY"],"protection_scheme":"CENC"}'
    )
    assert message["signature"] == "mviDqkr13VIj4cjh+t1+tdgVtAHWaSi3xBb+6ovXLdk="
    assert message["signer"] == SIGNER


def test_keys_and_boxes_come_by_track_type(key_server):
    for label, key in ask(key_server.url("widevine")).items():
        assert key.label is label
        assert key.key == key_of("film", key.kid)
        widevine, playready = key.signals
        assert (widevine.system_id, widevine.pssh) == (WIDEVINE, box(WIDEVINE, b"about " + key.kid))
        assert (playready.system_id, playready.pssh) == (PLAYREADY, box(PLAYREADY, key.kid))


def test_a_single_key_is_asked_for_as_hd(key_server):
    url = key_server.url("widevine")
    assert ask(url, [Label.ALL])[Label.ALL].label is Label.ALL
    assert asked(key_server, url)["tracks"] == [{"type": "HD"}]


def test_the_servers_iv_is_taken_in_cbcs_and_ours_where_it_has_none(key_server):
    ours = Wanted(iv=b"our own IV, kept")
    assert ask(key_server.url("widevine", "own-iv"), wanted=ours)[Label.SD].iv == b"the server's IV!"
    assert ask(key_server.url("widevine"), wanted=ours)[Label.SD].iv == ours.iv
    fresh = {key.iv for key in ask(key_server.url("widevine")).values()}
    assert len(fresh) == len(MULTI)


def test_track_types_come_in_any_case(key_server):
    assert set(ask(key_server.url("widevine", "lower-case"))) == set(MULTI)


@pytest.mark.parametrize(
    ("mode", "said"),
    {
        "not-json": "the answer is no JSON object",
        "no-response": "no 'response'",
        "response-not-base64": "'response' is not Base64",
        "response-not-json": "'response' is no JSON object",
        "missing-track": "no track for SD",
        "no-tracks": "no list 'tracks'",
        "tracks-no-list": "no list 'tracks'",
        "short-key": "'key' of SD has 5 bytes instead of 16",
        "no-key": "'key' of SD has 0 bytes",
        "no-kid": "'key_id' of SD has 0 bytes",
        "not-base64": "'key' of SD is not Base64",
        "pssh-no-list": "'pssh' of SD is no list of objects",
        "denied": "status is 'ACCESS_DENIED'",
        "no-status": "status is 'missing'",
        "forbidden": "answered 403",
        "redirect": "a redirect is not followed",
    }.items(),
)
def test_what_is_wrong_is_named(key_server, mode, said):
    url = key_server.url("widevine", mode)
    error = refusal(url)
    assert error.kind is ErrorKind.KEYS_REFUSED
    assert said in error.detail
    assert len(key_server.seen(url)) == 1


@pytest.mark.parametrize("wrong", [{"signer": "other"}, {"signing_key": "00" * 32}, {"signing_iv": "00" * 16}])
def test_a_wrong_signature_is_refused_by_the_server(key_server, wrong):
    assert "'SIGNATURE_FAILED'" in refusal(key_server.url("widevine"), **wrong).detail


@pytest.mark.parametrize(
    ("mode", "said"), [("internal", "INTERNAL_ERROR"), ("down", "answered 503"), ("hangs-up", "connection failed")]
)
def test_what_may_pass_is_tried_again_and_then_unreachable(key_server, mode, said):
    url = key_server.url("widevine", mode)
    error = refusal(url)
    assert error.kind is ErrorKind.KEYS_UNREACHABLE
    assert said in error.detail
    assert len(key_server.seen(url)) == IMPATIENT.tries


def test_a_server_that_stumbles_is_asked_again(key_server):
    assert set(ask(key_server.url("widevine", "flaky"))) == set(MULTI)


class TestKeptKeys:
    @pytest.fixture
    def ring(self, database, sealer):
        return KeyRing(database, sealer, "DEMO", IMPATIENT)

    def refusal(self, ring, content_id="film", labels=(Label.SD,), scheme=Scheme.CENC):
        with pytest.raises(TelecineError) as caught:
            ring.keys_for(content_id, labels, scheme)
        assert caught.value.kind is ErrorKind.KEYS_REFUSED
        return caught.value.detail

    def test_a_rotation_that_the_server_knows_nothing_of_is_refused(self, ring, key_server):
        ring.choose(choice(key_server.url("widevine")), ME)
        old = ring.keys_for("film", MULTI, Scheme.CENC)
        ring.rotate("film", ME)
        assert f"KID {old[Label.SD].kid.hex()} is in use already" in self.refusal(ring)

    def test_one_kid_for_several_tracks_is_refused(self, ring, key_server):
        ring.choose(choice(key_server.url("widevine", "one-kid-for-all")), ME)
        assert "in use already" in self.refusal(ring, labels=MULTI)

    @pytest.mark.parametrize("mode", ["other-key", "other-kid"])
    def test_a_server_that_changes_its_mind_is_refused(self, ring, key_server, mode):
        ring.choose(choice(key_server.url("widevine")), ME)
        kept = ring.keys_for("film", MULTI, Scheme.CENC)
        ring.choose(choice(key_server.url("widevine", mode)), ME)
        assert "the key server now gives" in self.refusal(ring, scheme=Scheme.CBCS)
        assert ring.keys_for("film", MULTI, Scheme.CENC) == kept
