"""The plan of one job: every decision that encoding and packaging need, made once, before any work.

`core.planner` makes it from the job and the probes; `media` carries it out and decides nothing. It is stored as
JSON in the job's work folder, so that a worker that takes over after a crash makes the very same files.
"""

from fractions import Fraction
from math import ceil
from typing import Literal

from pydantic import BaseModel, ConfigDict

from telecine.core.drm import Label, Scheme, Signalling, TrackType
from telecine.core.job import Format, MarkCost, MarkLayout, PaceInfoFiles, RateControl, SubtitleFormat

type Deinterlace = Literal["no", "top_first", "bottom_first", "auto"]
"""`auto`: each frame is judged by its own flag."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Colour(_Frozen):
    """Colour signalling of a picture, in FFmpeg's names; empty means unknown and unset."""

    primaries: str = ""
    transfer: str = ""
    matrix: str = ""
    range: str = ""
    mastering_display: str = ""
    content_light: str = ""


class PictureSource(_Frozen):
    """How to read the picture of input file `file`; all filters that every rendition shares follow from it."""

    file: int
    demuxer: str
    stream: int
    start: Fraction
    """Seconds: presentation time of the first frame in the file."""
    frame_rate: Fraction
    deinterlace: Deinterlace = "no"
    field_rate: bool = False
    """Deinterlacing makes a frame of each field, because a rendition wants twice the source's frames."""
    rotation: int = 0
    """Clockwise degrees by which the decoded picture is turned."""
    colour: Colour = Colour()
    """What the decoded picture's numbers mean: the source's own signalling, completed by convention."""
    tone_map: bool = False
    """Whether renditions that cannot carry HDR must be tone-mapped."""
    seekable: bool = True
    """Whether the file can be cut into chunks by seeking."""


class TrackSource(_Frozen):
    """A picture that passes through: stream `stream` (index among all streams) of input file `file`.

    `origin` is the presentation time in that file, in seconds, that is the programme's zero.
    """

    file: int
    demuxer: str
    stream: int
    origin: Fraction
    time_base: Fraction
    """Seconds of a tick in the file."""
    timescale: int
    """Ticks of a second in the file to make."""


class VideoOutput(_Frozen):
    """One rendition to encode. Sizes are final: even, square pixels, aspect of the source.

    With `copied` the source passes through untouched, with whatever size, pixels and keyframes it has; then there is
    no `rate`.
    """

    name: str
    """File-safe name, unique in the plan: `v0`, `v1`, …"""
    track_id: str
    codec: Literal["h264", "h265"]
    width: int
    height: int
    frame_rate: Fraction
    rate: RateControl | None
    pixel_format: str
    tone_map: bool = False
    colour: Colour = Colour()
    copied: TrackSource | None = None


class AudioOutput(_Frozen):
    """One audio track to make. With `copy_stream` the single source passes through untouched.

    Untouched frames are put into slots of a frame's length from the programme's zero on; with `exact` the first slot
    begins where the source's first frame does, so that not even a part of a frame is lost of its place.
    """

    name: str
    """File-safe name, unique in the plan: `a0`, `a1`, …"""
    track_id: str
    codec: Literal["aac", "ac3", "eac3", "heaac_v2"]
    copy_stream: bool
    sources: tuple["AudioSource", ...]
    channels: int
    sample_rate: int
    bitrate: int
    """Bits per second; for passed-through audio as probed."""
    language: str
    label: str
    default: bool
    exact: bool = False


class AudioSource(_Frozen):
    """Audio stream `stream` (index among all streams) of input file `file`.

    `origin` is the presentation time in that file, in seconds, that is the programme's zero; `offset` is when this
    audio begins on the programme's clock (0 is the picture's first frame) and may be negative.
    """

    file: int
    demuxer: str
    stream: int
    channels: int
    origin: Fraction
    offset: Fraction


class SubtitleOutput(_Frozen):
    """One subtitle track; `file` is the position in the job's `subtitles`."""

    name: str
    """File-safe name, unique in the plan: `s0`, `s1`, …"""
    file: int
    language: str
    label: str


class TreeProtection(_Frozen):
    """How one tree is encrypted. The keys themselves are never in a plan."""

    scheme: Scheme
    key_id: str
    """The content id under which keys are asked for."""
    labels: dict[str, Label]
    """Label of each encrypted track by its name in the plan; tracks that are not here stay clear."""
    clear_lead: Fraction = Fraction(0)
    """Seconds at the beginning that stay clear, a whole number of segments."""
    track_types: tuple[TrackType, ...] = ()
    """Manifests for some screens, beside the full ones."""
    video_labels: dict[str, Label] = {}
    """Label of every picture by its name in the plan, for `track_types`."""


class TreeOutput(_Frozen):
    """One published tree."""

    format: Format
    subtitles: SubtitleFormat
    transport_stream: bool = False
    """HLS media segments are MPEG-TS rather than fragmented MP4."""
    name: str = ""
    """The tree's folder below the content's; empty means the format's own name. See `folder`."""
    segment: Fraction | None = None
    """Seconds of a segment where they differ from the plan's."""
    protection: TreeProtection | None = None

    @property
    def folder(self) -> str:
        """The tree's folder below the content's, unique in the plan."""
        return self.name or self.format.value


class MarkPlan(_Frozen):
    """How the picture is marked. The key is never in a plan."""

    layout: MarkLayout
    strength: float
    pace_info: PaceInfoFiles = PaceInfoFiles.RENDITIONS
    cost: MarkCost = MarkCost.FULL
    """Has been obeyed: `Plan.preset_h264` is what it makes of the house's."""


def variant_track(name: str, variant: int) -> str:
    """Name of the file of a marked rendition's `variant`: 0 has the rendition's own, `v0`, and 1 is `v0-b`."""
    return f"{name}-b" if variant else name


def take_track(name: str, take: int) -> str:
    """Name of the chunks of a marked rendition's `take`: 0 is the first encode, `v0`, and 1 is the second, `v0-t2`."""
    return f"{name}-t2" if take else name


class ChunkSpan(_Frozen):
    """Chunk `index` from `start` to `end`, exact seconds on the programme's clock, on the segment grid or the end."""

    index: int
    start: Fraction
    end: Fraction

    def first_frame(self, rate: Fraction) -> int:
        """Number of the first frame of this chunk in a rendition of `rate` frames per second."""
        return whole_frames(self.start * rate)

    def frames(self, rate: Fraction) -> int:
        """Frames in this chunk at `rate`; the last chunk's end is rounded up to a whole frame."""
        return ceil(self.end * rate) - self.first_frame(rate)


def whole_frames(frames: Fraction) -> int:
    """`frames` as a number; ValueError where it is not a whole one, so that nothing off the grid goes unnoticed."""
    if frames.denominator != 1:
        raise ValueError(f"{frames} frames do not lie on the grid")
    return frames.numerator


class Plan(_Frozen):
    """Everything decided about one job. `duration`, `gop` and `segment` are exact seconds."""

    content_id: str
    duration: Fraction
    gop: Fraction
    segment: Fraction
    picture: PictureSource | None
    chunks: tuple[ChunkSpan, ...]
    video: tuple[VideoOutput, ...]
    audio: tuple[AudioOutput, ...]
    subtitles: tuple[SubtitleOutput, ...]
    trees: tuple[TreeOutput, ...]
    min_buffer_time: float
    average_bandwidth: bool
    thumbnails: bool
    preset_h264: str
    preset_h265: str
    verify_decode: Literal["all", "sampled"] = "sampled"
    """Which pictures verification decodes: every one, or keyframes and each eighth GOP."""
    signalling: Signalling = Signalling()
    """What players of encrypted trees are told about where keys come from."""
    marking: MarkPlan | None = None
    """Every segment is one GOP and is made in two variants; see `variant_track`."""
    imported: bool = False
    """Everything passes through untouched. There is no grid then: `gop` is the longest distance of two keyframes."""
    warnings: tuple[str, ...] = ()

    def segment_of(self, tree: TreeOutput) -> Fraction:
        """Seconds of a segment of `tree`."""
        return tree.segment or self.segment
