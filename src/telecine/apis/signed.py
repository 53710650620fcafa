"""Signed tokens of any kind: JWTs under HS256 with a key derived from the master key.

Each kind has a derivation and an audience of its own, so that no token passes for one of another kind. The algorithm is
fixed when a token is read; what the token says about it does not matter.
"""

from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from telecine.core.errors import ErrorKind, TelecineError

ALGORITHM = "HS256"
ISSUER = "telecine"
LONGEST = 4096
"""Characters; a longer token is not looked at."""


def derive(master_key: bytes, kind: str) -> bytes:
    """The key of 32 bytes by which tokens of one kind are signed."""
    return HKDF(SHA256(), 32, salt=None, info=kind.encode()).derive(master_key)


class Signed:
    """Signs and reads the tokens of one kind and one audience."""

    def __init__(self, master_key: bytes, kind: str, audience: str) -> None:
        self._key = OctKey.import_key(derive(master_key, kind))
        self._audience = audience

    def sign(self, claims: dict[str, Any], now: datetime, seconds: int) -> str:
        """A new token that says `claims`, good for `seconds` from `now`."""
        issued = int(now.timestamp())
        times = {"iat": issued, "nbf": issued, "exp": issued + seconds}
        body = {"iss": ISSUER, "aud": self._audience, **claims, **times, "jti": token_urlsafe(9)}
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, body, self._key, [ALGORITHM])

    def claims(self, token: str, now: datetime) -> dict[str, Any]:
        """What `token` says. Raises TOKEN_EXPIRED, and TOKEN_INVALID for whatever else is wrong with it."""
        if not token or len(token) > LONGEST:
            raise TelecineError(ErrorKind.TOKEN_INVALID)
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            nbf={"essential": True},
            sub={"essential": True},
        )
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            rules.validate(decoded.claims)
        except ExpiredTokenError as error:
            raise TelecineError(ErrorKind.TOKEN_EXPIRED) from error
        except (JoseError, ValueError, TypeError) as error:
            raise TelecineError(ErrorKind.TOKEN_INVALID) from error
        return dict(decoded.claims)
