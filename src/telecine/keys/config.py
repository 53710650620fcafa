"""Which source a site has chosen for its keys, and how it is reached. All sealed: addresses and headers are secrets."""

import re
from base64 import b64decode
from contextlib import suppress
from functools import partial
from typing import Annotated, Literal, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from telecine.core.drm import DrmSystem
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.cpix_secrets import belongs

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]{0,4096}", re.ASCII)
_OURS = frozenset({"content-type", "content-length", "host", "x-speke-version", "transfer-encoding", "connection"})
_IV_BYTES = 16
MASK = "********"


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VaultChoice(_Choice):
    """Random keys, kept here."""

    kind: Literal["vault"] = "vault"


class _ServerChoice(_Choice):
    url: str = Field(repr=False)

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError("it is no URL") from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            raise ValueError("it must be an http or https URL without a user name")
        return url


class SpekeChoice(_ServerChoice):
    """A key server that speaks SPEKE 2. `headers` say who we are. With a key pair (PEM), keys come encrypted to it."""

    kind: Literal["speke"] = "speke"
    version: Literal["2.0", "2.1"] = "2.0"
    headers: dict[str, str] = Field(default={}, repr=False)
    systems: tuple[DrmSystem, ...] = (DrmSystem.WIDEVINE, DrmSystem.PLAYREADY, DrmSystem.FAIRPLAY)
    private_key: str = Field(default="", repr=False)
    certificate: str = ""

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ValueError("a header has a name that cannot be, or a value with odd characters")
            if name.lower() in _OURS:
                raise ValueError(f"the header {name} is ours to set")
        return headers

    @field_validator("systems")
    @classmethod
    def _are_systems(cls, systems: tuple[DrmSystem, ...]) -> tuple[DrmSystem, ...]:
        if not systems or len(set(systems)) != len(systems):
            raise ValueError("one system at least, and each once")
        return systems

    @model_validator(mode="after")
    def _is_pair(self) -> Self:
        if bool(self.private_key) != bool(self.certificate):
            raise ValueError("a private key and its certificate come together")
        if self.certificate and not belongs(self.certificate, self.private_key):
            raise ValueError("the certificate is of another key")
        return self


class WidevineChoice(_ServerChoice):
    """A key server that speaks the common encryption JSON of Widevine. Signing key and IV are hexadecimal."""

    kind: Literal["widevine"] = "widevine"
    signer: str = Field(min_length=1, max_length=255)
    signing_key: str = Field(repr=False)
    signing_iv: str = Field(repr=False)
    policy: str = ""

    @field_validator("signing_key", "signing_iv")
    @classmethod
    def _is_binary(cls, value: str) -> str:
        """Hexadecimal, or Base64, as the services print them; kept as the former."""
        text = value.strip()
        for read in (bytes.fromhex, partial(b64decode, validate=True)):
            with suppress(ValueError):
                return read(text).hex()
        raise ValueError("it must be hexadecimal or Base64")

    @model_validator(mode="after")
    def _has_lengths(self) -> Self:
        if len(self.signing_key) not in (32, 48, 64):
            raise ValueError("the signing key has 32 bytes (or 16 or 24)")
        if len(self.signing_iv) != 2 * _IV_BYTES:
            raise ValueError(f"the signing IV has {_IV_BYTES} bytes")
        return self


type Choice = Annotated[VaultChoice | SpekeChoice | WidevineChoice, Field(discriminator="kind")]

_CHOICE: TypeAdapter[Choice] = TypeAdapter(Choice)


def chosen(values: dict[str, object]) -> Choice:
    """A choice from its values. Raises FIELD_INVALID naming the first that cannot be."""
    try:
        return _CHOICE.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][1]) if len(first["loc"]) > 1 else "key source"
        detail = f"{first['msg'].removeprefix('Value error, ')}."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field=field) from None


def shown(choice: Choice) -> dict[str, object]:
    """The choice as an operator may see it on a screen: addresses without query, headers and keys masked."""
    values = choice.model_dump(mode="json")
    for name in ("private_key", "signing_key", "signing_iv"):
        if values.get(name):
            values[name] = MASK
    if "url" in values:
        url = httpx.URL(values["url"])
        values["url"] = f"{url.copy_with(query=None, fragment=None)}{'?' + MASK if url.query else ''}"
    if values.get("headers"):
        values["headers"] = dict.fromkeys(values["headers"], MASK)
    return values
