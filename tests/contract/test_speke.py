"""SPEKE against a key server that checks what it is asked as the AWS verification suite does, and answers wrongly on
purpose: whatever is wrong is named, and nothing of it is kept.
"""

import shutil
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache

import pytest
from tests.contract.keyserver_modes import CHANGES, RAW
from tests.contract.keyserver_speke import FAIRPLAY, PLAYREADY, WIDEVINE, C, D, box, key_of

from telecine.catalog import content_keys
from telecine.catalog.content_keys import Actor
from telecine.catalog.database import Database
from telecine.core.drm import DrmSystem, Label, Scheme
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.keys.config import SpekeChoice
from telecine.keys.cpix_secrets import new_key_pair
from telecine.keys.http import Patience
from telecine.keys.ring import KeyRing
from telecine.keys.server import Wanted
from telecine.keys.speke import Speke

IMPATIENT = Patience(try_seconds=1, tries=3, first_pause=0.01)
VIDEO_3 = (Label.SD, Label.HD, Label.UHD1)
KIDS = {label: (number + 1).to_bytes() * 16 for number, label in enumerate(Label)}
CASES = {
    "1: video 1, audio 1": (Label.HD, Label.AUDIO),
    "2: video 3, audio": (*VIDEO_3, Label.AUDIO),
    "3 and 4: video 5 and 8, audio": (*VIDEO_3, Label.UHD2, Label.AUDIO),
    "5: video 2, audio unencrypted": (Label.SD, Label.HD),
    "6: video unencrypted, audio": (Label.AUDIO,),
    "shared": (Label.ALL,),
}
"""The suite's combinations of presets, as far as our labels go: we have one label for all audio."""
W, P, F = DrmSystem.WIDEVINE, DrmSystem.PLAYREADY, DrmSystem.FAIRPLAY
SYSTEMS = [(W,), (P,), (F,), (W, P), (W, F), (P, F), (W, P, F)]


@cache
def key_pair():
    return dict(zip(("private_key", "certificate"), new_key_pair("test"), strict=True))


def wanted(*labels):
    return {label: Wanted(KIDS[label], KIDS[label][::-1]) for label in labels}


def ask(url, labels=(Label.SD, Label.AUDIO), scheme=Scheme.CBCS, patience=IMPATIENT, content_id="film", **choice):
    return Speke(SpekeChoice(url=url, **choice), patience).ask(content_id, wanted(*labels), scheme)


def refusal(url, **more):
    with pytest.raises(TelecineError) as caught:
        ask(url, **more)
    return caught.value


class TestRequests:
    @pytest.mark.parametrize("version", ["2.0", "2.1"])
    @pytest.mark.parametrize("labels", CASES.values(), ids=CASES.keys())
    @pytest.mark.parametrize("systems", SYSTEMS, ids="+".join)
    def test_every_contract_with_every_system_is_understood(self, key_server, labels, systems, version):
        keys = ask(key_server.url("speke"), labels, Scheme.CBCS, systems=systems, version=version)
        assert {label: (key.kid, key.key) for label, key in keys.items()} == {
            label: (KIDS[label], key_of("film", KIDS[label])) for label in labels
        }
        for key in keys.values():
            assert [signal.system_id for signal in key.signals] == [
                {W: WIDEVINE, P: PLAYREADY, F: FAIRPLAY}[system] for system in systems
            ]

    @pytest.mark.parametrize("labels", CASES.values(), ids=CASES.keys())
    def test_fairplay_is_not_asked_for_in_cenc(self, key_server, labels):
        keys = ask(key_server.url("speke"), labels, Scheme.CENC)
        for key in keys.values():
            assert [signal.system_id for signal in key.signals] == [WIDEVINE, PLAYREADY]

    def test_a_request_says_all_that_the_document_demands(self, key_server):
        url = key_server.url("speke")
        ask(url, headers={"Authorization": "Bearer sesame"}, version="2.1")
        (seen,) = key_server.seen(url)
        assert seen["headers"]["x-speke-version"] == "2.1"
        assert seen["headers"]["content-type"] == "application/xml"
        assert seen["headers"]["authorization"] == "Bearer sesame"
        root = ET.fromstring(seen["body"])
        assert (root.get("contentId"), root.get("version"), root.get("id")) == ("film", "2.4", None)
        assert [list(element.attrib) for element in root.iter(f"{C}ContentKey")] == [
            ["kid", "commonEncryptionScheme", "explicitIV"]
        ] * 2
        assert root.find(f"{C}DeliveryDataList") is None

    def test_the_address_keeps_its_query(self, key_server):
        url = key_server.url("speke") + "?enc-token=abc%2B1"
        ask(url)
        assert key_server.seen(url)[0]["path"].endswith("?enc-token=abc%2B1")

    def test_pixels_describe_the_labels_where_there_are_several(self, key_server):
        url = key_server.url("speke")
        ask(url, (*VIDEO_3, Label.UHD2, Label.AUDIO))
        rules = ET.fromstring(key_server.seen(url)[0]["body"]).iter(f"{C}ContentKeyUsageRule")
        assert {rule.get("intendedTrackType"): rule[0].attrib for rule in rules} == {
            "SD": {"maxPixels": "409600"},
            "HD": {"minPixels": "409601", "maxPixels": "2073600"},
            "UHD1": {"minPixels": "2073601", "maxPixels": "8294400"},
            "UHD2": {"minPixels": "8294401"},
            "AUDIO": {},
        }

    def test_a_content_id_of_any_letters_arrives(self, key_server):
        odd = "ünïcödé <&\"'> 電影/1"
        keys = ask(key_server.url("speke"), content_id=odd)
        assert keys[Label.SD].key == key_of(odd, KIDS[Label.SD])

    def test_a_content_id_that_xml_cannot_hold_is_refused(self, key_server):
        error = refusal(key_server.url("speke"), content_id="a\x01b")
        assert (error.kind, error.field) == (ErrorKind.FIELD_INVALID, "content_id")


class TestAnswers:
    def test_signalling_comes_as_the_server_wrote_it(self, key_server):
        key = ask(key_server.url("speke"), [Label.SD])[Label.SD]
        widevine, playready, fairplay = key.signals
        assert widevine.pssh == box(WIDEVINE, b"about " + key.kid)
        assert widevine.mpd.startswith('<cenc:pssh xmlns:cenc="urn:mpeg:cenc:2013">')
        assert playready.mpd.startswith("<mspr:pro")
        assert (fairplay.pssh, fairplay.mpd) == (b"", "")
        assert fairplay.hls_media.startswith('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://02020202-')
        assert fairplay.hls_master.startswith("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,")

    def test_what_the_server_leaves_empty_is_ours_to_make(self, key_server):
        for key in ask(key_server.url("speke", "without-signalling")).values():
            for signal in key.signals:
                assert (signal.pssh, signal.mpd, signal.hls_media, signal.hls_master) == (b"", "", "", "")

    def test_the_servers_iv_is_taken_in_cbcs_and_ours_where_it_has_none(self, key_server):
        assert ask(key_server.url("speke", "own-iv"))[Label.SD].iv == b"the server's IV!"
        assert ask(key_server.url("speke", "without-signalling"))[Label.SD].iv == KIDS[Label.SD][::-1]
        assert ask(key_server.url("speke", "own-iv"), scheme=Scheme.CENC)[Label.SD].iv == KIDS[Label.SD][::-1]

    @pytest.mark.parametrize("mode", ["odd-but-right", "says-no-version"])
    def test_what_is_outside_the_profile_is_ignored(self, key_server, mode):
        assert ask(key_server.url("speke", mode)) == ask(key_server.url("speke"))


WRONG = {
    "wrong-kid": "which was not asked for",
    "no-uuid": "'key-1', which is no UUID",
    "extra-key": "which was not asked for",
    "double-key": "two keys with KID",
    "missing-key": "no ContentKey for SD (KID 02020202-",
    "no-keys-at-all": "no ContentKey for SD",
    "no-secret": "holds no key",
    "empty-secret": "holds no key",
    "wrong-scheme": "is for 'cenc' and was asked for in cbcs",
    "no-scheme": "is for '' and was asked for in cbcs",
    "not-base64": "PlainValue of ContentKey 02020202-0202-0202-0202-020202020202 is not Base64",
    "short-key": "has 8 bytes instead of 16",
    "long-key": "has 32 bytes instead of 16",
    "short-iv": "the explicitIV for SD",
    "wrong-version": "CPIX '2.2' and must be 2.3",
    "no-version": "CPIX '' and must be 2.3",
    "wrong-content": "for content 'another', not 'film'",
    "no-content": "for content '', not 'film'",
    "no-rule": "gives the key for SD (KID 02020202-0202-0202-0202-020202020202) to None",
    "wrong-rule": "to '8K'",
    "missing-system": "0 DRMSystem elements for widevine",
    "double-system": "2 DRMSystem elements for widevine",
    "no-box": "no `pssh` box of that system",
    "foreign-box": "no `pssh` box of that system",
    "cut-box": "no `pssh` box of that system",
    "broken-mpd": "ContentProtectionData for widevine",
    "other-box-in-mpd": "another box than its PSSH",
    "binary-mpd": "is not Base64 of UTF-8 text",
    "clear-line": "METHOD NONE",
    "whole-segment-line": "METHOD AES-128, which is not that of cbcs",
    "foreign-line": "KEYFORMAT 'com.apple.streamingkeydelivery' instead of",
    "line-without-uri": "no key line with a URI",
    "two-lines": "is not one #EXT-X-KEY line",
    "media-line-in-master": "is not one #EXT-X-SESSION-KEY line",
    "lines-that-differ": "differ in METHOD, KEYFORMAT or KEYFORMATVERSIONS",
    "speaks-another": "speaks SPEKE '9.9' and was asked in 2.0",
    "html": "is no CPIX document but <html>",
    "not-xml": "not well-formed XML",
    "empty": "not well-formed XML",
    "cut": "not well-formed XML",
    "doctype": "DOCTYPE",
    "bomb": "",
    "huge": "larger than",
    "forbidden": "answered 403: <p>because of this</p>",
    "teapot": "answered 418",
    "redirect": "answered 307; a redirect is not followed",
    "encrypted-good": "answered 422: Keys are given encrypted only",
}
WRONG_ENCRYPTED = {
    "good": "no encrypted DocumentKey",
    "encrypted-wrong-mac": "the ValueMAC of the ContentKey for SD",
    "encrypted-no-mac": "has no ValueMAC",
    "encrypted-changed": "the ValueMAC of the ContentKey for SD",
    "encrypted-other-cipher": "only AES-256-CBC is known",
    "encrypted-rsa-15": "only RSA-OAEP is known",
    "encrypted-to-somebody-else": "was not encrypted to our certificate",
    "encrypted-weak-mac": "only HMAC-SHA-512 is known",
    "encrypted-no-delivery": "no DeliveryData for our certificate",
    "encrypted-no-document-key": "no encrypted DocumentKey",
    "encrypted-but-one-plain": "is not encrypted, although that was asked for",
}
RIGHT = {"good", "odd-but-right", "without-signalling", "own-iv", "encrypted-good", "other-key"}


class TestWrongAnswers:
    def test_every_mode_of_the_server_is_tried(self):
        assert set(CHANGES) | set(RAW) <= set(WRONG) | set(WRONG_ENCRYPTED) | RIGHT

    @pytest.mark.parametrize("mode", WRONG)
    def test_what_is_wrong_is_named(self, key_server, mode):
        error = refusal(key_server.url("speke", mode))
        assert error.kind is ErrorKind.KEYS_REFUSED
        assert WRONG[mode] in error.detail
        assert "key source" in error.cure

    @pytest.mark.parametrize("mode", ["clear-line", "whole-segment-line"])
    def test_a_line_has_the_method_of_its_scheme(self, key_server, mode):
        assert "METHOD" in refusal(key_server.url("speke", mode), scheme=Scheme.CENC).detail

    def test_no_error_tells_a_key(self, key_server):
        for mode in WRONG:
            said = str(refusal(key_server.url("speke", mode)))
            for label in (Label.SD, Label.AUDIO):
                key = key_of("film", KIDS[label])
                assert key.hex() not in said
                assert repr(key)[2:-1] not in said

    @pytest.mark.parametrize("mode", [mode for mode in WRONG if mode in CHANGES and mode != "encrypted-good"])
    def test_nothing_of_a_wrong_answer_is_kept(self, prepared_sqlite, tmp_path, sealer, key_server, mode):
        ring, database = ring_on(prepared_sqlite, tmp_path, sealer)
        choose(ring, key_server.url("speke", mode))
        with pytest.raises(TelecineError):
            ring.keys_for("film", [Label.SD, Label.AUDIO], Scheme.CBCS)
        with database.read() as s:
            rows = content_keys.versions(s, "DEMO", "film")
        assert [(row.key_sealed, row.signals) for row in rows] == [(None, {})] * 2
        choose(ring, key_server.url("speke"))
        keys = ring.keys_for("film", [Label.SD, Label.AUDIO], Scheme.CBCS)
        assert {key.kid.hex() for key in keys.values()} == {row.kid for row in rows}
        database.close()


def ring_on(prepared, folder, sealer):
    """A ring on an SQLite database of its own: these tests are about servers."""
    database = Database(f"sqlite:///{shutil.copy(prepared, folder / 'telecine.db')}")
    return KeyRing(database, sealer, "DEMO", IMPATIENT), database


def choose(ring, url, **more):
    ring.choose(SpekeChoice(url=url, **more), Actor("me", "here"))


class TestKeptKeys:
    @pytest.fixture
    def ring(self, prepared_sqlite, tmp_path, sealer):
        ring, database = ring_on(prepared_sqlite, tmp_path, sealer)
        yield ring
        database.close()

    def test_a_server_is_asked_once_for_each_scheme_and_with_the_same_kids(self, ring, key_server):
        url = key_server.url("speke")
        choose(ring, url)
        for _ in range(2):
            for scheme in Scheme:
                ring.keys_for("film", [Label.SD, Label.HD], scheme)
        seen = key_server.seen(url)
        assert len(seen) == 2
        kids = [{key.get("kid") for key in ET.fromstring(one["body"]).iter(f"{C}ContentKey")} for one in seen]
        assert kids[0] == kids[1]

    def test_a_new_label_is_asked_for_in_the_whole_contract(self, ring, key_server):
        url = key_server.url("speke")
        choose(ring, url)
        ring.keys_for("film", [Label.SD], Scheme.CENC)
        ring.keys_for("film", [Label.SD, Label.HD], Scheme.CENC)
        rules = ET.fromstring(key_server.seen(url)[1]["body"]).iter(f"{C}ContentKeyUsageRule")
        assert [rule.get("intendedTrackType") for rule in rules] == ["SD", "HD"]

    def test_signals_are_those_of_the_scheme(self, ring, key_server):
        choose(ring, key_server.url("speke"))
        for scheme, method in ((Scheme.CENC, "SAMPLE-AES-CTR,"), (Scheme.CBCS, "SAMPLE-AES,")):
            for _ in range(2):
                (key,) = ring.keys_for("film", [Label.SD], scheme).values()
                assert all(f"METHOD={method}" in signal.hls_media for signal in key.signals)
                assert len(key.signals) == (2 if scheme is Scheme.CENC else 3)

    def test_the_iv_of_cbcs_is_the_servers(self, ring, key_server):
        choose(ring, key_server.url("speke", "own-iv"))
        ring.keys_for("film", [Label.SD], Scheme.CENC)
        (key,) = ring.keys_for("film", [Label.SD], Scheme.CBCS).values()
        assert key.iv == b"the server's IV!"
        assert ring.key(key.kid).iv == b"the server's IV!"

    def test_a_server_that_changes_its_mind_is_refused(self, ring, key_server):
        choose(ring, key_server.url("speke"))
        kept = ring.keys_for("film", [Label.SD], Scheme.CENC)
        choose(ring, key_server.url("speke", "other-key"))
        with pytest.raises(TelecineError) as caught:
            ring.keys_for("film", [Label.SD], Scheme.CBCS)
        assert caught.value.kind is ErrorKind.KEYS_REFUSED
        assert "now gives another key" in caught.value.detail
        assert ring.keys_for("film", [Label.SD], Scheme.CENC) == kept

    def test_a_failure_keeps_the_kids_for_the_next_try(self, ring, key_server):
        down, url = key_server.url("speke", "down"), key_server.url("speke")
        choose(ring, down)
        with pytest.raises(TelecineError) as caught:
            ring.keys_for("film", [Label.SD], Scheme.CENC)
        assert caught.value.kind is ErrorKind.KEYS_UNREACHABLE
        choose(ring, url)
        (key,) = ring.keys_for("film", [Label.SD], Scheme.CENC).values()
        for seen in key_server.seen(down):
            assert key.kid.hex() in seen["body"].replace("-", "")


class TestEncryptedDocuments:
    @pytest.mark.parametrize("mode", ["encrypted-good", "encrypted-other-form"])
    def test_keys_encrypted_to_our_certificate_are_read(self, key_server, mode):
        url = key_server.url("speke", mode)
        keys = ask(url, **key_pair())
        assert {label: key.key for label, key in keys.items()} == {
            label: key_of("film", KIDS[label]) for label in (Label.SD, Label.AUDIO)
        }
        certificate = ET.fromstring(key_server.seen(url)[0]["body"]).find(f".//{D}X509Certificate").text
        assert certificate in key_pair()["certificate"].replace("\n", "")

    @pytest.mark.parametrize("mode", WRONG_ENCRYPTED)
    def test_what_is_wrong_is_named(self, key_server, mode):
        error = refusal(key_server.url("speke", mode), **key_pair())
        assert error.kind is ErrorKind.KEYS_REFUSED
        assert WRONG_ENCRYPTED[mode] in error.detail


class TestTheWay:
    def test_a_server_that_stumbles_is_asked_again(self, key_server):
        url = key_server.url("speke", "flaky")
        assert ask(url)[Label.SD].key == key_of("film", KIDS[Label.SD])
        seen = key_server.seen(url)
        assert len(seen) == 3
        assert len({one["body"] for one in seen}) == 1

    @pytest.mark.parametrize(("mode", "said"), [("down", "answered 503"), ("busy", "answered 429")])
    def test_a_server_that_stays_down_is_unreachable(self, key_server, mode, said):
        url = key_server.url("speke", mode)
        error = refusal(url)
        assert error.kind is ErrorKind.KEYS_UNREACHABLE
        assert said in error.detail
        assert len(key_server.seen(url)) == IMPATIENT.tries

    def test_a_job_that_is_stopped_does_not_wait_for_all_tries(self, key_server):
        url, polled = key_server.url("speke", "down"), []

        def poll():
            polled.append(len(key_server.seen(url)))
            if len(polled) == 2:
                raise Cancelled

        with pytest.raises(Cancelled):
            ask(url, patience=replace(IMPATIENT, poll=poll))
        assert polled == [0, 1]

    @pytest.mark.parametrize("mode", ["forbidden", "redirect", "wrong-kid"])
    def test_a_refusal_is_not_asked_again(self, key_server, mode):
        url = key_server.url("speke", mode)
        refusal(url)
        assert len(key_server.seen(url)) == 1

    def test_a_server_that_repeats_the_request_gives_away_nothing_of_it(self, key_server):
        url = f"{key_server.url('speke', 'repeats')}?enc-token=open-sesame"
        error = refusal(url, headers={"Authorization": "Bearer sesame-seeds"})
        assert "answered 403: no ******** for ********" in error.detail
        assert "sesame" not in error.message

    @pytest.mark.parametrize("mode", ["hang", "drip"])
    def test_a_slow_server_ends_by_the_deadline(self, key_server, mode):
        begun = time.monotonic()
        error = refusal(key_server.url("speke", mode), patience=Patience(0.5, tries=2, first_pause=0.01))
        assert error.kind is ErrorKind.KEYS_UNREACHABLE
        assert "did not answer in time" in error.detail
        assert time.monotonic() - begun < 5

    def test_a_server_that_hangs_up_or_is_not_there_is_unreachable(self, key_server):
        for url in (key_server.url("speke", "hangs-up"), "http://127.0.0.1:1/speke", "http://no.such.host.invalid/"):
            error = refusal(url)
            assert error.kind is ErrorKind.KEYS_UNREACHABLE
            assert "the connection failed" in error.detail
