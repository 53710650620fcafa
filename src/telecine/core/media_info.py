"""What a probe found in an input, as plain values that the plan can reason about."""

from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict

FieldOrder = Literal["progressive", "top_first", "bottom_first", "unknown"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoTrack(_Frozen):
    """One video stream. Sizes are stored pixels before rotation; `duration` and `start` are seconds."""

    index: int
    codec: str
    profile: str = ""
    level: int = 0
    """As FFmpeg counts it: 41 is level 4.1 of H.264; 0 where the stream says none."""
    width: int
    height: int
    sample_aspect: Fraction = Fraction(1)
    rotation: int = 0
    """Clockwise degrees that a player turns the picture: 0, 90, 180 or 270."""
    frame_rate: Fraction
    """Average frames per second, snapped to a standard rate where one is near."""
    variable_rate: bool = False
    start: Fraction = Fraction(0)
    duration: Fraction
    frames: int | None = None
    """Frames counted from packets, where counted."""
    pixel_format: str
    bit_depth: int = 8
    field_order: FieldOrder = "progressive"
    color_range: str = ""
    color_primaries: str = ""
    color_transfer: str = ""
    color_space: str = ""
    mastering_display: str = ""
    """x265 `master-display` notation, empty when the source carries none."""
    content_light: str = ""
    """x265 `max-cll` notation (`MaxCLL,MaxFALL`), empty when the source carries none."""
    dolby_vision: int = 0
    """Profile of its Dolby Vision layer; 0 where it has none."""
    bitrate: int = 0

    @property
    def hdr(self) -> bool:
        """PQ or HLG transfer."""
        return self.color_transfer in ("smpte2084", "arib-std-b67")

    @property
    def display_aspect(self) -> Fraction:
        """Width over height as shown, after sample aspect and rotation."""
        aspect = Fraction(self.width, self.height) * self.sample_aspect
        return 1 / aspect if self.rotation in (90, 270) else aspect


class AudioTrack(_Frozen):
    """One audio stream; `index` counts all streams of the file, `order` counts audio streams only."""

    index: int
    order: int
    codec: str
    profile: str = ""
    channels: int
    channel_layout: str = ""
    sample_rate: int
    bitrate: int = 0
    language: str = ""
    start: Fraction = Fraction(0)
    duration: Fraction


class MediaInfo(_Frozen):
    """One input file as probed. `demuxer` is the sniffed FFmpeg demuxer that every later tool must use."""

    demuxer: str
    duration: Fraction
    size: int
    video: VideoTrack | None = None
    audio: tuple[AudioTrack, ...] = ()
    warnings: tuple[str, ...] = ()
