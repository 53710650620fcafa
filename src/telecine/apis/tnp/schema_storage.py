"""The T&P storage on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from telecine.apis.tnp.schema import Period, Region, ShortName, Shown, Text, Wire, Words, lower, none_if_blank

IoType = Annotated[Literal["input", "output"], BeforeValidator(lower)]
Bucket = Annotated[Text, Field(max_length=63)]
Key = Annotated[Text, Field(max_length=255)]
Description = Annotated[str, Field(max_length=10_000)]


class StorageRequest(Wire):
    """A storage to register. It is tried before it is kept."""

    storage_name: ShortName
    aws_bucket: Bucket
    io_type: IoType
    access_key_id: Key
    secret_key: Annotated[Key, Field(json_schema_extra={"writeOnly": True})]
    region: Region
    description: Description | None = None


class StorageUpdate(Wire):
    """What to change in a storage; what is not sent stays. It is tried as it will be."""

    storage_name: ShortName | None = None
    aws_bucket: Bucket | None = None
    io_type: IoType | None = None
    access_key_id: Key | None = None
    secret_key: Annotated[Key | None, Field(json_schema_extra={"writeOnly": True})] = None
    region: Region | None = None
    description: Description | None = None


class StorageDelete(Wire):
    """Storages to delete: all or none. The site is the path's."""

    site_id: str | None = None
    storage_ids: Annotated[list[str], Field(min_length=1, max_length=1000)]


class StorageQuery(Period):
    """Which storages to list."""

    storage_name: Annotated[str, Field(description="Part of the name, in any case.")] = ""
    region: Annotated[Region | None, BeforeValidator(none_if_blank)] = None
    io_type: Annotated[IoType | None, BeforeValidator(none_if_blank), Field(description="Ours.")] = None


class DeleteQuery(BaseModel):
    """Storages to delete, for clients that send no body with DELETE."""

    storage_ids: Annotated[Words, Field(default_factory=list, max_length=1000)]


class StorageId(Shown):
    """Which storage."""

    storage_id: str


class StorageIds(Shown):
    """Which storages were deleted."""

    site_id: str
    storage_ids: list[str]


class StorageLine(Shown):
    """One storage in a list."""

    storage_id: str
    storage_name: str
    aws_bucket: str
    io_type: Literal["input", "output", "both"]
    region: str
    reg_time: str
    update_time: str


class StorageDetail(StorageLine):
    """One storage. Of the secret only the end is shown unless the operator lets the site read its secrets."""

    access_key_id: str
    secret_key: str
    description: str
