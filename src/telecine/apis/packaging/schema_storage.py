"""The storage on the wire."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from telecine.apis.packaging.schema import Name, Reference, Region, Search
from telecine.apis.wire import Text, Wire, lower

StorageType = Annotated[Literal["s3"], BeforeValidator(lower)]
Key = Annotated[Text, Field(max_length=255)]
Description = Annotated[str, Field(max_length=10_000)]


class StorageRegistration(Wire):
    """A storage to register. It is tried before it is kept."""

    storage_name: Name
    type: StorageType
    id: Key
    password: Annotated[Key, Field(repr=False)]
    aws_bucket: Annotated[Text, Field(max_length=63)]
    description: Description | None = None
    region: Region


class StorageChange(Wire):
    """What to change in a storage; what is not sent stays."""

    storage_id: Reference
    storage_name: Name | None = None
    description: Description | None = None


class StorageSearch(Search):
    """Which storages to list."""

    search_keyword_type: Annotated[Literal["storageid", "storagename"], BeforeValidator(lower)] = "storagename"
    storage_type: StorageType = "s3"
