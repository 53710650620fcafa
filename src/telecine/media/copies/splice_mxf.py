"""Puts another picture into a master in MXF: muxed anew, once for each take, from pictures of one size.

MXF's index and partitions are FFmpeg's to write, so unlike MP4 the file is not the master's own: it is OP1a and frame
wrapped, and has the master's sound, timecode and ancillary data, but no descriptive metadata; its identifiers (UMID)
are new, and the same in every copy. As nothing in it depends on clocks, chance or what pictures show, two takes of one
size come out with one layout; that is checked element by element.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
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
from telecine.media.context import Context
from telecine.media.copies.byte_stream import parameter_sets, with_start_codes
from telecine.media.copies.growth import Growth
from telecine.media.copies.klv import elements
from telecine.media.copies.mxf_identity import identify, identity_of
from telecine.media.copies.mxf_master import check_mxf
from telecine.media.copies.padded_pictures import PaddedPictures
from telecine.media.copies.sample_tables import Numbers
from telecine.media.copies.splice_quicktime import Watch
from telecine.media.safe_input import safe_input
from telecine.media.structure import BrokenError
from telecine.media.workspace import Workspace

_QUIET = ("-hide_banner", "-nostdin", "-y", "-v", "error")
_NOT_CARRIED = "could not write header"
"""What ffmpeg says of a stream that the muxer has no place for."""


def write_mxf(
    plan: MasterPlan,
    workspace: Workspace,
    context: Context,
    pictures: PaddedPictures,
    targets: Sequence[Path],
    watch: Watch,
) -> tuple[Numbers, int]:
    """Write the file of each take to its target, beside which there has to be room for another of the same size.

    Gives where each picture's element begins, in decoding order, and where the last ends. `watch` is told bytes of
    pictures. Raises ENCODE_FAILED where the files do not come out alike, and MASTER_REFUSED where the master is no
    OP1a, or has other tracks that cannot be kept.
    """
    check_mxf(workspace.input_file(0))
    sets = parameter_sets(pictures.configuration) if plan.codec == "h264" else b""
    identity = identity_of(workspace.input_file(0), plan.content_id)
    places: list[tuple[Numbers, int]] = []
    for take, target in zip(pictures.takes, targets, strict=True):
        # One take after the other: the disk then holds one file of pictures alone at a time.
        alone = target.with_suffix(".nut" if sets else ".mov")
        try:
            _write_alone(plan, replace(pictures, takes=(take,)), sets, alone, watch)
            _mux(plan, workspace, context, alone, target)
        finally:
            alone.unlink(missing_ok=True)
        identify(target, identity)
        places.append(_places(plan, target, pictures.sizes + len(sets) * pictures.keys))
    if any(not np.array_equal(places[0][0], starts) for starts, _ in places[1:]):
        raise TelecineError(ErrorKind.ENCODE_FAILED, "the takes have their pictures at different places.")
    return places[0]


def _write_alone(plan: MasterPlan, pictures: PaddedPictures, sets: bytes, target: Path, watch: Watch) -> None:
    """Write the padded pictures of one take to a file of one track, as FFmpeg's muxer of MXF takes them.

    That is a QuickTime file, but for H.264, whose parameter sets `sets` then are: it needs start codes, which NUT
    leaves alone.
    """
    tick = 1 / plan.rate
    delay = int((np.arange(plan.frames) - pictures.shown).max())
    with pictures.opened() as reader, _alone(pictures.takes[0].paths[0], target, sets, tick) as (container, stream):
        for number in range(plan.frames):
            (picture,) = reader.read(number)
            key = bool(pictures.keys[number])
            packet = Packet((sets if key else b"") + with_start_codes(picture) if sets else picture)
            packet.stream = stream
            packet.time_base = tick
            packet.pts, packet.dts, packet.duration = int(pictures.shown[number]), number - delay, 1
            packet.is_keyframe = key
            container.mux(packet)
            watch(len(picture))


@contextmanager
def _alone(model: Path, target: Path, sets: bytes, tick: Fraction) -> Iterator[tuple[OutputContainer, VideoStream]]:
    """An open file for pictures like those of `model`."""
    with av.open(model) as opened, av.open(target, "w", format=target.suffix[1:]) as container:
        stream = container.add_stream_from_template(opened.streams.video[0])
        if not sets:
            # A template forgets the tag, and QuickTime's is all that tells one kind of ProRes from another.
            stream.codec_context.codec_tag = opened.streams.video[0].codec_context.codec_tag
        stream.time_base = tick
        if sets:
            stream.codec_context.extradata = sets
        yield container, stream


def _mux(plan: MasterPlan, workspace: Workspace, context: Context, alone: Path, target: Path) -> None:
    """Mux the picture with the master's other tracks. Raises MASTER_REFUSED for a track that the muxer cannot take."""
    aspect = plan.sample_aspect * plan.width / plan.height
    command = [
        context.tools.ffmpeg,
        *_QUIET,
        *("-fflags", "+bitexact"),
        *safe_input(alone.suffix[1:], workspace.relative(alone), context.limits),
        *safe_input("mxf", workspace.relative(workspace.input_file(0)), context.limits),
        *("-map", "0:v", "-map", "1", "-map", f"-1:{plan.stream}", "-c", "copy", "-map_metadata", "1"),
        *("-aspect", f"{aspect.numerator}:{aspect.denominator}"),
        # The only colour that the picture's own bits may leave to the file.
        *(("-color_range", plan.colour.range) if plan.colour.range else ()),
        *("-fflags", "+bitexact", "-f", "mxf", workspace.relative(target)),
    ]
    growth = Growth(target, context.poll)
    try:
        sandbox.run(command, cwd=workspace.root, limits=context.limits, log=context.log, poll=growth)
    except TelecineError as error:
        if error.kind is ErrorKind.ENCODE_FAILED and _NOT_CARRIED in error.detail.lower():
            detail = f"its other tracks cannot be written to MXF; {error.detail}"
            raise TelecineError(ErrorKind.MASTER_REFUSED, detail) from error
        raise


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
