"""Is a copy the master, but for its marks? Judged by reading it back, before any recipient gets it.

Every stream must begin, last and be described as the master's; sound and data must be its bytes; every picture must be
shown when the master shows it, and decode. Two prepared files must differ in nothing but the bytes of pictures, and
groups must begin where it is said, for copies are cut there unseen.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import TAKES, MasterPlan, Prepared
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.copies.copy_facts import FileReader, Packets
from telecine.media.copies.klv import elements
from telecine.media.copies.movie_boxes import top_boxes
from telecine.media.copies.splice import prepared_file
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace

WHOLE_SECONDS = 600
"""A copy up to this long is decoded from beginning to end; a longer one in stretches."""
STRETCH_SECONDS = 10
STRIDE_SECONDS = 80
"""From the beginning of one stretch to that of the next."""
_BLOCK = 2**20


def verify_prepared(plan: MasterPlan, workspace: Workspace, context: Context) -> None:
    """Check both files in `workspace.prepared` against the master, and against each other.

    Reports seconds of media. Raises VERIFY_FAILED, naming what differs.
    """
    prepared = Prepared.model_validate_json((workspace.prepared / "prepared.json").read_bytes())
    files = [prepared_file(workspace.prepared, plan, take) for take in TAKES]
    check = _Check(plan, workspace, context, len(files))
    packets = [check.file(file) for file in files]
    for file in files:
        if file.stat().st_size != prepared.size:
            raise _differs(file, f"has {file.stat().st_size} bytes instead of {prepared.size}")
    _check_borders(plan, prepared, packets[0])
    _check_outside(plan, files, packets)


def verify_copy(plan: MasterPlan, workspace: Workspace, context: Context, copy: Path) -> None:
    """Check one file, below the work folder, against the master. Reports and raises as `verify_prepared` does."""
    _Check(plan, workspace, context, 1).file(copy)


class _Check:
    """Checks files against one master, which is read once."""

    def __init__(self, plan: MasterPlan, workspace: Workspace, context: Context, files: int) -> None:
        self._plan = plan
        self._workspace = workspace
        self._context = context
        self._seconds = float(plan.frames / plan.rate)
        self._total = self._seconds * files
        self._done = 0.0
        # In MXF the picture of a copy comes first, wherever the master has it.
        self._picture = 0 if plan.container == "mxf" else plan.stream
        master = self._reader(workspace.input_file(0), plan.stream)
        self._streams = master.streams
        self._timecode = master.timecode
        self._streams.insert(self._picture, self._streams.pop(plan.stream))
        self._packets = master.packets()
        self._digests = master.digests()

    def file(self, file: Path) -> Packets:
        """Check one file; what its packets say."""
        reader = self._reader(file, self._picture)
        for number, (old, new) in enumerate(_pairs(self._streams, reader.streams, file)):
            unlike = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
            if unlike:
                what = ", ".join(f"{name} {new.get(name)} instead of {old.get(name)}" for name in unlike)
                raise _differs(file, f"has in stream {number} {what}")
        if reader.timecode != self._timecode:
            raise _differs(file, f"has timecode {reader.timecode or 'none'} instead of {self._timecode or 'none'}")
        if reader.digests() != self._digests:
            raise _differs(file, "has other bytes in its sound or data than the master")
        packets = reader.packets()
        self._check_times(file, packets)
        if self._plan.container != "mxf":
            _check_head(file)
        self._decode(file)
        self._done += self._seconds
        self._context.report(Tick(self._done, self._total))
        return packets

    def _reader(self, file: Path, picture: int) -> FileReader:
        relative = self._workspace.relative(file)
        return FileReader(relative, self._plan.demuxer, picture, self._workspace, self._context)

    def _check_times(self, file: Path, packets: Packets) -> None:
        if len(packets.times) != self._plan.frames:
            raise _differs(file, f"has {len(packets.times)} pictures instead of {self._plan.frames}")
        if sorted(packets.times) != sorted(self._packets.times):
            raise _differs(file, "shows pictures at other times than the master")
        if self._plan.container != "mxf" and packets.others != self._packets.others:
            raise _differs(file, "has sound or data at other times than the master")

    def _decode(self, file: Path) -> None:
        """Decode all of the picture, or stretches of a long one; the first error counts."""
        if self._seconds <= WHOLE_SECONDS:
            self._decode_stretch(file, None)
            return
        for begin in np.arange(0, self._seconds, STRIDE_SECONDS):
            self._decode_stretch(file, Fraction(int(begin)))

    def _decode_stretch(self, file: Path, begin: Fraction | None) -> None:
        context = self._context
        done = self._done + float(begin or 0)
        counted = _Counter(
            FfmpegProgress(
                Fraction(self._seconds),
                self._plan.rate,
                lambda tick: context.report(Tick(done + tick.done, self._total)),
                context.limits.stall_seconds,
            )
        )
        part = () if begin is None else ("-ss", str(float(begin)), "-t", str(STRETCH_SECONDS))
        sandbox.run(
            [
                context.tools.ffmpeg,
                *("-hide_banner", "-nostdin", "-nostats", "-progress", "pipe:1", "-stats_period", "0.5"),
                *("-v", "error", "-xerror", "-err_detect", "explode", *part),
                *safe_input(self._plan.demuxer, self._workspace.relative(file), context.limits),
                *("-map", f"0:{self._picture}", "-fps_mode", "passthrough", "-f", "null", "-"),
            ],
            cwd=self._workspace.root,
            limits=context.limits,
            on_line=counted,
            log=context.log,
            poll=context.poll,
            failure=ErrorKind.VERIFY_FAILED,
        )
        if begin is None and counted.frames != self._plan.frames:
            raise _differs(file, f"decodes to {counted.frames} pictures instead of {self._plan.frames}")


class _Counter:
    """Hands ffmpeg's lines on, and remembers how many pictures it counted."""

    def __init__(self, progress: FfmpegProgress) -> None:
        self.frames = 0
        self._progress = progress

    def __call__(self, line: str) -> None:
        """Take one line."""
        key, _, value = line.partition("=")
        if key == "frame" and value.strip().isdecimal():
            self.frames = int(value)
        self._progress(line)


def _pairs(
    old: Sequence[dict[str, str]], new: Sequence[dict[str, str]], file: Path
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    if len(old) != len(new):
        raise _differs(file, f"has {len(new)} streams instead of {len(old)}")
    return zip(old, new, strict=True)


def _check_head(file: Path) -> None:
    """Players can begin at once: the movie's boxes come before its media."""
    with file.open("rb") as opened:
        kinds = [place.kind for place in top_boxes(opened)]
    if kinds.index(b"moov") > kinds.index(b"mdat"):
        raise _differs(file, "has its moov box behind its media")


def _check_borders(plan: MasterPlan, prepared: Prepared, packets: Packets) -> None:
    """Each group begins at its border, and the pictures before it lie before."""
    if prepared.groups != plan.groups:
        raise TelecineError(ErrorKind.VERIFY_FAILED, f"{prepared.groups} groups are prepared instead of {plan.groups}.")
    places = np.array(packets.places)
    groups = np.searchsorted(np.array(prepared.borders[1:-1]), places, side="right")
    if not np.array_equal(groups, np.arange(len(places)) // plan.group):
        raise TelecineError(ErrorKind.VERIFY_FAILED, "a picture does not lie between the borders of its group.")


def _check_outside(plan: MasterPlan, files: Sequence[Path], packets: Sequence[Packets]) -> None:
    """Both files are the same outside their pictures, which lie at the same places."""
    first, second = packets
    if first.places != second.places or first.sizes != second.sizes or first.times != second.times:
        raise _differs(files[1], "has pictures at other places than the other take")
    at = 0
    with files[0].open("rb") as one, files[1].open("rb") as other:
        for begin, end in _pictures(plan, files[0], first):
            if not _same(one, other, at, begin):
                raise _differs(files[1], f"differs from the other take outside pictures, after byte {at}")
            at = end
        if not _same(one, other, at, files[0].stat().st_size):
            raise _differs(files[1], f"differs from the other take outside pictures, after byte {at}")


def _pictures(plan: MasterPlan, file: Path, packets: Packets) -> Iterator[tuple[int, int]]:
    """First byte and end of each picture: in MXF of an element's value, of which packets tell the element's place."""
    if plan.container == "mxf":
        with file.open("rb") as opened:
            yield from ((element.value, element.end) for element in elements(opened) if element.picture)
        return
    yield from ((place, place + size) for place, size in zip(packets.places, packets.sizes, strict=True))


def _same(one: BinaryIO, other: BinaryIO, begin: int, end: int) -> bool:
    """Whether two files have the same bytes from `begin` to `end`."""
    one.seek(begin)
    other.seek(begin)
    lengths = (min(_BLOCK, end - at) for at in range(begin, end, _BLOCK))
    return all(one.read(length) == other.read(length) for length in lengths)


def _differs(file: Path, what: str) -> TelecineError:
    return TelecineError(ErrorKind.VERIFY_FAILED, f"{file.parent.name}/{file.name} {what}.")
