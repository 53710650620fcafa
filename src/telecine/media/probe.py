"""Finds out what an input really holds, trusting nobody: not its name, not its header, and not its content.

Three looks with ffprobe in the sandbox: the description of the streams, every packet's times, and the first
decoded pictures. An input that is unsafe, over a limit or damaged is refused here, before anything is spent on it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.media_info import AudioTrack, MediaInfo, VideoTrack
from telecine.core.progress import Tick
from telecine.core.rates import FASTEST
from telecine.media import describe, sandbox
from telecine.media.describe import Json
from telecine.media.packets import PacketScan, StreamPackets, picture_timing
from telecine.media.safe_input import safe_input
from telecine.media.sniff import sniff
from telecine.media.tool_endings import Completed
from telecine.media.tools import Tools

PICTURES_LOOKED_AT = 24
LONGEST_WAIT_FOR_KEYFRAME = 2000
"""Packets; a picture that cannot be decoded until then is not worth waiting for."""
MOST_PACKETS_A_SECOND = 2000
"""More than any codec has; a stream with more is longer than it says."""
MISSING_SECONDS = 1.0
"""A file that ends this much earlier than its header says has been cut off."""

_EXACT_HEADERS = ("mov", "matroska", "mxf", "wav", "flac")
"""Demuxers whose stated duration comes from the file, not from an estimate."""

_DECODING_TIMES = ("avi",)
"""Demuxers whose packets come without the time at which their picture is shown."""

_PLAIN_WORDS: tuple[tuple[str, ErrorKind, str], ...] = (
    (r"Skipped opening external track", ErrorKind.INPUT_UNSAFE, "a track points at another file."),
    (r"exceeds? (specified )?max.?pixel", ErrorKind.INPUT_OVER_LIMIT, "its picture has too many pixels."),
    (r"max_streams", ErrorKind.INPUT_OVER_LIMIT, "it has too many streams."),
    (r"moov atom not found", ErrorKind.INPUT_UNREADABLE, "its index (moov) is missing: cut off, or never finished."),
    (r"EBML header parsing failed", ErrorKind.INPUT_UNREADABLE, "its header is damaged."),
    (r"could not find corresponding (trex|track)", ErrorKind.INPUT_UNREADABLE, "its index is damaged."),
)  # fmt: skip
"""What ffprobe says of hopeless files, and what that means."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found, and ffprobe's own words on the container and on the picture's stream."""

    info: MediaInfo
    container: Json
    picture: Json
    """Empty where there is no picture."""
    picture_bytes: int


def probe(
    path: Path,
    tools: Tools,
    limits: MediaLimits,
    report: Callable[[Tick], None] | None = None,
    *,
    fragmented: bool = False,
) -> MediaInfo:
    """Probe the file at `path` and refuse what must not go further.

    `fragmented` says that it is MP4 in fragments, whose header does not know how long it is. `report`
    is told bytes scanned, a few times a second, and may raise `Cancelled`. Raises INPUT_UNSAFE,
    INPUT_OVER_LIMIT or INPUT_UNREADABLE, each with a reason in plain words.
    """
    return probe_closely(path, tools, limits, report, fragmented=fragmented).info


def probe_closely(
    path: Path,
    tools: Tools,
    limits: MediaLimits,
    report: Callable[[Tick], None] | None = None,
    *,
    fragmented: bool = False,
    archives: bool = False,
) -> Probed:
    """The same as `probe`, with what was found on the way; `archives`: see `sniff`."""
    if not path.is_file():
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it is not a file.")
    size = path.stat().st_size
    if size > limits.input_bytes:
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"{size} bytes; {limits.input_bytes} are allowed.")
    demuxer = sniff(path, archives=archives)
    exact = demuxer in _EXACT_HEADERS and not fragmented
    return _Probe(path, demuxer, tools, limits, report, exact).probed(size)


class _Probe:
    """One file being probed."""

    def __init__(
        self,
        path: Path,
        demuxer: str,
        tools: Tools,
        limits: MediaLimits,
        report: Callable[[Tick], None] | None,
        exact: bool,
    ) -> None:
        self._path = path
        self._demuxer = demuxer
        self._tools = tools
        self._limits = limits
        self._report = report
        self._exact_header = exact
        self._warnings: list[str] = []

    def probed(self, size: int) -> Probed:
        """Everything about the file."""
        container, streams = self._describe()
        pictures = describe.pictures(streams)
        self._check_pixels(pictures)
        if self._exact_header:
            self._check_duration(float(container.get("duration", 0)))
        if len(pictures) > 1:
            self._warnings.append(f"The file has {len(pictures)} video streams; the first is used.")
        scan = self._scan(pictures[0]["index"] if pictures else None, container)
        video = self._video(pictures[0], scan) if pictures else None
        audio = self._audio(streams, scan)
        if not video and not audio:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it holds neither video nor audio.")
        duration = _span(video, audio)
        self._check_duration(float(duration))
        if duration <= 0:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it has no duration.")
        self._check_whole(container, streams, scan)
        info = MediaInfo(
            demuxer=self._demuxer,
            duration=duration,
            size=size,
            video=video,
            audio=audio,
            warnings=tuple(self._warnings),
        )
        if not video:
            return Probed(info, container, {}, 0)
        return Probed(info, container, pictures[0], scan.streams[video.index].bytes)

    def _describe(self) -> tuple[Json, list[Json]]:
        """ffprobe's description of the container and of its streams."""
        done = self._ffprobe("warning", "-of", "json", "-show_format", "-show_streams")
        _raise_plain(done.stderr_tail)
        try:
            described = json.loads(done.stdout)
        except ValueError as error:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "its description cannot be read.") from error
        streams = described.get("streams", [])
        if not streams:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it holds no streams.")
        if len(streams) > self._limits.streams:
            raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"more than {self._limits.streams} streams.")
        return described.get("format", {}), streams

    def _check_pixels(self, pictures: list[Json]) -> None:
        for stream in pictures:
            width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
            if width * height > self._limits.pixels:
                most = self._limits.pixels
                raise TelecineError(
                    ErrorKind.INPUT_OVER_LIMIT, f"a picture of {width}x{height}; {most} pixels are allowed."
                )
            if not width * height or stream.get("codec_name", "unknown") == "unknown":
                raise TelecineError(ErrorKind.INPUT_UNREADABLE, "its video has no known codec or no picture size.")

    def _scan(self, picture: int | None, container: Json) -> PacketScan:
        """Read every packet's times, with progress in bytes; stops at once where the file is longer than allowed."""
        scan = PacketScan(picture)
        size = float(container.get("size", 0))
        most_pictures = 2 * FASTEST * self._limits.duration_seconds
        most = MOST_PACKETS_A_SECOND * self._limits.duration_seconds

        def take(line: str) -> None:
            index = scan.line(line)
            if index is not None and scan.streams[index].count > (most_pictures if index == picture else most):
                self._check_duration(float("inf"))

        def progress() -> None:
            if self._report:
                self._report(Tick(done=sum(stream.bytes for stream in scan.streams.values()), total=size))

        done = self._ffprobe(
            "warning", "-show_entries", PacketScan.ENTRIES, "-of", "csv=p=0", on_line=take, poll=progress
        )
        if scan.encrypted:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it is encrypted.")
        if re.search(r"partial file|ended prematurely|Packet corrupt", done.stderr_tail):
            self._warnings.append("The file is damaged or cut off at its end.")
        return scan

    def _video(self, stream: Json, scan: PacketScan) -> VideoTrack:
        packets = scan.streams.get(stream["index"], StreamPackets())
        frames = self._first_frames(stream["index"], packets) if packets.count else []
        shown = [frame["pts"] for frame in frames if "pts" in frame]
        if self._demuxer in _DECODING_TIMES and shown and packets.first is not None:
            packets.shift(min(shown) - packets.first)
        timing = picture_timing(
            packets, describe.time_base(stream), describe.declared_rates(stream), min(shown, default=None)
        )
        if not timing:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "its video holds no pictures.")
        track = describe.video_track(stream, timing, packets, frames)
        self._warn_of_pictures(stream, track, packets)
        return track

    def _first_frames(self, index: int, packets: StreamPackets) -> list[Json]:
        """The first decoded pictures; empty where only ffmpeg, not ffprobe, has a decoder."""
        if packets.before_key > LONGEST_WAIT_FOR_KEYFRAME:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "its video has no keyframe to begin with.")
        until = f"%+#{packets.before_key + PICTURES_LOOKED_AT}"
        done = self._ffprobe(
            "error", *("-threads", "1", "-of", "json", "-show_frames"),
            *("-select_streams", str(index), "-read_intervals", until),
        )  # fmt: skip
        frames: list[Json] = json.loads(done.stdout or "{}").get("frames", [])
        if not frames:
            self._check_decodable(index)
        return frames

    def _check_decodable(self, index: int) -> None:
        """Let ffmpeg decode one picture."""
        arguments = (
            "-nostdin",
            "-hide_banner",
            "-v",
            "error",
            *safe_input(self._demuxer, self._path.name, self._limits),
        )
        output = ("-map", f"0:{index}", "-frames:v", "1", "-f", "null", "-")
        try:
            sandbox.run(
                [self._tools.ffmpeg, *arguments, *output],
                cwd=self._path.parent,
                limits=self._limits,
                failure=ErrorKind.INPUT_UNREADABLE,
            )
        except TelecineError as error:
            _raise_plain(error.detail)
            raise TelecineError(
                ErrorKind.INPUT_UNREADABLE,
                "its pictures cannot be decoded: they are damaged, encrypted or of no known kind.",
            ) from error

    def _audio(self, streams: list[Json], scan: PacketScan) -> tuple[AudioTrack, ...]:
        tracks = []
        for order, stream in enumerate(stream for stream in streams if stream.get("codec_type") == "audio"):
            packets = scan.streams.get(stream["index"])
            known = stream.get("codec_name", "unknown") != "unknown" and stream.get("channels")
            if known and int(stream.get("sample_rate", 0)) and packets and packets.end is not None:
                tracks.append(describe.audio_track(stream, order, packets))
            else:
                self._warnings.append(f"Audio track {order} is empty or of no known kind; it cannot be used.")
        return tuple(tracks)

    def _check_duration(self, seconds: float) -> None:
        most = self._limits.duration_seconds
        if seconds > most:
            raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"it is longer than {most:g} seconds.")

    def _check_whole(self, container: Json, streams: list[Json], scan: PacketScan) -> None:
        """Refuse a file that ends long before its own header says."""
        if "duration" not in container:
            self._warnings.append("The header names no duration; it was measured.")
            return
        said = float(container.get("start_time", 0)) + float(container["duration"])
        bases = {stream["index"]: describe.time_base(stream) for stream in streams}
        ends = [float(packets.end * bases[index]) for index, packets in scan.streams.items() if packets.end is not None]
        if self._exact_header and said - max(ends, default=0) > MISSING_SECONDS:
            raise TelecineError(
                ErrorKind.INPUT_UNREADABLE,
                f"it is cut off: its header promises {said:.1f} s, but it ends after {max(ends, default=0):.1f} s.",
            )

    def _warn_of_pictures(self, stream: Json, track: VideoTrack, packets: StreamPackets) -> None:
        if track.variable_rate:
            made = f"{float(track.frame_rate):.3f}"
            self._warnings.append(f"The frame rate varies or is unusual; it is made an even {made} frames a second.")
        if packets.before_key:
            self._warnings.append(f"The first {packets.before_key} pictures before a keyframe are left out.")
        side = stream.get("side_data_list", ())
        if any(data.get("dv_profile") == 5 for data in side):
            self._warnings.append("Dolby Vision profile 5 has colours of its own, which come out wrong; send HDR10.")
        if describe.mirrored(side):
            self._warnings.append("The file asks players to mirror the picture; that is not done.")

    def _ffprobe(
        self,
        verbosity: str,
        *arguments: str,
        on_line: Callable[[str], None] | None = None,
        poll: Callable[[], None] | None = None,
    ) -> Completed:
        """Run ffprobe on the file, and turn its complaints into plain words."""
        where = safe_input(self._demuxer, self._path.name, self._limits)
        try:
            return sandbox.run(
                [self._tools.ffprobe, "-hide_banner", "-v", verbosity, *arguments, *where],
                cwd=self._path.parent,
                limits=self._limits,
                on_line=on_line,
                poll=poll,
                failure=ErrorKind.INPUT_UNREADABLE,
            )
        except TelecineError as error:
            if error.kind not in (ErrorKind.INPUT_UNREADABLE, ErrorKind.OUT_OF_MEMORY):
                raise
            _raise_plain(error.detail)
            if "ran into its memory limit" in error.detail:
                raise TelecineError(
                    ErrorKind.INPUT_OVER_LIMIT, "reading it takes more memory than is allowed."
                ) from error
            if error.kind is ErrorKind.OUT_OF_MEMORY:
                raise
            said = _last_words(error.detail)
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, f"it is damaged or not what it seems ({said}).") from error


def _last_words(said: str) -> str:
    """The last thing that a tool said, without who said it and of what: `Invalid data found`, `End of file`."""
    line = said.splitlines()[-1]
    return re.sub(r"^\[[^\]]*\]\s*", "", line).rpartition(": ")[2].rstrip(".")


def _raise_plain(said: str) -> None:
    """Raise what a tool's words mean, where they mean something known."""
    for pattern, kind, meaning in _PLAIN_WORDS:
        if re.search(pattern, said):
            raise TelecineError(kind, meaning)


def _span(video: VideoTrack | None, audio: tuple[AudioTrack, ...]) -> Fraction:
    """Seconds from the first beginning to the last end of all tracks."""
    tracks: list[VideoTrack | AudioTrack] = [*([video] if video else []), *audio]
    if not tracks:
        return Fraction(0)
    return max(track.start + track.duration for track in tracks) - min(track.start for track in tracks)
