"""The token call: who gets one, what kills it, and how guessing is slowed."""

import pytest
from tests.api.conftest import EMAIL

from telecine.catalog import logins, sites


def test_the_documents_sample(api):
    answer = api.client.get("/tnp/api/token/DEMO", headers=api.basic(scheme="basic"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    body = answer.json()
    assert list(body) == ["error_code", "error_message", "data"]
    assert (body["error_code"], body["error_message"]) == ("0000", "Success.")
    assert body["data"]["token"].startswith("Bearer ")


@pytest.mark.parametrize("scheme", ["basic", "Basic", "BASIC"])
def test_the_scheme_in_any_case(api, scheme):
    assert api.client.get("/tnp/api/token/DEMO", headers=api.basic(scheme=scheme)).status_code == 200


def test_by_email_in_any_case_and_by_account_id(api):
    with api.database.read() as s:
        account = sites.find_account(s, "DEMO", EMAIL)
    for login in (EMAIL.upper(), account.account_id):
        assert api.client.get("/tnp/api/token/DEMO", headers=api.basic(login=login)).status_code == 200


def test_post_gives_a_token_too(api):
    assert api.client.post("/tnp/api/token/DEMO", headers=api.basic()).json()["error_code"] == "0000"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic Og==",
        "Basic c29tZW9uZUBleGFtcGxlLmNvbTo=",
        "Basic c29tZW9uZUBleGFtcGxlLmNvbTp3cm9uZw==",
        "Basic gIGCgw==",
        "Bearer abc",
        "Digest x",
    ],
)
def test_without_the_right_key_there_is_none(api, header):
    answer = api.client.get("/tnp/api/token/DEMO", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "E2001"
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_an_unknown_site_answers_as_a_wrong_key_does(api):
    wrong = api.client.get("/tnp/api/token/DEMO", headers={"Authorization": "Basic eDp5"})
    unknown = api.client.get("/tnp/api/token/NONE", headers=api.basic())
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


def test_an_account_gets_no_token_for_another_site(api):
    api.add_site("EVIL")
    assert api.client.get("/tnp/api/token/DEMO", headers=api.basic("EVIL")).status_code == 401


class TestGuessing:
    def guess(self, api, times, login=EMAIL):
        api.keys["BAD"] = "wrong"
        return [api.client.get("/tnp/api/token/DEMO", headers=api.basic("BAD", login)) for _ in range(times)]

    def test_after_a_few_wrong_keys_even_the_right_one_must_wait(self, api):
        assert {answer.status_code for answer in self.guess(api, logins.FREE)} == {401}
        answer = api.client.get("/tnp/api/token/DEMO", headers=api.basic())
        assert answer.status_code == 429
        assert answer.json()["error_code"] == "E2005"
        assert int(answer.headers["retry-after"]) >= 1
        api.clock.turn(int(answer.headers["retry-after"]))
        assert api.client.get("/tnp/api/token/DEMO", headers=api.basic()).status_code == 200

    def test_the_wait_grows(self, api):
        waits = []
        for _ in range(logins.FREE + 3):
            answer = self.guess(api, 1)[0]
            if answer.status_code == 429:
                waits.append(int(answer.headers["retry-after"]))
                api.clock.turn(waits[-1])
                assert self.guess(api, 1)[0].status_code == 401
        assert waits == sorted(waits)
        assert waits[-1] > waits[0]

    def test_one_address_guessing_at_many_accounts_is_slowed_too(self, api):
        for number in range(logins.FREE):
            self.guess(api, 1, f"{number}@example.com")
        assert self.guess(api, 1, "new@example.com")[0].status_code == 429

    def test_one_right_key_between_does_not_buy_more_guesses_at_others(self, api):
        for number in range(logins.FREE):
            assert api.client.get("/tnp/api/token/DEMO", headers=api.basic()).status_code == 200
            self.guess(api, 1, f"{number}@example.com")
        assert self.guess(api, 1, "new@example.com")[0].status_code == 429

    def test_a_few_slips_are_forgiven(self, api):
        for _ in range(3):
            self.guess(api, 1)
            assert api.client.get("/tnp/api/token/DEMO", headers=api.basic()).status_code == 200


class TestUse:
    def read(self, api, token, site="DEMO"):
        headers = {} if token is None else {"Authorization": token}
        return api.client.get(f"/tnp/api/setting/{site}", headers=headers)

    def test_it_is_sent_back_as_it_came(self, api):
        assert self.read(api, api.token()).status_code == 200

    def test_without_bearer(self, api):
        assert self.read(api, api.token().removeprefix("Bearer ")).status_code == 200

    @pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c"])
    def test_a_wrong_one(self, api, token):
        answer = self.read(api, token)
        assert answer.status_code == 401
        assert answer.json()["error_code"] == "E2002"
        assert answer.headers["www-authenticate"].startswith("Bearer")

    def test_it_expires_after_the_set_time(self, make_api):
        api = make_api(token_seconds=60)
        token = api.token()
        api.clock.turn(59)
        assert self.read(api, token).status_code == 200
        api.clock.turn(1)
        answer = self.read(api, token)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "E2003")

    def test_rotating_the_key_kills_it(self, api):
        token = api.token()
        with api.database.write() as s:
            api.keys["DEMO"] = sites.rotate_key(s, api.services.sealer, "DEMO", EMAIL)
        assert self.read(api, token).status_code == 401
        assert self.read(api, api.token()).status_code == 200

    def test_revoking_the_account_kills_it(self, api):
        token = api.token()
        with api.database.write() as s:
            sites.revoke(s, "DEMO", EMAIL)
        assert self.read(api, token).status_code == 401
        assert api.client.get("/tnp/api/token/DEMO", headers=api.basic()).status_code == 401

    def test_it_is_good_for_its_own_site_only(self, api):
        api.add_site("EVIL")
        answer = self.read(api, api.token("EVIL"))
        assert (answer.status_code, answer.json()["error_code"]) == (403, "E2004")
        for site in ("demo", "NONE", "DEMO%20", "DEMO%00"):
            assert self.read(api, api.token(), site).status_code == 403
