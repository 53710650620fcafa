"""The envelope of the packaging API, without HTTP: the published vector, and everything that can be wrong with one."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecine.apis.packaging.faults import Fault
from telecine.apis.packaging.sealed import digest, opened, read, seal, verify

SITE = "TUTO"
SITE_KEY = "lU5D8s3PWoLls3PWFWkClULlFWk5D8oC"
ACCESS_KEY = "LT2FVJDp2Xr018zf4Di6lzvNOv3DKP20"
TIME = "2020-07-15T10:42:34Z"
DATA = "vvl3SpynNOShxsNa3cBOomYzaKX3+7JQ5ohZ4aqOFJFAUotKeUoV0wYN6nUu7lrdiFW3OCgGiIHDe1/BvdQhOQ=="
HASH = "38MDPO7fkXhRxmaLISVMy0UCZ1ExScIT7b33z6E+S7E="
"""The vector that the vendor publishes beside its Java sample."""
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
FIELDS = {"data": DATA, "hash": HASH, "timestamp": TIME}


def wrapped(text):
    return base64.b64encode(text.encode()).decode()


def code_of(call, *args):
    with pytest.raises(Fault) as refused:
        call(*args)
    return refused.value.code, refused.value.field


def good(plain='{"region": "RG011"}'):
    return seal(plain, site_id=SITE, site_key=SITE_KEY, access_key=ACCESS_KEY, timestamp=TIME)


class TestGoldenVector:
    def test_the_hash(self):
        assert digest(ACCESS_KEY, SITE, DATA, TIME) == HASH

    def test_the_data(self):
        envelope = read(wrapped(json.dumps({"data": DATA, "timestamp": TIME, "hash": HASH})))
        verify(envelope, SITE, ["another key", ACCESS_KEY])
        assert opened(envelope, SITE_KEY) == {"storage_type": "S3", "region": "RG011"}

    def test_a_key_of_another_account_does_not_verify(self):
        envelope = read(wrapped(json.dumps({"data": DATA, "timestamp": TIME, "hash": HASH})))
        for keys in ([], [ACCESS_KEY.lower()], [ACCESS_KEY[:-1]], [""]):
            assert code_of(verify, envelope, SITE, keys) == ("A1007", "hash")
        assert code_of(verify, envelope, "TUTX", [ACCESS_KEY]) == ("A1007", "hash")


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(FIELDS, separators=(",", ":")).replace("/", "\\/"),
            json.dumps(dict(reversed(FIELDS.items())), separators=(" , ", " : ")),
            json.dumps(FIELDS | {"more": 1}, indent="\t").replace("\n", "\r\n"),
        ],
        ids=["escaped slashes", "spaces and another order", "pretty-printed"],
    )
    def test_json_in_every_spelling(self, text):
        envelope = read(wrapped(text))
        verify(envelope, SITE, [ACCESS_KEY])
        assert opened(envelope, SITE_KEY)["region"] == "RG011"

    def test_a_plus_that_a_form_made_a_space(self):
        text = next(
            packed
            for spaces in range(200)
            if "+" in (packed := wrapped(json.dumps({"data": "~>" * spaces + "?>", "timestamp": TIME, "hash": HASH})))
        )
        assert read(text.replace("+", " ")) == read(text)

    def test_line_breaks_in_base64(self):
        text = good()
        lines = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
        assert read(lines) == read(text)

    @pytest.mark.parametrize(
        "text", ["%%%", "a", "abc", "é", "=", wrapped("["), wrapped("[]"), wrapped('"x"'), wrapped("{"), wrapped("")]
    )
    def test_what_cannot_be_parsed(self, text):
        assert code_of(read, text) == ("A7008", "pallycon-apidata")

    @pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"a":NaN}', b"[" * 9000])
    def test_what_is_no_strict_json(self, raw):
        assert code_of(read, base64.b64encode(raw).decode())[0] == "A7008"

    @pytest.mark.parametrize("name", ["data", "timestamp", "hash"])
    @pytest.mark.parametrize("value", [None, "", 5, ["x"], {}, True])
    def test_a_field_that_is_missing_or_no_text(self, name, value):
        fields = {"data": DATA, "timestamp": TIME, "hash": HASH} | {name: value}
        assert code_of(read, wrapped(json.dumps(fields))) == ("A1000", name)
        del fields[name]
        assert code_of(read, wrapped(json.dumps(fields))) == ("A1000", name)

    @pytest.mark.parametrize(
        "timestamp",
        [
            *(
                "2020-07-15",
                "2020-07-15 10:42:34Z",
                "2020-07-15T10:42:34",
                "2020-07-15T10:42:34.000Z",
                "soon",
                "1594809754",
            ),
            *("2020-07-15T10:42:34+00:00", "2020-13-15T10:42:34Z", "2020-07-15T25:42:34Z", "2020-02-30T10:42:34Z"),
            *("2020-07-15t10:42:34z", " 2020-07-15T10:42:34Z", "٢٠٢٠-07-15T10:42:34Z", "0000-01-01T00:00:00Z"),
        ],
    )
    def test_a_timestamp_of_another_form(self, timestamp):
        fields = {"data": DATA, "timestamp": timestamp, "hash": HASH}
        assert code_of(read, wrapped(json.dumps(fields))) == ("A1002", "timestamp")


class TestOpening:
    def data(self, raw):
        return read(wrapped(json.dumps({"data": raw, "timestamp": TIME, "hash": HASH})))

    @pytest.mark.parametrize("raw", ["%", "abc", "YWJj", DATA[:-4], DATA[:-8], " ", "AAAAAAAAAAAAAAAAAAAAAA=="])
    def test_what_is_not_encrypted_so(self, raw):
        assert code_of(opened, self.data(raw), SITE_KEY) == ("A1006", "data")

    def test_another_site_key(self):
        assert code_of(opened, self.data(DATA), SITE_KEY[::-1]) == ("A1006", "data")

    @pytest.mark.parametrize("plain", ["", "[]", "{", "null", '{"a":NaN}', "region=RG011", '{"a":"\\ud800"}'])
    def test_what_is_no_json_object_inside(self, plain):
        assert code_of(opened, read(good(plain)), SITE_KEY) == ("A7008", "data")

    @settings(max_examples=50, deadline=None)
    @given(
        st.dictionaries(
            st.text(st.characters(codec="utf-8", exclude_characters="\0")),
            st.integers(0, 10**9) | st.booleans() | st.none(),
        )
    )
    def test_what_is_sealed_comes_back(self, plain):
        envelope = read(seal(plain, site_id=SITE, site_key=SITE_KEY, access_key=ACCESS_KEY, timestamp=TIME))
        verify(envelope, SITE, [ACCESS_KEY])
        assert opened(envelope, SITE_KEY) == plain

    def test_one_changed_character_anywhere_is_noticed(self):
        fields = json.loads(base64.b64decode(good()))
        for name in ("data", "timestamp", "hash"):
            for at, character in enumerate(fields[name]):
                other = "1" if character != "1" else "2"
                changed = fields | {name: fields[name][:at] + other + fields[name][at + 1 :]}
                with pytest.raises(Fault) as refused:
                    verify(read(wrapped(json.dumps(changed))), SITE, [ACCESS_KEY])
                assert refused.value.code in {"A1007", "A1002"}


def test_neither_data_nor_hash_is_in_what_is_shown():
    envelope = read(good())
    assert envelope.data not in repr(envelope)
    assert envelope.hash not in repr(envelope)
