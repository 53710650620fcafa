"""The accounts service on the wire."""

from typing import Annotated

from pydantic import Field

from telecine.apis.pixop.times import Time
from telecine.apis.wire import Shown, Wire

# ruff: noqa: N815 - the names are the document's


class PasswordUpdate(Wire):
    """A new password; the old one need not be sent."""

    newPassword: Annotated[str, Field(description="8 to 256 characters.")]


class NewToken(Shown):
    """A token, good for 15 minutes, for one user in one of his teams."""

    userId: str
    teamId: str
    jwtToken: str


class UserShown(Shown):
    """A user. Secrets are null until they have been generated."""

    id: str
    name: str
    email: str
    emailConfirmed: bool
    authSignatureMethod: str | None
    authSignaturePublicKey: str | None
    authSignaturePublicKeyId: str | None
    banned: bool
    bannedReason: str | None
    bannedDate: None
    apiRequestSignatureSecret: str | None
    apiRequestSignatureMethod: str | None
    dateCreated: Time
    timeLastUpdated: Time


class TeamShown(Shown):
    """A team."""

    id: str
    name: str
    dateCreated: Time
    timeLastUpdated: Time


class UserAnswer(Shown):
    """A user who was changed."""

    user: UserShown


class Account(UserAnswer):
    """A user, and the team for which he calls."""

    team: TeamShown


class IdentityAnswer(Account):
    """What a token says, and the token. `otherTeams` is left out for the Java client, which refuses it."""

    jwtToken: str
    otherTeams: Annotated[list[TeamShown], Field(default_factory=list)]
