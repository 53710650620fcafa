"""What a plan must know of the source: its frames, and how pictures lie in them."""

from fractions import Fraction
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Fields
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings, ScanType
from telecine.core.media_info import FieldOrder, MediaInfo, VideoTrack
from telecine.core.plan_picture import source_rate

DEPTHS = (8, 10, 12, 14, 16)
"""Bits of a sample that pictures can have."""

_FIRST_BOTTOM = frozenset({"dvvideo"})
"""Codecs whose fields come bottom first where nothing says otherwise: SMPTE 314M, 525 lines; PAL has the same order."""


class SourceFrames(BaseModel):
    """The source's decoded frames, put at one constant rate: frame `n` is shown `n / rate` seconds after the first.

    Made from the frame index once the file is there; `estimated_frames` guesses it from the probe before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int = Field(gt=0)
    rate: Fraction
    resampled: bool = False
    """Whether the source's own frames do not follow at one rate, so that some are shown twice and others never."""
    start: Fraction = Fraction(0)
    """Seconds: presentation time in the file of the first frame, on the clock that the sounds' `start` are on."""

    @property
    def seconds(self) -> Fraction:
        """Length of the picture."""
        return self.frames / self.rate


def estimated_frames(media: MediaInfo) -> SourceFrames:
    """What the frames will be, as far as the probe can tell. Raises TRACK_MISSING where there is no picture."""
    track = picture_of(media)
    rate = source_rate(track)
    counted = 0 if track.variable_rate else track.frames or 0
    frames = max(1, counted or round(track.duration * rate))
    return SourceFrames(frames=frames, rate=rate, resampled=track.variable_rate, start=track.start)


def picture_of(media: MediaInfo) -> VideoTrack:
    """The picture of the file; raises TRACK_MISSING where it has none."""
    if media.video is None:
        raise TelecineError(ErrorKind.TRACK_MISSING, "the file has no video track.", field="video")
    return media.video


class Scanned(NamedTuple):
    """How the pictures lie in the source's frames. `sure`: the pictures themselves, or clear metadata, say so."""

    fields: Fields
    sure: bool
    telecine: bool = False
    mixed: bool = False


def scanned(media: MediaInfo, findings: Findings | None) -> Scanned:
    """How the source is scanned: by its pictures where they were analysed and told, else by its metadata."""
    track = picture_of(media)
    seen = findings.heuristics if findings else None
    declared = findings.declared if findings else None
    if seen and seen.type != "unknown":
        order = _first_known(seen.order, declared.order if declared else "unknown", track.field_order)
        return Scanned(_fields(seen.type, order, track), True, seen.type == "telecine", seen.type == "mixed")
    if declared and declared.type != "unknown":
        order = _first_known(declared.order, track.field_order)
        return Scanned(_fields(declared.type, order, track), True, declared.type == "telecine")
    if track.field_order in ("top_first", "bottom_first"):
        return Scanned(track.field_order, True)
    return Scanned("progressive", track.field_order == "progressive")


def default_order(track: VideoTrack) -> Fields:
    """The order of fields where nobody says: top first, but for DV."""
    return "bottom_first" if track.codec in _FIRST_BOTTOM else "top_first"


def chroma_of(pixel_format: str) -> Chroma:
    """The chroma subsampling of FFmpeg's `pixel_format`; RGB is 4:4:4 in YUV, grey loses nothing as 4:2:0."""
    for digits, chroma in _BY_DIGITS.items():
        if digits in pixel_format:
            return chroma
    if pixel_format.startswith(_HALF):
        return Chroma.C422
    return Chroma.C444 if pixel_format.startswith(_FULL) else Chroma.C420


def depth_of(track: VideoTrack) -> int:
    """The least depth of `DEPTHS` that holds the source's samples."""
    return next((depth for depth in DEPTHS if depth >= track.bit_depth), DEPTHS[-1])


_BY_DIGITS = {
    "410p": Chroma.C410,
    "411p": Chroma.C411,
    "420p": Chroma.C420,
    "422p": Chroma.C422,
    "440p": Chroma.C440,
    "444p": Chroma.C444,
}
_HALF = ("nv16", "nv20", "p210", "p212", "p216", "uyvy422", "yuyv422", "yvyu422", "y210", "y212")
_FULL = ("gbr", "rgb", "bgr", "argb", "abgr", "0rgb", "0bgr", "x2", "nv24", "nv42", "p41", "pal8", "xyz", "xv", "vuy")


def _first_known(*orders: FieldOrder) -> FieldOrder:
    """The first of `orders` that is one."""
    return next((order for order in orders if order in ("top_first", "bottom_first")), "unknown")


def _fields(kind: ScanType, order: FieldOrder, track: VideoTrack) -> Fields:
    if kind == "progressive":
        return "progressive"
    return order if order in ("top_first", "bottom_first") else default_order(track)
