"""The request to process a video, on the wire.

Words may come in any case and numbers as text; null is "not given". Presets come as their tag alone or, as in the
document's example, with everything that they stand for beside them.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from telecine.apis.wire import Decimal, Shown, Whole, Wire, lower
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
from telecine.core.enhance.presets import PRESETS

# ruff: noqa: N815 - the names are the document's


def _profile(value: object) -> object:
    """Two profiles of ProRes are numbers to the eye."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else lower(value)


def _clarity(value: object) -> object:
    """A level's word, or its number from 0 to 6."""
    number = value.strip() if isinstance(value, str) else value
    numbers = {str(level): word for level, word in enumerate(Clarity)}
    return lower(value) if isinstance(number, bool) else numbers.get(str(number), lower(value))


def _order(value: object) -> object:
    """The document says `top_field`, its client `top_first`."""
    word = lower(value)
    return {"top_first": "top_field", "bottom_first": "bottom_field"}.get(str(word), word)


FRAME_RATES = {
    "film_ntsc": "24000/1001",
    "film": "24",
    "video_pal": "25",
    "video_ntsc": "30000/1001",
    "video_hd": "30",
    "video_pal_fast": "50",
    "video_ntsc_fast": "60000/1001",
    "video_hd_fast": "60",
    "video_uhd_fast": "120",
}
"""Frames per second of each tag; the last one is the Java client's."""

RateTag = Literal[
    "film_ntsc",
    "film",
    "video_pal",
    "video_ntsc",
    "video_hd",
    "video_pal_fast",
    "video_ntsc_fast",
    "video_hd_fast",
    "video_uhd_fast",
]
ResolutionTag = Literal["hd_1080p", "uhd_4k", "uhd_8k", "2x", "3x", "4x", "no_scaling"]
AspectTag = Literal["display", "storage", "16:9", "4:3"]
Word = BeforeValidator(lower)


class ContainerCodec(Wire):
    """What file is made. Each is taken from the source where it is not given."""

    container: Annotated[Container | None, Word] = None
    codec: Annotated[Codec | None, Word] = None


class Scanning(Wire):
    """A tag, or a type with, where it is interlaced, an order. A tag wins."""

    tag: Annotated[Scan | None, Word] = None
    scanningType: Annotated[Literal["progressive", "interlaced"] | None, Word] = None
    interlacedFieldOrder: Annotated[Literal["top_field", "bottom_field"] | None, BeforeValidator(_order)] = None


class ChromaSubsampling(Wire):
    """The pixel format. Each is taken from the source where it is not given."""

    yuv: Chroma | None = None
    bits: Annotated[Whole, Field(json_schema_extra={"enum": [8, 10, 12, 14, 16]})] | None = None


class Bitrate(Wire):
    """Megabits per second."""

    mbps: Annotated[Decimal, Field(ge=0.01, le=4000)] | None = None


class Resolution(Wire):
    """A tag, or a width and a height, or one of them with the aspect by which the other is found. A tag wins."""

    tag: Annotated[ResolutionTag | None, Word] = None
    width: Annotated[Whole, Field(ge=16, le=7680)] | None = None
    height: Annotated[Whole, Field(ge=16, le=4320)] | None = None
    aspectRatioTag: Annotated[AspectTag | None, Word] = None


class FrameRate(Wire):
    """A tag, or frames per second. A tag wins."""

    tag: Annotated[RateTag | None, Word] = None
    fps: Annotated[Decimal, Field(ge=0.001, le=999)] | None = None


class Range(Wire):
    """A part of the source, from its beginning or to its end where one is not given."""

    startPositionMilliseconds: Annotated[Whole, Field(ge=0)] | None = None
    endPositionMilliseconds: Annotated[Whole, Field(ge=0)] | None = None


ClarityBoost = Annotated[
    Clarity | None,
    BeforeValidator(_clarity),
    WithJsonSchema({"anyOf": [{"enum": [*Clarity]}, {"type": "integer", "minimum": 0, "maximum": 6}]}),
]


PresetName = Annotated[
    str,
    Word,
    Field(
        description="Ours: what is not given is as this preset has it.",
        json_schema_extra={"enum": [*PRESETS]},
    ),
]


class ProcessRequest(Wire):
    """What to make of a video. Nothing is needed: what is not given follows from the source."""

    mediaContainerCodec: ContainerCodec | None = None
    appleProresProfile: Annotated[ProresProfile | None, BeforeValidator(_profile)] = None
    dnxhdHrProfile: Annotated[DnxProfile | None, Word] = None
    scanning: Scanning | None = None
    chromaSubsampling: ChromaSubsampling | None = None
    bitrate: Bitrate | None = None
    deinterlacer: Annotated[Deinterlacer | None, Word] = None
    denoiser: Annotated[Denoiser | None, Word] = None
    stabilizer: Annotated[Stabilizer | None, Word] = None
    scaler: Annotated[Scaler | None, Word] = None
    resolution: Resolution | None = None
    clarityBoost: ClarityBoost = None
    frameRateConverter: Annotated[Converter | None, Word] = None
    frameRate: FrameRate | None = None
    postProcessor: Annotated[PostProcessor | None, Word] = None
    range: Range | None = None
    preset: PresetName | None = None
    tier: Annotated[Tier | None, Word, Field(description="Ours: `fast` or `quality`, which is usual.")] = None


class Processing(Shown):
    """Where to go on. `substitutions` and `warnings` are ours: what is made otherwise than asked for, and why."""

    sourceVideoId: str
    processedVideoId: str
    projectId: str | None
    checkProgressUrl: str
    downloadMediaUrl: str
    substitutions: list[str]
    warnings: list[str]


DOCUMENT_EXAMPLE: dict[str, Any] = {
    "mediaContainerCodec": {"container": "mov", "codec": "h264"},
    "appleProresProfile": "standard",
    "dnxhdHrProfile": "dnxhd_sq",
    "scanning": {"tag": "interlaced_tff", "scanningType": "interlaced", "interlacedFieldOrder": "top_field"},
    "chromaSubsampling": {"yuv": "4:2:2", "bits": 8},
    "bitrate": {"mbps": 20.5},
    "deinterlacer": "deint",
    "denoiser": "denoise",
    "stabilizer": "dejit",
    "scaler": "pabsr1",
    "resolution": {"tag": "hd_1080p", "width": 1920, "height": 1080, "aspectRatioTag": "16:9"},
    "clarityBoost": "low",
    "frameRateConverter": "fblend",
    "frameRate": {"tag": "film", "fps": 24.0},
    "postProcessor": "filmgrain",
    "range": {"startPositionMilliseconds": 0, "endPositionMilliseconds": 30000},
}
"""The document's own, with the comma that it lacks."""
