"""Translates between the T&P wire and the canonical job: requests into `JobSpec`, states and errors into codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telecine.apis.answers import failure_body
from telecine.apis.answers import success_body as success_body
from telecine.apis.findings import Findings
from telecine.apis.paths import file_key, folder
from telecine.apis.tnp.marking import read_marking
from telecine.apis.tnp.protection import read_protection
from telecine.apis.tnp.renditions import read_audio, read_language, read_video
from telecine.apis.tnp.schema import unknown_fields
from telecine.apis.tnp.schema_job import (
    AudioIn,
    InputFile,
    JobRequest,
    Output,
    Packaging,
    PackagingOption,
    Subtitle,
    SubtitleFormats,
)
from telecine.core import job as core
from telecine.core.errors import TelecineError
from telecine.core.job import AudioRendition, Format, SubtitleFormat, SubtitleInput, VideoRendition
from telecine.core.limits import Policy
from telecine.core.states import JobState
from telecine.core.tnp_codes import ERROR_CODES, STATUS_CODES
from telecine.core.watermark.policy import MarkingPolicy

STANDARD_MARKS = MarkingPolicy()
"""What a site without choices of its own has."""

_LONGEST_PLACE = 120


@dataclass(frozen=True, slots=True)
class Translated:
    """What a request to create a job means. `echo` is what the detail call gives back of it, as it was sent."""

    spec: core.JobSpec
    echo: dict[str, Any]
    warnings: tuple[str, ...]
    noti_id: int | None
    noti_field: str


def translate_job(
    request: JobRequest, sent: dict[str, Any], policy: Policy, marks: MarkingPolicy = STANDARD_MARKS
) -> Translated:
    """The canonical job that `request` asks for; `sent` is the same request as it arrived, `marks` its site's choice.

    Raises every fault that it finds, each with the field's place in the request.
    """
    found = Findings()
    files = _files(request.input.files, found)
    subtitles = _subtitles(request.input.subtitles or [], found)
    video, audio = _renditions(request.output, files, policy, found)
    _balance(request.input.files, request.output, found)
    default_language = _default_language(request.output, audio, found)
    path = folder(request.output.path, "output.path", found)
    packaging = _packaging(request.output.packaging, found)
    pictures = any(track.track_type == "video" for track in request.output.transcodings)
    protection = read_protection(request.output.drm, found, pictures=pictures)
    marking = read_marking(request.output, marks, found)
    noti_id, noti_field = _notification(request, found)
    _note_unknown(request, found)  # last: there is room for so many warnings and these matter least
    found.settle()
    assert packaging is not None
    spec = core.JobSpec(
        name=request.job_name,
        content_id=request.content_id,
        input_storage=request.input.storage_id,
        files=tuple(files),
        subtitles=tuple(subtitles),
        output_storage=request.output.storage_id,
        output_path=path,
        default_language=default_language,
        video=tuple(video),
        audio=tuple(audio),
        packaging=packaging,
        protection=protection,
        marking=marking,
    )
    echo = {name: sent[name] for name in type(request).model_fields if name in sent}
    return Translated(spec, echo, tuple(found.warnings), noti_id, noti_field)


def status_code(state: JobState) -> str:
    """The TP code of `state`."""
    return STATUS_CODES[state]


def error_body(error: TelecineError) -> dict[str, Any]:
    """The envelope of a failed request, in the codes of this API."""
    return failure_body(error, ERROR_CODES)


def _note_unknown(request: JobRequest, found: Findings) -> None:
    for place in unknown_fields(request):
        if place.startswith("output.packaging.option.") and "mp4" in place.lower():
            found.warn(f"'{place[:_LONGEST_PLACE]}' is deprecated and was ignored; use 'subtitle_format'.")
        else:
            found.warn(f"'{place[:_LONGEST_PLACE]}' is unknown and was ignored.")


def _files(files: Sequence[InputFile], found: Findings) -> list[core.InputFile]:
    pictures = [place for place, file in enumerate(files) if file.file_type in ("multi", "video")]
    for place in pictures[1:]:
        found.invalid(f"input.files[{place}].file_type", "a job takes at most one multi or video file.")
    taken: set[int] = set()
    return [_file(file, f"input.files[{place}]", taken, found) for place, file in enumerate(files)]


def _file(file: InputFile, at: str, taken: set[int], found: Findings) -> core.InputFile:
    """One input file; `taken` gathers the job-wide numbers of audio tracks, each of which is given once."""
    audios = file.audios or []
    if file.file_type == "video":
        if audios:
            found.warn(f"'{at}.audios' has no effect on a file of type video.")
        audios = []
    elif not audios:
        found.missing(f"{at}.audios", "Files of type multi and audio need it.")
    remaps = []
    for place, audio in enumerate(audios):
        remap = _remap(audio)
        if remap.target in taken:
            found.invalid(f"{at}.audios[{place}].remap.track", f"track {remap.target} is remapped to twice.")
        taken.add(remap.target)
        remaps.append(remap)
    key = file_key(file.file_path, f"{at}.file_path", found)
    return core.InputFile(path=key, video=file.file_type != "audio", audio=tuple(remaps))


def _remap(audio: AudioIn) -> core.AudioRemap:
    return core.AudioRemap(source=audio.source.track or 0, target=audio.remap.track or 0)


def _subtitles(subtitles: Sequence[Subtitle], found: Findings) -> list[SubtitleInput]:
    return [
        SubtitleInput(
            path=file_key(subtitle.file_path, f"input.subtitles[{place}].file_path", found),
            language=read_language(subtitle.language, f"input.subtitles[{place}].language", found),
        )
        for place, subtitle in enumerate(subtitles)
    ]


def _renditions(
    output: Output, files: Sequence[core.InputFile], policy: Policy, found: Findings
) -> tuple[list[VideoRendition], list[AudioRendition]]:
    remapped = frozenset(remap.target for file in files for remap in file.audio)
    video: list[VideoRendition | None] = []
    audio: list[AudioRendition | None] = []
    names: set[str] = set()
    for place, track in enumerate(output.transcodings):
        at = f"output.transcodings[{place}]"
        if track.track_id in names:
            found.invalid(f"{at}.track_id", "another track has the same id.")
        names.add(track.track_id)
        if track.track_type == "video":
            video.append(read_video(track, at, policy.assumed_kbps_below, found))
        else:
            audio.append(read_audio(track, at, remapped, found))
    return [track for track in video if track], [track for track in audio if track]


def _balance(files: Sequence[InputFile], output: Output, found: Findings) -> None:
    """What goes in must come out: picture and sound are either in both or in neither."""
    types = {track.track_type for track in output.transcodings}
    picture = any(file.file_type != "audio" for file in files)
    sound = any(file.file_type != "video" for file in files)
    if picture and "video" not in types:
        found.invalid("output.transcodings", "the input has a picture, so it needs a video track.")
    if "video" in types and not picture:
        found.invalid("input.files", "a video track needs a multi or video file.")
    if sound and "audio" not in types:
        found.invalid("output.transcodings", "the input has audio, so it needs an audio track.")
    if "audio" in types and not sound:
        found.invalid("input.files", "an audio track needs a multi or audio file.")


def _default_language(output: Output, audio: Sequence[AudioRendition], found: Findings) -> str:
    at = "output.default_language"
    language = read_language(output.default_language, at, found)
    if language and audio and all(track.language != language for track in audio):
        found.warn(f"'{at}': no audio track has this language.")
    return language


def _packaging(packaging: Packaging, found: Findings) -> core.Packaging | None:
    wanted = {Format.DASH: packaging.dash, Format.HLS: packaging.hls, Format.CMAF: packaging.cmaf}
    formats = tuple(tree for tree, on in wanted.items() if on)
    if not formats:
        found.invalid("output.packaging", "at least one of dash, hls and cmaf must be true.")
        return None
    if Format.CMAF in formats and len(formats) > 1:
        found.invalid("output.packaging.cmaf", "cmaf cannot be combined with dash or hls.")
    option = packaging.option or PackagingOption()
    return core.Packaging(
        formats=formats,
        min_buffer_time=option.min_buffer_time or 2.0,
        average_bandwidth=bool(option.enable_average_bandwidth_mpd),
        subtitles=_subtitle_formats(option.subtitle_format, formats, found),
    )


def _subtitle_formats(
    given: SubtitleFormats | None, formats: Sequence[Format], found: Findings
) -> dict[Format, SubtitleFormat]:
    at = "output.packaging.option.subtitle_format"
    wanted = {tree: SubtitleFormat(value) for tree in Format if (value := getattr(given, tree.value, None))}
    if Format.CMAF in formats and wanted.get(Format.CMAF) is SubtitleFormat.MP4_VTT:
        found.invalid(f"{at}.cmaf", "cmaf takes text_vtt or mp4_ttml.")
    for tree in sorted(set(wanted) - set(formats)):
        found.warn(f"'{at}.{tree.value}' has no effect: {tree.value} is not asked for.")
    return {tree: value for tree, value in wanted.items() if tree in formats}


def _notification(request: JobRequest, found: Findings) -> tuple[int | None, str]:
    """The notification to use and the field that named it; the document shows the field in two places."""
    inner, outer = request.output.job_noti_id, request.job_noti_id
    if inner is not None and outer is not None and inner != outer:
        found.invalid("job_noti_id", "it differs from 'output.job_noti_id'.")
    return (inner, "output.job_noti_id") if inner is not None else (outer, "job_noti_id")
