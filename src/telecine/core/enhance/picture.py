"""The form of a stream of frames between two stages of an enhancement."""

from fractions import Fraction
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.enhance.options import Chroma
from telecine.core.plan import Colour

type Fields = Literal["progressive", "top_first", "bottom_first"]

_NAMES = {
    Chroma.C410: "yuv410p",
    Chroma.C411: "yuv411p",
    Chroma.C420: "yuv420p",
    Chroma.C422: "yuv422p",
    Chroma.C440: "yuv440p",
    Chroma.C444: "yuv444p",
}


class Span(NamedTuple):
    """Frames `first` to `end`, which is not included, in absolute numbers of one timeline."""

    first: int
    end: int

    @property
    def frames(self) -> int:
        """How many these are."""
        return self.end - self.first


class Picture(BaseModel):
    """Frames of planar YUV: size, sampling, depth, rate, meaning. Frame `n` is shown at `n / rate` seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(gt=0)
    height: int = Field(gt=0)
    chroma: Chroma
    bits: Literal[8, 10, 12, 14, 16]
    """Of a sample; those of more than 8 travel in two bytes each, little-endian, the value in the low bits."""
    rate: Fraction
    frames: int = Field(gt=0)
    """How many the whole timeline has."""
    fields: Fields = "progressive"
    sample_aspect: Fraction = Fraction(1)
    colour: Colour = Colour()

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name."""
        return _NAMES[self.chroma] + ("" if self.bits == 8 else f"{self.bits}le")

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 1 if self.bits == 8 else 2

    @property
    def plane_sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of Y, U and V in samples; chroma of odd sizes is rounded up."""
        across, down = self.chroma.spacing
        chroma = (-(-self.height // down), -(-self.width // across))
        return ((self.height, self.width), chroma, chroma)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame on its way from one process to the next."""
        return self.sample_bytes * sum(height * width for height, width in self.plane_sizes)

    @property
    def seconds(self) -> Fraction:
        """Length of the whole timeline."""
        return self.frames / self.rate
