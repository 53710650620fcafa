"""How users and teams are shown."""

from typing import Any

from telecine.apis.pixop.times import shown
from telecine.apis.pixop.tokens import ALGORITHM
from telecine.catalog import users
from telecine.catalog.seal import Sealer
from telecine.catalog.video_models import Team, User

REQUEST_METHOD = "HmacSHA256"
"""How requests are to be signed; the document leaves open what of a request, and nothing here asks for it."""


def user_view(sealer: Sealer, user: User) -> dict[str, Any]:
    """A user with his own secrets. Whoever reads this is not banned: a banned user gets no answer."""
    signs, signs_requests = users.auth_secret(sealer, user), users.signature_secret(sealer, user)
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "emailConfirmed": user.email_confirmed,
        "authSignatureMethod": ALGORITHM if signs else None,
        "authSignaturePublicKey": signs or None,
        "authSignaturePublicKeyId": user.auth_secret_id or None,
        "banned": user.banned,
        "bannedReason": user.banned_reason or None,
        "bannedDate": None,  # as documented it breaks the Java client, which wants ISO there
        "apiRequestSignatureSecret": signs_requests or None,
        "apiRequestSignatureMethod": REQUEST_METHOD if signs_requests else None,
        "dateCreated": shown(user.date_created),
        "timeLastUpdated": shown(user.time_updated),
    }


def team_view(team: Team) -> dict[str, Any]:
    """A team."""
    return {
        "id": team.id,
        "name": team.name,
        "dateCreated": shown(team.date_created),
        "timeLastUpdated": shown(team.time_updated),
    }
