"""The T&P job on the wire: what a client may send to create one, what a list may ask, what answers hold.

Here is only what one field by itself may be. What fields must be together is in `mapping` and `renditions`.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from telecine.apis.tnp.schema import (
    ContentId,
    Decimal,
    FilePath,
    Flag,
    Index,
    Period,
    Reference,
    Region,
    ShortName,
    Shown,
    Text,
    Whole,
    Wire,
    Words,
    lower,
    none_if_blank,
)

Amount = Annotated[Whole, Field(ge=0, le=1_000_000_000)]
FileType = Annotated[Literal["multi", "video", "audio"], BeforeValidator(lower)]
TrackType = Annotated[Literal["video", "audio"], BeforeValidator(lower)]
BitrateMode = Annotated[Literal["cbr", "vbr"], BeforeValidator(lower)]
SubtitleWord = Annotated[Literal["text_vtt", "mp4_vtt", "mp4_ttml"], BeforeValidator(lower)]


class Track(Wire):
    """A track by its index."""

    track: Index | None = None


class AudioIn(Wire):
    """Which audio track of the file becomes which track of the job."""

    source: Annotated[Track, Field(alias="in")]
    remap: Track


class InputFile(Wire):
    """One input file."""

    file_type: FileType
    file_path: FilePath
    audios: Annotated[list[AudioIn] | None, Field(max_length=64)] = None


class Subtitle(Wire):
    """One subtitle file, WebVTT or SRT."""

    file_path: FilePath
    language: Text


class Input(Wire):
    """Where the input lies."""

    storage_id: Reference
    files: Annotated[list[InputFile], Field(min_length=1, max_length=64)]
    subtitles: Annotated[list[Subtitle] | None, Field(max_length=64)] = None


class Transcoding(Wire):
    """One track of the output."""

    track_id: Annotated[Text, Field(max_length=64)]
    track_type: TrackType
    track_name: Annotated[str, Field(max_length=200)] | None = None
    codec: Annotated[Text, Field(max_length=16)]
    height: Amount | None = None
    width: Amount | None = None
    bitrate_mode: BitrateMode | None = None
    bitrate: Amount | None = None
    min_bitrate: Amount | None = None
    max_bitrate: Amount | None = None
    crf: Annotated[Decimal, Field(ge=0, le=63)] | None = None
    bandwidth: Amount | None = None
    frame_rate: Decimal | None = None
    sample_rate: Amount | None = None
    language: str | None = None
    sources: Annotated[list[Track], Field(max_length=64)] | None = None


class SubtitleFormats(Wire):
    """How subtitles travel in each tree."""

    dash: SubtitleWord | None = None
    hls: SubtitleWord | None = None
    cmaf: SubtitleWord | None = None


class PackagingOption(Wire):
    """Options of packaging."""

    min_buffer_time: Annotated[Decimal, Field(ge=2, le=600)] | None = None
    enable_average_bandwidth_mpd: Flag | None = None
    subtitle_format: SubtitleFormats | None = None


class Packaging(Wire):
    """Which trees to publish."""

    dash: Flag | None = None
    hls: Flag | None = None
    cmaf: Flag | None = None
    option: PackagingOption | None = None


class DrmOption(Wire):
    """Options of protection. Zero heights are what the document's own sample sends."""

    multi_key: Flag | None = None
    max_sd_height: Annotated[Whole, Field(ge=0)] | None = None
    max_hd_height: Annotated[Whole, Field(ge=0)] | None = None
    max_uhd1_height: Annotated[Whole, Field(ge=0)] | None = None
    skip_audio_encryption: Flag | None = None
    clear_lead: Annotated[Decimal, Field(ge=0, le=86_400)] | None = None
    generate_tracktype_manifests: Flag | None = None


class Drm(Wire):
    """Protection."""

    enabled: Flag | None = None
    option: DrmOption | None = None


class ForensicWatermarking(Wire):
    """Forensic watermarking."""

    enabled: Flag | None = None


class Output(Wire):
    """What to make and where to put it."""

    storage_id: Reference
    path: Annotated[str, Field(max_length=512)]
    default_language: str | None = None
    transcodings: Annotated[list[Transcoding], Field(min_length=1, max_length=64)]
    packaging: Packaging
    drm: Drm | None = None
    forensic_watermarking: ForensicWatermarking | None = None
    job_noti_id: Whole | None = None


class JobRequest(Wire):
    """A job to create. `user_data` and `priority` are ours; `user_data` comes back in notifications."""

    job_name: ShortName
    content_id: ContentId
    input: Input
    output: Output
    job_noti_id: Whole | None = None
    user_data: dict[str, Any] | None = None
    priority: Annotated[Whole, Field(ge=1, le=5, description="1 is first. The site's own by default.")] | None = None


Operator = Annotated[Literal["eq", "gt", "goe", "lt", "loe"], BeforeValidator(lower)]
_OPERATOR_SCHEMA = WithJsonSchema({"type": "string", "enum": ["eq", "gt", "goe", "lt", "loe"]})


class JobQuery(Period):
    """Which jobs to list. Filters narrow each other; in `streaming_format`, `job_type` and `codec` all words count."""

    job_name: Annotated[str, Field(description="Part of the name, in any case.")] = ""
    region: Annotated[Region | None, BeforeValidator(none_if_blank)] = None
    job_id: Annotated[Whole | None, BeforeValidator(none_if_blank)] = None
    job_id_operator: Annotated[
        Operator, BeforeValidator(lambda value: value or "eq"), _OPERATOR_SCHEMA, Field(description="How to compare.")
    ] = "eq"
    content_id: str = ""
    streaming_format: Annotated[
        Words, Field(default_factory=list, description="dash, hls, cmaf: jobs that publish all named.")
    ]
    job_status: Annotated[Words, Field(default_factory=list, description="TP codes or words: jobs in any of them.")]
    job_type: Annotated[Words, Field(default_factory=list, description="drm, forensic_watermark: jobs with all named.")]
    security: Annotated[Words, Field(default_factory=list, description="Another name of job_type.")]
    codec: Annotated[Words, Field(default_factory=list, description="h264, h265: jobs that encode with all named.")]


class JobId(Shown):
    """Which job."""

    job_id: int


class JobLine(Shown):
    """One job in a list."""

    job_id: int
    job_name: str
    content_id: str
    job_status: str
    drm: bool
    forensic_watermark: bool
    dash: bool
    hls: bool
    cmaf: bool
    codec: str
    region: str
    reg_time: str
    update_time: str
    status: Literal["queued", "progressing", "complete", "error", "stopped"]
    progress: float


class JobDetail(Shown):
    """One job with its request."""

    job_name: str
    content_id: str
    input: dict[str, Any]
    output: dict[str, Any]
    job_id: int
    region: str
    job_status: str
    reg_time: str
    status: Literal["queued", "progressing", "complete", "error", "stopped"]
    progress: float
    warnings: list[str]


class JobEventLine(Shown):
    """One line of a job's log."""

    id: int
    time: str
    attempt: int
    level: str
    phase: str
    message: str
    data: dict[str, Any]
