"""The plan of a job whose asset is encoded already: which tracks pass through, and into which trees."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Literal

from telecine.core.asset import Asset, AssetPicture, AssetSound
from telecine.core.asset_cuts import (
    check_together,
    last_start,
    longest_gop,
    refused,
    segment_length,
    timescale,
    uneven,
)
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec, Target
from telecine.core.layout import THUMBNAILS
from telecine.core.limits import Policy
from telecine.core.plan import (
    AudioOutput,
    AudioSource,
    Plan,
    SubtitleOutput,
    TrackSource,
    TreeOutput,
    TreeProtection,
    VideoOutput,
)
from telecine.core.plan_picture import source_colour
from telecine.core.plan_protection import (
    check_encrypts,
    may_have_thumbnails,
    scheme_of,
    transport_stream,
    tree_protection,
)
from telecine.core.plan_sound import HE_AAC_V2, mark_default

_VIDEO: dict[str, str] = {"h264": "h264", "hevc": "h265"}
_AUDIO = ("aac", "ac3", "eac3")


def make_asset_plan(spec: JobSpec, asset: Asset, policy: Policy) -> Plan:
    """The plan of `spec`, whose asset was read as `asset`, under the house's `policy`.

    Raises ASSET_REFUSED where there is nothing that can be packaged, where a watermark is wanted, or where renditions
    do not begin, end and have their keyframes together; FIELD_INVALID or FIELD_OUT_OF_RANGE for targets that cannot be.
    """
    if spec.marking:
        raise refused("its picture passes through as it is, and only a picture that is encoded here can be marked.")
    warnings = list(asset.warnings)
    pictures = _usable_pictures(asset.pictures, warnings)
    asset = asset.model_copy(update={"pictures": pictures})
    duration = _duration(asset)
    video = tuple(_video(number, picture) for number, picture in enumerate(pictures))
    audio = _audio(spec, asset, duration, warnings)
    if not video and not audio:
        raise refused("it holds neither a picture in H.264 or H.265 nor sound in AAC, AC-3 or E-AC-3.")
    trees = tuple(_trees(spec, asset, video, audio, duration, policy))
    warnings += uneven(asset.pictures, trees)
    return Plan(
        content_id=spec.content_id,
        duration=duration,
        gop=longest_gop(pictures, duration),
        segment=max(tree.segment for tree in trees if tree.segment),
        picture=None,
        chunks=(),
        video=video,
        audio=audio,
        subtitles=_subtitles(asset),
        trees=trees,
        min_buffer_time=spec.packaging.min_buffer_time,
        average_bandwidth=spec.packaging.average_bandwidth,
        thumbnails=bool(video) and may_have_thumbnails(spec, policy),
        preset_h264=policy.preset_h264,
        preset_h265=policy.preset_h265,
        verify_decode=policy.verify_decode,
        signalling=policy.drm_signalling,
        imported=True,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _usable_pictures(pictures: Sequence[AssetPicture], warn: list[str]) -> tuple[AssetPicture, ...]:
    """Those in a codec that is packaged."""
    for picture in pictures:
        if picture.track.codec not in _VIDEO:
            warn.append(f"'{picture.name}' is left out: pictures in {picture.track.codec or 'an unknown codec'}.")
        elif picture.track.rotation:
            warn.append(f"'{picture.name}' asks players to turn the picture; that is not kept.")
    return tuple(picture for picture in pictures if picture.track.codec in _VIDEO)


def _duration(asset: Asset) -> Fraction:
    """Seconds of the first rendition's picture, or of the longest sound where there is no picture."""
    if asset.pictures:
        return asset.pictures[0].end - asset.pictures[0].keyframes[0]
    return max((sound.start + sound.track.duration - asset.origin for sound in asset.sounds), default=Fraction(0))


def _video(number: int, picture: AssetPicture) -> VideoOutput:
    track = picture.track
    return VideoOutput(
        name=f"v{number}",
        track_id=picture.name,
        codec="h264" if _VIDEO[track.codec] == "h264" else "h265",
        width=track.width,
        height=track.height,
        frame_rate=track.frame_rate,
        rate=None,
        pixel_format=track.pixel_format,
        colour=source_colour(track),
        copied=TrackSource(
            file=picture.file,
            demuxer=picture.demuxer,
            stream=track.index,
            origin=picture.keyframes[0],
            time_base=picture.time_base,
            timescale=timescale(picture),
        ),
    )


def _audio(spec: JobSpec, asset: Asset, duration: Fraction, warn: list[str]) -> tuple[AudioOutput, ...]:
    """One output for each sound that a viewer can choose, in its best bitrate."""
    sounds = list(_best(_usable_sounds(asset.sounds, asset.origin, duration, warn), warn))
    outputs = [_sound(number, sound, asset.origin) for number, sound in enumerate(sounds)]
    default = next((sound.language for sound in sounds if sound.default and sound.language), "")
    return tuple(mark_default(outputs, spec.default_language or default, warn))


def _usable_sounds(
    sounds: Sequence[AssetSound], origin: Fraction, duration: Fraction, warn: list[str]
) -> Iterator[AssetSound]:
    """Those in a codec that is packaged, which are heard at all during the programme."""
    for sound in sounds:
        begin = sound.start - origin
        if sound.track.codec not in _AUDIO:
            warn.append(f"'{sound.name}' is left out: sound in {sound.track.codec or 'an unknown codec'}.")
        elif begin >= duration or begin + sound.track.duration <= 0:
            warn.append(f"'{sound.name}' is left out: its sound is outside the programme.")
        else:
            yield sound


def _best(sounds: Iterator[AssetSound], warn: list[str]) -> Iterator[AssetSound]:
    """Of sounds that differ in bitrate only, the best: players choose among languages, not among bitrates."""
    choices: dict[tuple[object, ...], list[AssetSound]] = {}
    for sound in sounds:
        key = (sound.choice, sound.language, sound.label, sound.track.codec, sound.track.channels)
        choices.setdefault(key, []).append(sound)
    for alike in choices.values():
        best = max(alike, key=lambda sound: sound.track.bitrate)
        for other in alike:
            if other is not best:
                warn.append(
                    f"'{other.name}' is left out: '{best.name}' is the same sound in {best.track.bitrate} bit/s."
                )
        yield best


def _sound(number: int, sound: AssetSound, origin: Fraction) -> AudioOutput:
    track = sound.track
    language = sound.language or track.language or "und"
    return AudioOutput(
        name=f"a{number}",
        track_id=sound.name,
        codec=_sound_codec(sound),
        copy_stream=True,
        exact=True,
        sources=(
            AudioSource(
                file=sound.file,
                demuxer=sound.demuxer,
                stream=track.index,
                channels=track.channels,
                origin=origin - sound.shift,
                offset=sound.start - origin,
            ),
        ),
        channels=track.channels,
        sample_rate=track.sample_rate,
        bitrate=track.bitrate,
        language=language,
        label=sound.label or language,
        default=False,
    )


def _sound_codec(sound: AssetSound) -> Literal["aac", "ac3", "eac3", "heaac_v2"]:
    if sound.track.profile == HE_AAC_V2:
        return "heaac_v2"
    return "ac3" if sound.track.codec == "ac3" else "eac3" if sound.track.codec == "eac3" else "aac"


def _subtitles(asset: Asset) -> tuple[SubtitleOutput, ...]:
    labels = [text.label or text.language for text in asset.texts]
    return tuple(
        SubtitleOutput(
            name=f"s{number}",
            file=text.file,
            language=text.language,
            label=labels[number] if labels.count(labels[number]) == 1 else f"{labels[number]} {number + 1}",
        )
        for number, text in enumerate(asset.texts)
    )


def _trees(
    spec: JobSpec,
    asset: Asset,
    video: tuple[VideoOutput, ...],
    audio: tuple[AudioOutput, ...],
    duration: Fraction,
    policy: Policy,
) -> Iterator[TreeOutput]:
    _check_folders(spec.targets)
    for target in spec.targets:
        seconds = target.segment_seconds or policy.gop_seconds * policy.gops_per_segment
        wanted = Fraction(seconds).limit_denominator(1000)
        segment = segment_length(wanted, asset.pictures[0]) if asset.pictures else wanted
        check_together(asset.pictures, segment)
        protection = _protection(spec, target, segment, video, audio, policy)
        if protection:
            last = last_start(asset.pictures, segment, duration)
            check_encrypts(protection, segment, duration, last, lead_at="drm", audio_at="drm")
        yield TreeOutput(
            format=target.format,
            subtitles=spec.packaging.subtitle_format(target.format),
            transport_stream=transport_stream(target.format, video, policy, protected=protection is not None),
            name=target.folder,
            segment=segment,
            protection=protection,
        )


def _protection(
    spec: JobSpec,
    target: Target,
    segment: Fraction,
    video: tuple[VideoOutput, ...],
    audio: tuple[AudioOutput, ...],
    policy: Policy,
) -> TreeProtection | None:
    if target.protection is None:
        return None
    return tree_protection(target.protection, scheme_of(target.format, policy), segment, spec.content_id, video, audio)


def _check_folders(targets: Sequence[Target]) -> None:
    folders = [target.folder for target in targets]
    for folder in folders:
        if folder == THUMBNAILS or folders.count(folder) > 1:
            why = "is for thumbnails" if folder == THUMBNAILS else "is given twice"
            raise TelecineError(ErrorKind.FIELD_INVALID, f"the folder '{folder}' {why}.", field="targets")
