"""What another library than the one that wrote it says of a master or of a copy: streams, packets, digests.

Tools read the files in the sandbox, for a stranger's sound and data are in both.
"""

import json
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media import sandbox
from telecine.media.context import Context, no_report
from telecine.media.ffmpeg_progress import FfmpegProgress
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace

_OF_PICTURES = (
    *("codec_name", "width", "height", "pix_fmt", "sample_aspect_ratio", "field_order", "avg_frame_rate"),
    *("color_space", "color_transfer", "color_primaries"),
)
_CLASSES = ("prores", "dnxhd", "mpeg2video")
"""Codecs whose profile is the class that a studio has asked for; H.264's follows from what the encoder made use of."""
_UNSAID = (None, "unknown", "0:1", "N/A")
_MEANT = {"sample_aspect_ratio": "1:1", "field_order": "progressive"}
"""What a picture of which nothing is said has."""
_OF_EVERY_STREAM = ("codec_type", "codec_name", "codec_tag_string", "start_time", "duration")


@dataclass(slots=True)
class Packets:
    """The packets of the picture in decoding order, and a sum over those of each other stream.

    `times` are presentation times in the stream's ticks, `places` and `sizes` bytes in the file.
    """

    times: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    others: dict[str, int] = field(default_factory=dict)


class FileReader:
    """Asks about one file. `relative` is its path below the work folder, `picture` its picture's stream."""

    def __init__(self, relative: str, demuxer: str, picture: int, workspace: Workspace, context: Context) -> None:
        self.relative = relative
        self._demuxer = demuxer
        self._picture = picture
        self._workspace = workspace
        self._context = context

    @property
    def streams(self) -> list[dict[str, str]]:
        """What must be the same in a copy of each stream: kind, codec, tag, begin, duration, timecode, and for the
        picture its size, format, aspect, field order, colours and rate."""
        return [self._facts(stream) for stream in self._said["streams"]]

    @property
    def timecode(self) -> str:
        """The timecode of the file, which MXF has beside its streams; empty for none."""
        return str(self._said["format"].get("tags", {}).get("timecode", ""))

    @cached_property
    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._probe(("-of", "json", "-show_streams", "-show_format")))
        return said

    def packets(self) -> Packets:
        """What its packets say. Raises VERIFY_FAILED for one of the picture without time or place."""
        found = Packets()
        entries = "packet=stream_index,pts,size,pos"
        self._probe(("-of", "csv=p=0", "-show_entries", entries), lambda line: self._take(line, found))
        return found

    def digests(self) -> list[str]:
        """A digest of the bytes of every stream but the picture, in the order of streams."""
        if len(self.streams) == 1:
            return []
        limits, kept = self._context.limits, self._workspace.temporary(self._workspace.root / "digests.txt")
        try:
            self._run(
                [
                    self._context.tools.ffmpeg,
                    *("-hide_banner", "-nostdin", "-nostats", "-progress", "pipe:1", "-stats_period", "0.5"),
                    *("-v", "error", "-y", *safe_input(self._demuxer, self.relative, limits)),
                    *("-map", "0", "-map", f"-0:{self._picture}", "-c", "copy", "-copy_unknown"),
                    *("-f", "streamhash", "-hash", "sha256", self._workspace.relative(kept)),
                ],
                FfmpegProgress(Fraction(1), None, no_report, limits.stall_seconds),
            )
            return [line.partition(",")[2] for line in kept.read_text().splitlines()]
        finally:
            kept.unlink(missing_ok=True)

    def _facts(self, stream: dict[str, Any]) -> dict[str, str]:
        names = _OF_EVERY_STREAM if stream["index"] != self._picture else (*_OF_EVERY_STREAM, *_OF_PICTURES)
        facts = {name: str(stream[name]) for name in names if stream.get(name) not in _UNSAID}
        if stream["index"] == self._picture:
            facts = _MEANT | facts
            if facts.get("codec_name") in _CLASSES and "profile" in stream:
                facts["profile"] = str(stream["profile"])
        timecode = stream.get("tags", {}).get("timecode")
        return facts | ({"timecode": str(timecode)} if timecode else {})

    def _take(self, line: str, found: Packets) -> None:
        stream, pts, size, place = line.split(",")[:4]
        if stream != str(self._picture):
            found.others[stream] = zlib.crc32(f"{pts},{size};".encode(), found.others.get(stream, 0))
            return
        try:
            found.times.append(int(pts))
            found.sizes.append(int(size))
            found.places.append(int(place))
        except ValueError:
            detail = f"picture {len(found.places)} of {self.relative} has no time or no place."
            raise TelecineError(ErrorKind.VERIFY_FAILED, detail) from None

    def _probe(self, asked: tuple[str, ...], on_line: Callable[[str], None] | None = None) -> str:
        where = safe_input(self._demuxer, self.relative, self._context.limits)
        return self._run([self._context.tools.ffprobe, "-hide_banner", "-v", "error", *asked, *where], on_line)

    def _run(self, command: list[Any], on_line: Callable[[str], None] | None = None) -> str:
        done = sandbox.run(
            command,
            cwd=self._workspace.root,
            limits=self._context.limits,
            on_line=on_line,
            log=self._context.log,
            poll=self._context.poll,
            failure=ErrorKind.VERIFY_FAILED,
        )
        return done.stdout
