"""The pictures of one take, or of two that are padded to one size, picture by picture."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telecine.core.master import MasterPlan
from telecine.media.copies.padding import Padding, common_sizes, padding_of
from telecine.media.copies.sample_tables import Numbers
from telecine.media.copies.take_pictures import PictureReader, TakePictures, reading, take_pictures
from telecine.media.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PaddedPictures:
    """Pictures in decoding order. `sizes` are what they have in every file, padding included."""

    takes: tuple[TakePictures, ...]
    padding: Padding
    sizes: Numbers

    @property
    def shown(self) -> Numbers:
        """The number of each picture in the order of showing."""
        return self.takes[0].shown

    @property
    def keys(self) -> NDArray[np.bool_]:
        """Which pictures stand alone."""
        return self.takes[0].keys

    @property
    def configuration(self) -> bytes:
        """What decoders are set up with."""
        return self.takes[0].configuration

    @contextmanager
    def opened(self) -> Iterator["PaddedReader"]:
        """A reader of all takes."""
        with ExitStack() as stack:
            yield PaddedReader(self, [stack.enter_context(reading(take)) for take in self.takes])


class PaddedReader:
    """Reads pictures of all takes, side by side."""

    def __init__(self, pictures: PaddedPictures, readers: Sequence[PictureReader]) -> None:
        self._pictures = pictures
        self._readers = readers

    def read(self, number: int) -> list[bytes]:
        """Picture `number` in decoding order, of each take, as long as `sizes` says."""
        wanted = int(self._pictures.sizes[number])
        padded: list[bytes] = []
        for take, reader in zip(self._pictures.takes, self._readers, strict=True):
            picture = reader.read(number)
            if len(picture) != wanted:
                try:
                    picture = self._pictures.padding.pad(picture, wanted - len(picture))
                except ValueError as error:
                    raise take.refusal(f"cannot be padded at picture {number}: {error}") from error
            padded.append(picture)
        return padded


def padded_pictures(plan: MasterPlan, workspace: Workspace, names: Sequence[str]) -> PaddedPictures:
    """The pictures of the take, or the two takes, in `names`.

    Raises ENCODE_FAILED where they are not whole, or so unlike that they cannot have one layout.
    """
    takes = tuple(take_pictures(plan, workspace, name) for name in names)
    padding = padding_of(plan.codec)
    if len(takes) == 1:
        return PaddedPictures(takes, padding, takes[0].sizes)
    first, second = takes
    if first.configuration != second.configuration:
        raise second.refusal(f"was encoded with other parameters than take {first.name}")
    unlike = np.flatnonzero((first.shown != second.shown) | (first.keys != second.keys))
    if len(unlike):
        raise second.refusal(f"has another picture, or another kind of it, than take {first.name} at {unlike[0]}")
    try:
        return PaddedPictures(takes, padding, common_sizes(first.sizes, second.sizes, padding))
    except ValueError as error:
        raise second.refusal(str(error)) from error
