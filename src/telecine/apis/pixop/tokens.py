"""Tokens of users: JWTs under HS256, which the server signs, or a user himself with his authentication secret.

The header's `kid` says which key: the server's own, or a secret's id. The signature is looked at first, so that a
stranger learns nothing from a token that he made up, not even that its time would be over.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from telecine.apis.pixop.envelope import (
    ETERNAL_TOKEN,
    EXPIRED_TOKEN,
    INCONSISTENT_CLAIMS,
    INVALID_TOKEN,
    PREMATURE_TOKEN,
    Refusal,
)
from telecine.core.errors import ErrorKind

ALGORITHM = "HS256"
SERVER = "telecine"
"""`kid` of the server's own key. A user's secret has a UUID."""
ISSUER = "Pixop"
SUBJECT = "API-Access-Credentials"
SECONDS = 900
"""How long a token lives."""
LONGEST_LIFE = 24 * 3600
"""Seconds from now that a user may let a token of his own live; beyond that it counts as eternal."""
SKEW = 5
"""Seconds by which a user's clock may be before the server's."""
LONGEST = 4096
"""Characters; a longer token is not looked at."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for. `team_id` is empty and `version` None where a user did not say so in his own."""

    user_id: str
    team_id: str
    version: int | None


def issue(key: bytes, claims: Claims, now: datetime) -> str:
    """A new token of the server's."""
    issued = int(now.timestamp())
    body = {
        "jti": str(uuid4()),
        "iat": issued,
        "sub": SUBJECT,
        "iss": ISSUER,
        "exp": issued + SECONDS,
        "nbf": issued,
        "user_id": claims.user_id,
        "team_id": claims.team_id,
        "version": claims.version,
    }
    return jwt.encode({"kid": SERVER, "alg": ALGORITHM}, body, OctKey.import_key(key), [ALGORITHM])


def key_id(token: str) -> str:
    """The `kid` that a token claims to be signed by, not checked yet. Raises InvalidJWTTokenFoundException."""
    try:
        if len(token) > LONGEST:
            raise ValueError
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise refused(INVALID_TOKEN, "It is no JWT.") from error
    if not isinstance(kid, str):
        raise refused(INVALID_TOKEN, "Its header has no 'kid'.")
    return kid


def read(token: str, key: bytes, now: datetime) -> Claims:
    """What `token`, signed by `key`, claims. Raises the documented exceptions, in the order in which it is looked at:
    signature, lifetime, end, beginning, the other claims.
    """
    try:
        claims = jwt.decode(token, OctKey.import_key(key), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise refused(INVALID_TOKEN, "Its signature is wrong.") from error
    _check_time(claims, int(now.timestamp()))
    return _identity(claims)


def refused(exception: str, detail: str = "") -> Refusal:
    """The failure of a token, answered with 401."""
    kind = ErrorKind.TOKEN_EXPIRED if exception == EXPIRED_TOKEN else ErrorKind.TOKEN_INVALID
    return Refusal(exception, kind, detail)


def _check_time(claims: dict[str, Any], now: int) -> None:
    end = _instant(claims.get("exp"))
    if end is None:
        raise refused(ETERNAL_TOKEN, "It has no 'exp'.")
    if end <= now:
        raise refused(EXPIRED_TOKEN)
    if end > now + LONGEST_LIFE:
        raise refused(ETERNAL_TOKEN, f"Its 'exp' is more than {LONGEST_LIFE // 3600} hours away.")
    begin = _instant(claims.get("nbf", now))
    if begin is None:
        raise refused(INCONSISTENT_CLAIMS, "Its 'nbf' is no time.")
    if begin > now + SKEW:
        raise refused(PREMATURE_TOKEN, "Its 'nbf' lies in the future.")


def _instant(value: object) -> float | None:
    """Seconds since 1970, where `value` is a number of them."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else None  # type: ignore[arg-type]


def _identity(claims: dict[str, Any]) -> Claims:
    user_id, team_id, version = claims.get("user_id"), claims.get("team_id"), claims.get("version")
    if (claims.get("iss"), claims.get("sub")) != (ISSUER, SUBJECT):
        raise refused(INCONSISTENT_CLAIMS, f"'iss' must be {ISSUER!r} and 'sub' {SUBJECT!r}.")
    if not isinstance(user_id, str) or not isinstance(team_id, str | None):
        raise refused(INCONSISTENT_CLAIMS, "'user_id' and, where it is there, 'team_id' must be ids.")
    return Claims(user_id, team_id or "", version if isinstance(version, int) else None)
