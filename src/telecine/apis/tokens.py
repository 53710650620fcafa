"""API tokens: what proves, for an hour, that a caller may act for a site.

A token is a JWT under HS256 with a key derived from the master key. It names the account and the version of its
access key, so that the caller of `read` can see at once that a key was rotated or an account revoked. The algorithm
is fixed when a token is read; what the token says about it does not matter.
"""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe

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


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for: an account of a site, with the access key of this version."""

    site_id: str
    account_id: str
    key_version: int


class Tokens:
    """Issues and reads the tokens of one audience (`tnp`), each good for `seconds`."""

    def __init__(self, master_key: bytes, audience: str, seconds: int) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"telecine api token v1").derive(master_key)
        self._key = OctKey.import_key(derived)
        self._audience = audience
        self._seconds = seconds

    def issue(self, claims: Claims, now: datetime) -> str:
        """A new token, without `Bearer`."""
        issued = int(now.timestamp())
        body = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": claims.account_id,
            "site": claims.site_id,
            "key": claims.key_version,
            "iat": issued,
            "nbf": issued,
            "exp": issued + self._seconds,
            "jti": token_urlsafe(9),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, body, self._key, [ALGORITHM])

    def read(self, token: str, now: datetime) -> Claims:
        """What `token` claims. Raises TOKEN_EXPIRED, and TOKEN_INVALID for whatever else is wrong with it."""
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
            return Claims(str(decoded.claims["site"]), str(decoded.claims["sub"]), int(decoded.claims["key"]))
        except ExpiredTokenError as error:
            raise TelecineError(ErrorKind.TOKEN_EXPIRED) from error
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise TelecineError(ErrorKind.TOKEN_INVALID) from error


def bare(authorization: str | None) -> str:
    """The token in an Authorization header, whether or not `Bearer` stands before it, once or twice."""
    words = (authorization or "").split()
    while words and words[0].lower() == "bearer":
        words = words[1:]
    return words[0] if len(words) == 1 else ""
