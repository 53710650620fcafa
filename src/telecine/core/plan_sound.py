"""The sound's part of the plan: which input tracks make which output track, untouched or encoded, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import AudioRendition, JobSpec
from telecine.core.media_info import AudioTrack, MediaInfo
from telecine.core.plan import AudioOutput, AudioSource

HE_AAC_V2 = "HE-AACv2"
"""FFmpeg's name of the profile."""

_OWN_CLOCK = frozenset({"mpegts", "mpeg"})
"""Containers whose timestamps begin anywhere; in all others zero is the file's beginning."""

_BITRATES = {
    "aac": {1: 80_000, 2: 128_000, 6: 384_000, 8: 512_000},
    "ac3": {1: 96_000, 2: 192_000, 6: 448_000},
    "eac3": {1: 64_000, 2: 128_000, 6: 384_000},
}
"""Bits per second by codec and channels, where the request says none. The keys are the channel counts that are made."""

_RATES = {
    "aac": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000),
    "ac3": (32000, 44100, 48000),
    "eac3": (32000, 44100, 48000),
}
"""Sample rates in Hz that each codec knows."""

_LEAST_BITS = 16_000
"""Bits per second and channel, below which nothing intelligible comes out."""
_MOST_BITS = {"ac3": 640_000, "eac3": 6_144_000}
_AAC_FRAME_BITS = 6144
"""Most bits that one AAC frame of 1024 samples may take per channel."""

_NOTABLE = Fraction(1, 2)
"""Seconds of sound that may be cut or missing without a word."""


@dataclass(frozen=True, slots=True)
class Track:
    """An input track by which a remapped number is known, with its place on the programme's clock."""

    file: int
    media: MediaInfo
    audio: AudioTrack
    origin: Fraction

    @property
    def offset(self) -> Fraction:
        """When it begins, in seconds after the programme's zero."""
        return self.audio.start - self.origin

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds after the programme's zero."""
        return self.offset + self.audio.duration

    def source(self) -> AudioSource:
        """The same, as the plan says it."""
        return AudioSource(
            file=self.file,
            demuxer=self.media.demuxer,
            stream=self.audio.index,
            channels=self.audio.channels,
            origin=self.origin,
            offset=self.offset,
        )


def remapped_tracks(spec: JobSpec, media: Sequence[MediaInfo], picture_file: int | None) -> dict[int, Track]:
    """Every input track that the job names, by its remapped number.

    Raises TRACK_MISSING where a file has no such track, FIELD_INVALID where two tracks get one number.
    """
    tracks: dict[int, Track] = {}
    for position, (file, info) in enumerate(zip(spec.files, media, strict=True)):
        # Renditions of one programme begin with the same picture, each on a clock of its own.
        origin = _origin(info, position == picture_file or bool(spec.contents))
        for entry, remap in enumerate(file.audio):
            field = f"input.files[{position}].audios[{entry}]"
            # By order, not by place: the probe leaves out tracks that cannot be used.
            found = next((track for track in info.audio if track.order == remap.source), None)
            if found is None:
                known = ", ".join(str(track.order) for track in info.audio) or "none"
                raise TelecineError(
                    ErrorKind.TRACK_MISSING,
                    f"'{file.path}' has no usable audio track {remap.source}; it has: {known}.",
                    field=f"{field}.in.track",
                )
            if remap.target in tracks:
                raise TelecineError(
                    ErrorKind.FIELD_INVALID, f"{remap.target} is given twice.", field=f"{field}.remap.track"
                )
            tracks[remap.target] = Track(position, info, found, origin)
    return tracks


def chosen_tracks(rendition: AudioRendition, tracks: dict[int, Track]) -> list[Track]:
    """The tracks that `rendition` is made of; raises TRACK_MISSING where a number was never remapped."""
    for entry, number in enumerate(rendition.sources):
        if number not in tracks:
            raise TelecineError(
                ErrorKind.TRACK_MISSING,
                f"no input track is remapped to {number}.",
                field=f"output.transcodings[{rendition.track_id}].sources[{entry}].track",
            )
    return [tracks[number] for number in rendition.sources]


def audio_output(
    number: int, rendition: AudioRendition, sources: list[Track], duration: Fraction, warn: list[str]
) -> AudioOutput:
    """What audio rendition `number` becomes in a programme of `duration` seconds. The default mark comes later.

    Raises AUDIO_NOT_CONVERTIBLE where the request cannot be met.
    """
    first = sources[0].audio
    passes = len(sources) == 1 and _same_codec(rendition, first)
    _warn_of_length(rendition, sources, duration, passes, warn)
    if passes:
        _warn_of_passing(rendition, first, warn)
        channels, sample_rate, bitrate = first.channels, first.sample_rate, first.bitrate
    else:
        channels = _channels(rendition, sources, warn)
        sample_rate = _sample_rate(rendition, first, warn)
        bitrate = _bitrate(rendition, channels, sample_rate, warn)
    language = rendition.language if rendition.language != "und" else first.language or "und"
    return AudioOutput(
        name=f"a{number}",
        track_id=rendition.track_id,
        codec=rendition.codec,
        copy_stream=passes,
        sources=tuple(track.source() for track in sources),
        channels=channels,
        sample_rate=sample_rate,
        bitrate=bitrate,
        language=language,
        label=rendition.name or language,
        default=False,
    )


def mark_default(outputs: list[AudioOutput], language: str, warn: list[str]) -> list[AudioOutput]:
    """The same with exactly one default, the first in `language` or else the first, and with labels that differ."""
    chosen = next((at for at, output in enumerate(outputs) if language and output.language == language), None)
    if outputs and language and chosen is None:
        warn.append(f"no audio track is in the default language '{language}'; the first one is the default.")
    labels = [output.label for output in outputs]
    return [
        output.model_copy(
            update={
                "default": at == (chosen or 0),
                "label": output.label if labels.count(output.label) == 1 else f"{output.label} ({output.track_id})",
            }
        )
        for at, output in enumerate(outputs)
    ]


def _origin(info: MediaInfo, has_picture: bool) -> Fraction:
    """The presentation time in a file that is the programme's zero.

    In the picture's file it is the first picture. Another file shares no clock with it: its own beginning counts.
    """
    if has_picture and info.video:
        return info.video.start
    if info.demuxer.split(",")[0] not in _OWN_CLOCK:
        return Fraction(0)
    starts = [track.start for track in info.audio] + ([info.video.start] if info.video else [])
    return min(starts, default=Fraction(0))


def _same_codec(rendition: AudioRendition, track: AudioTrack) -> bool:
    """Whether the track already is what is asked for. HE-AAC v2 is only ever passed through."""
    if rendition.codec != "heaac_v2":
        return track.codec == rendition.codec
    if track.codec == "aac" and track.profile == HE_AAC_V2 and len(rendition.sources) == 1:
        return True
    found = f"{track.codec} {track.profile}".strip() if len(rendition.sources) == 1 else "several tracks"
    raise TelecineError(
        ErrorKind.AUDIO_NOT_CONVERTIBLE,
        f"{rendition.track_id} asks for heaac_v2, which is only passed through, and the source is {found}.",
        field=f"output.transcodings[{rendition.track_id}].codec",
    )


def _channels(rendition: AudioRendition, sources: list[Track], warn: list[str]) -> int:
    """Channels to encode: those of the sources together, as far as the codec can carry them."""
    total = sum(track.audio.channels for track in sources)
    known = sorted(_BITRATES[rendition.codec])
    if total > 8 or (len(sources) > 1 and total not in (2, 6, 8)):
        counts = " + ".join(str(track.audio.channels) for track in sources)
        raise TelecineError(
            ErrorKind.AUDIO_NOT_CONVERTIBLE,
            f"the sources of {rendition.track_id} have {counts} channels; together 1, 2, 6 or 8 can be made.",
            field=f"output.transcodings[{rendition.track_id}].sources",
        )
    channels = max(count for count in known if count <= total)
    if channels != total:
        warn.append(f"{rendition.track_id}: {total} channels are mixed down to {channels} for {rendition.codec}.")
    return channels


def _sample_rate(rendition: AudioRendition, track: AudioTrack, warn: list[str]) -> int:
    """48 kHz unless the request asks for another rate or the source has 44.1 kHz."""
    own = 44_100 if track.sample_rate == 44_100 else 48_000
    asked = rendition.sample_rate or own
    if asked in _RATES[rendition.codec]:
        return asked
    warn.append(f"{rendition.track_id}: {rendition.codec} has no sample rate of {asked} Hz; {own} Hz is used.")
    return own


def _bitrate(rendition: AudioRendition, channels: int, sample_rate: int, warn: list[str]) -> int:
    """As asked within what the codec can do, else the usual rate for this many channels."""
    asked = rendition.bitrate or _BITRATES[rendition.codec][channels]
    most = _MOST_BITS.get(rendition.codec, _AAC_FRAME_BITS * channels * sample_rate // 1024)
    bitrate = min(max(asked, _LEAST_BITS * channels), most)
    if bitrate != asked:
        warn.append(f"{rendition.track_id}: {asked} bit/s is not possible for {rendition.codec}; {bitrate} is used.")
    return bitrate


def _warn_of_passing(rendition: AudioRendition, track: AudioTrack, warn: list[str]) -> None:
    """The document lets a track pass through where the codec is the same, whatever else was asked for."""
    differs = []
    if rendition.sample_rate and rendition.sample_rate != track.sample_rate:
        differs.append(f"sample rate {track.sample_rate} Hz")
    if rendition.bitrate and track.bitrate and abs(rendition.bitrate - track.bitrate) > track.bitrate // 10:
        differs.append(f"bitrate {track.bitrate} bit/s")
    if differs:
        warn.append(
            f"{rendition.track_id}: the source already is {track.codec} and passes through untouched, "
            f"so it keeps its {' and '.join(differs)}."
        )


def _warn_of_length(
    rendition: AudioRendition, sources: list[Track], duration: Fraction, passes: bool, warn: list[str]
) -> None:
    """Say so where sound is cut off, or is missing and cannot be filled with silence."""
    early, late = -min(track.offset for track in sources), max(track.end for track in sources) - duration
    if early > _NOTABLE:
        warn.append(f"{rendition.track_id}: {float(early):.3f} s of sound before the first picture are cut off.")
    if late > _NOTABLE:
        warn.append(f"{rendition.track_id}: {float(late):.3f} s of sound after the last picture are cut off.")
    if -late > _NOTABLE:
        he_aac = passes and sources[0].audio.profile.startswith("HE-AAC")
        filled = "stays shorter, because no silence can be added to HE-AAC" if he_aac else "is filled with silence"
        warn.append(f"{rendition.track_id}: the sound ends {float(-late):.3f} s before the picture and {filled}.")
