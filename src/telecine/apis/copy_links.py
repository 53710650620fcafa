"""Links to copies: what proves, for as long as they last, that whoever has one may fetch one recipient's copy."""

from dataclasses import dataclass
from datetime import datetime

from telecine.apis.signed import Signed
from telecine.core.errors import ErrorKind, TelecineError

LONGEST_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class CopyLink:
    """What a link opens: the copy of one recipient in one job of a site."""

    site_id: str
    job_id: int
    recipient: int


class CopyLinks(Signed):
    """Issues and reads the tokens of links. No other token passes for one of these, nor the other way round."""

    def __init__(self, master_key: bytes) -> None:
        super().__init__(master_key, "telecine copy link v1", "copy")

    def issue(self, link: CopyLink, now: datetime, seconds: int) -> str:
        """A new token, good for `seconds`: FIELD_OUT_OF_RANGE unless that is from one second to a week."""
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, f"it must be 1 to {LONGEST_SECONDS}.", field="seconds")
        return self.sign({"sub": str(link.recipient), "site": link.site_id, "job": link.job_id}, now, seconds)

    def read(self, token: str, now: datetime) -> CopyLink:
        """What `token` opens. Raises TOKEN_EXPIRED, and TOKEN_INVALID for whatever else is wrong with it."""
        claims = self.claims(token, now)
        try:
            return CopyLink(str(claims["site"]), int(claims["job"]), int(claims["sub"]))
        except (KeyError, ValueError, TypeError) as error:
            raise TelecineError(ErrorKind.TOKEN_INVALID) from error
