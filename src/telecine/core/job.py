"""The canonical job: what every dialect translates its request into, and the engine carries out.

Values here are already decided and in one unit: bits per second, seconds, pixels, ISO 639-1 where it exists.
A dialect refuses what it cannot express; nothing here means "somehow".
"""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from telecine.core.distribution import Distribution
from telecine.core.drm import Ladder
from telecine.core.enhance.spec import Enhancement, Ingestion


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Format(StrEnum):
    """A published tree."""

    DASH = "dash"
    HLS = "hls"
    CMAF = "cmaf"


class SubtitleFormat(StrEnum):
    """How subtitles travel in a tree."""

    TEXT_VTT = "text_vtt"
    MP4_VTT = "mp4_vtt"
    MP4_TTML = "mp4_ttml"


class AudioRemap(_Frozen):
    """`source`: the audio stream's index among the file's audio streams; `target`: the job-wide track number."""

    source: int = Field(ge=0)
    target: int = Field(ge=0)


class InputFile(_Frozen):
    """One file of the input storage. `video` says whether its picture is used."""

    path: str
    video: bool
    audio: tuple[AudioRemap, ...] = ()


class SubtitleInput(_Frozen):
    """A VTT or SRT file. `language` is ISO 639-1 where that exists, else ISO 639-2."""

    path: str
    language: str


class Cbr(_Frozen):
    """Constant bitrate: the decoder's buffer never sees more than `bitrate` bits per second."""

    mode: Literal["cbr"] = "cbr"
    bitrate: int = Field(gt=0)


class Vbr(_Frozen):
    """Average bitrate with peaks up to `peak` (bits per second)."""

    mode: Literal["vbr"] = "vbr"
    bitrate: int = Field(gt=0)
    peak: int = Field(gt=0)
    floor: int = Field(default=0, ge=0)


PEAK = Fraction(3, 2)
"""Peak over average of a VBR rendition of which only the average is known."""


class Crf(_Frozen):
    """Constant quality, 0 (best) to 63, on the encoder's own scale, optionally capped at `peak`."""

    mode: Literal["crf"] = "crf"
    crf: float = Field(ge=0, le=63)
    peak: int | None = Field(default=None, gt=0)


RateControl = Annotated[Cbr | Vbr | Crf, Field(discriminator="mode")]


class VideoRendition(_Frozen):
    """One rung of the ladder. The picture is fitted inside `width` x `height`, aspect kept, pixels square."""

    track_id: str
    codec: Literal["h264", "h265"]
    width: int = Field(gt=0, multiple_of=2)
    height: int = Field(gt=0, multiple_of=2)
    rate: RateControl
    frame_rate: Fraction | None = None


class AudioRendition(_Frozen):
    """One audio track of the output, made of one or more remapped input tracks."""

    track_id: str
    codec: Literal["aac", "ac3", "eac3", "heaac_v2"]
    sources: tuple[int, ...] = Field(min_length=1)
    name: str = ""
    language: str = "und"
    bitrate: int | None = Field(default=None, gt=0)
    sample_rate: int | None = Field(default=None, gt=0)


class Protection(_Frozen):
    """How what is published is encrypted. Subtitles never are."""

    multi_key: bool = False
    """A key for each label (SD, HD, UHD1, UHD2, AUDIO) instead of one for all tracks."""
    ladder: Ladder = Ladder()
    skip_audio: bool = False
    """Audio stays clear."""
    clear_lead: float = Field(default=0.0, ge=0)
    """Seconds at the beginning that stay clear, up to the end of a segment."""
    track_type_manifests: bool = False
    """Manifests for SD, up to HD and up to UHD beside the full ones; with `multi_key` only."""
    key_id: str = ""
    """The content id under which keys are asked for; empty means the job's own."""


class MarkLayout(StrEnum):
    """Where the second variant of a marked segment is published."""

    UNLABELED = "unlabeled"
    """Beside the first, under its name with `b.` before it."""
    PREFIXED = "prefixed"
    """In a tree of its own: the trees of variant 0 and 1 are below `0/` and `1/`."""


class PaceInfoFiles(StrEnum):
    """Which files beside the segments tell a third party's edge their positions (ETSI TS 104 002)."""

    NONE = "none"
    RENDITIONS = "renditions"
    """One for each rendition, with all of its segments."""
    SEGMENTS = "segments"
    """One more for each segment, under its own name, which an edge asks for as it goes."""


class MarkCost(StrEnum):
    """What a second variant may cost. Where the encoder can reuse the first (h265) there is less to save.

    Both variants are always encoded alike, so what is saved is paid in bits or quality, never in marks.
    """

    FULL = "full"
    """The house's preset for both: h264 about twice the work of a job without marks, h265 one and a half times."""
    BALANCED = "balanced"
    """Two presets faster, in h265 one: about one and a half times the work, in h265 less."""
    LEAN = "lean"
    """Three presets faster, in h265 two: about the work of a job without marks, at a bitrate or quality to match."""


class Marking(_Frozen):
    """How the picture is marked, so that a leaked copy can be traced."""

    layout: MarkLayout = MarkLayout.UNLABELED
    strength: float = Field(default=0.5, ge=0.3, le=1.0)
    """Amplitude of the mark in units of what the eye forgives; 0.7 is strong."""
    pace_info: PaceInfoFiles = PaceInfoFiles.RENDITIONS
    cost: MarkCost = MarkCost.BALANCED
    shortest_seconds: float = Field(default=300, ge=0)
    """A shorter programme is refused: nobody could be found by it."""
    narrowest: int = Field(default=640, ge=0)
    """A rendition with fewer pixels in a row is refused."""


class Packaging(_Frozen):
    """Which trees to publish and how."""

    formats: tuple[Format, ...] = ()
    min_buffer_time: float = Field(default=2.0, ge=2)
    average_bandwidth: bool = False
    subtitles: dict[Format, SubtitleFormat] = Field(default_factory=dict)

    def subtitle_format(self, tree: Format) -> SubtitleFormat:
        """The subtitle format of one tree; plain WebVTT where nothing was asked."""
        return self.subtitles.get(tree, SubtitleFormat.TEXT_VTT)


class Target(_Frozen):
    """One tree with choices of its own, for dialects that configure trees one by one."""

    format: Format
    folder: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    """Name of the tree's folder below the content's."""
    segment_seconds: float | None = Field(default=None, gt=0, le=60)
    """Wanted length of a segment; None means the house's."""
    protection: Protection | None = None


class JobSpec(_Frozen):
    """Everything the engine needs to know about one job, without secrets.

    A job either encodes `files` into `video` and `audio` and publishes `packaging.formats`, or it takes an `asset` that
    is encoded already and publishes `targets`, or it makes copies of one file (`distribution`), or it finds out about
    one file (`ingestion`), or it makes a better one of it (`enhancement`). A job that names `contents` gets its
    files, pictures and sounds from them once they have been looked at: see `core.plan_contents`.
    """

    name: str
    content_id: str
    input_storage: str
    files: tuple[InputFile, ...] = ()
    contents: tuple[str, ...] = ()
    """Files and folders, in the input storage, of ready renditions of one programme; the ladder is to be like them."""
    input_bytes: int | None = Field(default=None, gt=0)
    """Largest input file, in bytes, where the site has a limit of its own."""
    asset: str = ""
    """Key, in the input storage, of a playlist, MPD or MP4 file, or of a folder (with a slash at its end)."""
    subtitles: tuple[SubtitleInput, ...] = ()
    output_storage: str
    output_path: str
    """Folder in the output storage, without a slash at either end; may be empty."""
    default_language: str = ""
    video: tuple[VideoRendition, ...] = ()
    audio: tuple[AudioRendition, ...] = ()
    packaging: Packaging = Packaging()
    targets: tuple[Target, ...] = ()
    protection: Protection | None = None
    """Encryption of every tree of `packaging.formats`."""
    marking: Marking | None = None
    """Forensic watermark: every segment of every rendition is made twice."""
    distribution: Distribution | None = None
    """Nothing is packaged: each recipient gets a copy of the one file, which is told from others by its marks."""
    ingestion: Ingestion | None = None
    """Nothing is packaged: the one file, an upload, is looked at. What is made to be shown goes to `output_path`."""
    enhancement: Enhancement | None = None
    """Nothing is packaged: one file is made of the one file, and goes to `output_path`."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.files or self.contents) == bool(self.asset):
            raise ValueError("a job has either files or contents, or an asset")
        if bool(self.asset) != bool(self.targets):
            raise ValueError("targets are what an asset is packaged into")
        packaged = bool(self.targets or self.packaging.formats)
        if sum((packaged, bool(self.distribution), bool(self.ingestion), bool(self.enhancement))) != 1:
            raise ValueError("a job is packaged into formats or targets, or distributed, or ingested, or enhanced")
        if not packaged and len(self.files) != 1:
            raise ValueError("what is not packaged is one file")
        return self

    @property
    def protected(self) -> bool:
        """Whether anything of what is published is encrypted."""
        return self.protection is not None or any(target.protection for target in self.targets)

    @property
    def video_file(self) -> int | None:
        """Position in `files` of the file whose picture is used."""
        return next((position for position, file in enumerate(self.files) if file.video), None)
