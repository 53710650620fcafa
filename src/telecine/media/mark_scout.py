"""Runs ffmpeg for whoever marks: the scout, whose small pictures become delta tracks, and encodes with progress."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.mark_delta import DeltaWriter, Stretch
from telecine.media.mark_mask import Marker
from telecine.media.workspace import Workspace


def run_ffmpeg(
    arguments: Sequence[str],
    workspace: Workspace,
    context: Context,
    on_line: sandbox.OnLine | None = None,
    on_bytes: sandbox.OnBytes | None = None,
) -> None:
    """Run ffmpeg in the work folder. Raises what the sandbox raises."""
    sandbox.run(
        [context.tools.ffmpeg, *arguments],
        cwd=workspace.root,
        limits=context.limits,
        on_line=on_line,
        on_bytes=on_bytes,
        log=context.log,
        poll=context.poll,
    )


def run_scout(
    arguments: Sequence[str],
    marker: Marker,
    stretch: Stretch,
    deltas: Mapping[str, Path],
    workspace: Workspace,
    context: Context,
    report: Callable[[int], None],
) -> DeltaWriter:
    """Run the scout of a stretch, and write the delta tracks `deltas` of its pictures.

    `report` is told the number of pictures so far. What is returned has written all there are.
    """
    with ExitStack() as stack:
        files = {name: stack.enter_context(path.open("wb")) for name, path in deltas.items()}
        writer = DeltaWriter(marker, stretch, files)

        def take(data: bytes) -> None:
            before = writer.frames
            writer.feed(data)
            if writer.frames != before:
                report(writer.frames)

        run_ffmpeg(arguments, workspace, context, on_bytes=take)
    return writer


def remove_tracks(paths: Iterable[Path]) -> None:
    """Remove delta tracks and analyses, and what x265 may have begun beside an analysis."""
    for path in paths:
        for leftover in path.parent.glob(f"{path.name}*"):
            with suppress(FileNotFoundError):
                leftover.unlink()
