"""The limits that keep one input or one site from taking the machine, as values that settings fill in."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.drm import Scheme, Signalling
from telecine.core.enhance.devices import Wanted


class MediaLimits(BaseModel):
    """What an input may be, and what a media process may take."""

    model_config = ConfigDict(frozen=True)

    input_bytes: int = Field(default=500 * 10**9, description="Largest input file, in bytes.")
    duration_seconds: float = Field(default=12 * 3600, description="Longest input, in seconds.")
    pixels: int = Field(default=8192 * 4608, description="Most pixels in one picture.")
    streams: int = Field(default=64, description="Most streams in one input, and most renditions in one asset.")
    asset_objects: int = Field(default=100_000, description="Most files in one asset that is packaged as it is.")
    subtitle_bytes: int = Field(default=5 * 10**6, description="Largest subtitle file, in bytes.")
    subtitle_cues: int = Field(default=20_000, description="Most cues in one subtitle file.")
    process_memory_bytes: int = Field(default=12 * 2**30, description="Address space of one media process.")
    process_seconds: float = Field(default=24 * 3600, description="Longest run of one media process.")
    stall_seconds: float = Field(default=300, description="A media process silent this long is ended.")
    network_device: Wanted = Field(
        default="auto", description="Where networks run: `auto` (a GPU where there is one that works), `cpu`, `gpu`."
    )


class Policy(BaseModel):
    """House choices that requests do not make."""

    model_config = ConfigDict(frozen=True)

    gop_seconds: float = Field(default=2.0, gt=0, le=10, description="Wanted GOP length, in seconds.")
    gops_per_segment: int = Field(default=2, ge=1, le=10, description="GOPs in one segment.")
    mark_segment_seconds: float = Field(
        default=2.0, gt=0, le=10, description="Wanted length of a segment of a marked programme, in seconds."
    )
    chunk_seconds: float = Field(default=60.0, gt=0, description="Wanted length of one unit of encoding work.")
    enhance_chunk_seconds: float = Field(
        default=10.0, gt=0, description="Wanted length of one unit of enhancement work, in seconds of the result."
    )
    preset_h264: str = Field(default="medium", description="x264 preset.")
    preset_h265: str = Field(default="fast", description="x265 preset.")
    hls_transport_stream: bool = Field(default=True, description="h264 HLS as MPEG-TS rather than fragmented MP4.")
    drm_scheme_dash: Scheme = Field(default=Scheme.CENC, description="Encryption scheme of DASH trees.")
    drm_scheme_hls: Scheme = Field(default=Scheme.CBCS, description="Encryption scheme of HLS trees.")
    drm_scheme_cmaf: Scheme = Field(default=Scheme.CBCS, description="Encryption scheme of CMAF trees.")
    drm_hls_transport_stream: bool = Field(
        default=False, description="Encrypted h264 HLS as MPEG-TS (SAMPLE-AES, FairPlay only), not fragmented MP4."
    )
    drm_signalling: Signalling = Field(
        default=Signalling(), description="What encrypted trees tell players about where keys come from."
    )
    drm_thumbnails: bool = Field(
        default=False, description="Publish thumbnails of encrypted programmes too; they are pictures in the clear."
    )
    master_narrowest: int = Field(
        default=640, ge=0, description="A master with fewer pixels in a row is refused: its mark would not be found."
    )
    thumbnails: bool = Field(default=True, description="Publish a thumbnail sprite with its WebVTT map.")
    verify_decode: Literal["all", "sampled"] = Field(
        default="sampled",
        description="Pictures that verification decodes: every one, or keyframes and each eighth GOP.",
    )
    assumed_kbps_below: int = Field(
        default=64_000,
        description="A video bitrate below this is read as kbit/s, as the document's samples mean it.",
    )
