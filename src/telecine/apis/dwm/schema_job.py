"""The DWM job on the wire. How one is created is ours: the document leaves that to a program of its own."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from telecine.apis.lists import Period, Words
from telecine.apis.wire import ContentId, Decimal, FilePath, Line, Reference, Shown, Whole, Wire, lower
from telecine.core.distribution import MOST_RECIPIENTS, CopyMode, Distribution
from telecine.core.watermark.bias import Family

STANDARD = Distribution()
"""How a master is prepared where a request does not say."""

type Named = Literal["all"] | list[str | int]


def _named(value: object) -> Named:
    """The word `all`, or names and numbers of recipients."""
    if isinstance(value, str) and value.strip().lower() == "all":
        return "all"
    if not isinstance(value, list):
        raise ValueError("it must be a list of names and numbers, or 'all'")
    if not 1 <= len(value) <= MOST_RECIPIENTS:
        raise ValueError(f"it must have 1 to {MOST_RECIPIENTS} entries")
    for place, one in enumerate(value):
        if isinstance(one, bool) or not isinstance(one, str | int):
            raise ValueError(f"entry {place} is neither a name nor a number")
    return value


Recipients = Annotated[
    Named,
    PlainValidator(_named),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_RECIPIENTS,
                    "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                },
            ],
            "description": "Names, or numbers (dwm_id), or 'all' that the site has.",
        }
    ),
]
Mode = Annotated[CopyMode, BeforeValidator(lower)]
Code = Annotated[Family, BeforeValidator(lower)]


class JobInput(Wire):
    """Where the master is."""

    storage_id: Reference
    path: FilePath


class JobOutput(Wire):
    """Where the copies go, each in a folder of its recipient below one of the content."""

    storage_id: Reference
    path: Annotated[str, Field(max_length=512)] = ""


class JobRequest(Wire):
    """A master to prepare, and who gets a copy of it."""

    content_id: ContentId
    input: JobInput
    output: JobOutput
    recipients: Recipients
    mode: Annotated[Mode, Field(description="How copies are told apart; individual ones take an encode each.")] = (
        STANDARD.mode
    )
    code: Annotated[Code, Field(description="How many who mix their copies are to be found.")] = STANDARD.code
    strength: Annotated[Decimal, Field(ge=0.3, le=1.0, description="0.7 is strong.")] = STANDARD.strength
    group_seconds: Annotated[Decimal, Field(gt=0, le=10, description="By default a second, or 3 pictures.")] | None = (
        STANDARD.group_seconds
    )
    job_name: Line | None = None
    job_noti_id: Annotated[Whole | None, Field(description="Notification of the T&P API to tell.")] = None
    priority: Annotated[Whole, Field(ge=1, le=5, description="1 is first. The site's own by default.")] | None = None


class JobQuery(Period):
    """Which jobs to list."""

    content_id: str = ""
    job_status: Annotated[Words, Field(default_factory=list, description="DM codes or words: jobs in any of them.")]


Word = Literal["queued", "progressing", "complete", "error", "stopped"]


class JobId(Shown):
    """Which job."""

    job_id: int


class JobLine(Shown):
    """One job in a list."""

    job_id: int
    content_id: str
    job_status: str
    reg_time: str
    update_time: str
    status: Word
    progress: float


class JobDetail(JobLine):
    """One job with its request and how far its copies are."""

    job_name: str
    input: dict[str, Any]
    output: dict[str, Any]
    recipients: dict[str, int]


class CopyLine(Shown):
    """The copy of one recipient of a job."""

    dwm_id: int
    recipient: str
    description: str
    task_status: str
    cli_error_code: str
    reg_time: str
    update_time: str


class CopyLinkData(Shown):
    """Where a copy can be fetched without a token, until when, and what it is."""

    url: str
    expires: str
    size: int
    file_name: str
