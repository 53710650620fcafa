"""ClearKey's messages, as the W3C prints them: JSON Web Keys, binary values in Base64url without padding."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from telecine.core.drm import KID_BYTES, ContentKey
from telecine.core.errors import TelecineError

MOST_KIDS = 32
_KID = re.compile(r"[A-Za-z0-9_-]{22}(==)?", re.ASCII)
_EXAMPLE = "AAAAAAAAAAAAAAAAAAAAAA"


def _is_kid(text: str) -> str:
    if not _KID.fullmatch(text):
        raise ValueError(f"it is no Base64url of {KID_BYTES} bytes")
    return text


Kid = Annotated[str, AfterValidator(_is_kid), Field(examples=[_EXAMPLE])]


class LicenceRequest(BaseModel):
    """What a browser's ClearKey module asks for."""

    model_config = ConfigDict(extra="ignore")

    kids: list[Kid] = Field(min_length=1, max_length=MOST_KIDS, description="KIDs in Base64url.")
    type: Literal["temporary"] = Field(default="temporary", description="Keys may not be kept.")

    def binary(self) -> list[bytes]:
        """The KIDs, each once."""
        return list(dict.fromkeys(urlsafe_b64decode(f"{kid[:22]}==") for kid in self.kids))


class Jwk(BaseModel):
    """One key."""

    kty: Literal["oct"] = "oct"
    kid: str
    k: str

    @classmethod
    def of(cls, key: ContentKey) -> "Jwk":
        """The key as a JSON Web Key."""
        return cls(kid=_encode(key.kid), k=_encode(key.key))


class Licence(BaseModel):
    """Those of the keys asked for that the token opens."""

    keys: list[Jwk]
    type: Literal["temporary"] = "temporary"


class Failure(BaseModel):
    """Why there is no licence. `error` is a stable name, `cure` what can be done."""

    error: str
    field: str
    message: str
    cure: str


def error_body(error: TelecineError) -> dict[str, str]:
    """A failure in this API's envelope."""
    return Failure(error=error.kind.value, field=error.field, message=error.message, cure=error.cure).model_dump()


def _encode(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
