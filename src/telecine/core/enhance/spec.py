"""What one enhancement asks for, after its request has been checked: the part of a job's spec that is about pictures.

None everywhere means "infer it": container, codec, chroma, bits and bitrate from the source, scanning from source and
filters, size and rate from the source. `core.enhance.rules` checks it, `core.enhance.infer` completes it.
"""

from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.enhance.options import (
    Chroma,
    Clarity,
    Codec,
    Container,
    Converter,
    Deinterlacer,
    Denoiser,
    DnxProfile,
    PostProcessor,
    ProresProfile,
    Scaler,
    Scan,
    Stabilizer,
    Tier,
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


type SizeTag = Literal["hd_1080p", "uhd_4k", "uhd_8k", "2x", "3x", "4x", "no_scaling"]
type AspectTag = Literal["display", "storage", "16:9", "4:3"]


class Size(_Frozen):
    """A wanted size: a tag alone; or width and height; or one of them with, or without, an aspect."""

    tag: SizeTag | None = None
    width: int | None = Field(default=None, ge=16, le=7680)
    height: int | None = Field(default=None, ge=16, le=4320)
    aspect: AspectTag | None = None


class Clip(_Frozen):
    """A part of the source, in milliseconds; `end` is not included, None is the source's."""

    start: int = Field(default=0, ge=0)
    end: int | None = Field(default=None, gt=0)


class Enhancement(_Frozen):
    """One enhancement of one video."""

    container: Container | None = None
    codec: Codec | None = None
    prores: ProresProfile | None = None
    dnx: DnxProfile | None = None
    scan: Scan = Scan.AUTO
    chroma: Chroma | None = None
    bits: Literal[8, 10, 12, 14, 16] | None = None
    bitrate: int | None = Field(default=None, ge=10_000, le=4_000_000_000)
    """Bits per second."""
    deinterlacer: Deinterlacer | None = None
    denoiser: Denoiser | None = None
    stabilizer: Stabilizer | None = None
    scaler: Scaler | None = None
    clarity: Clarity | None = None
    size: Size | None = None
    converter: Converter | None = None
    rate: Fraction | None = None
    """Wanted frames per second."""
    post: PostProcessor | None = None
    clip: Clip | None = None
    tier: Tier = Tier.QUALITY
    preset: str = ""
    """Name of the preset that some of this is from; for show."""


class Ingestion(_Frozen):
    """What is found out about an upload. `light`: metadata alone."""

    light: bool = False
