"""Watermarking tokens: golden ones of the field, round trips of every form, and what is refused."""

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from telecine.core.watermark import token_cose, token_text
from telecine.core.watermark.bias import Family
from telecine.core.watermark.delivery_format import DeliveryFormat
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.sequence import bit, derive_key, pattern
from telecine.core.watermark.ticket import Ticket, TokenRefused, variant_of
from telecine.core.watermark.token_aes import read_aes, write_aes
from telecine.core.watermark.token_cwt import write_cwt
from telecine.core.watermark.token_jwt import read_akamai, write_akamai, write_jwt
from telecine.core.watermark.token_keys import AkamaiKeys, akamai_keys, derive_token_keys
from telecine.core.watermark.tokens import LONGEST, read_token, token_digest

SECRET = bytes(range(32))
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PAYLOAD = bytes.fromhex("50b658ee13e133")
SESSION = "0123456789abcdef" * 2
NONCE = bytes(range(12))
IV = bytes(range(16))

# Of the published embedder's own tests.
THEIR_KEY = b"A" * 32
THEIR_TOKEN = (
    "kuGIBLxrkxop7vss_sAqfRdpBFhFPY3cq-CGCBEWJGsIFgKeOEhKO-7wmg2wwkFM_7dH5Rg9gvgeKUbWcev4zAyx8mX7qy0w4NfBBZZg6qk="
)
THEIR_HLS_TOKEN = (
    "kuGIBLxrkxop7vss_sAqfRdpBFhFPY3cq-CGCBEWJGtc9bTtyu43GDeFd30LJrsrCFA2y1uy5A1efjndDBwRcJ-biQWuzAYZPOBtUVGyaXQOjzZRQB"
    "nX9k16BVjjwCnkeqvm-a0UA5yy1TQaardpAg=="
)
THEIR_PASSWORD = "f0b14deeb24a"
THEIR_PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAgVPKfjNVUm+flBNHAfKl
U8nZZlnlc2DeJ1ZB0UXeJITHtlNA0edoNF3lLzmFI9+ahD+YoBIEChqFWZHWIMoD
uNdaLb0Z1aaYoBm//n1oORijoz/t9MoJJAqv36ttum/+7Dkh+8Qk9jHSfXMK3JDJ
tuqQIT6CtMoWNE1el4YpaRphnZANMalncHkbfszzS3nJSMn5Stexw0QpGUEseiPr
0TRO1EmPwFHflpiWsztGnLggf1UeCNU19utM18xLNynEKiA23/l0WzKS+jYlbTbU
MCVcAkFmThI7b6DmhR5ZdfP3ZvOVl7XPO2EGGIizgqyik0YAOyWdmIiYjfAv4A47
wwIDAQAB
-----END PUBLIC KEY-----
"""
THEIR_AKAMAI_TOKEN = (
    "wmt:eyJraWQiOiJRTVRHX2F3bXRfa2lkXzlhYjFmNWFiIiwidHlwIjoiSldUIiwiYWxnIjoiUlMyNTYifQ.eyJ3bWlkaXZiNjQiOiI4WXd4SnhJQ"
    "0Z3NHh1ZVdDVklFODVnPT0iLCJ3bWlkY3RiNjQiOiJCSkN5RHhNendwREhocmhrV3BpZmRVdHVaUE84RzNiSlBDOWFrRmhpeEJFOG0vRjdiMlNnWk"
    "kwZWNKb1l2WWlyYTE3OHltMmswYzR3cjI5QWYvUVpFNysvakZWc3krRGxDUkdwOVRKdE9uWT0iLCJ3bWlkaXZsZW4iOjE2LCJ3bWlkcGlkIjoiUU1"
    "UR19hd210X3BpZF8xNWZhMGQxYyIsIndtaWRhbGciOiJhZXMtMjU2LWNiYyIsImlzcyI6InBhbGx5Y29uLmNvbSIsIndtaWRwYWxnIjoic2hhMjU2"
    "Iiwid21pZGl2aGV4IjoiZjE4YzMxMjcxMjAyMTcwZTMxYjllNTgyNTQ4MTNjZTYiLCJpYXQiOjE2NzU3NjEwODEsIndtdmVyIjoxfQ.DKH-ege6Pv"
    "P7JZpcPPAhZuTtCpi7C6bW4dQ93XHYFsfNWOa0JoRahdgtKK5S7yBO6CbK1IGtqttaREbKnm4nTtUaTjr7NPwfT8xbRYgBLb2bHnFZlS5H9gP7N9wX"
    "u6mZf3nLkiQSLLnnhwew45coi1INECGAKZz4fmAQGJdBUBThEip3_YeNHj5BMNEDbyQnCp8Mg8oOD_cVP71Mbfc7AgGPZrl6ayackQLgchC78qUsyR"
    "S9EgCavP3hJurglwsPhwTZQtoKMEQHjnvIt7otx2kg2m8d6tczZSsLtYnL44rM5hRNkwCPcnVxN_CSWPTQvzngT2zcXLHPz-MljiD9Ew"
)


@pytest.fixture(scope="module")
def keys():
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return derive_token_keys(SECRET, "DEMO", "k" * 32, akamai_keys(pem, "sesame"))


def ticket(**changes):
    fields = {
        "code": SessionCode.DELIVERY,
        "payload": PAYLOAD,
        "session": "",
        "site": "DEMO",
        "content": "film",
        "issued": NOW,
        "expires": NOW + timedelta(hours=4),
        "streaming_format": "dash",
        "sync_skip": None,
        "revoke_flag": False,
        "pattern": None,
        "pattern_bits": 3600,
    }
    return Ticket(**fields | changes)


def sequence(**changes):
    return ticket(code=SessionCode.UP_TO_4, payload=b"", session=SESSION, **changes)


def direct(bits=100):
    key = derive_key(SECRET, "DEMO", "film", Family.UP_TO_4)
    return sequence(pattern=pattern(key, SESSION, bits), pattern_bits=bits)


def no_keys(family):
    raise AssertionError("nobody needs a key here")


FORMS = {
    "aes": lambda keys, one=None: write_aes(one or aes(), keys.site_key),
    "jwt": lambda keys, one=None: write_jwt(one or sequence(), keys),
    "jwt_shared": lambda keys, one=None: write_jwt(one or sequence(), keys, shared=True),
    "jwt_direct": lambda keys, one=None: write_jwt(one or direct(), keys, nonce=NONCE),
    "akamai": lambda keys, one=None: "wmt:" + write_akamai(one or akamai(), keys.akamai, IV),
    "cwt": lambda keys, one=None: write_cwt(one or sequence(), keys),
    "cwt_shared": lambda keys, one=None: write_cwt(one or sequence(), keys, shared=True),
    "cwt_direct": lambda keys, one=None: write_cwt(one or direct(), keys, nonce=NONCE),
}


def aes(**changes):
    return ticket(content="", pattern_bits=0, **changes)


def akamai(**changes):
    return ticket(content="", pattern_bits=0, streaming_format="", **changes)


class TestGolden:
    def test_the_documented_token_byte_for_byte(self):
        read = read_aes(THEIR_TOKEN, THEIR_KEY, "DEMO")
        assert (read.payload.hex(), read.issued) == ("879e8928012e53", datetime(2023, 2, 7, 0, 10, 11, tzinfo=UTC))
        assert write_aes(read, THEIR_KEY) == THEIR_TOKEN
        hls = read_aes(THEIR_HLS_TOKEN, THEIR_KEY, "DEMO")
        assert (hls.payload, hls.streaming_format) == (read.payload, "hls")
        assert write_aes(hls, THEIR_KEY) == THEIR_HLS_TOKEN

    @pytest.mark.parametrize(
        ("token", "first", "number", "variant"),
        [
            (THEIR_TOKEN, 0, 15, 0),
            (THEIR_TOKEN, 0, 22, 0),
            (THEIR_TOKEN, 0, 21, 1),
            (THEIR_TOKEN, 0, 18, 1),
            (THEIR_HLS_TOKEN, 1, 22, 1),
            (THEIR_HLS_TOKEN, 1, 18, 0),
            (THEIR_HLS_TOKEN, 1, 17, 0),
        ],
    )
    def test_the_variants_that_the_published_embedder_serves(self, token, first, number, variant):
        read = read_aes(token, THEIR_KEY, "DEMO")
        assert variant_of(read, number - first, first, no_keys) == variant

    def test_the_documented_start_of_a_stream(self):
        bits = "".join(str(variant_of(ticket(), at, 0, no_keys)) for at in range(69))
        assert bits == "0000100010000" + "01010000101101100101100011101110000100111110000100110011"

    def test_the_published_token_for_akamai(self):
        keys = derive_token_keys(SECRET, "QMTG", akamai=AkamaiKeys(THEIR_PUBLIC_KEY, THEIR_PASSWORD))
        read = read_token(THEIR_AKAMAI_TOKEN, keys)
        assert (read.pattern_bits, read.issued.year) == (65, 2023)
        assert [variant_of(read, at, 0, no_keys) for at in (14, 21, 14 + 65)] == [0, 1, 0]


class TestRoundTrips:
    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ("aes", aes()),
            ("aes", aes(expires=None, streaming_format="")),
            ("aes", aes(sync_skip=4, revoke_flag=True, segments_per_bit=2, payload=b"x")),
            ("akamai", akamai()),
            ("akamai", akamai(expires=None)),
            *[(form, sequence()) for form in ("jwt", "jwt_shared", "cwt", "cwt_shared")],
            *[(form, ticket(sync_skip=0, revoke_flag=True)) for form in ("jwt", "cwt")],
            *[(form, direct(bits)) for form in ("jwt_direct", "cwt_direct") for bits in (1, 8, 9, 3600)],
        ],
    )
    def test_what_is_written_is_read(self, keys, form, said):
        assert read_token(FORMS[form](keys, said), keys.for_reading()) == said

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(payload=st.binary(min_size=1, max_size=7), skip=st.none() | st.integers(0, 1000))
    def test_any_payload(self, payload, skip):
        said = aes(payload=payload, sync_skip=skip)
        assert read_aes(write_aes(said, THEIR_KEY), THEIR_KEY, "DEMO") == said

    def test_a_revoke_token_in_front_is_skipped(self, keys):
        assert read_token("ABCDEFG." + FORMS["aes"](keys), keys) == aes()

    def test_padding_may_be_lost_on_the_way(self, keys):
        token = write_aes(aes(expires=None), keys.site_key)
        assert token.endswith("=")
        assert read_token(token.rstrip("="), keys) == aes(expires=None)
        assert token_digest(token.rstrip("=")) == token_digest(token)

    @pytest.mark.parametrize("site_key", [b"fbd7939d674997cdb4692d34de8633c4", b"81c713e9756fe42060e60c2c4e37ccc6"])
    def test_documented_tokens_that_begin_as_another_form_does(self, keys, site_key):
        """Found by trying keys: with the first, tokens begin with a tag of CBOR, and with the second with a message."""
        said = read_aes(THEIR_TOKEN, THEIR_KEY, "DEMO")
        token = write_aes(said, site_key)
        assert token_text.from_base64url(token)[0] in (0xD1, 0xD2)
        assert read_token(token, replace(keys, site_key=site_key)) == said
        with pytest.raises(TokenRefused):
            read_token(token, keys)

    def test_draft_claims_only_where_they_are_wanted(self, keys):
        token = write_cwt(sequence(), keys, draft=True)
        assert read_token(token, replace(keys, draft_claims=True)) == sequence()
        with pytest.raises(TokenRefused):
            read_token(token, keys)
        with pytest.raises(ValueError, match="no patterns"):
            write_cwt(direct(), keys, nonce=NONCE, draft=True)

    def test_claims_have_the_numbers_of_the_standard(self, keys):
        raw = token_text.from_base64url(write_cwt(direct(9), keys, nonce=NONCE))
        message = cbor2.loads(raw)
        assert message.tag == 18
        claims = cbor2.loads(message.value[2])
        assert cbor2.dumps(claims, canonical=True) == message.value[2]
        assert {key for key in claims if isinstance(key, int)} == {1, 4, 6, 300, 301, 302, 304, 305, 307}
        assert (claims[300], claims[301], claims[302], claims[304].tag) == (1, 255, 9, 16)

    def test_a_plain_pattern_of_somebody_else(self, keys):
        body = {1: "DEMO", 6: 1_700_000_000, 300: 1, 301: 7, 302: 12, 304: bytes([0b10100000, 0b01010000])}
        token = token_text.to_base64url(token_cose.sign(cbor2.dumps(body), keys.private))
        read = read_token(token, keys)
        assert (read.payload, read.session, read.pattern_bits) == (b"", "", 12)
        assert [variant_of(read, at, 0, no_keys) for at in (-1, 0, 1, 2, 11, 12)] == [0, 1, 0, 1, 1, 1]

    def test_every_form_is_short_enough_for_an_address(self, keys):
        lengths = {form: len(write(keys)) for form, write in FORMS.items()}
        assert lengths["aes"] < 200
        assert max(lengths.values()) < 1200, lengths


class TestVariants:
    def test_a_sequence_gives_the_bits_of_its_title(self):
        key = derive_key(SECRET, "DEMO", "film", Family.UP_TO_4)
        asked = []

        def keys_of(family):
            asked.append(family)
            return key

        got = [variant_of(sequence(), at, 1, keys_of) for at in range(50)]
        assert got == [bit(key, SESSION, at) for at in range(50)]
        assert set(asked) == {Family.UP_TO_4}

    def test_a_pattern_gives_the_same_as_the_sequence_that_it_was_made_of(self):
        key = derive_key(SECRET, "DEMO", "film", Family.UP_TO_4)
        said = direct(100)
        assert [variant_of(said, at, 0, no_keys) for at in range(100)] == [bit(key, SESSION, at) for at in range(100)]
        assert variant_of(said, 100, 0, no_keys) == variant_of(said, 0, 0, no_keys)

    def test_payloads_count_from_the_trees_first_number(self):
        rule = DeliveryFormat(first_segment=1)
        assert [variant_of(ticket(), at, 1, no_keys) for at in range(80)] == [
            rule.bit(PAYLOAD, 1 + at) for at in range(80)
        ]

    def test_segments_without_variants(self):
        assert variant_of(ticket(), -1, 0, no_keys) == 0

    @pytest.mark.parametrize(
        "empty",
        [
            ticket(payload=b""),
            ticket(payload=bytes(8)),
            sequence(pattern=b"", pattern_bits=9),
            replace(sequence(), session=""),
        ],
    )
    def test_tickets_that_say_too_little(self, empty):
        with pytest.raises(TokenRefused):
            variant_of(empty, 5, 0, no_keys)

    def test_expiry(self):
        assert [ticket().expired(NOW + timedelta(hours=hours)) for hours in (3, 4, 5)] == [False, True, True]
        assert not ticket(expires=None).expired(NOW + timedelta(days=9999))


class TestRefusals:
    @pytest.mark.parametrize("form", [form for form in FORMS if form != "aes"])
    def test_the_bits_of_an_authenticated_token_count(self, keys, form):
        prefix, _, bare = FORMS[form](keys).rpartition(":")
        parts = bare.split(".")
        for number, part in enumerate(parts):
            raw = token_text.from_base64url(part)
            for at in range(0, 8 * len(raw), 1 if len(raw) < 200 else 11):  # 11: every place in a byte, in turn
                changed = bytearray(raw)
                changed[at // 8] ^= 1 << at % 8
                spelled = [*parts[:number], token_text.to_base64url(bytes(changed)), *parts[number + 1 :]]
                with pytest.raises(TokenRefused):
                    read_token((prefix and prefix + ":") + ".".join(spelled), keys)

    def test_a_changed_aes_token_never_says_another_payload(self, keys):
        """Not a promise of the form, but what its fixed IV and its JSON leave to a forger."""
        raw = token_text.from_base64url(FORMS["aes"](keys))
        for at in range(8 * len(raw)):
            changed = bytearray(raw)
            changed[at // 8] ^= 1 << at % 8
            try:
                read = read_token(token_text.to_base64url(bytes(changed)), keys)
            except TokenRefused:
                continue
            assert read.payload == PAYLOAD

    @pytest.mark.parametrize("form", FORMS)
    def test_keys_of_another_site(self, keys, form):
        other = derive_token_keys(SECRET, "OTHR", "o" * 32, AkamaiKeys(THEIR_PUBLIC_KEY, THEIR_PASSWORD))
        with pytest.raises(TokenRefused):
            read_token(FORMS[form](keys), other)

    @pytest.mark.parametrize("form", FORMS)
    def test_no_keys(self, keys, form):
        without = replace(keys, site_key=b"", shared=b"", public=b"", private=b"", akamai=None)
        with pytest.raises(TokenRefused, match="no key"):
            read_token(FORMS[form](keys), without)

    def test_an_encrypted_pattern_without_its_key(self, keys):
        for form in ("cwt_direct", "jwt_direct"):
            with pytest.raises(TokenRefused, match="no key"):
                read_token(FORMS[form](keys), replace(keys, pattern=b""))

    def test_the_bearer_cannot_choose_the_algorithm(self, keys):
        """A public key must not pass for a shared secret, nor `none` for a signature."""
        claims = FORMS["jwt"](keys).split(".")[1]
        for header in ({"alg": "none"}, {"alg": "HS256"}):
            head = token_text.to_base64url(json.dumps(header).encode())
            with pytest.raises(TokenRefused):
                read_token(f"{head}.{claims}.", keys)
        text = f"{token_text.to_base64url(json.dumps({'alg': 'HS256'}).encode())}.{claims}"
        forged = f"{text}.{token_text.to_base64url(hmac.digest(keys.public, text.encode(), 'sha256'))}"
        for reader in (keys, replace(keys, shared=b"")):
            with pytest.raises(TokenRefused):
                read_token(forged, reader)

    @pytest.mark.parametrize(
        "changes",
        [
            {300: 2}, {1: "OTHR"}, {1: None}, {6: "now"}, {6: -1}, {4: 1e300}, {4: True}, {302: 0}, {302: 70_000},
            {305: "A" * 32}, {305: 7}, {"code": "best"}, {"code": 3}, {"cid": 5}, {"cid": "x" * 256}, {304: 12},
            {304: b"x"}, {305: ""},
            {"streaming_format": "smooth"}, {"revoke_flag": 1}, {"sync_skip_bit": -1}, {304: cbor2.CBORTag(16, [1])},
        ],
    )  # fmt: skip
    def test_claims_that_are_wrong_under_a_right_signature(self, keys, changes):
        body = {1: "DEMO", 6: 1, 4: 2, 300: 1, 301: 255, 302: 100, 305: SESSION, "code": "up_to_4", "cid": "film"}
        good = token_text.to_base64url(token_cose.sign(cbor2.dumps(body), keys.private))
        assert read_token(good, keys).session == SESSION
        token = token_text.to_base64url(token_cose.sign(cbor2.dumps(body | changes), keys.private))
        with pytest.raises(TokenRefused):
            read_token(token, keys)

    @pytest.mark.parametrize(
        "changes",
        [
            {"watermark_data": ""}, {"watermark_data": "*"}, {"watermark_data": base64.b64encode(bytes(8)).decode()},
            {"watermark_data": 5}, {"timestamp": "2020"}, {"timestamp": None}, {"gop": 25}, {"gop": "60"},
            {"expires": ""}, {"sync_skip_bit": 1.5}, {"revoke_flag": "maybe"}, {"streaming_format": 1},
        ],
    )  # fmt: skip
    def test_fields_that_are_wrong_under_the_right_site_key(self, keys, changes):
        body = {"watermark_data": "h56JKAEuUw==", "gop": 60, "timestamp": "2023-02-07T00:10:11Z"} | changes
        sealed = token_text.encrypt(keys.site_key, b"0123456789abcdef", json.dumps(body).encode())
        with pytest.raises(TokenRefused):
            read_token(base64.urlsafe_b64encode(sealed).decode(), keys)

    def test_another_spelling_of_the_same_bytes(self, keys):
        token = write_aes(aes(expires=None), keys.site_key)
        at = len(token.rstrip("=")) - 1
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = token[:at] + alphabet[alphabet.index(token[at]) ^ 1] + token[at + 1 :]
        assert base64.urlsafe_b64decode(other) == base64.urlsafe_b64decode(token)
        for spelled in (other, token + "=", token.replace("=", "") + "\n", token[:4] + "\n" + token[4:]):
            with pytest.raises(TokenRefused):
                read_token(spelled, keys)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        st.text(max_size=300)
        | st.binary(max_size=300).map(token_text.to_base64url)
        | st.binary(max_size=200).map(lambda raw: token_text.to_base64url(b"\xd2" + raw))
        | st.lists(st.binary(max_size=80).map(token_text.to_base64url), min_size=2, max_size=4).map(".".join)
        | st.text(max_size=50).map(lambda rest: "wmt:" + rest)
    )
    def test_garbage_raises_nothing_else(self, token):
        keys = derive_token_keys(SECRET, "DEMO", "k" * 32, AkamaiKeys(THEIR_PUBLIC_KEY, THEIR_PASSWORD))
        with pytest.raises(TokenRefused):
            read_token(token, replace(keys, draft_claims=True))

    @pytest.mark.parametrize(
        "token", ["", "A" * (LONGEST + 1), "\ud800", "é", "a.b.c.d", token_text.to_base64url(b"\xd2" + b"\x81" * 9000)]
    )
    def test_what_is_no_token_at_all(self, keys, token):
        with pytest.raises(TokenRefused) as caught:
            read_token(token, keys)
        assert caught.value.reason
        assert len(token_digest(token)) == 64

    @pytest.mark.parametrize("form", ["jwt", "cwt"])
    @pytest.mark.parametrize("said", [sequence(expires=None), sequence(pattern_bits=0), sequence(pattern_bits=65_536)])
    def test_what_the_standard_cannot_say_is_not_written(self, keys, form, said):
        with pytest.raises(ValueError, match="the standard"):
            FORMS[form](keys, said)

    @pytest.mark.parametrize("form", ["aes", "akamai"])
    def test_sequences_need_a_form_that_names_sessions(self, keys, form):
        with pytest.raises(ValueError, match="alone"):
            FORMS[form](keys, sequence())

    def test_akamai_patterns_that_are_no_letters(self, keys):
        token = write_akamai(akamai(), replace(keys.akamai, password="other"), IV)
        with pytest.raises(TokenRefused):
            read_akamai(token, keys.akamai, "DEMO")


class TestKeys:
    def test_they_follow_from_secret_and_site_alone(self):
        first = derive_token_keys(SECRET, "DEMO")
        assert first == derive_token_keys(SECRET, "DEMO")
        others = [derive_token_keys(SECRET, "demo"), derive_token_keys(SECRET[::-1], "DEMO")]
        for name in ("shared", "public", "private", "pattern"):
            assert len({getattr(keys, name) for keys in (first, *others)}) == 3

    def test_a_short_secret(self):
        with pytest.raises(ValueError, match="32 bytes"):
            derive_token_keys(bytes(31), "DEMO")

    def test_reading_takes_no_private_key(self, keys):
        reading = keys.for_reading()
        assert reading.private == b""
        assert reading.akamai.private == b""
        assert "BEGIN" not in repr(keys)

    @pytest.mark.parametrize(
        ("pem", "password"), [(b"", "x"), (b"-----BEGIN", "x"), (THEIR_PUBLIC_KEY, "x"), (None, ""), ("short", "x")]
    )
    def test_pairs_that_are_no_use(self, keys, pem, password):
        if pem == "short":
            small = rsa.generate_private_key(65537, 1024)
            pem = small.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(ValueError, match=r"it must|password"):
            akamai_keys(keys.akamai.private if pem is None else pem, password)
