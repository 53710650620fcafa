"""The packaging job on the wire. Here is only what one field by itself may be; `registration` has the rest."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from telecine.apis.packaging.schema import Name, Path, Paths, Reference, Search, words
from telecine.apis.wire import Decimal, Flag, Text, Whole, Wire, bytes_at_most, lower

LONGEST_CONTENT_ID = 200
"""Bytes, by the document."""


def _folder_name(value: str) -> str:
    if "/" in value or "\\" in value or value in (".", ".."):
        raise ValueError("it becomes a folder's name and must not hold slashes or be '.' or '..'")
    return value


def _spaces_only(value: object) -> object:
    """`job progress`, `job_progress` and `JOB-PROGRESS` are one."""
    return " ".join(value.lower().replace("_", " ").replace("-", " ").split()) if isinstance(value, str) else value


ContentId = Annotated[Text, bytes_at_most(LONGEST_CONTENT_ID), AfterValidator(_folder_name)]
Tree = Literal["dash", "hls"]
Protection = Literal["drm", "watermark"]
Trees = Annotated[list[Tree], BeforeValidator(words), Field(min_length=1, max_length=8)]
Protections = Annotated[list[Protection], BeforeValidator(words), Field(min_length=1, max_length=8)]
Height = Annotated[Whole, Field(ge=0, le=65_535)]
Status = Literal[
    "ready",
    "success",
    "failed",
    "failure",
    "complete",
    "working",
    "pending",
    "processing",
    "process",
    "progress",
    "job progress",
    "stop",
]


class InputPlace(Wire):
    """Where the renditions lie. Several are packaged as one adaptive stream."""

    storage_id: Reference
    contents_path: Paths


class OutputPlace(Wire):
    """Where the results go."""

    storage_id: Reference
    path: Annotated[Paths, Field(max_length=1)]


class Storages(Wire):
    """From where to where."""

    input: InputPlace
    output: OutputPlace


class Subtitle(Wire):
    """One subtitle file."""

    path: Path
    language: Annotated[str, Field(max_length=64)] | None = None


class DashOption(Wire):
    """Options of the MPD."""

    min_buffer_time: Annotated[Decimal, Field(ge=2, le=600)] | None = None
    enable_average_bandwidth_mpd: Flag | None = None


class DrmOption(Wire):
    """Options of encryption. Zero heights mean the default."""

    multi_key: Flag | None = None
    skip_audio_encryption: Flag | None = None
    max_sd_height: Height | None = None
    max_hd_height: Height | None = None
    max_uhd1_height: Height | None = None
    clear_lead: Annotated[Decimal, Field(ge=0, le=86_400)] | None = None
    generate_tracktype_manifests: Flag | None = None


class JobRegistration(Wire):
    """A packaging job to register. The document calls the kinds of protection by two names."""

    job_name: Name
    storage: Storages
    content_id: ContentId
    streaming_format: Trees
    protect_type: Protections | None = None
    protection_type: Protections | None = None
    subtitles: Annotated[list[Subtitle], Field(max_length=64)] | None = None
    dash_option: DashOption | None = None
    drm_option: DrmOption | None = None


class JobSearch(Search):
    """Which jobs to list."""

    search_keyword_type: Annotated[Literal["cid", "jobid", "jobname"], BeforeValidator(lower)] = "jobname"
    search_type: Annotated[list[Protection], BeforeValidator(words)] = []  # noqa: RUF012 - pydantic copies it
    search_status: Annotated[Status | None, BeforeValidator(_spaces_only)] = None
    search_condition: Annotated[list[Tree], BeforeValidator(words)] = []  # noqa: RUF012
