"""The session on the wire."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from telecine.apis.packaging.schema import Search, Success
from telecine.apis.packaging.schema_job import ContentId
from telecine.apis.wire import Text, Whole, Wire, lower
from telecine.catalog.mark_sessions import LONGEST_SECONDS
from telecine.core.watermark.policy import SessionCode

PREFIX_FOLDER = "wm-contents"
"""What embedders of the field are set to by default."""
SKIPBIT = 4

Token = Annotated[Text, Field(max_length=16_384)]
_Form = Literal["aes", "jwt", "cwt"]


class TokenRequest(Wire):
    """A session to open. `code`, `expiry`, `wmt_mode` and `wmt_alg` are ours, and so is `cwt`."""

    cid: ContentId
    streaming_format: Annotated[Literal["dash", "hls"], BeforeValidator(lower)]
    forensic_mark: Text
    wmt_type: Annotated[_Form | None, BeforeValidator(lower)] = None
    wmt_mode: Annotated[Literal["indirect", "direct"], BeforeValidator(lower)] = "indirect"
    wmt_alg: Annotated[Literal["es256", "hs256"], BeforeValidator(lower)] = "es256"
    code: Annotated[SessionCode | None, BeforeValidator(lower)] = None
    expiry: Annotated[Whole, Field(ge=1, le=LONGEST_SECONDS)] | None = None


class AkamaiRequest(TokenRequest):
    """One whose address is wanted as well, with a token that Akamai takes."""

    domain: Annotated[Text, Field(max_length=512)]
    output_path: Annotated[Text, Field(max_length=512)]
    skipbit: Whole = SKIPBIT


class UrlRequest(TokenRequest):
    """One whose address is wanted as well."""

    domain: Annotated[Text, Field(max_length=512)]
    output_path: Annotated[Text, Field(max_length=512)]
    prefix_folder: Annotated[Text, Field(max_length=64, pattern=r"^[A-Za-z0-9._~-]*[A-Za-z0-9_~-]$")] = PREFIX_FOLDER


class SessionSearch(Search):
    """Which sessions to list."""

    search_keyword_type: Annotated[Literal["cid", "forensicmark", "sessionid"], BeforeValidator(lower)] = "forensicmark"
    search_status: Annotated[Literal["live", "ended"] | None, BeforeValidator(lower)] = None


class Revocation(Wire):
    """What to revoke: one session, by its token or its id, or all sessions of one viewer."""

    token: Token | None = None
    session_id: Annotated[Text, Field(max_length=64)] | None = None
    forensic_mark: Text | None = None


class Verification(Wire):
    """A token to look up."""

    revoke_token: Token


class OpenedSession(Success):
    """A session that was opened. `data` and `url` are the same: the document has both."""

    data: str
    url: str | None = None
    token: str
    session_id: str
    payload: str
    code: str
    wmt_type: str
    expire_date: str | None


class Revoked(Success):
    """How many sessions ended."""

    revoked_count: int


class Verified(Success):
    """Whether the token is one of the site's."""

    data: dict[str, Any]


class SiteToken(BaseModel):
    """What proves for a while who calls."""

    token: str


class TokenIssued(Success):
    """The token, as the client reads it."""

    data: SiteToken
