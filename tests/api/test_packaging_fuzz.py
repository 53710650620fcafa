"""Odd envelopes by the hundred: each is refused with a code of the document, and changes nothing."""

import base64
import copy
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.packaging import both_storages, job_count, sealed, send

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
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)
PLACES = [
    *(("job_name",), ("content_id",), ("streaming_format",), ("protect_type",), ("protection_type",), ("storage",)),
    *(("storage", "input"), ("storage", "input", "storage_id"), ("storage", "input", "contents_path")),
    *(("storage", "output", "path"), ("subtitles",), ("subtitles", 0), ("subtitles", 0, "path")),
    *(("subtitles", 0, "language"), ("dash_option",), ("dash_option", "min_buffer_time"), ("drm_option",)),
    *(("drm_option", "multi_key"), ("drm_option", "max_sd_height"), ("drm_option", "clear_lead")),
]
NAMES = [
    *("from", "to", "search_status", "region", "storage_id", "cid", "streaming_format", "forensic_mark", "domain"),
    *("output_path", "wmt_type", "expiry", "token", "session_id"),
]
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

    @pytest.mark.parametrize("what", ["pack", "storage", "session/watermarkUrl", "session/list", "session/revoke"])
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
    def test_any_json_under_the_right_keys(self, api, method, what):
        @BOUNDED
        @given(st.dictionaries(st.sampled_from(NAMES), JSON))
        def probe(fields):
            self.answered(send(api, method, what, quote(sealed(api, json.dumps(fields)))))

        probe()
        assert job_count(api) == 0

    def test_a_good_job_with_any_value_changed(self, api):
        both_storages(api)

        @BOUNDED
        @given(st.sampled_from(PLACES), JSON)
        def probe(place, value):
            job = copy.deepcopy(samples.JOB_REGISTER)
            at = job
            for name in place[:-1]:
                at = at[name]
            at[place[-1]] = value
            before = job_count(api)
            answer = send(api, "POST", "pack", quote(sealed(api, json.dumps(job))))
            self.answered(answer)
            assert job_count(api) == before + (answer.status_code == 200)

        probe()

    def answered(self, answer):
        """It succeeds, or it is the client's fault; it never is ours."""
        assert answer.status_code < 500, answer.text
        assert answer.json()["error_code"] in API_CODES
        assert (answer.json()["error_code"] == "0000") == (answer.status_code == 200)
