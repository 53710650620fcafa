"""Writes raw frames of a source to standard output: exactly those asked for, whatever the file's own index says.

It begins at the last keyframe before them and compares every frame with the check in the frame index. Where another
one came than was asked for, it goes back to earlier keyframes, at last to the beginning, and goes on where it was.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Source as PlannedSource
from telecine.core.limits import MediaLimits
from telecine.media.enhance.frame_index import FrameIndex, index_path
from telecine.media.enhance.reader import Source, SourceFile, check_of, open_source, time_of
from telecine.media.pipeline import Process, python_process
from telecine.media.tool_endings import READER_GONE
from telecine.media.workspace import Workspace

FULL_RANGE = 2
"""FFmpeg's AVCOL_RANGE_JPEG."""

_FULL_RANGE_NAMES = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p", "yuvj440p": "yuv440p"}
"""Old names of formats that only say of the same samples that their range is full."""


def decode_process(source: PlannedSource, span: Span, workspace: Workspace, limits: MediaLimits) -> Process:
    """The process that writes frames `span` of `source` to its standard output, by the work folder's frame index."""
    asked = {
        "source": source.model_dump(mode="json"),
        "path": workspace.relative(workspace.input_file(0)),
        "index": workspace.relative(index_path(workspace)),
        "span": list(span),
        "limits": limits.model_dump(mode="json", include={"pixels", "streams"}),
    }
    return python_process("the decoder", "telecine.media.enhance.decode", [json.dumps(asked)], workspace.root)


def main(asked: dict[str, Any], stdout: BinaryIO) -> None:
    """Write the frames that are asked for. Exits with a complaint where the source does not give them."""
    planned = PlannedSource.model_validate(asked["source"])
    index = FrameIndex.load(Path(asked["index"]))
    file = SourceFile(
        asked["path"], planned.demuxer, planned.stream, asked["limits"]["pixels"], asked["limits"]["streams"]
    )
    writer = _Writer(planned.picture, stdout)
    numbers = frame_numbers(planned, index, Span(*asked["span"]))
    wanted = iter(numbers)
    number = next(wanted, None)
    for found, frame in exact_frames(file, index, numbers[0], numbers[-1]):
        while number == found:
            writer.write(frame)
            number = next(wanted, None)
    stdout.flush()


def frame_numbers(planned: PlannedSource, index: FrameIndex, span: Span) -> list[int]:
    """Which frames of the index are frames `span` of the source at one constant rate. Raises ValueError."""
    first, end = planned.first + span.first, planned.first + span.end
    shown = index.shown(planned.picture.rate) if planned.resampled else list(range(index.frames))
    if not 0 <= first < end <= len(shown):
        raise ValueError(f"frames {first} to {end} are asked for, the source has {len(shown)}.")
    return shown[first:end]


def exact_frames(file: SourceFile, index: FrameIndex, first: int, last: int) -> Iterator[tuple[int, VideoFrame]]:
    """Frames `first` to `last` of the index, each with its number, each checked."""
    at = first
    for begin in _beginnings(index, first):
        with open_source(file) as source:
            if begin is not None:
                source.seek(int(index.times[begin]))
            for number, frame in _numbered(source, index, at, begin):
                if check_of(frame) != int(index.checks[number]) and begin is not None:
                    break
                yield number, frame
                at = number + 1
                if at > last:
                    return
    sys.exit(f"the source gives {at} of {index.frames} frames that it gave before.")


def _beginnings(index: FrameIndex, first: int) -> Iterator[int | None]:
    """Keyframes from which to try to decode frame `first`, the nearest first; None is the file's beginning."""
    if index.timed:
        before = index.keys[: int(np.searchsorted(index.keys, first, side="right"))]
        for back in (1, 2, 4):
            if back <= len(before) and before[-back] > 0:
                yield int(before[-back])
    yield None


def _numbered(source: Source, index: FrameIndex, first: int, begin: int | None) -> Iterator[tuple[int, VideoFrame]]:
    """Frames from `first` on with their numbers; ends where frames came that were not to come."""
    if begin is None:
        for number, frame in enumerate(source.frames()):
            if first <= number < index.frames:
                yield number, frame
        return
    number = first
    for frame in source.frames():
        time = time_of(frame)
        if time is None or time > index.times[number]:
            return
        if time == index.times[number]:
            yield number, frame
            number += 1
            if number == index.frames:
                return


class _Writer:
    """Writes frames in the working format, through a converter where they have another."""

    def __init__(self, picture: Picture, stdout: BinaryIO) -> None:
        self._picture = picture
        self._stdout = stdout
        self._graphs: dict[tuple[str, int, int, int], Graph] = {}

    def write(self, frame: VideoFrame) -> None:
        """Write one frame."""
        picture = self._picture
        name = _FULL_RANGE_NAMES.get(frame.format.name, frame.format.name)
        if (name, frame.width, frame.height) != (picture.pixel_format, picture.width, picture.height):
            frame = self._convert(frame)
        for plane, (height, width) in zip(frame.planes, picture.plane_sizes, strict=True):
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            self._stdout.write(np.ascontiguousarray(rows[:height, : width * picture.sample_bytes]).data)

    def _convert(self, frame: VideoFrame) -> VideoFrame:
        form = (frame.format.name, frame.width, frame.height, int(frame.color_range))
        if form not in self._graphs:
            self._graphs[form] = self._graph(frame)
        graph = self._graphs[form]
        graph.push(frame)
        converted = graph.pull()
        assert isinstance(converted, VideoFrame)
        return converted

    def _graph(self, frame: VideoFrame) -> Graph:
        """A converter that keeps range and matrix, and treats the chroma of fields as that of fields."""
        picture = self._picture
        graph = Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        full = int(frame.color_range) == FULL_RANGE or frame.format.name in _FULL_RANGE_NAMES
        given = "full" if full else "limited"
        made = {"pc": "full", "full": "full"}.get(picture.colour.range, "limited") if frame.format.is_rgb else given
        fields = int(picture.fields != "progressive")
        matrix = f":out_color_matrix={picture.colour.matrix or 'bt709'}" if frame.format.is_rgb else ""
        exact = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
        size = f"{picture.width}:{picture.height}:interl={fields}"
        ranges = f"out_range={made}" if frame.format.is_rgb else f"in_range={given}:out_range={made}"
        scale = graph.add("scale", f"{size}:{ranges}:{exact}{matrix}")
        form = graph.add("format", f"pix_fmts={picture.pixel_format}")
        graph.link_nodes(source, scale, form, graph.add("buffersink")).configure()
        return graph


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), sys.stdout.buffer)
    except BrokenPipeError:
        sys.exit(READER_GONE)
    except (OSError, IndexError, ValueError, av.FFmpegError) as error:
        sys.exit(f"the picture cannot be decoded: {error}")
