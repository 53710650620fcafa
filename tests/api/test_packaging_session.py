"""Sessions over the packaging API: addresses as the document has them, every refusal, lists, revocation."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.api.packaging import add_job, both_storages, call, code, fields, sealed, send
from tests.marked import add_title

from telecine.apis.packaging import samples
from telecine.apis.packaging.addresses import base_of
from telecine.catalog import marks, packaging_sites, session_keys, sites
from telecine.catalog.mark_models import MarkedTitle, MarkSession
from telecine.catalog.packaging_sites import PackagingTerms
from telecine.catalog.session_tokens import token_of
from telecine.core.errors import TelecineError
from telecine.core.watermark.policy import MarkingPolicy, SessionCode
from telecine.core.watermark.tokens import TokenForm, read_token, write_token

URL, AKAMAI, DATA = "session/watermarkUrl", "session/watermarkUrl/akamai", "session/watermarkData"
LIST, REVOKE = "session/list", "session/revoke"
VERIFY = "/packaging/api/v2/detect/DEMO/revoke-token/verify"
OPENING = [(URL, samples.SESSION_URL), (AKAMAI, samples.SESSION_AKAMAI), (DATA, samples.SESSION_DATA)]


@pytest.fixture(scope="session")
def pem():
    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def ready(api, pem):
    """DEMO has published the samples' content with marks, and has keys for Akamai."""
    both_storages(api)
    job_id = add_job(api)
    with api.database.write() as s:
        title = add_title(s, job_id, content_id="sample-film")
        title.output_path = "wm-contents/packaged"
        title.formats = ["dash", "hls"]
        session_keys.set_akamai(s, api.services.sealer, "DEMO", pem, "sesame")
    return api


def sample(**changes):
    return {name: value for name, value in (samples.SESSION_URL | changes).items() if value is not ...}


def opened(api, what=URL, plain=samples.SESSION_URL, **more):
    answer = call(api, "GET", what, plain, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ticket_of(api, token):
    with api.database.read() as s:
        return read_token(token, session_keys.token_keys(s, api.services.sealer, "DEMO").for_reading())


def rows(api):
    with api.database.read() as s:
        return list(s.query(MarkSession).order_by(MarkSession.id))


class TestAddresses:
    def test_as_the_document_has_them(self, ready):
        answer = call(ready, "GET", URL, samples.SESSION_URL)
        body = answer.json()
        assert list(body)[:4] == ["error_code", "error_message", "data", "url"]
        assert body["data"] == body["url"]
        host, prefix, token, *rest = body["url"].removeprefix("https://").split("/")
        assert (host, prefix) == ("cdn.service-site.com", "wm-contents")
        assert rest == ["packaged", "sample-film", "dash", "stream.mpd"]
        assert token == body["token"]
        ticket = ticket_of(ready, token)
        assert ticket.payload.hex() == body["payload"]
        assert (ticket.streaming_format, ticket.sync_skip, ticket.expires) == ("dash", None, None)
        assert answer.headers["cache-control"] == "no-store"

    def test_the_vendors_own_example(self, ready):
        """Their site's keys, their text with its line breaks, their hash."""
        data = (
            "N5CNHHCgEPVDFBpgtHzraqNUzBZoy4pzx3fSDnzHDMek5AMlmWSlII67tNQ2MJP1NL+dSjQZlEnXp7+ATXOopJEdH1KIZ0jNjY19bRLl9aG0gJ"
            "SsbS6krhNxuuDzLayT/CgPwQUge1hQj1U2xtXSbDFUfiXSFZtJLSlA/QdTwTC5NpxfLjBmtRspPh1AOuKNwgiS9HuJxV9f6NDK22unYvbh8/qn"
            "AWWtNTMcjgZMjkU="
        )
        access = "A3DfypNw0bLgR3FAa5Q2TbS1iiUK4iIf"
        digest = hashlib.sha256(f"{access}EXPL{data}2020-05-27T02:15:00Z".encode()).digest()
        assert base64.b64encode(digest).decode() == "xsQVqDW04FsO43Y64Gd6EFz0l5zIrebVr1yBWUY+Nuo="
        ready.add_site("EXPL")
        sealer = ready.services.sealer
        with ready.database.write() as s:
            site = sites.get(s, "EXPL")
            site.site_key_sealed = sealer.seal("cUk29dLagiJ0FGiK681tFIR75ETESe0S", "site:EXPL:site_key")
            account = sites.accounts(s, "EXPL")[0]
            account.access_key_sealed = sealer.seal(access, f"account:{account.account_id}:access_key")
        job_id = add_job(ready)
        with ready.database.write() as s:
            add_title(s, job_id, site_id="EXPL", content_id="content1").output_path = "output"
        envelope = {"data": data, "timestamp": "2020-05-27T02:15:00Z", "hash": base64.b64encode(digest).decode()}
        text = base64.b64encode(json.dumps(envelope, indent=4).encode()).decode()
        body = send(ready, "GET", URL, text, "EXPL").json()
        assert body["error_code"] == "0000"
        assert body["url"].startswith("https://cdn.service-site.com/wm-contents/")
        assert body["url"].endswith("/output/content1/dash/stream.mpd")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_every_session_is_another_viewers(self, ready, method):
        tokens = {call(ready, method, URL, samples.SESSION_URL).json()["token"] for _ in range(5)}
        made = rows(ready)
        assert len(tokens) == len({row.payload for row in made}) == len({row.session for row in made}) == 5
        assert {len(row.payload) for row in made} == {14}
        assert {len(row.session) for row in made} == {32}

    def test_hls_below_a_prefix_of_ones_own(self, ready):
        body = opened(
            ready, plain=sample(streaming_format="HLS", prefix_folder="films", domain="http://Edge:8788/live/")
        )
        assert body["url"].startswith("http://edge:8788/live/films/")
        assert body["url"].endswith("/packaged/sample-film/hls/master.m3u8")
        assert ticket_of(ready, body["token"]).streaming_format == "hls"

    def test_a_tree_for_players_of_either_kind(self, ready):
        with ready.database.write() as s:
            s.get_one(MarkedTitle, ("DEMO", "sample-film")).formats = ["cmaf"]
        assert opened(ready)["url"].endswith("/sample-film/cmaf/stream.mpd")
        body = opened(ready, plain=sample(streaming_format="hls"))
        assert body["url"].endswith("/sample-film/cmaf/master.m3u8")
        assert ticket_of(ready, body["token"]).streaming_format == "dash", "from where embedders count the segments"
        assert rows(ready)[-1].streaming_format == "hls", "what was asked for"

    def test_the_whole_path_as_it_was_published(self, ready):
        body = opened(ready, plain=sample(output_path="/wm-contents/packaged/"))
        assert "/wm-contents/packaged/sample-film/dash/" in body["url"]

    def test_both_layouts_have_the_same_address(self, ready):
        """Embedders put the folder of a variant in by themselves."""
        with ready.database.write() as s:
            s.get_one(MarkedTitle, ("DEMO", "sample-film")).layout = "prefixed"
        assert opened(ready)["url"].endswith("/packaged/sample-film/dash/stream.mpd")

    def test_for_akamai(self, ready):
        body = opened(ready, AKAMAI, samples.SESSION_AKAMAI)
        assert body["url"].startswith("https://cdn.service-site.com/wmt:eyJ")
        assert body["url"].endswith("/packaged/sample-film/dash/stream.mpd")
        assert ticket_of(ready, body["token"]).payload.hex() == body["payload"]

    def test_a_token_alone(self, ready):
        body = opened(ready, DATA, samples.SESSION_DATA)
        assert body["data"] == body["token"]
        assert "url" not in body
        ticket = ticket_of(ready, body["token"])
        assert (ticket.code, ticket.session) == (SessionCode.UP_TO_4, body["session_id"])
        assert (ticket.content, ticket.pattern_bits) == ("sample-film", 300)
        assert ticket.expires - ticket.issued == timedelta(hours=4)

    @pytest.mark.parametrize("form", ["jwt", "cwt"])
    def test_forms_that_expire_do_so_unasked(self, ready, form):
        ticket = ticket_of(ready, opened(ready, plain=sample(wmt_type=form))["token"])
        assert (ticket.code, ticket.expires - ticket.issued) == (SessionCode.DELIVERY, timedelta(hours=24))

    @pytest.mark.parametrize("form", ["jwt", "cwt"])
    @pytest.mark.parametrize("name", ["delivery", "uniform"])
    def test_a_token_with_the_variants_in_it(self, ready, form, name):
        plain = sample(wmt_type=form, wmt_mode="direct", code=name, wmt_alg="HS256")
        ticket = ticket_of(ready, opened(ready, plain=plain)["token"])
        assert (len(ticket.pattern), ticket.pattern_bits) == (38, 300)

    def test_the_sites_policy_decides_where_the_request_does_not(self, ready):
        with ready.database.write() as s:
            marks.set_policy(s, "DEMO", MarkingPolicy(code=SessionCode.UNIFORM))
        body = opened(ready)
        assert (body["code"], body["wmt_type"]) == ("uniform", "cwt")
        assert opened(ready, plain=sample(code="delivery"))["wmt_type"] == "aes"

    def test_what_is_kept(self, ready):
        body = opened(ready)
        (row,) = rows(ready)
        assert (row.content_id, row.forensic_mark, row.form) == ("sample-film", "testmark.1234567", "aes")
        assert body["token"] not in (row.token_sealed, row.token_digest)
        assert token_of(ready.services.sealer, row) == body["token"]

    @pytest.mark.parametrize(
        ("domain", "base"),
        [
            ("cdn.example.com", "https://cdn.example.com"),
            (" CDN.example.com/ ", "https://cdn.example.com"),
            ("http://10.0.0.1:80", "http://10.0.0.1:80"),
            ("https://[::1]:8788/a/b", "https://[::1]:8788/a/b"),
        ],
    )
    def test_domains(self, domain, base):
        assert base_of(domain) == base

    @pytest.mark.parametrize(
        "domain", ["", "a b", "ftp://x", "x?y", "x#y", "u:p@x", "//x", "x/../y", "x/a%2fb", "-x", "é.fr"]
    )
    def test_domains_that_are_none(self, domain):
        with pytest.raises(TelecineError, match="domain"):
            base_of(domain)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "expected", "name"),
        [
            ({"cid": ...}, "A1000", "cid"),
            ({"domain": ...}, "A1000", "domain"),
            ({"cid": ""}, "A7015", "cid"),
            ({"forensic_mark": "  "}, "A7015", "forensic_mark"),
            ({"streaming_format": None}, "A7015", "streaming_format"),
            ({"output_path": ""}, "A7015", "output_path"),
            ({"streaming_format": "smooth"}, "A7013", "streaming_format"),
            ({"streaming_format": 5}, "A1000", "streaming_format"),
            ({"forensic_mark": "é" * 128}, "A7016", "forensic_mark"),
            ({"forensic_mark": "a\nb"}, "A1000", "forensic_mark"),
            ({"forensic_mark": 5}, "A1000", "forensic_mark"),
            ({"cid": "other-film"}, "A1000", "cid"),
            ({"output_path": "elsewhere"}, "A1000", "output_path"),
            ({"output_path": "ackaged"}, "A1000", "output_path"),
            ({"domain": "not a host"}, "A1000", "domain"),
            ({"prefix_folder": "a/b"}, "A1000", "prefix_folder"),
            ({"prefix_folder": ".."}, "A1000", "prefix_folder"),
            ({"wmt_type": "saml"}, "A1000", "wmt_type"),
            ({"wmt_type": "aes", "code": "uniform"}, "A1000", "wmt_type"),
            ({"wmt_type": "aes", "wmt_mode": "direct"}, "A1000", "wmt_mode"),
            ({"wmt_type": "aes", "wmt_alg": "HS256"}, "A1000", "wmt_alg"),
            ({"wmt_alg": "none"}, "A1000", "wmt_alg"),
            ({"code": "best"}, "A1000", "code"),
            ({"expiry": 0}, "A1000", "expiry"),
            ({"expiry": 10**9}, "A1000", "expiry"),
        ],
    )
    def test_what_is_wrong_is_named_and_opens_nothing(self, ready, changes, expected, name):
        answer = call(ready, "GET", URL, sample(**changes))
        assert code(answer) == (400, expected)
        assert fields(answer) == [name]
        assert rows(ready) == []

    def test_everything_that_is_wrong_at_once(self, ready):
        answer = call(ready, "GET", URL, {"streaming_format": "smooth", "forensic_mark": "x" * 255, "cid": ""})
        told = {error["field"]: error["error_code"] for error in answer.json()["errors"]}
        assert told == {
            "domain": "A1000",
            "output_path": "A1000",
            "cid": "A7015",
            "streaming_format": "A7013",
            "forensic_mark": "A7016",
        }

    def test_a_mark_of_just_254_bytes(self, ready):
        assert opened(ready, plain=sample(forensic_mark="é" * 127))
        assert rows(ready)[0].forensic_mark == "é" * 127

    @pytest.mark.parametrize(("what", "plain"), OPENING)
    def test_a_title_that_was_taken_back(self, ready, what, plain):
        with ready.database.write() as s:
            s.get_one(MarkedTitle, ("DEMO", "sample-film")).formats = []
        answer = call(ready, "GET", what, plain)
        assert (code(answer), fields(answer)) == ((400, "A1000"), ["cid"])

    def test_a_format_that_is_not_published(self, ready):
        with ready.database.write() as s:
            s.get_one(MarkedTitle, ("DEMO", "sample-film")).formats = ["hls"]
        answer = call(ready, "GET", URL, samples.SESSION_URL)
        assert code(answer) == (400, "A7013")
        assert "published as hls" in answer.json()["error_message"]

    def test_akamai_without_keys(self, ready):
        with ready.database.write() as s:
            s.delete(s.get_one(session_keys.AkamaiKey, "DEMO"))
        answer = call(ready, "GET", AKAMAI, samples.SESSION_AKAMAI)
        assert code(answer) == (400, "A5001")
        assert "akamai-key" in answer.json()["error_message"]
        assert rows(ready) == []

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"code": "uniform"}, "A5002"),
            ({"skipbit": 8}, "A1000"),
            ({"skipbit": "x"}, "A1000"),
            ({"wmt_type": "jwt"}, "A1000"),
        ],
    )
    def test_what_akamais_form_cannot_say(self, ready, changes, expected):
        assert code(call(ready, "GET", AKAMAI, samples.SESSION_AKAMAI | changes)) == (400, expected)
        assert rows(ready) == []

    def test_a_pattern_longer_than_a_token_can_hold(self, ready):
        with ready.database.write() as s:
            s.get_one(MarkedTitle, ("DEMO", "sample-film")).positions = 70_000
        answer = call(ready, "GET", URL, sample(wmt_mode="direct"))
        assert (code(answer), fields(answer)) == ((400, "A1000"), ["wmt_mode"])
        assert opened(ready, plain=sample(wmt_type="cwt"))

    def test_a_trial_ends(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=1)
            packaging_sites.put(s, "DEMO", PackagingTerms(trial_sessions=2))
        for what, plain in OPENING[:2]:
            opened(ready, what, plain)
        answer = call(ready, "GET", URL, samples.SESSION_URL)
        assert code(answer) == (403, "A7017")
        assert "2 sessions" in answer.json()["error_message"]
        with ready.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=None)
        opened(ready)

    def test_a_site_out_of_service(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        assert code(call(ready, "GET", URL, samples.SESSION_URL)) == (403, "A9010")

    def test_another_version(self, ready):
        answer = ready.client.get("/packaging/api/v1/session/watermarkUrl/DEMO")
        assert code(answer) == (404, "A7009")


class TestLists:
    @pytest.fixture
    def three(self, ready):
        made = []
        for mark in ("ann", "bob", "ann"):
            made.append(opened(ready, plain=sample(forensic_mark=mark, expiry=3600))["session_id"])
            ready.clock.turn(60)
        return ready, made

    def test_a_line(self, three):
        ready, made = three
        body = opened(ready, LIST, {})
        assert list(body) == ["error_code", "error_message", "total_count", "time_zone", "data"]
        assert body["total_count"] == "3"
        assert [line["session_id"] for line in body["data"]] == made[::-1]
        line = body["data"][0]
        assert (line["cid"], line["forensic_mark"], line["wmt_type"], line["live"]) == (
            "sample-film",
            "ann",
            "aes",
            "true",
        )
        assert "token" not in json.dumps(line)

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ({"search_keyword": "ann"}, [2, 0]),
            ({"search_keyword": "an"}, []),
            ({"search_keyword": "sample-film", "search_keyword_type": "CID"}, [2, 1, 0]),
            ({"search_keyword": "{1}", "search_keyword_type": "sessionId"}, [1]),
            ({"search_status": "ended"}, [0]),
            ({"search_status": "Live"}, [2, 1]),
            ({"page_unit": "2", "page_index": "2"}, [0]),
            ({"from": "2099-01-01"}, []),
        ],
    )
    def test_every_filter(self, three, search, found):
        ready, made = three
        call(ready, "POST", REVOKE, {"session_id": made[0]})
        search = {name: value.format(*made) if value == "{1}" else value for name, value in search.items()}
        body = opened(ready, LIST, search)
        assert [line["session_id"] for line in body["data"]] == [made[number] for number in found]

    def test_what_has_expired_is_not_live(self, three):
        ready, made = three
        ready.clock.turn(3600 - 90)
        assert {line["session_id"]: line["live"] for line in opened(ready, LIST, {})["data"]} == {
            made[0]: "false",
            made[1]: "false",
            made[2]: "true",
        }
        assert len(opened(ready, LIST, {"search_status": "live"})["data"]) == 1

    @pytest.mark.parametrize(
        ("search", "expected"),
        [({"from": "yesterday"}, "A7010"), ({"from": "2022-02-02", "to": "2022-01-01"}, "A7010"),
         ({"search_status": "lost"}, "A1000"), ({"page_index": "x"}, "A1000"), ({"time_zone": "x"}, "A1000")],
    )  # fmt: skip
    def test_what_is_wrong(self, ready, search, expected):
        assert code(call(ready, "GET", LIST, search)) == (400, expected)


class TestRevocation:
    def test_one_session_by_its_token_or_id(self, ready):
        first, second = opened(ready), opened(ready, AKAMAI, samples.SESSION_AKAMAI)
        assert call(ready, "POST", REVOKE, {"token": first["token"]}).json()["revoked_count"] == 1
        assert call(ready, "POST", REVOKE, {"session_id": second["session_id"].upper()}).json()["revoked_count"] == 1
        assert all(row.revoked == ready.clock() for row in rows(ready))
        ready.clock.turn(60)
        assert call(ready, "POST", REVOKE, {"token": first["token"]}).json()["revoked_count"] == 0
        assert rows(ready)[0].revoked < ready.clock(), "it stays revoked since the first time"

    def test_a_token_in_another_spelling(self, ready):
        token = opened(ready, plain=sample(wmt_type="aes", expiry=60))["token"]
        with ready.database.read() as s:
            keys = session_keys.token_keys(s, ready.services.sealer, "DEMO")
        again = replace(read_token(token, keys), expires=None)
        other = write_token(again, TokenForm.AES, keys, bytes(16))
        assert other != token
        assert call(ready, "POST", REVOKE, {"token": other}).json()["revoked_count"] == 1

    def test_all_of_one_viewer(self, ready):
        for mark in ("ann", "bob", "ann"):
            opened(ready, plain=sample(forensic_mark=mark))
        assert call(ready, "POST", REVOKE, {"forensic_mark": "ann"}).json()["revoked_count"] == 2
        assert call(ready, "POST", REVOKE, {"forensic_mark": "ann"}).json()["revoked_count"] == 0
        assert [row.revoked is None for row in rows(ready)] == [False, True, False]

    @pytest.mark.parametrize(
        "plain",
        [
            {},
            {"token": "x", "session_id": "y"},
            {"token": "x"},
            {"session_id": "y"},
            {"token": "wmt:a.b.c"},
            {"token": 5},
        ],
    )
    def test_what_names_no_session(self, ready, plain):
        opened(ready)
        assert code(call(ready, "POST", REVOKE, plain)) == (400, "A1000")
        assert rows(ready)[0].revoked is None

    def test_as_the_published_blocker_asks(self, ready):
        token = opened(ready)["token"]
        answer = ready.client.get("/api/token/DEMO", headers=ready.basic() | {"Host": "wm-detection.doverunner.com"})
        headers = {"Authorization": answer.json()["data"]["token"]}
        for sent, known in ((token, True), (token.rstrip("="), True), (token[:-8], False), ("ABCDEFG", False)):
            answer = ready.client.post(VERIFY, json={"revoke_token": sent}, headers=headers)
            assert answer.json() == {"error_code": "0000", "error_message": "Success.", "data": {"is_valid": known}}

    def test_a_token_of_a_site_that_never_opened_a_session(self, api):
        headers = {"Authorization": api.token_once()}
        answer = api.client.post(VERIFY, json={"revoke_token": "ABCDEFG"}, headers=headers)
        assert answer.json()["data"] == {"is_valid": False}

    def test_basic_credentials_that_are_wrong(self, ready):
        answer = ready.client.get("/packaging/api/token/DEMO", headers={"Authorization": "Basic eDp5"})
        assert answer.status_code == 401
        assert answer.json()["error_code"] == "A1000"


class TestTokensInsteadOfEnvelopes:
    def test_fields_in_the_query_or_in_a_body(self, ready):
        headers = {"Authorization": ready.token_once()}
        path = f"/packaging/api/v2/{URL}/DEMO"
        answers = [
            ready.client.get(path, params=samples.SESSION_URL, headers=headers),
            ready.client.post(path, json=samples.SESSION_URL, headers=headers),
            ready.client.post(path, data=samples.SESSION_URL, headers=headers),
        ]
        assert [code(answer) for answer in answers] == [(200, "0000")] * 3
        assert [row.forensic_mark for row in rows(ready)] == ["testmark.1234567"] * 3

    def test_a_body_that_is_no_json(self, ready):
        headers = {"Authorization": ready.token_once()}
        answer = ready.client.post(f"/packaging/api/v2/{URL}/DEMO", content=b"{nonsense", headers=headers)
        assert code(answer) == (400, "A7008")

    @pytest.mark.parametrize("header", ["Bearer x", "Basic eDp5", "nonsense of three words"])
    def test_tokens_that_are_none(self, ready, header):
        path = f"/packaging/api/v2/{URL}/DEMO"
        answer = ready.client.get(path, params=samples.SESSION_URL, headers={"Authorization": header})
        assert answer.status_code == 401
        assert rows(ready) == []


class TestTenancy:
    @pytest.mark.parametrize(
        ("method", "what", "plain"),
        [*(("GET", *one) for one in OPENING), ("POST", REVOKE, samples.SESSION_REVOKE), ("GET", LIST, {})],
    )
    def test_nobody_acts_for_another_site(self, ready, method, what, plain):
        opened(ready)
        ready.add_site("EVIL")
        theirs = sealed(ready, plain, "EVIL")
        assert code(send(ready, method, what, theirs, "DEMO")) == (403, "A1007")
        headers = {"Authorization": ready.token_once("EVIL")}
        path = f"/packaging/api/v2/{what}/DEMO"
        assert ready.client.request(method, path, params=plain, headers=headers).status_code == 403
        (row,) = rows(ready)
        assert row.revoked is None

    def test_nobody_sees_or_revokes_what_is_anothers(self, ready):
        body = opened(ready)
        ready.add_site("EVIL")
        assert opened(ready, LIST, {}, site_id="EVIL")["data"] == []
        for plain in ({"token": body["token"]}, {"session_id": body["session_id"]}):
            assert code(call(ready, "POST", REVOKE, plain, "EVIL")) == (400, "A1000")
        mark = {"forensic_mark": "testmark.1234567"}
        assert call(ready, "POST", REVOKE, mark, "EVIL").json()["revoked_count"] == 0
        assert code(call(ready, "GET", URL, samples.SESSION_URL, "EVIL")) == (400, "A1000")
        headers = {"Authorization": ready.token_once("EVIL")}
        path = VERIFY.replace("DEMO", "EVIL")
        asked = ready.client.post(path, json={"revoke_token": body["token"]}, headers=headers)
        assert asked.json()["data"] == {"is_valid": False}
        assert rows(ready)[0].revoked is None
