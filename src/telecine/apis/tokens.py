"""API tokens: what proves, for an hour, that a caller may act for a site.

A token names the account and the version of its access key, so that the caller of `read` can see at once that a key was
rotated or an account revoked.
"""

from dataclasses import dataclass
from datetime import datetime

from telecine.apis.signed import Signed
from telecine.core.errors import ErrorKind, TelecineError


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for: an account of a site, with the access key of this version."""

    site_id: str
    account_id: str
    key_version: int


class Tokens(Signed):
    """Issues and reads the tokens of one audience (`tnp`), each good for `seconds`."""

    def __init__(self, master_key: bytes, audience: str, seconds: int) -> None:
        super().__init__(master_key, "telecine api token v1", audience)
        self._seconds = seconds

    def issue(self, claims: Claims, now: datetime) -> str:
        """A new token, without `Bearer`."""
        body = {"sub": claims.account_id, "site": claims.site_id, "key": claims.key_version}
        return self.sign(body, now, self._seconds)

    def read(self, token: str, now: datetime) -> Claims:
        """What `token` claims. Raises TOKEN_EXPIRED, and TOKEN_INVALID for whatever else is wrong with it."""
        claims = self.claims(token, now)
        try:
            return Claims(str(claims["site"]), str(claims["sub"]), int(claims["key"]))
        except (KeyError, ValueError, TypeError) as error:
            raise TelecineError(ErrorKind.TOKEN_INVALID) from error


def bare(authorization: str | None) -> str:
    """The token in an Authorization header, whether or not `Bearer` stands before it, once or twice."""
    words = (authorization or "").split()
    while words and words[0].lower() == "bearer":
        words = words[1:]
    return words[0] if len(words) == 1 else ""
