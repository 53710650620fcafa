"""Who calls: a user in one of his teams, by a token, or where the document allows it by email and password.

Declare `Authorised` in every route of the videos and media services.
"""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPBasic, HTTPBearer
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from telecine.apis.credentials import read_credentials
from telecine.apis.pixop import tokens
from telecine.apis.pixop.envelope import AUTH_FAILED, BANNED, INCONSISTENT_CLAIMS, INVALID_TOKEN, NO_TOKEN, Refusal
from telecine.apis.services import Services, Wired
from telecine.apis.tokens import bare
from telecine.catalog import logins, teams, users
from telecine.catalog.database import unreachable
from telecine.catalog.video_models import Team, User
from telecine.core.errors import ErrorKind, TelecineError

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and the team for which he calls."""

    user: User
    team: Team


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, for whom, and where the team's media is kept."""

    user_id: str
    team_id: str
    site_id: str
    storage_id: str


class _ShownBasic(HTTPBasic):
    """Says on the OpenAPI page how to authenticate. The header is read by ourselves."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Leave the request alone."""


class _ShownBearer(HTTPBearer):
    """The same for tokens."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Leave the request alone."""


password_scheme = _ShownBasic(scheme_name="password", description="Email and password.", auto_error=False)
user_scheme = _ShownBearer(scheme_name="userToken", description="`jwtToken` of GET token.", auto_error=False)


def by_token(request: Request, services: Wired) -> Identity:
    """Whom the request's token speaks for. Raises the document's exceptions of tokens, all with status 401."""
    header = request.headers.get("authorization", "")
    token = bare(header)
    if not token or header.split()[0].lower() == "basic":
        why = "There is no Authorization header of the form 'Bearer TOKEN'."
        raise Refusal(NO_TOKEN, ErrorKind.TOKEN_INVALID, why, cure="Get one by GET /accounts/v1/token.")
    try:
        return _of_token(services, token)
    except Exception as error:
        if not unreachable(error):
            raise
        raise Refusal(AUTH_FAILED, ErrorKind.DATABASE_UNREACHABLE) from error


def by_either(request: Request, services: Wired) -> Identity:
    """Whom the request's token or email and password speak for."""
    if request.headers.get("authorization", "").strip().lower().startswith("basic"):
        return by_password(request, services)
    return by_token(request, services)


def by_password(request: Request, services: Services) -> Identity:
    """The user whose email and password the request carries, in his first team.

    Raises UNAUTHENTICATED, the same for an unknown email and a wrong password; TOO_MANY_ATTEMPTS;
    UserBannedException for whoever has the right one.
    """
    try:
        email, password = read_credentials(request.headers.get("authorization", ""))
    except TelecineError as error:
        raise TelecineError(error.kind, "There is no Authorization header with them.") from error
    address = request.client.host if request.client else "unknown"
    counted = (f"login:pixop:{email.lower()}", f"address:{address}")
    with services.database.read() as s:
        for name in counted:
            logins.check(s, name, services.now())
        user = users.find(s, email)
        team = teams.first_of(s, user.id) if user else None
    if not users.matches(user, password) or user is None:
        with services.database.write() as s:
            for name in counted:
                logins.failed(s, name, services.now())
        _log.warning("wrong password", address=address)
        raise TelecineError(ErrorKind.UNAUTHENTICATED)
    with services.database.write() as s:
        logins.succeeded(s, counted[0])  # the address stays counted: its owner may be guessing at other accounts
    return _admitted(user, team)


def switched(services: Services, identity: Identity, team_id: str) -> Identity:
    """The same user in another of his teams. Raises NOT_FOUND, also for a team that he is no member of."""
    with services.database.read() as s:
        return Identity(identity.user, teams.of_member(s, identity.user.id, team_id))


def _of_token(services: Services, token: str) -> Identity:
    kid = tokens.key_id(token)
    with services.database.read() as s:
        signer = None if kid == tokens.SERVER else users.of_auth_secret(s, kid)
        if signer is None and kid != tokens.SERVER:
            raise tokens.refused(INVALID_TOKEN, "Its 'kid' names no key of this server.")
        key = users.auth_secret(services.sealer, signer).encode() if signer else services.user_key
        claims = tokens.read(token, key, services.now())
        return _claimed(s, claims, signer)


def _claimed(s: Session, claims: tokens.Claims, signer: User | None) -> Identity:
    """Whom good claims speak for, as far as what they claim is so."""
    user = users.get(s, claims.user_id)
    if user is None or (signer is not None and signer.id != user.id):
        raise tokens.refused(INCONSISTENT_CLAIMS, "Its 'user_id' names nobody whom it may speak for.")
    team = teams.member(s, user.id, claims.team_id) if claims.team_id else teams.first_of(s, user.id)
    identity = _admitted(user, team)
    if signer is None and claims.version != user.token_version:
        raise tokens.refused(INCONSISTENT_CLAIMS, "The password or the authentication secret was changed since.")
    return identity


def _admitted(user: User, team: Team | None) -> Identity:
    if user.banned:
        cure = f"Reason: {user.banned_reason}" if user.banned_reason else "Ask the operator."
        raise Refusal(BANNED, ErrorKind.TOKEN_INVALID, "The user is suspended.", cure=cure)
    if team is None:
        raise tokens.refused(INCONSISTENT_CLAIMS, "The user is no member of this team.")
    return Identity(user, team)


def _caller(identity: Annotated[Identity, Depends(by_token)]) -> Caller:
    team = identity.team
    return Caller(identity.user.id, team.id, team.site_id, team.storage_id)


Authorised = Annotated[Caller, Depends(_caller)]
"""Declare a parameter of this type in every route that wants a token."""

Identified = Annotated[Identity, Depends(by_token)]
"""The same, with the rows of user and team."""

IdentifiedByEither = Annotated[Identity, Depends(by_either)]
"""The same where email and password will do, too."""
