"""What travels through Temporal: ids, small decisions, failures. No secrets, no large values.

Histories outlive releases: a field may be added with a default, never renamed. The workflow imports this module
inside Temporal's sandbox, so it imports nothing of ours.
"""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Names of the activities, as histories know them."""

    STAGE_IN = "stage_in"
    ANALYSE = "analyse"
    IMPORT_TRACKS = "import_tracks"
    ENCODE_CHUNK = "encode_chunk"
    ENCODE_AUDIO = "encode_audio"
    JOIN = "join"
    PACKAGE = "package"
    VERIFY = "verify"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    CONCLUDE = "conclude"


class DistributionStep(StrEnum):
    """Names of a distribution's own activities, as histories know them; it shares some of `Step` besides."""

    FIND_PREPARED = "find_prepared"
    ANALYSE_MASTER = "analyse_master"
    ENCODE_TAKES = "encode_takes"
    PREPARE_MASTER = "prepare_master"
    VERIFY_PREPARED = "verify_prepared"
    KEEP_PREPARED = "keep_prepared"
    LIST_COPIES = "list_copies"
    MAKE_COPIES = "make_copies"
    ENCODE_COPY = "encode_copy"
    ASSEMBLE_COPY = "assemble_copy"
    DELIVER_COPY = "deliver_copy"
    FAIL_COPY = "fail_copy"
    COUNT_COPIES = "count_copies"


class IngestStep(StrEnum):
    """Names of an ingestion's own activities, as histories know them; it shares some of `Step` besides."""

    LOOK = "look_at_upload"
    EXAMINE = "examine_upload"
    KEEP_FINDINGS = "keep_findings"


class EnhanceStep(StrEnum):
    """Names of an enhancement's own activities, as histories know them; it shares some of `Step` besides."""

    PLAN = "plan_enhancement"
    ENHANCE_CHUNK = "enhance_chunk"
    ASSEMBLE = "assemble_enhanced"
    VERIFY = "verify_enhanced"
    DELIVER = "deliver_enhanced"


class DetectionStep(StrEnum):
    """Names of a detection's activities, as histories know them."""

    FETCH_LEAK = "fetch_leak"
    NAME_LEAKER = "name_leaker"
    CLOSE_DETECTION = "close_detection"


WORKFLOW = "JobWorkflow"
"""Name of the workflow, as histories know it. A change that old histories cannot replay takes a new name."""

DISTRIBUTION_WORKFLOW = "DistributionWorkflow"
"""The same for jobs that are distributions."""

INGEST_WORKFLOW = "IngestWorkflow"
"""The same for jobs that are ingestions."""

ENHANCE_WORKFLOW = "EnhanceWorkflow"
"""The same for jobs that are enhancements."""

JOB_WORKFLOWS = (WORKFLOW, DISTRIBUTION_WORKFLOW, INGEST_WORKFLOW, ENHANCE_WORKFLOW)
"""All that carry out jobs."""

DETECTION_WORKFLOW = "DetectionWorkflow"
"""The same for detections."""

STALE = "stale"
"""Failure type of an activity whose attempt is over: the job's row belongs to somebody else now."""

STOPPED = "stopped"
"""Failure type of an activity that found a stop request in the job's row; equals `ErrorKind.STOPPED`."""

WORKER_STOPPED = "worker_stopped"
"""Failure type of an activity whose worker is shutting down; always tried again."""


@dataclass(frozen=True)
class Master:
    """What the workflow must know of a master: its chunks, and whether each recipient gets an encode of his own.

    `prepared`: there is nothing left to do but copies, because an earlier attempt came so far.
    """

    chunks: int
    individual: bool = False
    prepared: bool = False


@dataclass(frozen=True)
class GoesOn:
    """Where a distribution goes on whose history had become long: after the recipient with the number `after`."""

    master: Master
    after: int


@dataclass(frozen=True)
class JobRef:
    """One attempt of one job. `priority` is 1 (first) to 5; `site` shares the workers fairly between tenants.

    `distribution`: whether copies for recipients are made instead of trees; `goes_on` of one that goes on in another
    run, for a workflow can be started with one argument only. `kind`: `ingestion`, `enhancement`, or nothing.
    """

    job_id: int
    attempt: int
    region: str
    priority: int
    site: str
    distribution: bool = False
    goes_on: GoesOn | None = None
    kind: str = ""

    @property
    def workflow_id(self) -> str:
        """The id that makes starting twice starting once."""
        return workflow_id(self.job_id, self.attempt)

    @property
    def workflow(self) -> str:
        """The name of the workflow that carries it out."""
        kinds = {"ingestion": INGEST_WORKFLOW, "enhancement": ENHANCE_WORKFLOW}
        return DISTRIBUTION_WORKFLOW if self.distribution else kinds.get(self.kind, WORKFLOW)


@dataclass(frozen=True)
class DetectionRef:
    """One attempt of one detection; the fields as those of `JobRef`."""

    detection_id: int
    attempt: int
    region: str
    priority: int
    site: str

    @property
    def workflow_id(self) -> str:
        """The id that makes starting twice starting once."""
        return detection_workflow_id(self.detection_id, self.attempt)

    @property
    def workflow(self) -> str:
        """The name of the workflow that carries it out."""
        return DETECTION_WORKFLOW


@dataclass(frozen=True)
class Planned:
    """What the workflow must know of the plan: how many chunks there are and whether there is audio to make.

    With `imported` there is neither: the tracks pass through.
    """

    chunks: int
    audio: bool
    imported: bool = False


@dataclass(frozen=True)
class Failure:
    """A failure of a registered kind (`core.errors.ErrorKind`), with the parts that fill its message in."""

    kind: str
    detail: str = ""
    field: str = ""


@dataclass(frozen=True)
class Ending:
    """How an attempt ends: `complete`, `stopped`, or `error` with its failure."""

    state: str
    failure: Failure | None = None


def workflow_id(job_id: int, attempt: int) -> str:
    """The workflow id of an attempt."""
    return f"job-{job_id}.{attempt}"


def detection_workflow_id(detection_id: int, attempt: int) -> str:
    """The workflow id of an attempt at a detection."""
    return f"detection-{detection_id}.{attempt}"


def workflow_queue(region: str) -> str:
    """The task queue of a region's decisions, and of the short steps that must never wait behind long ones."""
    return f"telecine-{region}"


def cpu_queue(region: str) -> str:
    """The task queue of a region's encodes."""
    return f"telecine-{region}-cpu"


def io_queue(region: str) -> str:
    """The task queue of a region's transfers."""
    return f"telecine-{region}-io"
