"""Runs one stage of an enhancement in a process of its own: raw frames in, raw frames out, checked at both ends."""

import json
import shutil
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

from telecine.core.enhance.devices import NETWORKS
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.context import Context
from telecine.media.enhance.frames import Frame, Frames, PythonEngine, read_frames, write_frame
from telecine.media.enhance.graphics import network_device, on_graphics
from telecine.media.pipeline import Process, python_process
from telecine.media.tool_endings import READER_GONE, WRITER_GONE
from telecine.media.workspace import Workspace

ROOM = "telecine.media.enhance"


def stage_process(stage: Stage, given: Span, wanted: Span, workspace: Workspace, context: Context) -> Process:
    """The process that reads frames `given` of `stage.before` and writes frames `wanted` of `stage.after`.

    A network runs on the GPU where there is one, and the log says where. Raises ENGINE_MISSING where an engine that is
    FFmpeg's filter, or a GPU that is insisted on, is not there.
    """
    name = f"{stage.option} ({stage.engine})"
    if stage.host == "ffmpeg":
        return Process(name, _ffmpeg(stage, given, wanted, context))
    asked: dict[str, Any] = {"stage": stage.model_dump(mode="json"), "given": list(given), "wanted": list(wanted)}
    device = network_device(context.limits) if stage.engine in NETWORKS else None
    if device:
        context.log(" ".join(filter(None, [f"{name} runs on {device.name}.", device.note])))
        asked["gpu"] = device.gpu
    process = python_process(name, f"{ROOM}.host", [json.dumps(asked)], workspace.root)
    if device and device.gpu:
        return on_graphics(process, software=context.limits.network_device == "gpu")
    return process


def entry_of(entry: str) -> Any:  # noqa: ANN401 - functions of several forms
    """The function that `module:function` names, in this room or, by a module's full name, in another.

    Raises ENGINE_MISSING where it, or a package that it needs, is not there.
    """
    module, _, function = entry.partition(":")
    try:
        return getattr(import_module(module if "." in module else f"{ROOM}.{module}"), function)
    except (ImportError, AttributeError) as error:
        raise TelecineError(ErrorKind.ENGINE_MISSING, f"{entry} cannot be loaded: {error}") from error


def _ffmpeg(stage: Stage, given: Span, wanted: Span, context: Context) -> list[str]:
    graph: str = entry_of(stage.entry)(stage, given, wanted)
    before, after = stage.before, stage.after
    return [
        str(context.tools.ffmpeg),
        *("-hide_banner", "-nostdin", "-v", "warning", "-nostats"),
        *("-f", "rawvideo", "-pixel_format", before.pixel_format, "-video_size", f"{before.width}x{before.height}"),
        *("-framerate", str(before.rate), "-i", "pipe:0"),
        *("-filter_complex", f"[0:v]{graph},format={after.pixel_format}[out]", "-map", "[out]"),
        *("-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"),
    ]


def main(asked: dict[str, Any], stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Run the stage. Raises what its engine raises, EOFError where frames are missing, ValueError where it errs."""
    stage = Stage.model_validate(asked["stage"])
    given, wanted = Span(*asked["given"]), Span(*asked["wanted"])
    if asked.get("gpu"):
        entry_of("network:use_gpu")()
    if stage.host == "vapoursynth":
        entry_of("vs_host:run")(stage, stdin, stdout, given, wanted)
    else:
        engine = cast("PythonEngine", entry_of(stage.entry))
        made = 0
        for frame in engine(stage, _counted(stdin, stage.before, given), given, wanted):
            _check(frame, stage)
            write_frame(stdout, frame)
            made += 1
        if made != wanted.frames:
            raise ValueError(f"{stage.engine} made {made} frames of {wanted.frames}")
    stdout.flush()
    _drain(stdin)


def _counted(stdin: BinaryIO, picture: Picture, given: Span) -> Frames:
    """The frames that come, which must be as many as were promised."""
    count = 0
    for frame in _at_most(read_frames(stdin, picture), given.frames):
        count += 1
        yield frame
    if count < given.frames:
        raise EOFError(f"{count} frames came of {given.frames}")


def _at_most(frames: Frames, count: int) -> Iterator[Frame]:
    for _ in range(count):
        frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _check(frame: Frame, stage: Stage) -> None:
    shapes = tuple(plane.shape for plane in frame)
    if shapes != stage.after.plane_sizes or any(plane.dtype.itemsize != stage.after.sample_bytes for plane in frame):
        raise ValueError(f"{stage.engine} made a frame of {shapes} for one of {stage.after.plane_sizes}")


def _drain(stdin: BinaryIO) -> None:
    """Read what an engine had no need of, so that nobody who writes it breaks."""
    with Path("/dev/null").open("wb") as nowhere:
        shutil.copyfileobj(stdin, nowhere, 2**20)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        sys.stdout = None  # what is still in it cannot be written any more
        sys.exit(READER_GONE)
    except EOFError as error:
        print(error, file=sys.stderr)
        sys.exit(WRITER_GONE)
    except TelecineError as error:
        sys.exit(error.detail)
    except Exception as error:  # whatever an engine raises: its kind, its words, and where it came from
        *_, last = traceback.extract_tb(error.__traceback__)
        sys.exit(f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})")
