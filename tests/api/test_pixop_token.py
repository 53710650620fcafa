"""Tokens of the video API: who gets one, what it says, and every way in which it can be refused."""

import base64
import json

import pytest
from tests.api.pixop import PASSWORD, UNKNOWN, add_person, add_team, basic, bearer, signed

from telecine.apis.pixop import tokens
from telecine.catalog import teams, users

TOKEN = "/pixop/accounts/v1/token"

FOREIGN = (
    "eyJraWQiOiJrZXktMSIsImFsZyI6IkhTMjU2In0."
    "eyJqdGkiOiJhIiwiaWF0IjoxNTg3NDk3MzMyLCJzdWIiOiJBUEktQWNjZXNzLUNyZWRlbnRpYWxzIiwiaXNzIjoiUGl4b3AiLCJleHAiOjE1"
    "ODc0OTgyMzIsIm5iZiI6MTU4NzQ5NzMzMiwidXNlcl9pZCI6ImIifQ.mu5NFmzAQqRSSjfi4mk6O1EO6P9PkYVGBaj7GlqoD6k"
)
"""Signed by somebody else, and expired years ago besides."""


@pytest.fixture
def ann(api):
    return add_person(api)


@pytest.fixture
def secret(ann):
    """Ann's authentication secret, and its id."""
    answer = ann.api.client.get("/pixop/accounts/v1/generate-auth-secret", headers=ann.basic)
    user = answer.json()["user"]
    return user["authSignaturePublicKey"], user["authSignaturePublicKeyId"]


def claims_of(token):
    header, body, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
    return json.loads(base64.urlsafe_b64decode(header)), json.loads(base64.urlsafe_b64decode(body))


def validate(api, token):
    """What POST token answers."""
    return api.client.post(TOKEN, headers=bearer(token))


def refusal(answer):
    body = answer.json()
    assert set(body) == {"exception", "errorMessage"}
    assert body["errorMessage"]
    return answer.status_code, body["exception"]


def test_email_and_password_give_a_token_of_fifteen_minutes(api, ann):
    answer = api.client.get(TOKEN, headers=ann.basic)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert {key: body[key] for key in ("userId", "teamId")} == {"userId": ann.user_id, "teamId": ann.team_id}
    assert list(body) == ["userId", "teamId", "jwtToken"]
    header, claims = claims_of(body["jwtToken"])
    assert header["alg"] == "HS256"
    assert header["kid"]
    now = int(api.clock().timestamp())
    assert claims["jti"]
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (now, now, now + 900)
    assert (claims["sub"], claims["iss"]) == ("API-Access-Credentials", "Pixop")
    assert claims["user_id"] == ann.user_id
    assert not set("&;$'\"() ") & set(body["jwtToken"]), "clients expand it in a shell"


def test_the_email_may_be_in_any_case_and_a_password_may_hold_anything(api, ann):
    assert api.client.get(TOKEN, headers=basic("ANN@Example.COM")).status_code == 200
    with api.database.write() as s:
        users.set_password(s, ann.user_id, "a:b:ä 🎬 $&;")
    assert api.client.get(TOKEN, headers=basic(ann.email, "a:b:ä 🎬 $&;")).status_code == 200


def test_a_token_gives_another_token(api, ann):
    api.clock.turn(600)
    first = ann.token
    api.clock.turn(600)
    again = api.client.get(TOKEN, headers=bearer(first))
    assert again.status_code == 200
    assert claims_of(again.json()["jwtToken"])[1]["exp"] == int(api.clock().timestamp()) + 900
    assert claims_of(again.json()["jwtToken"])[1]["jti"] != claims_of(first)[1]["jti"]


def test_a_user_chooses_among_his_teams(api, ann):
    other = add_team(api, "Archive")
    with api.database.write() as s:
        teams.add_member(s, other, ann.user_id)
    for headers in (ann.basic, bearer(ann.token)):
        answer = api.client.get(TOKEN, params={"team-id": other}, headers=headers)
        assert answer.json()["teamId"] == other
        assert validate(api, answer.json()["jwtToken"]).json()["team"]["name"] == "Archive"
        back = api.client.get(TOKEN, headers=bearer(answer.json()["jwtToken"]))
        assert back.json()["teamId"] == other, "a token's team stays until another is named"
    assert api.client.get(TOKEN, headers=ann.basic).json()["teamId"] == ann.team_id
    assert api.client.get(TOKEN, params={"team-id": ""}, headers=ann.basic).json()["teamId"] == ann.team_id


def test_nobody_chooses_a_team_of_others(api, ann):
    for team_id in (add_team(api, "Strangers"), UNKNOWN, "x\0", "x" * 999):
        for headers in (ann.basic, bearer(ann.token)):
            answer = api.client.get(TOKEN, params={"team-id": team_id}, headers=headers)
            assert refusal(answer) == (404, "TeamNotFoundException")


def test_a_valid_token_says_who_it_speaks_for(api, ann):
    answer = validate(api, ann.token)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["user"]["id"], body["team"]["id"], body["jwtToken"]) == (ann.user_id, ann.team_id, ann.token)
    assert body["otherTeams"] == []


def test_other_teams_are_told_to_everybody_but_the_java_client(api, ann):
    other = add_team(api, "Archive")
    with api.database.write() as s:
        teams.add_member(s, other, ann.user_id)
    assert [team["name"] for team in validate(api, ann.token).json()["otherTeams"]] == ["Archive"]
    del api.client.headers["accept"]
    body = validate(api, ann.token).json()
    assert set(body) == {"user", "team", "jwtToken"}, "it refuses anything else"


def test_no_token(api):
    for header in (None, "Bearer", "Bearer ", "Basic Zm9vOmJhcg==", "a b c"):
        answer = api.client.post(TOKEN, headers={"Authorization": header} if header else {})
        assert refusal(answer) == (401, "NoJWTTokenFoundException"), header
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_what_nobody_here_has_signed_is_invalid(api):
    deep = base64.urlsafe_b64encode(b"[" * 2900).decode().rstrip("=")
    for token in (FOREIGN, "x", "a.b.c", "..", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.", f"{deep}..", "x" * 9000):
        assert refusal(validate(api, token)) == (401, "InvalidJWTTokenFoundException"), token[:50]


def test_a_changed_token_is_invalid(api, ann):
    head, body, mark = ann.token.split(".")
    _, claims = claims_of(ann.token)
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"user_id": UNKNOWN}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": tokens.SERVER}).encode()).decode()
    for token in (f"{head}.{forged}.{mark}", f"{head}.{body}.{mark[:-4]}AAAA", f"{unsigned.rstrip('=')}.{body}."):
        assert refusal(validate(api, token)) == (401, "InvalidJWTTokenFoundException")


def test_an_expired_token(api, ann):
    token = ann.token
    api.clock.turn(899)
    assert validate(api, token).status_code == 200
    api.clock.turn(1)
    assert refusal(validate(api, token)) == (401, "ExpiredJWTTokenException")
    answer = api.client.get("/pixop/videos/v1/projects", headers=bearer(token))
    assert refusal(answer) == (401, "ExpiredJWTTokenException")


def key_of(api):
    return api.services.user_key, tokens.SERVER


WRONG = {
    "EternalJWTTokenException": [
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 4 * 10**9},
        {"exp": 10**300},
    ],
    "ExpiredJWTTokenException": [{"exp": 1}, {"exp": 1, "nbf": 4 * 10**9}, {"exp": -5.5}],
    "PrematureJWTTokenException": [{"nbf": 4 * 10**9}],
    "InconsistentJWTClaimsException": [
        {"nbf": "now"},
        {"iss": "Somebody"},
        {"iss": None},
        {"sub": "Other-Things"},
        {"user_id": None},
        {"user_id": UNKNOWN},
        {"user_id": 7},
        {"user_id": "x\0"},
        {"team_id": UNKNOWN},
        {"team_id": ["x"]},
    ],
}


def test_each_exception_of_well_signed_tokens(api, ann, secret):
    """Of tokens that the user has signed himself."""
    for exception, cases in WRONG.items():
        for claims in cases:
            assert refusal(validate(api, signed(ann, *secret, **claims))) == (401, exception), claims


def test_a_token_of_the_servers_with_another_version_is_inconsistent(api, ann):
    for version in (None, 2, 0, "1"):
        token = signed(ann, *key_of(api), version=version)
        assert refusal(validate(api, token)) == (401, "InconsistentJWTClaimsException")
    assert validate(api, signed(ann, *key_of(api), version=1)).status_code == 200


def test_a_user_may_sign_tokens_himself(api, ann, secret):
    body = validate(api, signed(ann, *secret)).json()
    assert (body["user"]["id"], body["team"]["id"]) == (ann.user_id, ann.team_id)
    other = add_team(api, "Archive")
    with api.database.write() as s:
        teams.add_member(s, other, ann.user_id)
    assert validate(api, signed(ann, *secret, team_id=other)).json()["team"]["id"] == other
    assert ann.api.client.get("/pixop/videos/v1/projects", headers=bearer(signed(ann, *secret))).status_code == 200


def test_a_user_signs_for_nobody_else(api, ann, secret):
    bob = add_person(api, "bob@example.com", ann.team_id)
    token = signed(ann, *secret, user_id=bob.user_id)
    assert refusal(validate(api, token)) == (401, "InconsistentJWTClaimsException")


def test_a_new_secret_ends_the_old_one(api, ann, secret):
    mine, before = signed(ann, *secret), ann.token
    assert validate(api, mine).status_code == 200
    again = api.client.get("/pixop/accounts/v1/generate-auth-secret", headers=ann.basic).json()["user"]
    assert again["authSignaturePublicKeyId"] != secret[1]
    assert refusal(validate(api, mine)) == (401, "InvalidJWTTokenFoundException")
    assert refusal(validate(api, before)) == (401, "InconsistentJWTClaimsException")


def test_who_left_the_team_is_out(api, ann):
    token = ann.token
    with api.database.write() as s:
        s.delete(s.get_one(teams.Membership, (ann.user_id, ann.team_id)))
    assert refusal(validate(api, token)) == (401, "InconsistentJWTClaimsException")
    assert refusal(api.client.get(TOKEN, headers=ann.basic)) == (401, "InconsistentJWTClaimsException")


def test_a_banned_user_is_told_so_and_gets_nothing(api, ann, secret):
    held = [ann.token, signed(ann, *secret)]
    with api.database.write() as s:
        users.ban(s, ann.email, "spam")
    for answer in (*(validate(api, token) for token in held), api.client.get(TOKEN, headers=ann.basic)):
        assert refusal(answer) == (401, "UserBannedException")
        assert "spam" in answer.json()["errorMessage"]
    wrong = api.client.get(TOKEN, headers=basic(ann.email, "wrong password"))
    assert refusal(wrong) == (401, "InvalidCredentialsException"), "only who knows the password hears of it"
    with api.database.write() as s:
        users.unban(s, ann.email)
    assert api.client.get(TOKEN, headers=ann.basic).status_code == 200
    assert refusal(validate(api, held[0])) == (401, "InconsistentJWTClaimsException")


def test_wrong_credentials_are_refused_alike(api, ann):
    told = set()
    for headers in (basic(ann.email, "wrong"), basic("nobody@example.com"), basic("x\0"), basic("a" * 5000)):
        answer = api.client.get(TOKEN, headers=headers)
        assert refusal(answer) == (401, "InvalidCredentialsException")
        assert answer.headers["www-authenticate"].startswith("Basic")
        told.add(answer.json()["errorMessage"])
    assert len(told) == 1


def test_garbled_credentials_are_refused(api):
    for value in ("Basic", "Basic ?", "Basic Zm9v", "basic  Zm9v"):
        answer = api.client.get(TOKEN, headers={"Authorization": value})
        assert refusal(answer) == (401, "InvalidCredentialsException")


def test_guessing_is_slowed_down(api, ann):
    for _ in range(5):
        assert api.client.get(TOKEN, headers=basic(ann.email, "guess")).status_code == 401
    answer = api.client.get(TOKEN, headers=ann.basic)
    assert refusal(answer) == (429, "TooManyAttemptsException")
    assert int(answer.headers["retry-after"]) >= 1
    api.clock.turn(301)
    assert api.client.get(TOKEN, headers=ann.basic).status_code == 200


def test_an_access_key_of_a_site_opens_nothing_here(api, ann):
    assert api.client.get(TOKEN, headers=api.basic()).status_code == 401
    assert refusal(validate(api, api.token().removeprefix("Bearer "))) == (401, "InvalidJWTTokenFoundException")
    answer = api.client.get("/tnp/api/job/DEMO", headers=bearer(ann.token))
    assert answer.status_code == 401


def test_a_database_that_is_away_is_no_fault_of_the_token(api, ann, monkeypatch):
    token = ann.token

    def away():
        raise TimeoutError

    monkeypatch.setattr(api.database, "read", away)
    assert refusal(validate(api, token)) == (503, "AuthException")


def test_the_password_never_comes_back(api, ann):
    assert PASSWORD not in api.client.get(TOKEN, headers=ann.basic).text
    assert PASSWORD not in validate(api, ann.token).text
