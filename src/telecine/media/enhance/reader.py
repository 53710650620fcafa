"""Opens a source inside the cage and decodes its picture, frame by frame, as its own decoder gives it.

Runs in processes of its own (`frame_index`, `decode`), so it loads little. What a stranger made is opened with the
same white lists as by `media.safe_input`.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from telecine.media.safe_input import PROBE_BYTES, PROBE_MICROSECONDS

CHECKED_ROWS = 3
"""One row of luma in so many goes into a frame's check: odd, so that both fields of an interlaced frame count."""


class SourceFile(NamedTuple):
    """What must be known to open a source: path in the current folder, sniffed demuxer, stream, limits."""

    path: str
    demuxer: str
    stream: int
    pixels: int
    streams: int


class Source:
    """An open source whose picture can be read from its beginning or from somewhere else."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self.broken = 0
        """Packets that could not be decoded; what players show there is made of what could."""

    @property
    def time_base(self) -> Fraction:
        """Seconds of one unit of a frame's time."""
        base = self._stream.time_base
        assert base
        return Fraction(base.numerator, base.denominator)

    def seek(self, time: int) -> None:
        """Go to a keyframe at or before `time`, as far as the file's index, or a search in it, tells the truth."""
        self._container.seek(time, stream=self._stream, backward=True)

    def frames(self) -> Iterator[VideoFrame]:
        """Frames from here to the end, in the order of showing. A damaged packet costs its frame at most."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, EOFError):
                return
            except av.FFmpegError:  # damage within the container: what follows cannot be found
                self.broken += 1
                with suppress(av.FFmpegError, EOFError):
                    yield from self._stream.decode(None)
                return
            try:
                yield from self._stream.decode(packet)
            except EOFError:
                return
            except av.FFmpegError:
                self.broken += 1


@contextmanager
def open_source(file: SourceFile) -> Iterator[Source]:
    """Open `file`. Raises av.FFmpegError where it cannot be opened, IndexError where it has no such stream."""
    options = {
        "protocol_whitelist": "file,pipe",
        "format_whitelist": file.demuxer,
        "max_streams": str(file.streams),
        "probesize": str(PROBE_BYTES),
        "analyzeduration": str(PROBE_MICROSECONDS),
    }
    if file.demuxer == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    with av.open(f"file:{file.path}", format=file.demuxer, container_options=options) as container:
        stream = container.streams[file.stream]
        if not isinstance(stream, VideoStream):
            raise IndexError(f"stream {file.stream} is no picture")
        stream.codec_context.options = {"max_pixels": str(file.pixels)}
        stream.thread_type = "AUTO"
        yield Source(container, stream)


def check_of(frame: VideoFrame) -> int:
    """A number that tells one frame from others: Adler-32 (RFC 1950) of some rows of its first plane."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    used = min(plane.line_size, frame.width * _bytes_per_sample(frame))
    return zlib.adler32(np.ascontiguousarray(rows[::CHECKED_ROWS, :used]).data)


def _bytes_per_sample(frame: VideoFrame) -> int:
    component = frame.format.components[0]
    return max(1, -(-component.bits // 8)) if frame.format.is_planar else 1


def time_of(frame: VideoFrame) -> int | None:
    """When the frame is shown, in units of the stream's time base; None where the file does not tell."""
    return frame.pts if frame.pts is not None else frame.dts
