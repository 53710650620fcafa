"""The accounts service: tokens, the account, its secrets and its password."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Security

from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.pixop import ACCOUNTS, tokens
from telecine.apis.pixop.access import (
    Identified,
    IdentifiedByEither,
    password_scheme,
    switched,
    user_scheme,
)
from telecine.apis.pixop.clients import StrictClient
from telecine.apis.pixop.schema_account import Account, IdentityAnswer, NewToken, PasswordUpdate, UserAnswer
from telecine.apis.pixop.views_account import team_view, user_view
from telecine.apis.services import Services, Wired
from telecine.apis.tokens import bare
from telecine.catalog import teams, users
from telecine.catalog.video_models import User

_either = [Security(user_scheme), Security(password_scheme)]
_token = [Security(user_scheme)]

routes = APIRouter(prefix=ACCOUNTS, tags=["Pixop: account"], route_class=JsonRoute)

TeamId = Annotated[
    str, Query(alias="team-id", description="One of the user's teams. Default: the first he joined, or the token's.")
]


@routes.get("/token", response_model=NewToken, dependencies=_either, summary="Get a token")
def get_token(services: Wired, identity: IdentifiedByEither, team_id: TeamId = "") -> Answer:
    """Exchange email and password, or a token, for a new token; `team-id` chooses the team that it is for."""
    if team_id:
        identity = switched(services, identity, team_id)
    user, team = identity.user, identity.team
    token = tokens.issue(services.user_key, tokens.Claims(user.id, team.id, user.token_version), services.now())
    return Answer({"userId": user.id, "teamId": team.id, "jwtToken": token})


@routes.post("/token", response_model=IdentityAnswer, dependencies=_token, summary="Validate a token")
def check_token(request: Request, services: Wired, identity: Identified, strict: StrictClient) -> Answer:
    """Whom the token speaks for. Everything that can be wrong with it is answered with 401 and its exception."""
    body: dict[str, Any] = {
        "user": user_view(services.sealer, identity.user),
        "team": team_view(identity.team),
        "jwtToken": bare(request.headers.get("authorization")),
    }
    if not strict:
        with services.database.read() as s:
            others = [team for team in teams.of_user(s, identity.user.id) if team.id != identity.team.id]
        body["otherTeams"] = [team_view(team) for team in others]
    return Answer(body)


@routes.get("/account", response_model=Account, dependencies=_token, summary="Get the account")
def get_account(services: Wired, identity: Identified) -> Answer:
    """The user and his present team."""
    return Answer({"user": user_view(services.sealer, identity.user), "team": team_view(identity.team)})


@routes.get(
    "/generate-auth-secret", response_model=UserAnswer, dependencies=_either, summary="Generate a secret for tokens"
)
def generate_auth_secret(services: Wired, identity: IdentifiedByEither) -> Answer:
    """A new secret with which the user may sign tokens himself. All tokens that are out die, this one too."""
    with services.database.write() as s:
        user = users.new_auth_secret(s, services.sealer, identity.user.id, now=services.now())
    return _changed(services, user)


@routes.get(
    "/generate-signature-secret",
    response_model=UserAnswer,
    dependencies=_either,
    summary="Generate a secret for signed requests",
)
def generate_signature_secret(services: Wired, identity: IdentifiedByEither) -> Answer:
    """A new secret for signing requests. Tokens stay good."""
    with services.database.write() as s:
        user = users.new_signature_secret(s, services.sealer, identity.user.id, now=services.now())
    return _changed(services, user)


@routes.post("/update-password", response_model=UserAnswer, dependencies=_either, summary="Update the password")
def update_password(
    services: Wired,
    identity: IdentifiedByEither,
    body: Annotated[PasswordUpdate, Body(openapi_examples={"document": {"value": {"newPassword": "a good one"}}})],
) -> Answer:
    """Replace the password. All tokens that are out die, this one too."""
    with services.database.write() as s:
        user = users.set_password(s, identity.user.id, body.newPassword, now=services.now())
    return _changed(services, user)


def _changed(services: Services, user: User) -> Answer:
    return Answer({"user": user_view(services.sealer, user)})
