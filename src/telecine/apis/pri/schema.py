"""The packaged asset on the wire: requests as clients send them, answers as the document lists them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from telecine.apis.paging import DEFAULT_PAGE, LARGEST_PAGE, LAST_PAGE
from telecine.apis.wire import Shown, Text, Whole, Wire, bytes_at_most

Status = Literal["Scheduled", "InProgress", "Completed", "Failed", "Cancelled", "Expired"]


def _no_slash(value: str) -> str:
    if "/" in value or value in (".", ".."):
        raise ValueError("it must not hold slashes or be '.' or '..', for it is a part of the asset's URL")
    return value


def _none_if_blank(value: object) -> object:
    return None if value == "" else value


AssetId = Annotated[Text, bytes_at_most(200), AfterValidator(_no_slash)]
Label = Annotated[Text, Field(max_length=255)]
Uri = Annotated[Text, Field(max_length=2048)]
FormatName = Annotated[
    Annotated[str, Field(max_length=64)] | None,
    BeforeValidator(_none_if_blank),
    Field(description="HLS, DASH or CMAF, or one with a suffix such as HLS_2; all others without it."),
]


class KeyValue(Wire):
    """One entry of metadata."""

    key: Annotated[Text, Field(max_length=255)]
    value: Annotated[str, Field(max_length=2048)] | bool | int | float | None = None


Metadata = Annotated[list[KeyValue], Field(max_length=200)]


class DrmEntry(Wire):
    """Which content keys a format is encrypted with; without a format, every one that has no entry of its own."""

    drmId: Annotated[Text, bytes_at_most(200)]  # noqa: N815 - the document's spelling
    packagingFormat: FormatName = None  # noqa: N815
    metadata: Metadata | None = None


class PackagingInfo(Wire):
    """Which group a format is packaged by; without a format, every one of the group's without an entry of its own."""

    packagingGroupId: Label  # noqa: N815
    packagingFormat: FormatName = None  # noqa: N815
    metadata: Metadata | None = None


Priority = Annotated[Whole, Field(ge=1, le=5, description="1 is first. The site's own by default.")]
Drm = Annotated[list[DrmEntry], Field(max_length=100)]
Packaging = Annotated[list[PackagingInfo], Field(max_length=100)]
_DRM_NAMES = AliasChoices("drm", "Drm", "DRM")


class AssetRequest(Wire):
    """An asset to package. Whatever else an answer holds (`status`, `deliveryURL`, …) may be sent and is not read."""

    id: AssetId
    sourceUri: Uri  # noqa: N815
    name: Label | None = None
    priority: Priority | None = None
    providerId: Label | None = None  # noqa: N815
    metadata: Metadata | None = None
    drm: Annotated[Drm | None, Field(validation_alias=_DRM_NAMES)] = None
    packagingInfo: Packaging | None = None  # noqa: N815


class AssetUpdate(Wire):
    """What to change in a packaged asset; what is not sent, or is null, stays. Metadata is changed key by key."""

    id: AssetId | None = None
    sourceUri: Uri | None = None  # noqa: N815
    name: Label | None = None
    priority: Priority | None = None
    providerId: Label | None = None  # noqa: N815
    metadata: Metadata | None = None
    drm: Annotated[Drm | None, Field(validation_alias=_DRM_NAMES)] = None
    packagingInfo: Packaging | None = None  # noqa: N815


class AssetShown(Shown):
    """A packaged asset."""

    id: str
    name: str | SkipJsonSchema[None] = None
    sourceUri: str  # noqa: N815
    priority: int
    status: Status
    providerId: str | SkipJsonSchema[None] = None  # noqa: N815
    deliveryURL: str  # noqa: N815
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    metadata: list[dict[str, Any]]
    drm: list[dict[str, Any]] | SkipJsonSchema[None] = None
    packagingInfo: list[dict[str, Any]] | SkipJsonSchema[None] = None  # noqa: N815


class AssetList(Shown):
    """One page of a site's packaged assets, newest first."""

    totalCount: int  # noqa: N815
    page: int
    pageSize: int  # noqa: N815
    packagedAssets: list[AssetShown]  # noqa: N815


class AssetPage(Wire):
    """Which page to list."""

    page: Annotated[Whole, Field(ge=1, le=LAST_PAGE, description="Number of the page, from 1.")] = 1
    pageSize: Annotated[Whole, Field(ge=1, le=LARGEST_PAGE, description="Entries on a page.")] = DEFAULT_PAGE  # noqa: N815


class FieldFault(Shown):
    """One fault; `field` is spelled as in the request."""

    field: str
    message: str


class Failure(Shown):
    """What every failed request answers."""

    statusCode: Annotated[str, Field(pattern=r"^\d{3}$")]  # noqa: N815
    statusMessage: str  # noqa: N815
    errors: Annotated[list[FieldFault] | SkipJsonSchema[None], Field(description="Ours: what is wrong, by field.")] = (
        None
    )
