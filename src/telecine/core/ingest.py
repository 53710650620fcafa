"""What an ingestion finds out about an upload: values that the API shows and the planning of enhancements uses."""

from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.media_info import FieldOrder, MediaInfo


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


type ScanType = Literal["progressive", "interlaced", "telecine", "mixed", "unknown"]


class Scanning(_Frozen):
    """How the pictures lie in the frames, and in which order where they are fields."""

    type: ScanType
    order: FieldOrder = "unknown"


class Metric(_Frozen):
    """One measure of quality: the mean over the sampled frames, and what a viewer would call it."""

    name: str
    mean: float
    label: Literal["excellent", "good", "fair", "poor", "bad"]
    score: float = Field(ge=0, le=5)


class Findings(_Frozen):
    """Everything that an ingestion found. Without `heuristics` and `metrics` it was a light one."""

    media: MediaInfo
    container_name: str
    """FFmpeg's short name, such as `mov,mp4,m4a,3gp,3g2,mj2`."""
    long_container_name: str
    codec_name: str
    long_codec_name: str
    average_rate: Fraction
    frames: int
    video_bytes: int
    """Bytes of the video stream."""
    chroma: str = ""
    """`4:2:0`, …; empty where the pixels are no YUV."""
    declared: Scanning
    """By the metadata."""
    heuristics: Scanning | None = None
    """By the pictures themselves."""
    metrics: tuple[Metric, ...] = ()
    noise: float | None = None
    """Standard deviation of the noise in 8-bit steps, which sets the strength of `denoise`."""
    warnings: tuple[str, ...] = ()

    @property
    def overall(self) -> float | None:
        """Mean score of all metrics; None of a light ingestion."""
        return sum(metric.score for metric in self.metrics) / len(self.metrics) if self.metrics else None
