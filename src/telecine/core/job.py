"""The canonical job: what every dialect translates its request into, and the engine carries out.

Values here are already decided and in one unit: bits per second, seconds, pixels, ISO 639-1 where it exists.
A dialect refuses what it cannot express; nothing here means "somehow".
"""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


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


class Packaging(_Frozen):
    """Which trees to publish and how."""

    formats: tuple[Format, ...] = Field(min_length=1)
    min_buffer_time: float = Field(default=2.0, ge=2)
    average_bandwidth: bool = False
    subtitles: dict[Format, SubtitleFormat] = Field(default_factory=dict)

    def subtitle_format(self, tree: Format) -> SubtitleFormat:
        """The subtitle format of one tree; plain WebVTT where nothing was asked."""
        return self.subtitles.get(tree, SubtitleFormat.TEXT_VTT)


class JobSpec(_Frozen):
    """Everything the engine needs to know about one job, without secrets."""

    name: str
    content_id: str
    input_storage: str
    files: tuple[InputFile, ...] = Field(min_length=1)
    subtitles: tuple[SubtitleInput, ...] = ()
    output_storage: str
    output_path: str
    """Folder in the output storage, without a slash at either end; may be empty."""
    default_language: str = ""
    video: tuple[VideoRendition, ...] = ()
    audio: tuple[AudioRendition, ...] = ()
    packaging: Packaging

    @property
    def video_file(self) -> int | None:
        """Position in `files` of the file whose picture is used."""
        return next((position for position, file in enumerate(self.files) if file.video), None)
