"""A film of small pictures that lies in a file of ours, and can be looked at anywhere in any order.

Both sides of a comparison are such films: a title's reference and the small copy of a leak. They have been encoded by
us, so they are decoded here and not in the sandbox.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.context import no_poll
from telecine.media.detect.pieces import Floats, Look, Pictures, Thumbs, thumb
from telecine.media.mark_mask import LOOK

SEEK_AFTER = 32
"""Pictures between two that are wanted from which seeking is worth it."""
KEPT = 256
"""Pictures that are kept after they were decoded: 59 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture and when it is shown, in seconds of its film."""

    time: float
    look: Look


class Film:
    """The film of `LOOK` pictures in the file `path`: a `LookSource`.

    `pictures` are the thumbnails (see `pieces.thumb`) of its first and every further `step`-th picture. Raises
    INPUT_UNREADABLE where the file is no such film.
    """

    def __init__(self, path: Path, pictures: Pictures, step: int = 1) -> None:
        self._ticks, tick = _ticks_of(path)
        self.times: Floats = np.multiply(self._ticks, tick, dtype=np.float64)
        """Seconds of every picture, growing."""
        self.step = float(np.median(np.diff(self.times))) if len(self.times) > 1 else 1.0
        """Seconds from most pictures to the next."""
        self._reel = _Reel(path)
        self._thumbs = Thumbs(self.times[::step], pictures)
        if len(self._thumbs.times) != len(pictures):
            raise _refuse(path)

    @property
    def thumbs(self) -> Thumbs:
        """Thumbnails from beginning to end."""
        return self._thumbs

    def looks(self, times: Sequence[float]) -> list[Look]:
        """For each of `times` (seconds, in any order) the picture nearest to it."""
        order = np.argsort(times, kind="stable")
        looks: list[Look | None] = [None] * len(times)
        for place, frame in zip(order, self.frames([times[place] for place in order]), strict=True):
            looks[place] = frame.look
        return [look for look in looks if look is not None]

    def nearest(self, times: Sequence[float] | Floats) -> Floats:
        """When the pictures nearest to `times` are shown, in seconds."""
        return self.times[self._nearest(times)]

    def frames(self, times: Sequence[float] | Floats) -> Iterator[Frame]:
        """For each of `times`, which must not decrease, the picture nearest to it. Memory is that of one picture."""
        for index in self._nearest(times):
            yield Frame(float(self.times[index]), self._reel.look(int(self._ticks[index]), int(index)))

    def _nearest(self, times: Sequence[float] | Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        asked = np.asarray(times, dtype=np.float64)
        after = np.clip(np.searchsorted(self.times, asked), 1, max(1, len(self.times) - 1))
        if len(self.times) == 1:
            return np.zeros(len(asked), dtype=np.int64)
        before = after - 1
        nearer = asked - self.times[before] <= self.times[after] - asked
        return np.where(nearer, before, after).astype(np.int64)


def thumbs_of(path: Path, poll: Callable[[], None] = no_poll) -> Pictures:
    """The thumbnails of every picture of the film in the file `path`, in the order of time. `poll` may raise."""
    thumbs: list[Pictures] = []
    with av.open(path) as container:
        for frame in container.decode(video=0):
            poll()
            thumbs.append(thumb(_look_of(frame)))
    return np.stack(thumbs)


class _Reel:
    """An open file, which is read onwards as long as that is the shortest way. The pictures decoded last are kept: a
    comparison goes to and fro, and going back means decoding anew from a keyframe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: InputContainer = av.open(path)
        self._frames = self._container.decode(video=0)
        self._index = -1
        self._kept: OrderedDict[int, Look] = OrderedDict()

    def look(self, ticks: int, index: int) -> Look:
        """The picture number `index`, whose time is `ticks`."""
        if ticks not in self._kept:
            self._decode(ticks, index)
        self._kept.move_to_end(ticks)
        return self._kept[ticks]

    def _decode(self, ticks: int, index: int) -> None:
        """Keep the picture, and those that are passed on the way to it."""
        if not 0 < index - self._index <= SEEK_AFTER:
            self._container.seek(ticks, stream=self._container.streams.video[0])
            self._frames = self._container.decode(video=0)
        for frame in self._frames:
            if frame.pts is not None:
                self._kept[min(frame.pts, ticks)] = _look_of(frame)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            if frame.pts is not None and frame.pts >= ticks:
                self._index = index
                return
        raise _refuse(self._path)


def _look_of(frame: VideoFrame) -> Look:
    """The luma of a decoded picture; it is the first plane of all formats that a film of ours has."""
    plane = frame.planes[0]
    rows, columns = LOOK
    luma: Look = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:rows, :columns].copy()
    return luma


def _ticks_of(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], float]:
    """The times of all pictures of a film, growing, in ticks, and the seconds of a tick."""
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            if (stream.height, stream.width) != LOOK or stream.time_base is None:
                raise _refuse(path)
            ticks = sorted(packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None)
            tick = float(stream.time_base)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise _refuse(path) from error
    if not ticks:
        raise _refuse(path)
    return np.array(ticks, dtype=np.int64), tick


def _refuse(path: Path) -> TelecineError:
    return TelecineError(ErrorKind.INPUT_UNREADABLE, f"{path.name} is no film of {LOOK[1]}x{LOOK[0]} pictures.")
