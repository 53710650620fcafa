"""The plan of one master's distribution, and what a prepared master is.

`core.plan_master` makes the plan from the probe; `media` carries it out and decides nothing.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.distribution import CopyMode
from telecine.core.plan import Colour
from telecine.core.watermark.bias import Family

TAKES = (0, 1)

type MasterCodec = Literal["h264", "h265", "prores", "mpeg2", "dnxhd"]
type MasterContainer = Literal["mp4", "mov", "mxf"]
type MasterFieldOrder = Literal["progressive", "top_first", "bottom_first"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MasterChunk(_Frozen):
    """A stretch of the master that is encoded in one go: pictures `first` to `first + frames - 1` as shown.

    These are whole groups but for the master's last. `bitrate`: what the master itself spends there, bits a second.
    """

    index: int
    first: int
    frames: int
    bitrate: int


class MasterPlan(_Frozen):
    """Every decision about one master, made once. Numbers of pictures are in the order in which they are shown."""

    content_id: str
    mode: CopyMode
    code: Family
    strength: float
    demuxer: str
    container: MasterContainer
    stream: int
    """The picture's index among all streams of the file."""
    codec: MasterCodec
    profile: str
    """The master's own, in FFmpeg's words; empty where it has none."""
    level: int = 0
    """The master's own, in FFmpeg's numbers; 0 where the encoder finds one."""
    intra: bool
    """Whether every picture stands alone."""
    width: int
    height: int
    sample_aspect: Fraction = Fraction(1)
    rotation: int = 0
    """Clockwise degrees by which a player turns the picture; it is coded as the master has it."""
    pixel_format: str
    field_order: MasterFieldOrder = "progressive"
    colour: Colour = Colour()
    rate: Fraction
    """Pictures a second."""
    frames: int
    start: Fraction
    """Presentation time of the first picture in the file, in seconds."""
    group: int
    """Pictures of a group."""
    gop: int = 0
    """Pictures from one keyframe of a take to the next, at most; 0 means those of a group."""
    constant_bitrate: bool = False
    """Whether the master's bitrate is the same everywhere, filled up where the picture needs less."""
    chips: int = 1
    """Marks that a group carries."""
    chunks: tuple[MasterChunk, ...]
    preset: str = "medium"
    """Of x264 and x265."""
    warnings: tuple[str, ...] = ()

    @property
    def groups(self) -> int:
        """Groups of the master; the last may be shorter."""
        return ceil(self.frames / self.group)

    @property
    def positions(self) -> int:
        """Marks of the whole master: what a recipient's word is long."""
        return self.groups * self.chips

    @property
    def group_duration(self) -> Fraction:
        """Seconds of a group."""
        return self.group / self.rate


class Piece(NamedTuple):
    """Bytes `start` to `end` (not included) of a copy, which are the same bytes of the file of `take`."""

    take: int
    start: int
    end: int


class Prepared(_Frozen):
    """A prepared master: two whole files of `size` bytes, one for each take, that differ in nothing but their pictures.

    `borders`: where each group's first picture begins in either file, and where the last group's ends; growing.
    """

    size: int
    suffix: str
    """The files' ending, with its dot."""
    content_type: str
    borders: tuple[int, ...] = Field(min_length=2)

    @property
    def groups(self) -> int:
        """Groups that can be chosen."""
        return len(self.borders) - 1

    def pieces(self, takes: Sequence[int]) -> list[Piece]:
        """The copy that has these takes, one for each group, as few pieces as possible, first to last byte.

        Raises ValueError where the number of takes is not that of the groups.
        """
        if len(takes) != self.groups:
            raise ValueError(f"{self.groups} takes are needed, not {len(takes)}")
        edges = (0, *self.borders[1:-1], self.size)
        pieces: list[Piece] = []
        for take, (start, end) in zip(takes, pairwise(edges), strict=True):
            last = pieces[-1] if pieces else None
            if last and last.take == take:
                pieces[-1] = Piece(last.take, last.start, end)
            else:
                pieces.append(Piece(int(take), start, end))
        return pieces
