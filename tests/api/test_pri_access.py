"""Who may call the PRI API, and for which site."""

import base64

import pytest
from tests.api.conftest import EMAIL

from telecine.apis.app import assemble
from telecine.apis.pri import samples
from telecine.catalog import packaged_assets, pri_access, sites

ASSETS = "/cxf/pri/v1/packagedassets"


@pytest.fixture
def one(api):
    """One site that takes part, with an asset."""
    api.ready_for_pri()
    assert api.pri("POST", json=samples.CREATE).status_code == 201
    return api


@pytest.fixture
def two(one):
    """Two sites that take part, both from this machine; DEMO alone has an asset."""
    one.add_site("EVIL")
    one.ready_for_pri("EVIL")
    return one


def allow(api, site_id, *networks, credentials=False):
    with api.database.write() as s:
        pri_access.allow(s, site_id, networks, credentials)


def seen(api, **more):
    """How many assets the caller sees."""
    answer = api.pri("GET", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["totalCount"]


def refused(api, status, **more):
    for method, path, body in (
        ("POST", "", samples.CREATE | {"id": "new"}),
        ("GET", "", None),
        ("GET", "/ltcu_eventp1", None),
        ("PUT", "/ltcu_eventp1", samples.UPDATE),
        ("DELETE", "/ltcu_eventp1", None),
    ):
        answer = api.pri(method, path, **({"json": body} if body else {}), **more)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.json()["statusCode"] == str(status)
    with api.database.read() as s:
        total, [asset] = packaged_assets.search(s, "DEMO")
        assert (total, asset.row.id, "name" in asset.row.request) == (1, "ltcu_eventp1", False)
    return answer


class TestAddresses:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
    def test_this_machine_may_call_by_default(self, one, address):
        assert seen(one, address=address) == 1

    @pytest.mark.parametrize("address", ["10.0.0.1", "203.0.113.5", "fe80::1", "testclient", ""])
    def test_nobody_else_may(self, one, address):
        answer = refused(one, 403, address=address)
        assert "telecine pri access" in answer.json()["statusMessage"]

    def test_a_rule_says_who_may(self, one):
        allow(one, "DEMO", "10.0.0.0/8")
        assert seen(one, address="10.9.9.9") == 1
        refused(one, 403, address="127.0.0.1")
        refused(one, 403, address="11.0.0.1")

    def test_what_a_header_says_of_the_address_does_not_count(self, one):
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            refused(one, 403, address="203.0.113.5", headers={name: "127.0.0.1"})

    def test_nobody_may_call_for_a_site_that_takes_no_part(self, api):
        answer = api.pri("GET")
        assert answer.status_code == 403

    def test_a_web_page_may_not_borrow_the_address_of_its_reader(self, one):
        refused(one, 401, headers={"Origin": "https://evil.example.com"})
        assert seen(one, headers={"Origin": "https://evil.example.com"} | one.basic()) == 1


class TestTwoSites:
    def test_an_address_that_both_admit_is_refused_with_the_cure(self, two):
        said = refused(two, 403).json()["statusMessage"]
        assert "/pri/DEMO/cxf/" in said
        assert "credentials" in said

    def test_each_may_have_networks_of_its_own(self, two):
        allow(two, "DEMO", "10.1.0.0/16")
        allow(two, "EVIL", "10.2.0.0/16")
        assert seen(two, address="10.1.0.1") == 1
        assert seen(two, address="10.2.0.1") == 0
        refused(two, 403, address="127.0.0.1")

    def test_the_path_may_name_the_site(self, two):
        assert seen(two, at=f"/pri/DEMO{ASSETS}") == 1
        assert seen(two, at=f"/pri/EVIL{ASSETS}") == 0
        assert seen(two, at=f"/pri/some/where/DEMO{ASSETS}") == 1
        assert seen(two, at=f"/DEMO{ASSETS}", headers={"Host": "pri.example.com"}) == 1
        refused(two, 403, at=f"/pri/NONE{ASSETS}")
        refused(two, 403, at=f"/pri/DEMO/x{ASSETS}")

    def test_a_site_in_the_path_lets_in_only_whom_it_admits(self, two):
        allow(two, "DEMO", "10.0.0.0/8")
        refused(two, 403, at=f"/pri/DEMO{ASSETS}")
        two.add_site("IDLE")
        refused(two, 403, at=f"/pri/IDLE{ASSETS}")

    def test_credentials_name_the_site(self, two):
        assert seen(two, headers=two.basic("DEMO")) == 1
        assert seen(two, headers=two.basic("EVIL")) == 0

    def test_credentials_of_one_site_do_not_open_another(self, two):
        allow(two, "DEMO", "10.1.0.0/16")
        refused(two, 401, address="10.1.0.1", headers=two.basic("EVIL"))
        two.clock.turn(3601)  # ten wrong ones in a row would have to wait
        refused(two, 401, at=f"/pri/DEMO{ASSETS}", address="10.1.0.1", headers=two.basic("EVIL"))

    def test_one_site_never_reaches_what_another_has(self, two):
        evil = two.basic("EVIL")
        assert two.pri("GET", "/ltcu_eventp1", headers=evil).status_code == 404
        assert two.pri("PUT", "/ltcu_eventp1", json=samples.UPDATE, headers=evil).status_code == 404
        assert two.pri("DELETE", "/ltcu_eventp1", headers=evil).status_code == 404
        assert seen(two, headers=two.basic("DEMO")) == 1


class TestCredentials:
    def bearer(self, api, login=EMAIL):
        return {"Authorization": "Bearer " + base64.b64encode(f"{login}:{api.keys['DEMO']}".encode()).decode()}

    def test_where_they_are_required_they_must_be_sent(self, one):
        allow(one, "DEMO", "0.0.0.0/0", credentials=True)
        answer = refused(one, 401, address="203.0.113.5")
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert seen(one, address="203.0.113.5", headers=one.basic()) == 1

    def test_basic_or_bearer_email_or_account_id(self, one):
        with one.database.read() as s:
            [account] = sites.accounts(s, "DEMO")
        allow(one, "DEMO", "127.0.0.1", credentials=True)
        for login in (EMAIL, account.account_id):
            for headers in (one.basic(login=login), one.basic(login=login, scheme="basic"), self.bearer(one, login)):
                assert seen(one, headers=headers) == 1

    def test_they_do_not_replace_the_address(self, one):
        refused(one, 403, address="203.0.113.5", headers=one.basic())

    @pytest.mark.parametrize("header", ["Basic eDp5", "Bearer eDp5", "Basic !", "Digest x", "Bearer a.b.c", "x"])
    def test_wrong_ones_are_refused_also_where_none_are_required(self, one, header):
        assert one.pri("GET", headers={"Authorization": header}).status_code == 401

    def test_a_revoked_account(self, one):
        with one.database.write() as s:
            sites.revoke(s, "DEMO", EMAIL)
        assert one.pri("GET", headers=one.basic()).status_code == 401

    def test_guessing_is_slowed_down(self, one):
        wrong = {"Authorization": "Basic " + base64.b64encode(f"{EMAIL}:nope".encode()).decode()}
        answers = [one.pri("GET", headers=wrong).status_code for _ in range(7)]
        assert answers[:5] == [401] * 5
        assert 429 in answers
        limited = one.pri("GET", headers=one.basic())
        assert (limited.status_code, limited.json()["statusCode"]) == (429, "429")
        assert limited.headers["retry-after"]
        one.clock.turn(301)
        assert seen(one, headers=one.basic()) == 1

    def test_no_key_reaches_the_log(self, one, capsys):
        seen(one, headers=self.bearer(one))
        one.pri("GET", headers={"Authorization": "Basic c29tZW9uZTpsZXQtbWUtaW4="})
        log = capsys.readouterr()
        assert one.keys["DEMO"] not in log.out + log.err
        assert "let-me-in" not in log.out + log.err


class TestPlaces:
    @pytest.mark.parametrize("at", ["/pri", "/pri/adapter", "/pri/a/b/c"])
    def test_under_its_prefix_on_every_host_behind_any_relative_path(self, one, at):
        assert seen(one, at=f"{at}{ASSETS}") == 1

    @pytest.mark.parametrize("at", ["", "/adapter", "/a/b", "/pri", "/pri/x"])
    def test_on_its_host_names_behind_any_relative_path_or_none(self, one, at):
        assert seen(one, at=f"{at}{ASSETS}", headers={"Host": "PRI.example.com:8787"}) == 1

    @pytest.mark.parametrize("at", ["", "/adapter", "/tnp", "/prix"])
    def test_not_elsewhere(self, one, at):
        assert one.pri("GET", at=f"{at}{ASSETS}").status_code == 404

    def test_its_host_names_can_be_set(self, make_api):
        api = make_api(pri_hosts=["pri.customer.example"])
        api.app = assemble(api.services)
        api.ready_for_pri()
        assert seen(api, at=f"/x{ASSETS}", headers={"Host": "pri.customer.example"}) == 0

    def test_failures_on_its_host_names_are_in_its_own_words(self, one):
        answer = one.pri("GET", at="/nope", headers={"Host": "pri.example.com"})
        assert (answer.status_code, answer.json()["statusCode"]) == (404, "404")
        assert one.pri("GET", at="/nope").json()["error_code"] == "E1007"
