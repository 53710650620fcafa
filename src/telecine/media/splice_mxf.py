"""Puts another picture into a master in MXF: muxed anew, once for each take, from pictures of one size.

MXF's index and partitions are FFmpeg's to write, so unlike MP4 the file is not the master's own: it is OP1a, frame
wrapped, with the master's sound, timecode and ancillary data, but without descriptive metadata, and its identifiers
(UMID) are FFmpeg's constant ones, the same in every copy. As nothing in it depends on clocks, chance or the bytes of
pictures, two takes of one size come out with one layout; that is checked element by element.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import MasterPlan
from telecine.media import sandbox
from telecine.media.byte_stream import parameter_sets, with_start_codes
from telecine.media.context import Context
from telecine.media.klv import elements
from telecine.media.padded_pictures import PaddedPictures
from telecine.media.safe_input import safe_input
from telecine.media.sample_tables import Numbers
from telecine.media.splice_quicktime import Watch
from telecine.media.structure import BrokenError
from telecine.media.workspace import Workspace

_QUIET = ("-hide_banner", "-nostdin", "-y", "-v", "error")


def write_mxf(
    plan: MasterPlan,
    workspace: Workspace,
    context: Context,
    pictures: PaddedPictures,
    targets: Sequence[Path],
    watch: Watch,
) -> tuple[Numbers, int]:
    """Write the file of each take to its target, beside which there is room for another of the same size.

    Gives where each picture's element begins, in decoding order, and where the last ends.

    `watch` is told bytes of pictures. Raises ENCODE_FAILED where the files do not come out alike.
    """
    sets = parameter_sets(pictures.configuration) if plan.codec == "h264" else b""
    with ExitStack() as stack:
        form = "nut" if sets else "mov"
        alone = [target.with_suffix(f".{form}") for target in targets]
        for path in alone:
            stack.callback(path.unlink, missing_ok=True)
        _write_alone(plan, pictures, sets, alone, watch)
        for path, target in zip(alone, targets, strict=True):
            _mux(plan, workspace, context, (path, form), target)
    sizes = pictures.sizes + len(sets) * pictures.keys
    places = [_places(plan, target, sizes) for target in targets]
    if any(not np.array_equal(places[0][0], starts) for starts, _ in places[1:]):
        raise TelecineError(ErrorKind.ENCODE_FAILED, "the takes have their pictures at different places.")
    return places[0]


def _write_alone(
    plan: MasterPlan, pictures: PaddedPictures, sets: bytes, targets: Sequence[Path], watch: Watch
) -> None:
    """Write the padded pictures of each take to a file of one track, as FFmpeg's muxer of MXF takes them.

    That is a QuickTime file, but for H.264, whose parameter sets `sets` then are: it needs start codes, which NUT
    leaves alone.
    """
    tick = 1 / plan.rate
    delay = int((np.arange(plan.frames) - pictures.shown).max())
    with ExitStack() as stack:
        reader = stack.enter_context(pictures.opened())
        outputs = [
            stack.enter_context(_alone(take.paths[0], target, sets, tick))
            for take, target in zip(pictures.takes, targets, strict=True)
        ]
        for number in range(plan.frames):
            key = bool(pictures.keys[number])
            for (container, stream), picture in zip(outputs, reader.read(number), strict=True):
                packet = Packet((sets if key else b"") + with_start_codes(picture) if sets else picture)
                packet.stream = stream
                packet.time_base = tick
                packet.pts, packet.dts, packet.duration = int(pictures.shown[number]), number - delay, 1
                packet.is_keyframe = key
                container.mux(packet)
            watch(int(pictures.sizes[number]))


@contextmanager
def _alone(model: Path, target: Path, sets: bytes, tick: Fraction) -> Iterator[tuple[OutputContainer, VideoStream]]:
    """An open file for pictures like those of `model`."""
    with av.open(model) as opened, av.open(target, "w", format=target.suffix[1:]) as container:
        stream = container.add_stream_from_template(opened.streams.video[0])
        stream.time_base = tick
        if sets:
            stream.codec_context.extradata = sets
        yield container, stream


def _mux(plan: MasterPlan, workspace: Workspace, context: Context, alone: tuple[Path, str], target: Path) -> None:
    """Mux the picture, a file and its format, with the master's other tracks."""
    path, form = alone
    aspect = plan.sample_aspect * plan.width / plan.height
    sandbox.run(
        [
            context.tools.ffmpeg,
            *_QUIET,
            *("-fflags", "+bitexact"),
            *safe_input(form, workspace.relative(path), context.limits),
            *safe_input("mxf", workspace.relative(workspace.input_file(0)), context.limits),
            *("-map", "0:v", "-map", "1", "-map", f"-1:{plan.stream}", "-c", "copy", "-map_metadata", "1"),
            *("-aspect", f"{aspect.numerator}:{aspect.denominator}"),
            # The only colour that the picture's own bits may leave to the file.
            *(("-color_range", plan.colour.range) if plan.colour.range else ()),
            *("-fflags", "+bitexact", "-f", "mxf", workspace.relative(target)),
        ],
        cwd=workspace.root,
        limits=context.limits,
        log=context.log,
        poll=lambda: _growing(context),
    )


def _growing(context: Context) -> bool:
    context.poll()
    return True


def _places(plan: MasterPlan, file: Path, sizes: Numbers) -> tuple[Numbers, int]:
    """Where the elements of pictures begin, and where the last ends.

    Raises ENCODE_FAILED where they are not the pictures that were given.
    """
    try:
        with file.open("rb") as opened:
            found = [element for element in elements(opened) if element.picture]
    except BrokenError as error:
        raise TelecineError(ErrorKind.ENCODE_FAILED, f"the file that was muxed {error}.") from error
    lengths = np.array([element.end - element.value for element in found])
    if not np.array_equal(lengths, sizes):
        detail = f"the file that was muxed has not the {plan.frames} pictures that were given."
        raise TelecineError(ErrorKind.ENCODE_FAILED, detail)
    return np.array([element.start for element in found]), found[-1].end
