"""The plan of one enhancement: stages, target, and chunks that any worker can make alone.

A *stage* turns one stream of frames into another. It knows frames by absolute numbers of its timelines, and what it
makes of a frame depends on nothing but the frames around it (`radius`) and its number: never on where a chunk begins.
So a chunk is asked for from the end: the frames wanted of the last stage say which frames it must be given, these are
the ones wanted of the stage before, and so on to the frames that must be decoded.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.enhance.options import Codec, Container, DnxProfile, ProresProfile, Tier
from telecine.core.enhance.picture import Picture, Span

type Host = Literal["ffmpeg", "vapoursynth", "python"]
"""What a stage runs in: a filter graph, a VapourSynth script, or Python over arrays. Each is a process of its own."""

type Setting = str | int | float | bool


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Frozen):
    """One step of the chain, and who does it.

    Frame `n` of `after` shows what is at frame `n * before.rate / after.rate` of `before`.
    """

    option: str
    """The request's field: `deinterlacer`, `denoiser`, `stabilizer`, `scaler`, `frameRateConverter`, `postProcessor`,
    `scanning`."""
    value: str
    """What was asked for: `deint`, `pabsr1`, …"""
    engine: str
    """Who does it; a name of `core.enhance.engines`."""
    version: str = ""
    tier: Tier = Tier.QUALITY
    host: Host
    entry: str
    """`module:function` of the engine in `telecine.media.enhance`."""
    settings: dict[str, Setting] = Field(default_factory=dict)
    radius: int = 0
    """Frames of `before` that it wants on each side of those that are its subject."""
    before: Picture
    after: Picture

    def given(self, wanted: Span) -> Span:
        """Frames of `before` that are needed to make the frames `wanted` of `after`."""
        step = self.before.rate / self.after.rate
        first = floor(wanted.first * step) - self.radius
        end = ceil((wanted.end - 1) * step) + 1 + self.radius
        return Span(max(0, min(first, self.before.frames - 1)), min(end, self.before.frames))


class Source(_Frozen):
    """How frames of the source are read: from input file 0 of the job."""

    demuxer: str
    stream: int
    """The picture's index among all streams of the file."""
    first: int = 0
    """The frame, in the order of showing, that is frame 0 of the first stage's timeline, where the source's own frames
    are taken one by one."""
    resampled: bool = False
    """Whether the source's frames do not follow at one rate: then the work folder's frame index says which of them is
    frame `n`, and `first` counts frames of that."""
    picture: Picture
    """As read: after conversion to the working format, nothing else."""
    start: Fraction = Fraction(0)
    """Seconds: presentation time in the file of the source's very first frame, from which sounds are laid."""
    rotation: int = 0
    """Clockwise degrees by which a player turns the picture; metadata that the target carries on."""


class Target(_Frozen):
    """What is made of the frames of the last stage."""

    container: Container
    codec: Codec
    prores: ProresProfile | None = None
    dnx: DnxProfile | None = None
    picture: Picture
    """As encoded; `fields` says how the frames are coded and flagged."""
    bitrate: int | None = None
    """Bits per second; None where the profile decides."""
    gop: int = 1
    """Frames of a GOP; 1 where every frame stands alone."""


class Sound(_Frozen):
    """What becomes of one audio stream of the source."""

    stream: int
    """Index among all streams of the file."""
    codec: str = "copy"
    """FFmpeg's name of the encoder, or `copy`."""
    bitrate: int | None = None
    sample_rate: int | None = None
    """Hz to convert to; None keeps the source's."""
    language: str = ""


class EnhanceChunk(_Frozen):
    """A piece of work: frames `first` to `end` of the target's timeline."""

    index: int
    first: int
    end: int

    @property
    def wanted(self) -> Span:
        """Its frames."""
        return Span(self.first, self.end)


class EnhancePlan(_Frozen):
    """Every decision about one enhancement. Stored as JSON in the job's work folder."""

    source: Source
    stages: tuple[Stage, ...] = ()
    target: Target
    sounds: tuple[Sound, ...] = ()
    start: Fraction = Fraction(0)
    """Seconds, from the source's first frame, of frame 0."""
    whole: bool = True
    """Whether the whole source is taken, from beginning to end."""
    chunks: tuple[EnhanceChunk, ...]
    substitutions: tuple[str, ...] = ()
    """What is made otherwise than asked for, in plain words: a profile that no encoder has, a missing engine."""
    generative: bool = False
    """Whether detail was invented; said in the file's metadata."""
    warnings: tuple[str, ...] = ()
    preset: str = ""
    """Name of the preset that was asked for; for show."""

    def spans(self, wanted: Span) -> list[Span]:
        """Frames of each stage's `before` that are needed for `wanted` of the target, the first stage's first.

        One more at the end: `wanted` itself. So stage `i` is given `spans[i]` and makes `spans[i + 1]`.
        """
        return spans(self.stages, wanted)


def spans(stages: Sequence[Stage], wanted: Span) -> list[Span]:
    """See `EnhancePlan.spans`."""
    found = [wanted]
    for stage in reversed(stages):
        found.append(stage.given(found[-1]))
    return found[::-1]
