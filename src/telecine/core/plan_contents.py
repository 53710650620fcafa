"""What ready renditions become: a job that says only where they lie, made into one that says what to do with each.

The engine reads one picture and makes every rendition of it. So the best of the renditions is the source of all of
them, and each of the others tells what one rung of the ladder is to be: its size, codec, frame rate and bitrate. No
rendition is the copy of a copy, and all of them share one grid and one mark.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import PEAK, AudioRemap, AudioRendition, InputFile, JobSpec, Vbr, VideoRendition
from telecine.core.languages import UNKNOWN
from telecine.core.media_info import AudioTrack, MediaInfo, VideoTrack
from telecine.core.plan_picture import fit, picture_duration, source_rate
from telecine.core.plan_sound import HE_AAC_V2

FIELD = "storage.input.contents_path"
"""What requests call the renditions."""

FRAMES_APART = 2
"""Frames by which renditions may differ in duration: encoders and muxers drop or repeat one at an end."""

ASPECT_APART = Fraction(1, 50)
"""Share by which renditions may differ in shape: 432x240 passes for 16:9. Small ones may be off by an even number."""

_CODECS: dict[str, Literal["h264", "h265"]] = {"h264": "h264", "hevc": "h265"}
_PASSED: dict[str, Literal["aac", "ac3", "eac3"]] = {"aac": "aac", "ac3": "ac3", "eac3": "eac3"}
"""Audio that stays as it is, where the plan sees no reason against it; all other becomes AAC."""

_LEAST_BITS = 10_000
"""Bits per second of a rendition at least: a still picture is measured at next to nothing."""


def with_contents(spec: JobSpec, paths: Sequence[str], media: Sequence[MediaInfo]) -> tuple[JobSpec, list[str]]:
    """The job `spec` with its files, pictures and sounds, and what is to be wondered at.

    `paths` are the keys of all files of its contents, in order, and `media` what was found in them. Raises
    TRACK_MISSING without any picture, CODEC_REFUSED, DURATIONS_DIFFER and ASPECTS_DIFFER, all with `FIELD`.
    """
    pictures = {place: info.video for place, info in enumerate(media) if info.video is not None}
    if not pictures:
        raise TelecineError(ErrorKind.TRACK_MISSING, "none of the files has a picture.", field=FIELD)
    best = max(pictures, key=lambda place: (*_worth(pictures[place]), -place))
    for place, track in pictures.items():
        _check(paths, place, track, best, pictures[best])
    video = tuple(_rendition(paths[place], track) for place, track in pictures.items())
    sounds = _sounds(media)
    files = tuple(
        InputFile(
            path=path,
            video=place == best,
            audio=tuple(
                AudioRemap(source=track.order, target=number)
                for number, (owner, track) in enumerate(sounds)
                if owner == place
            ),
        )
        for place, path in enumerate(paths)
    )
    audio = tuple(_sound(number, track) for number, (_, track) in enumerate(sounds))
    made = spec.model_copy(update={"files": files, "video": video, "audio": audio})
    return made, _notes(paths, pictures, best)


def _worth(track: VideoTrack) -> tuple[int, Fraction, int]:
    """By which the best of several renditions is told: pixels, then frames, then bits."""
    return track.width * track.height, source_rate(track), track.bitrate


def _check(paths: Sequence[str], place: int, track: VideoTrack, best: int, source: VideoTrack) -> None:
    """Raise what keeps the picture of file `place` from being a rendition of that of file `best`."""
    path, other = paths[place], paths[best]
    if track.codec not in _CODECS:
        raise TelecineError(ErrorKind.CODEC_REFUSED, f"'{path}' has {track.codec}.", field=FIELD)
    durations = picture_duration(track), picture_duration(source)
    if abs(durations[0] - durations[1]) > FRAMES_APART / min(source_rate(track), source_rate(source)):
        told = f"'{path}' lasts {float(durations[0]):.3f} s and '{other}' {float(durations[1]):.3f} s."
        raise TelecineError(ErrorKind.DURATIONS_DIFFER, told, field=FIELD)
    width, height = _size(track)
    near = fit(source.display_aspect, width, height) == (width, height)
    if not near and abs(track.display_aspect / source.display_aspect - 1) > ASPECT_APART:
        told = f"'{path}' is {width}x{height} and '{other}' {'x'.join(map(str, _size(source)))}."
        raise TelecineError(ErrorKind.ASPECTS_DIFFER, told, field=FIELD)


def _rendition(path: str, track: VideoTrack) -> VideoRendition:
    """The rung that a ready rendition stands for."""
    bitrate = max(track.bitrate, _LEAST_BITS)
    width, height = _size(track)
    return VideoRendition(
        track_id=path,
        codec=_CODECS[track.codec],
        width=width,
        height=height,
        rate=Vbr(bitrate=bitrate, peak=int(bitrate * PEAK)),
        frame_rate=source_rate(track),
    )


def _size(track: VideoTrack) -> tuple[int, int]:
    """Width and height as shown, in square pixels, even."""
    width, height = Fraction(track.width) * track.sample_aspect, Fraction(track.height)
    if track.rotation in (90, 270):
        width, height = height, width
    return max(2, 2 * round(width / 2)), max(2, 2 * round(height / 2))


def _sounds(media: Sequence[MediaInfo]) -> list[tuple[int, AudioTrack]]:
    """Every audio track to publish, with the place of its file: those of files without a picture, which are there for
    their sound; else those of the first file that has any.
    """
    alone = [place for place, info in enumerate(media) if info.video is None and info.audio]
    first = [place for place, info in enumerate(media) if info.audio][:1]
    return [(place, track) for place in alone or first for track in media[place].audio]


def _sound(number: int, track: AudioTrack) -> AudioRendition:
    he_aac = track.codec == "aac" and track.profile == HE_AAC_V2
    return AudioRendition(
        track_id=f"audio_{number}",
        codec="heaac_v2" if he_aac else _PASSED.get(track.codec, "aac"),
        sources=(number,),
        language=track.language or UNKNOWN,
    )


def _notes(paths: Sequence[str], pictures: dict[int, VideoTrack], best: int) -> list[str]:
    """Where a rendition cannot be like its file, because the source of all is another one."""
    source = pictures[best]
    return [
        f"'{paths[place]}' has {_range(track)} and becomes {_range(source)}, as '{paths[best]}' has it."
        for place, track in pictures.items()
        if track.codec == "hevc" and _range(track) != _range(source)
    ]


def _range(track: VideoTrack) -> str:
    """What of a picture follows its source, in words."""
    return f"{'high' if track.hdr else 'standard'} dynamic range in {'10' if track.bit_depth > 8 else '8'} bits"
