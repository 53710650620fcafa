"""The envelope over HTTP: wherever it travels it is understood, whatever is wrong has its code, nothing is logged."""

import base64
import json
import socket
import time
from urllib.parse import quote

import pytest
import structlog
from tests.api.packaging import BUCKET, call, code, fields, register, sealed, send, site_key
from tests.api.test_client_quirks import listening

from telecine.apis.packaging import samples
from telecine.catalog import sites
from telecine.catalog.models import Account, Site

LIST = {"region": "RG011"}
URL = "/packaging/api/v2/pack/DEMO"


def in_pieces(port, request):
    """Status line and body of the answer to `request`, which arrives bit by bit, as over a network."""
    raw = request.replace("\n", "\r\n").encode()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(raw), 4096):
            connection.sendall(raw[at : at + 4096])
            time.sleep(0.01)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.decode().partition("\r\n\r\n")
    return head.partition("\r\n")[0], body


class TestTransport:
    def test_in_the_query_with_raw_padding_and_neither_body_nor_type(self, api):
        padded = (sealed(api, '{"region": "RG011"}' + " " * spaces) for spaces in range(100))
        text = next(one for one in padded if one.endswith("="))
        assert code(send(api, "GET", "pack", text)) == (200, "0000")

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
    def test_in_the_query_of_every_method(self, api, method):
        api.bucket(BUCKET)
        storage_id = register(api)
        plain = {"GET": samples.STORAGE_LIST, "POST": samples.STORAGE_REGISTER, "PUT": {"storage_id": storage_id}}
        assert code(call(api, method, "storage", plain[method])) == (200, "0000")

    def test_percent_encoded(self, api):
        assert code(send(api, "GET", "pack", quote(sealed(api, LIST), safe=""))) == (200, "0000")

    @pytest.mark.parametrize(
        "content_type", ["application/x-www-form-urlencoded", "application/json;charset=UTF-8", "text/plain", None]
    )
    @pytest.mark.parametrize("encoded", [True, False])
    def test_in_a_form_whatever_it_is_called(self, api, content_type, encoded):
        text = sealed(api, LIST)
        body = f"a=b&pallycon-apidata={quote(text, safe='') if encoded else text}"
        headers = {"Content-Type": content_type} if content_type else {}
        assert code(api.client.request("GET", URL, content=body, headers=headers)) == (200, "0000")

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "application/json;charset=UTF-8", "application/x-www-form-urlencoded", None],
    )
    def test_in_a_json_body_whatever_it_is_called(self, api, content_type):
        body = "\n" + json.dumps({"x": 1, "pallycon-apidata": sealed(api, LIST)})
        headers = {"Content-Type": content_type} if content_type else {}
        assert code(api.client.request("GET", URL, content=body, headers=headers)) == (200, "0000")

    def test_the_query_wins_over_a_body(self, api):
        assert code(send(api, "GET", "pack", sealed(api, LIST), content=b"{nonsense")) == (200, "0000")

    @pytest.mark.parametrize(
        "body", [b"", b"a=b", b"{}", b'{"pallycon-apidata": null}', b"pallycon-apidata=", b"\xff\x00"]
    )
    def test_nowhere(self, api, body):
        answer = api.client.request("POST", URL, content=body)
        assert code(answer) == (400, "A1000")
        assert fields(answer) == ["pallycon-apidata"]

    def test_twice_with_different_values(self, api):
        text = sealed(api, LIST)
        assert code(send(api, "GET", "pack", f"{text}&pallycon-apidata={text}")) == (200, "0000")
        other = sealed(api, {"region": "RG004"})
        assert code(send(api, "GET", "pack", f"{text}&pallycon-apidata={other}")) == (400, "A1000")

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"{", "A7008"),
            (b'{"pallycon-apidata": {}}', "A1000"),
            (b'{"pallycon-apidata": 5}', "A1000"),
            (b"&".join(b"a=b" for _ in range(200)), "A7008"),
        ],
    )
    def test_a_body_that_is_none(self, api, body, expected):
        assert code(api.client.request("POST", URL, content=body)) == (400, expected)

    def test_a_body_beyond_all_bounds(self, make_api):
        api = make_api(body_bytes=1000)
        assert code(api.client.post(URL, content=b"pallycon-apidata=" + b"A" * 1000)) == (413, "A1000")

    def test_requests_of_many_kilobytes_in_the_url(self, api):
        subtitles = [{"path": f"film/subtitles/{number:04}.vtt", "language": "ko"} for number in range(64)]
        text = sealed(api, json.dumps(samples.JOB_REGISTER | {"subtitles": subtitles}, indent=4))
        text_long = sealed(api, json.dumps(LIST) + " " * 25_000)
        assert 10_000 < len(text) < 40_000 < len(text_long)
        with listening(api) as port:
            for method, value, status in (("POST", text, "400 Bad Request"), ("GET", text_long, "200 OK")):
                head = f"{method} {URL}?pallycon-apidata={value} HTTP/1.1\nHost: x\nConnection: close\n"
                line, body = in_pieces(port, f"{head}Content-Length: 0\n\n")
                assert line == f"HTTP/1.1 {status}"
                assert json.loads(body)["error_code"] == ("0000" if method == "GET" else "A1000")


class TestFaults:
    def test_another_access_key(self, api):
        assert code(send(api, "GET", "pack", sealed(api, LIST, access_key="x"))) == (403, "A1007")

    def test_another_site_key(self, api):
        assert code(send(api, "GET", "pack", sealed(api, LIST, site_key="x" * 32))) == (403, "A1006")

    @pytest.mark.parametrize("site_id", ["NONE", "demo", "DEMO0", "%00", "a%2Fb", "%ff"])
    def test_a_site_that_is_not_there(self, api, site_id):
        answer = send(api, "GET", "pack", sealed(api, LIST), site_id)
        assert answer.status_code == 404
        assert answer.json()["error_code"] == ("A1000" if "%2F" in site_id else "A1003")

    def test_a_timestamp_of_another_form(self, api):
        answer = send(api, "GET", "pack", sealed(api, LIST, timestamp="2020-07-15 10:42:34"))
        assert code(answer) == (400, "A1002")
        assert "2020-07-15T10:42:34Z" in answer.json()["error_message"]

    def test_data_that_is_no_json(self, api):
        assert code(send(api, "GET", "pack", sealed(api, "[]"))) == (400, "A7008")

    @pytest.mark.parametrize("version", ["v1", "v3", "V2", "x"])
    @pytest.mark.parametrize("what", ["pack", "storage"])
    def test_another_version(self, api, version, what):
        answer = api.client.get(f"/packaging/api/{version}/{what}/DEMO?pallycon-apidata={sealed(api, LIST)}")
        assert code(answer) == (404, "A7009")

    @pytest.mark.parametrize(("method", "path"), [("DELETE", "pack"), ("PUT", "pack"), ("PATCH", "storage")])
    def test_another_method(self, api, method, path):
        answer = api.client.request(method, f"/packaging/api/v2/{path}/DEMO")
        assert code(answer) == (405, "A1000")
        assert answer.headers["allow"] == ("GET, POST" if path == "pack" else "GET, POST, PUT")

    @pytest.mark.parametrize(
        "path", ["/packaging/", "/packaging/api/v2/pack", "/packaging/api/v2/pack/DEMO/", "/packaging/x"]
    )
    def test_another_path(self, api, path):
        assert code(api.client.get(path)) == (404, "A1000")

    def test_a_fault_of_ours_has_a_code_of_ours(self, api, monkeypatch):
        def fail(*_):
            raise RuntimeError("sesame")

        monkeypatch.setattr(sites, "accounts", fail)
        answer = api.client.get(f"{URL}?pallycon-apidata={sealed(api, LIST)}")
        assert code(answer) == (500, "A9001")
        assert "sesame" not in answer.text


class TestKeys:
    def test_the_published_vector(self, api):
        """The Java sample's own request, byte by byte, on a site with its keys."""
        services = api.services
        api.add_site("TUTO")
        with api.database.write() as s:
            site, account = s.get(Site, "TUTO"), s.query(Account).filter_by(site_id="TUTO").one()
            site.site_key_sealed = services.sealer.seal("lU5D8s3PWoLls3PWFWkClULlFWk5D8oC", "site:TUTO:site_key")
            context = f"account:{account.account_id}:access_key"
            account.access_key_sealed = services.sealer.seal("LT2FVJDp2Xr018zf4Di6lzvNOv3DKP20", context)
        data = "vvl3SpynNOShxsNa3cBOomYzaKX3+7JQ5ohZ4aqOFJFAUotKeUoV0wYN6nUu7lrdiFW3OCgGiIHDe1\\/BvdQhOQ=="
        text = '{"data":"%s","hash":"38MDPO7fkXhRxmaLISVMy0UCZ1ExScIT7b33z6E+S7E=","timestamp":"2020-07-15T10:42:34Z"}'
        answer = send(api, "GET", "storage", base64.b64encode((text % data).encode()).decode(), "TUTO")
        assert code(answer) == (200, "0000")
        assert answer.json() == {
            "error_code": "0000",
            "error_message": "Success.",
            "total_count": "0",
            "time_zone": "+00:00",
            "data": [],
        }

    def test_any_live_account_may_call_and_a_revoked_one_may_not(self, api):
        with api.database.write() as s:
            account, key = sites.create_account(s, api.services.sealer, "DEMO", "other@example.com")
        text = sealed(api, LIST, access_key=key)
        assert code(send(api, "GET", "pack", text)) == (200, "0000")
        with api.database.write() as s:
            sites.revoke(s, "DEMO", account.account_id)
        assert code(send(api, "GET", "pack", text)) == (403, "A1007")

    def test_a_replaced_key_is_dead(self, api):
        text = sealed(api, LIST)
        with api.database.write() as s:
            sites.rotate_key(s, api.services.sealer, "DEMO", "someone@example.com")
        assert code(send(api, "GET", "pack", text)) == (403, "A1007")


class TestReplay:
    def test_an_old_request_is_good_for_ever_by_default(self, api):
        text = sealed(api, LIST, timestamp="2020-07-15T10:42:34Z")
        assert code(send(api, "GET", "pack", text)) == (200, "0000")

    def test_with_a_window_only_while_it_lasts(self, make_api):
        api = make_api(packaging_replay_seconds=60)
        text = sealed(api, LIST)
        assert code(send(api, "GET", "pack", text)) == (200, "0000")
        api.clock.turn(59)
        assert code(send(api, "GET", "pack", text)) == (200, "0000")
        api.clock.turn(3)
        answer = send(api, "GET", "pack", text)
        assert code(answer) == (400, "A1002")
        assert "60 s" in answer.json()["error_message"]
        api.clock.turn(-200)
        assert code(send(api, "GET", "pack", text)) == (400, "A1002")


@pytest.mark.parametrize("host", ["api.pallycon.com", "packaging.example.com:8080", "API.PallyCon.com."])
def test_on_its_own_hosts_without_the_prefix(api, host):
    at = f"/api/v2/pack/DEMO?pallycon-apidata={sealed(api, LIST)}"
    assert code(api.client.get(at, headers={"Host": host})) == (200, "0000")
    assert api.client.get(at).status_code == 404
    assert code(api.client.get("/api/v1/pack/DEMO", headers={"Host": host})) == (404, "A7009")


def test_the_hosts_are_a_setting(tmp_path):
    from telecine.settings import Settings

    assert Settings(packaging_hosts=["p.test"], _env_file=None).packaging_hosts == ["p.test"]


class TestTenancy:
    def test_the_envelope_of_one_site_is_none_of_another(self, api):
        api.add_site("EVIL")
        before = register(api)
        for text in (sealed(api, LIST, "EVIL"), sealed(api, LIST, access_key=api.keys["EVIL"])):
            assert code(send(api, "GET", "storage", text, "DEMO")) == (403, "A1007")
        mixed = sealed(api, LIST, access_key=api.keys["DEMO"], site_key=site_key(api, "EVIL"))
        assert code(send(api, "GET", "storage", mixed, "DEMO")) == (403, "A1006")
        assert call(api, "GET", "storage", {}).json()["data"][0]["storage_id"] == before

    def test_lists_hold_the_sites_own_only(self, api):
        api.add_site("EVIL")
        register(api)
        for what in ("storage", "pack"):
            body = call(api, "GET", what, {}, "EVIL").json()
            assert (body["total_count"], body["data"]) == ("0", [])

    def test_a_storage_of_another_site_is_not_there(self, api):
        api.add_site("EVIL")
        storage_id = register(api)
        answer = call(api, "PUT", "storage", {"storage_id": storage_id, "storage_name": "mine"}, "EVIL")
        assert code(answer) == (400, "A1000")
        assert fields(answer) == ["storage_id"]
        assert call(api, "GET", "storage", {}).json()["data"][0]["storage_name"] == "seoul originals"


def test_nothing_of_an_envelope_reaches_the_log(api, monkeypatch):
    secret = samples.STORAGE_REGISTER["password"]
    api.bucket(BUCKET)
    good = sealed(api, samples.STORAGE_REGISTER)
    texts = [good, sealed(api, samples.STORAGE_REGISTER | {"region": "x"}), sealed(api, secret), good[:-9], secret]
    texts += [
        sealed(api, samples.STORAGE_REGISTER, **{name: "x" * 32}) for name in ("access_key", "site_key", "timestamp")
    ]
    with structlog.testing.capture_logs() as lines:
        for text in texts:
            send(api, "POST", "storage", text)
            api.client.post("/packaging/api/v2/storage/DEMO", content=f"pallycon-apidata={text}")
            api.client.post("/packaging/api/v2/storage/DEMO", json={"pallycon-apidata": text})

        def fail(*_, **__):
            raise RuntimeError

        monkeypatch.setattr("telecine.catalog.storages.create", fail)
        assert send(api, "POST", "storage", good).status_code == 500
    written = repr(lines)
    assert written.count("'event': 'request'") == 3 * len(texts) + 1
    assert "unexpected error" in written
    envelope = json.loads(base64.b64decode(good))
    for hidden in (secret, envelope["data"], envelope["hash"], good[:40], "pallycon-apidata=", api.keys["DEMO"]):
        assert hidden not in written
