"""Reads the samples of a track by another library than the one that wrote them: times, keyframes, digests, decoding.

Only our own output comes here, in-process: a track is handed to PyAV as one stream of bytes, init segment first, with
its format given, so that nothing is probed and nothing else is opened. What is kept of each sample is a few numbers.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

import av
from av.error import FFmpegError

from telecine.media.manifests import Fault, Kind, Piece
from telecine.media.sample_aes import Decrypt, picture_decryptor, sound_decryptor
from telecine.media.sample_digest import digester
from telecine.media.structure import id3_length, packed_frames, packed_timestamp

_FORMATS = {".ts": "mpegts", ".aac": "aac", ".ac3": "ac3", ".ec3": "eac3"}
_TICKS = 90_000

type Decode = Literal["all", "sampled", "none"]
"""How much is decoded: every sample; every keyframe and one whole GOP in `SAMPLED`; nothing."""

SAMPLED = 8

type Watch = Callable[[int], None]
"""Told the bytes of each sample; may raise to stop the work."""


@dataclass(slots=True)
class Samples:
    """The samples of one track in decoding order, in parallel arrays: hours of video have hundreds of thousands.

    `times` are presentation times in `time_base`, `lengths` those of audio, `single` that of the last sample;
    `digests` are CRC-32 of what is decoded, the same in every container; `places` are the numbers of the segments that
    hold the samples. `ranges` has, for video, each keyframe's segment, first byte and end within it. `tried` counts
    samples that were given to the decoder and `frames` what came out; both are None where nothing was decoded.
    """

    codec: str
    time_base: Fraction
    extradata: bytes = b""
    width: int = 0
    height: int = 0
    aspect: Fraction = Fraction(1)
    """Width of a pixel over its height."""
    sample_rate: int = 0
    channels: int = 0
    times: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)
    digests: array[int] = field(default_factory=lambda: array("I"))
    places: array[int] = field(default_factory=lambda: array("I"))
    ranges: list[tuple[int, int, int]] = field(default_factory=list)
    single: int = 0
    tried: int | None = None
    frames: int | None = None
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def start(self) -> Fraction:
        """Seconds: when the first sample is shown."""
        return min(self.times) * self.time_base

    @property
    def end(self) -> Fraction:
        """Seconds: when the last sample ends; for video the length of the last frame is that of most frames."""
        last = max(range(len(self.times)), key=self.times.__getitem__)
        return (self.times[last] + self.step) * self.time_base

    @property
    def step(self) -> Fraction:
        """Ticks from sample to sample on average."""
        count = len(self.times)
        if count < 2:
            return Fraction(self.single)
        return Fraction(max(self.times) - min(self.times), count - 1)

    def by_segment(self) -> Iterator[range]:
        """The numbers of each segment's samples; segments without samples are left out."""
        first = 0
        for number in range(1, len(self.places) + 1):
            if number == len(self.places) or self.places[number] != self.places[first]:
                yield range(first, number)
                first = number


@dataclass(frozen=True, slots=True)
class Opening:
    """How an encrypted track is opened. MP4 says the rest itself; elsewhere an IV and the encrypted pieces are told.

    `places` are the positions of those pieces. Without a key the samples stay as they are, and are only counted.
    """

    key: bytes = field(repr=False)
    iv: bytes = b""
    places: frozenset[int] = frozenset()


def read_samples(
    root: Path,
    pieces: Sequence[Piece],
    kind: Kind,
    *,
    init: Piece | None,
    decode: Decode = "none",
    watch: Watch,
    opening: Opening | None = None,
) -> Samples:
    """Read a track whose segments are `pieces` below `root`; an encrypted one needs an `opening`.

    What cannot be read or decoded becomes a fault at its segment's file.
    """
    extension = PurePosixPath(pieces[0].path).suffix
    packed = extension in (".aac", ".ac3", ".ec3")
    media = [_without_tag(root, piece) for piece in pieces] if packed else pieces
    inside = sound_decryptor(opening.key, opening.iv) if packed and opening and opening.key else None
    stream = _Stream(root, [init, *media] if init else media, inside, opening.places if opening else frozenset())
    reader = _Reader(stream, _FORMATS.get(extension, "mp4"), kind, decode, watch, opening)
    samples = reader.read(1 if init else 0, [piece.path for piece in pieces])
    if packed:
        _place_packed(samples, [(root / piece.path).read_bytes() for piece in pieces])
    return samples


def read_file(path: Path, kind: Kind, watch: Watch) -> Samples:
    """The samples of a whole MP4 file of ours."""
    with path.open("rb") as opened:
        return _Reader(opened, "mp4", kind, "none", watch).read(0, [path.name])


class _Stream:
    """Pieces one after the other, as a file that can only be read forward.

    `decrypt` is applied to the pieces at `places`; it must keep their length.
    """

    def __init__(
        self,
        root: Path,
        pieces: Sequence[Piece],
        decrypt: Decrypt | None = None,
        places: frozenset[int] = frozenset(),
    ) -> None:
        self._root = root
        self._decrypt = decrypt
        self._places = places
        self._waiting = enumerate(pieces)
        self._file: IO[bytes] | None = None
        self._left = 0
        self.starts: list[int] = []
        at = 0
        for piece in pieces:
            self.starts.append(at)
            at += piece.length if piece.length is not None else (root / piece.path).stat().st_size

    def read(self, most: int) -> bytes:
        """Up to `most` bytes; none at the end."""
        while True:
            if self._file is None and not self._next():
                return b""
            assert self._file is not None
            data = self._file.read(min(most, self._left))
            self._left -= len(data)
            if data:
                return data
            self.close()

    def close(self) -> None:
        """Close the piece that is open."""
        if self._file:
            self._file.close()
        self._file = None

    def _next(self) -> bool:
        number, piece = next(self._waiting, (0, None))
        if piece is None:
            return False
        path = self._root / piece.path
        self._file = path.open("rb")
        self._file.seek(piece.offset)
        self._left = piece.length if piece.length is not None else path.stat().st_size
        if self._decrypt and number in self._places:
            content = self._decrypt(self._file.read(self._left))
            self._file.close()
            self._file = BytesIO(content)
        return True


class _Reader:
    """One pass over one stream."""

    def __init__(
        self,
        source: Any,  # noqa: ANN401
        form: str,
        kind: Kind,
        decode: Decode,
        watch: Watch,
        opening: Opening | None = None,
    ) -> None:
        self._source = source
        self._form = form
        self._kind = kind
        self._decode = decode
        self._watch = watch
        self._opening = opening
        self._whole_gop = True
        self._gops = 0

    def read(self, inits: int, names: Sequence[str]) -> Samples:
        """All samples. `inits` pieces come before the segments that `names` lists."""
        starts = getattr(self._source, "starts", [0])[inits:]
        samples = Samples(codec="", time_base=Fraction(1))
        try:
            with av.open(self._source, format=self._form, options=self._options()) as container:
                streams = [stream for stream in container.streams if stream.type == self._kind]
                if len(streams) != 1:
                    what = f"holds {len(streams)} {self._kind} tracks instead of one"
                    samples.faults.append(Fault(names[0], what))
                    return samples
                self._describe(samples, streams[0])
                self._walk(container, streams[0], samples, starts, names)
        except FFmpegError as error:
            place = samples.places[-1] if samples.places else 0
            samples.faults.append(Fault(names[place], f"cannot be read: {_words(error)}"))
        finally:
            if isinstance(self._source, _Stream):
                self._source.close()
        return samples

    def _options(self) -> dict[str, str]:
        """FFmpeg decrypts MP4 itself, by what `tenc` and `senc` say: another implementation than the packager.

        Samples that stay encrypted must not be parsed, or some would be joined for want of a beginning.
        """
        if self._opening is None or self._form != "mp4":
            return {}
        return {"decryption_key": self._opening.key.hex()} if self._opening.key else {"fflags": "noparse"}

    def _describe(self, samples: Samples, stream: Any) -> None:  # noqa: ANN401
        context = stream.codec_context
        samples.codec = context.name
        samples.time_base = stream.time_base
        samples.extradata = bytes(context.extradata or b"")
        if self._kind == "video":
            samples.width, samples.height = context.width, context.height
            samples.aspect = Fraction(stream.sample_aspect_ratio or context.sample_aspect_ratio or 1)
        else:
            samples.sample_rate, samples.channels = context.sample_rate, context.channels
        if self._decode != "none":
            samples.tried = samples.frames = 0
            # One thread, so that an error is met at the sample that causes it; and no deblocking, which is a third
            # of the work, changes what is seen and finds no fault in the bits.
            context.thread_count = 1
            context.options = {"err_detect": "explode", "skip_loop_filter": "all"}

    def _walk(
        self,
        container: Any,  # noqa: ANN401
        stream: Any,  # noqa: ANN401
        samples: Samples,
        starts: Sequence[int],
        names: Sequence[str],
    ) -> None:
        digest = digester(samples.codec, samples.extradata)
        place = 0
        opening = self._opening if self._form == "mpegts" and self._opening and self._opening.key else None
        decrypt: Decrypt = bytes
        if opening:
            decrypt = (picture_decryptor if self._kind == "video" else sound_decryptor)(opening.key, opening.iv)
        for packet in container.demux(stream):
            clear = packet
            if packet.size:
                data = bytes(packet)
                place = max(0, bisect_right(starts, packet.pos) - 1) if packet.pos >= 0 else place
                if opening and place in opening.places:
                    clear = _like(packet, decrypt(data))
                    data = bytes(clear)
                samples.times.append(packet.pts if packet.pts is not None else 0)
                samples.keys.append(packet.is_keyframe)
                samples.digests.append(digest(data))
                samples.places.append(place)
                samples.single = packet.duration or 0
                if self._kind == "audio":
                    samples.lengths.append(packet.duration or 0)
                elif packet.is_keyframe:
                    begin = packet.pos - starts[place]
                    samples.ranges.append((place, begin, begin + packet.size))
                self._watch(len(data))
            if samples.frames is not None:
                self._choose(packet, stream.codec_context, samples)
                self._decoded(clear, stream.codec_context, samples, names[place])

    def _choose(self, packet: Any, context: Any, samples: Samples) -> None:  # noqa: ANN401
        """Set the decoder to take or to skip this sample. GOPs are closed, so each can be decided on by itself."""
        if self._decode == "sampled" and self._kind == "video" and packet.is_keyframe:
            self._whole_gop = self._gops % SAMPLED == 0
            self._gops += 1
            context.skip_frame = "DEFAULT" if self._whole_gop else "NONKEY"
        if packet.size and (self._whole_gop or packet.is_keyframe):
            samples.tried = (samples.tried or 0) + 1

    def _decoded(self, packet: Any, context: Any, samples: Samples, name: str) -> None:  # noqa: ANN401
        assert samples.frames is not None
        try:
            frames = context.decode(packet)
        except FFmpegError as error:
            samples.faults.append(Fault(name, f"cannot be decoded: {_words(error)}"))
            return
        samples.frames += len(frames)
        if any(frame.is_corrupt for frame in frames):
            samples.faults.append(Fault(name, "decodes to a damaged picture"))


def _like(packet: Any, data: bytes) -> Any:  # noqa: ANN401
    """A packet of `data` at the time of another."""
    made = av.Packet(data)
    made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
    return made


def _without_tag(root: Path, piece: Piece) -> Piece:
    """A segment of packed audio without its ID3 tag, which some demuxers take for a frame."""
    path = root / piece.path
    with path.open("rb") as opened:
        begin = id3_length(opened.read(10))
    return Piece(piece.path, begin, path.stat().st_size - begin)


def _place_packed(samples: Samples, contents: Sequence[bytes]) -> None:
    """Set packed audio on the clock of its segments' ID3 tags, for its frames carry no time.

    The demuxer's positions are unsure where segments meet, so frames are counted per segment. Where it joins frames
    (E-AC-3 with dependent substreams) its positions have to do.
    """
    counts = [len(packed_frames(content)) for content in contents]
    if sum(counts) == len(samples):
        samples.places = array("I", [place for place, count in enumerate(counts) for _ in range(count)])
    scale = samples.time_base * _TICKS
    samples.time_base = Fraction(1, _TICKS)
    exact = Fraction(0)
    place = -1
    for number in range(len(samples)):
        if samples.places[number] != place:
            place = samples.places[number]
            tag = packed_timestamp(contents[place])
            exact = Fraction(tag) if tag is not None else exact
        samples.times[number] = round(exact)
        exact += samples.lengths[number] * scale
        samples.lengths[number] = round(samples.lengths[number] * scale)


def _words(error: FFmpegError) -> str:
    return error.strerror or type(error).__name__
