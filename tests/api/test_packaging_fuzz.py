"""Odd envelopes by the hundred: each is refused with a code of the document, and changes nothing."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.packaging import job_count, sealed, send

from telecine.apis.packaging import samples
from telecine.apis.packaging.faults import API_CODES

URL = "/packaging/api/v2/pack/DEMO"
BASE64 = st.binary(max_size=64).map(lambda raw: base64.b64encode(raw).decode())
ENVELOPE = st.fixed_dictionaries(
    {},
    optional={
        "data": st.text(max_size=40) | BASE64 | st.none(),
        "timestamp": st.sampled_from(["2020-07-15T10:42:34Z", "", "x"]) | st.text(max_size=25),
        "hash": st.text(max_size=50) | st.integers(),
    },
)
BOUNDED = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


class TestFuzz:
    """Whatever comes, the answer has a code of the document, is the client's fault, and changes nothing."""

    def refused(self, api, answer):
        assert 400 <= answer.status_code < 500, answer.text
        body = answer.json()
        assert body["error_code"] in API_CODES
        assert body["error_code"] != "0000"
        assert body["error_message"]

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
    def test_any_text(self, api, method):
        @BOUNDED
        @given(st.text(max_size=200) | BASE64)
        def probe(text):
            self.refused(api, send(api, method, "storage", quote(text)))

        probe()

    def test_any_body(self, api):
        @BOUNDED
        @given(st.binary(max_size=200) | st.binary(max_size=90).map(lambda raw: b"pallycon-apidata=" + raw))
        def probe(raw):
            self.refused(api, api.client.post(URL, content=raw))

        probe()

    def test_any_envelope(self, api):
        @BOUNDED
        @given(ENVELOPE)
        def probe(envelope):
            text = base64.b64encode(json.dumps(envelope).encode()).decode()
            self.refused(api, send(api, "POST", "pack", quote(text)))

        probe()

    def test_any_plain_text_under_the_right_keys(self, api):
        @BOUNDED
        @given(st.text(st.characters(codec="utf-8"), max_size=200))
        def probe(plain):
            self.refused(api, send(api, "POST", "storage", quote(sealed(api, plain))))

        probe()

    def test_a_good_envelope_with_any_byte_changed(self, api):
        raw = base64.b64decode(sealed(api, samples.JOB_REGISTER))

        @BOUNDED
        @given(st.integers(0, len(raw) - 1), st.integers(1, 255))
        def probe(at, flip):
            changed = raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]
            self.refused(api, send(api, "POST", "pack", quote(base64.b64encode(changed).decode())))

        probe()
        assert job_count(api) == 0
