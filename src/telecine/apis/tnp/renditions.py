"""Reads `output.transcodings` of a T&P request: which renditions it asks for, in exact units.

The rules are those of the vendor's own client, and where the document's samples contradict its text, the samples'
meaning is taken and a warning says so: see `docs/tnp.md`.
"""

from fractions import Fraction
from typing import Literal

from telecine.apis.findings import Findings
from telecine.apis.tnp.schema_job import Transcoding
from telecine.core.job import PEAK, AudioRendition, Cbr, Crf, RateControl, Vbr, VideoRendition
from telecine.core.languages import UNKNOWN, shortest
from telecine.core.rates import FASTEST, SLOWEST, snap

VideoCodec = Literal["h264", "h265"]
AudioCodec = Literal["aac", "ac3", "eac3", "heaac_v2"]

VIDEO_CODECS: dict[str, VideoCodec] = {"h264": "h264", "h265": "h265"}
AUDIO_CODECS: dict[str, AudioCodec] = {
    "aac": "aac",
    "aac_lc": "aac",
    "ac3": "ac3",
    "eac3": "eac3",
    "heaac_v2": "heaac_v2",
}
SIDES = range(16, 16_385)
"""Pixels that a side of a picture may have."""

VIDEO_BITRATES = range(10_000, 800_000_001)
AUDIO_BITRATES = range(8_000, 6_144_001)
AAC_SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
AC3_SAMPLE_RATES = (32000, 44100, 48000)

_VIDEO_ONLY = ("width", "height", "frame_rate", "crf", "bandwidth", "min_bitrate", "max_bitrate")


def read_video(track: Transcoding, at: str, kbps_below: int, found: Findings) -> VideoRendition | None:
    """The rendition that `track` asks for, or None and the reasons in `found`. `at` is the track's place.

    A bitrate below `kbps_below` is read as kbit/s.
    """
    known = len(found.errors)
    codec = VIDEO_CODECS.get(track.codec.lower())
    if codec is None:
        found.invalid(f"{at}.codec", "a video track takes h264 or h265.")
    width, height = _side(track.width, f"{at}.width", found), _side(track.height, f"{at}.height", found)
    rate = _rate(track, at, kbps_below, found)
    frame_rate = _frame_rate(track.frame_rate, f"{at}.frame_rate", found)
    if track.bandwidth:
        found.warn(f"'{at}.bandwidth' has no effect: manifests declare the measured bandwidth.")
    for name in ("language", "sources", "sample_rate"):
        _has_no_effect(track, name, at, found)
    if len(found.errors) > known or codec is None or rate is None:
        return None
    return VideoRendition(
        track_id=track.track_id, codec=codec, width=width, height=height, rate=rate, frame_rate=frame_rate
    )


def read_audio(track: Transcoding, at: str, remapped: frozenset[int], found: Findings) -> AudioRendition | None:
    """The audio track that `track` asks for, or None and the reasons in `found`.

    `remapped` holds the job-wide numbers of the audio tracks that the input offers.
    """
    known = len(found.errors)
    codec = _audio_codec(track.codec, f"{at}.codec", found)
    sources = _sources(track, f"{at}.sources", remapped, found)
    bitrate = track.bitrate or None
    if bitrate is not None and bitrate not in AUDIO_BITRATES:
        found.out_of_range(f"{at}.bitrate", "8,000 to 6,144,000 bits per second; it is not in kbit/s.")
    sample_rate = _sample_rate(track.sample_rate, codec, f"{at}.sample_rate", found)
    language = read_language(track.language, f"{at}.language", found) or UNKNOWN
    for name in _VIDEO_ONLY:
        _has_no_effect(track, name, at, found)
    if len(found.errors) > known or codec is None:
        return None
    return AudioRendition(
        track_id=track.track_id,
        codec=codec,
        sources=sources,
        name=track.track_name or "",
        language=language,
        bitrate=bitrate,
        sample_rate=sample_rate,
    )


def read_language(code: str | None, at: str, found: Findings) -> str:
    """The shortest code of the language; empty where none was given or it is unknown, which is an error."""
    if not code:
        return ""
    language = shortest(code[:16])
    if language is None:
        found.invalid(at, "it is not an ISO 639-1 or 639-2 language code.")
    return language or ""


def _side(value: int | None, at: str, found: Findings) -> int:
    if value is None:
        found.missing(at)
    elif value not in SIDES:
        found.out_of_range(at, f"{SIDES[0]} to {SIDES[-1]} pixels.")
    elif value % 2:
        found.invalid(at, "it must be even.")
    return value or 0


def _rate(track: Transcoding, at: str, kbps_below: int, found: Findings) -> RateControl | None:
    """How the bits of a video track are to be spent."""
    if track.bitrate_mode == "vbr":
        return _vbr(track, at, kbps_below, found)
    for name in ("crf", "min_bitrate", "max_bitrate"):
        if getattr(track, name) is not None:
            found.invalid(f"{at}.{name}", "it needs 'bitrate_mode' to be vbr.")
            return None
    if track.bitrate is None:
        found.missing(f"{at}.bitrate", "A video track with constant bitrate needs it.")
        return None
    bitrate = _bits(track.bitrate, f"{at}.bitrate", kbps_below, found)
    return None if bitrate is None else Cbr(bitrate=bitrate)


def _vbr(track: Transcoding, at: str, kbps_below: int, found: Findings) -> RateControl | None:
    """Exactly one of `bitrate`, `crf`, or `min_bitrate` and `max_bitrate` together says how VBR is meant."""
    pair = track.min_bitrate is not None or track.max_bitrate is not None
    given = [track.bitrate is not None, track.crf is not None, pair]
    if sum(given) != 1:
        why = "vbr needs exactly one of 'bitrate', 'crf', and 'min_bitrate' with 'max_bitrate'."
        if any(given):
            found.invalid(f"{at}.bitrate_mode", why)
        else:
            found.missing(f"{at}.bitrate", why[0].upper() + why[1:])
        return None
    if track.crf is not None:
        return Crf(crf=track.crf)
    if track.bitrate is not None:
        bitrate = _bits(track.bitrate, f"{at}.bitrate", kbps_below, found)
        return None if bitrate is None else Vbr(bitrate=bitrate, peak=int(bitrate * PEAK))
    return _between(track, at, kbps_below, found)


def _between(track: Transcoding, at: str, kbps_below: int, found: Findings) -> Vbr | None:
    """VBR between two bitrates; the average is the middle."""
    for name in ("min_bitrate", "max_bitrate"):
        if getattr(track, name) is None:
            found.missing(f"{at}.{name}", "'min_bitrate' and 'max_bitrate' belong together.")
            return None
    assert track.min_bitrate is not None
    assert track.max_bitrate is not None
    if track.min_bitrate > track.max_bitrate:
        found.invalid(f"{at}.min_bitrate", "it is larger than 'max_bitrate'.")
        return None
    # Both are in the unit of the larger: a low minimum alone does not make a request one in kbit/s.
    peak = _bits(track.max_bitrate, f"{at}.max_bitrate", kbps_below, found)
    if peak is None:
        return None
    floor = track.min_bitrate * (peak // track.max_bitrate)
    return Vbr(bitrate=max(1, (floor + peak) // 2), peak=peak, floor=floor)


def _bits(value: int, at: str, kbps_below: int, found: Findings) -> int | None:
    """`value` in bits per second. None, with the reason, where no picture can be made of it."""
    kilo = value < kbps_below
    bits = value * 1000 if kilo else value
    if bits not in VIDEO_BITRATES:
        found.out_of_range(at, f"{VIDEO_BITRATES[0]:,} to {VIDEO_BITRATES[-1]:,} bits per second.")
        return None
    if kilo:
        found.warn(f"'{at}' of {value} was read as {value} kbit/s, as the document's samples mean it.")
    return bits


def _frame_rate(value: float | None, at: str, found: Findings) -> Fraction | None:
    if not value:
        return None
    rate = snap(Fraction(str(value)))
    if not SLOWEST <= rate <= FASTEST:
        found.out_of_range(at, f"{SLOWEST} to {FASTEST} frames per second.")
        return None
    return rate


def _audio_codec(value: str, at: str, found: Findings) -> AudioCodec | None:
    word = value.lower()
    if word == "h264":
        found.warn(f"'{at}' of h264, a slip of the document's sample, was read as aac.")
        return "aac"
    codec = AUDIO_CODECS.get(word)
    if codec is None:
        found.invalid(at, f"an audio track takes {', '.join(AUDIO_CODECS)}.")
    return codec


def _sources(track: Transcoding, at: str, remapped: frozenset[int], found: Findings) -> tuple[int, ...]:
    """The job-wide numbers of the tracks to use, each known and named once."""
    if not track.sources:
        found.missing(at, "An audio track needs it.")
        return ()
    numbers: list[int] = []
    for position, source in enumerate(track.sources):
        place = f"{at}[{position}].track"
        if source.track is None:
            found.missing(place)
        elif source.track not in remapped:
            found.invalid(place, f"no input audio is remapped to track {source.track}.")
        elif source.track in numbers:
            found.invalid(place, f"track {source.track} is named twice.")
        else:
            numbers.append(source.track)
    return tuple(numbers)


def _sample_rate(value: int | None, codec: AudioCodec | None, at: str, found: Findings) -> int | None:
    allowed = AC3_SAMPLE_RATES if codec in ("ac3", "eac3") else AAC_SAMPLE_RATES
    if value and value not in allowed:
        found.invalid(at, f"{codec or 'aac'} takes {', '.join(map(str, allowed))}.")
    return value or None


def _has_no_effect(track: Transcoding, name: str, at: str, found: Findings) -> None:
    if getattr(track, name):
        found.warn(f"'{at}.{name}' has no effect on a track of this type.")
