"""The reference of a marked title: the small unmarked picture of the whole, with what a detector must know of it.

A folder: `pictures.mp4` (about 6 a second, H.264), `thumbs.npy` (eight bits a pixel) and `reference.json`. It is made
once, when the title is published, from what marking left of each chunk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Self

import av
import numpy as np
from pydantic import BaseModel, ConfigDict

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import Plan, whole_frames
from telecine.media.context import no_poll
from telecine.media.detect.frames import Film, thumbs_of
from telecine.media.detect.pieces import Pictures, unit
from telecine.media.encode_args import track_timescale
from telecine.media.workspace import Workspace

PICTURES = "pictures.mp4"
THUMBS = "thumbs.npy"
FACTS = "reference.json"

_STEPS = 127


class Facts(BaseModel):
    """What a detector must know of a title. `segment` and `duration` are exact seconds, `positions` counts segments.

    `rate`: pictures a second of the title's fastest rendition; `aspect`: width over height of its picture. `chips`:
    marks that each segment carries, 1 where it is one mark. A segment of a few pictures is one of a prepared master's
    groups; the reference then has each picture of it, or two at least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: Fraction
    positions: int
    strength: float
    duration: Fraction
    rate: Fraction
    aspect: float
    chips: int = 1

    @property
    def pictures(self) -> float:
        """Pictures of a segment."""
        return float(self.segment * self.rate)


@dataclass(frozen=True, slots=True)
class Reel:
    """A stretch of small pictures in a file, timed from its own first picture, which is shown at `start` seconds."""

    path: Path
    start: Fraction


class Reference(Film):
    """A title to compare leaks with."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / PICTURES, _read_thumbs(folder / THUMBS))
        self.facts = Facts.model_validate_json((folder / FACTS).read_bytes())
        """What is known of the title."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The reference that lies in `folder`. Raises REFERENCE_MISSING where there is none or it is damaged."""
        try:
            return cls(folder)
        except (OSError, ValueError, TelecineError) as error:
            raise TelecineError(ErrorKind.REFERENCE_MISSING, "it cannot be read.") from error


def join_reference(plan: Plan, workspace: Workspace, target: Path, poll: Callable[[], None] = no_poll) -> None:
    """Make the folder `target`, which must not be there, from `workspace.reference(i)` of every chunk of `plan`.

    Nothing is encoded again. `poll` is called for every picture and may raise. Raises ENCODE_FAILED where a chunk is
    missing or was encoded otherwise.
    """
    assert plan.marking
    facts = Facts(
        segment=plan.segment,
        positions=ceil(plan.duration / plan.segment),
        strength=plan.marking.strength,
        duration=plan.duration,
        rate=_rate_of(plan),
        aspect=plan.video[0].width / plan.video[0].height,
    )
    reels = [Reel(workspace.reference(chunk.index), chunk.start) for chunk in plan.chunks]
    write_reference(facts, reels, target, poll)


def write_reference(facts: Facts, reels: Sequence[Reel], target: Path, poll: Callable[[], None] = no_poll) -> None:
    """Make the folder `target`, which must not be there, of the small pictures in `reels`, first to last.

    Nothing is encoded again. `poll` is called for every picture and may raise. Raises ENCODE_FAILED where a reel is
    missing or was encoded otherwise.
    """
    target.mkdir(parents=True)
    _join_pictures(reels, track_timescale(facts.rate), target / PICTURES)
    complete(target, facts, poll)


def complete(folder: Path, facts: Facts, poll: Callable[[], None] = no_poll) -> None:
    """Make a reference of `folder`, in which `PICTURES` is: add thumbnails and facts. `poll` may raise."""
    _write_thumbs(thumbs_of(folder / PICTURES, poll), folder / THUMBS)
    (folder / FACTS).write_text(facts.model_dump_json())


def _rate_of(plan: Plan) -> Fraction:
    """The rate at which the scout took the small pictures (`media.mark`)."""
    return max(output.frame_rate for output in plan.video)


def _join_pictures(reels: Sequence[Reel], scale: int, target: Path) -> None:
    """Put the reels one after the other, on a clock of `scale` ticks a second."""
    options = {"video_track_timescale": str(scale), "movie_timescale": str(scale)}
    missing = next((reel.path.name for reel in reels if not reel.path.exists()), None)
    if missing:
        raise _refuse(f"{missing} is missing.")
    with av.open(target, "w", format="mp4", options=options) as joined, av.open(reels[0].path) as first:
        header = first.streams.video[0].codec_context.extradata
        stream = joined.add_stream_from_template(first.streams.video[0])
        for reel in reels:
            with av.open(reel.path) as container:
                if container.streams.video[0].codec_context.extradata != header:
                    raise _refuse(f"{reel.path.name} was encoded with other parameters than the first.")
                shift = whole_frames(reel.start * scale)
                for packet in container.demux(video=0):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        packet.pts += shift
                        packet.dts += shift
                        packet.stream = stream
                        joined.mux(packet)


def _write_thumbs(pictures: Pictures, path: Path) -> None:
    """Store each thumbnail in steps of its own largest number: its norm is one, so the scale need not be kept."""
    largest = np.maximum(np.abs(pictures).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    np.save(path, np.rint(_STEPS * pictures / largest).astype(np.int8), allow_pickle=False)


def _read_thumbs(path: Path) -> Pictures:
    return unit(np.load(path, allow_pickle=False).astype(np.float32))


def _refuse(what: str) -> TelecineError:
    return TelecineError(ErrorKind.ENCODE_FAILED, f"the reference of chunk {what}")
