"""Makes the plan: every decision about a job, from the request and the probes, before any work is done.

Pure, so that the same job gives the same plan on every worker, and so that each rule can be tested in microseconds.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.grid import Grid, cut_chunks, make_grid
from telecine.core.job import JobSpec
from telecine.core.limits import Policy
from telecine.core.media_info import MediaInfo
from telecine.core.plan import (
    AudioOutput,
    ChunkSpan,
    MarkPlan,
    PictureSource,
    Plan,
    SubtitleOutput,
    TreeOutput,
    VideoOutput,
)
from telecine.core.plan_marking import mark_plan, marked_preset
from telecine.core.plan_picture import picture_duration, picture_source, picture_track, video_output
from telecine.core.plan_protection import (
    check_encrypts,
    may_have_thumbnails,
    scheme_of,
    transport_stream,
    tree_protection,
)
from telecine.core.plan_sound import Track, audio_output, chosen_tracks, mark_default, remapped_tracks


def make_plan(spec: JobSpec, media: Sequence[MediaInfo], policy: Policy) -> Plan:
    """The plan of `spec`, whose files were probed as `media` (same order), under the house's `policy`.

    Raises TRACK_MISSING, AUDIO_NOT_CONVERTIBLE, GRID_IMPOSSIBLE, INPUT_UNREADABLE, FIELD_INVALID, MARK_TOO_SHORT or
    MARK_TOO_NARROW.
    """
    warnings = [warning for info in media for warning in info.warnings]
    picture, video = _picture(spec, media, warnings)
    tracks = remapped_tracks(spec, media, picture.file if picture else None)
    duration = _duration(spec, media, picture, tracks)
    marking = mark_plan(spec.marking, video, duration)
    grid = _grid(video, policy, marking)
    audio = _audio(spec, tracks, duration, warnings)
    trees = _trees(spec, video, audio, grid, policy)
    _check_protection(spec, trees, duration, grid)
    return Plan(
        content_id=spec.content_id,
        duration=duration,
        gop=grid.gop,
        segment=grid.segment,
        picture=picture,
        chunks=_chunks(picture, grid, duration, policy),
        video=tuple(video),
        audio=tuple(audio),
        subtitles=_subtitles(spec),
        trees=trees,
        min_buffer_time=spec.packaging.min_buffer_time,
        average_bandwidth=spec.packaging.average_bandwidth,
        thumbnails=picture is not None and may_have_thumbnails(spec, policy),
        preset_h264=marked_preset("h264", policy.preset_h264, marking),
        preset_h265=marked_preset("h265", policy.preset_h265, marking),
        verify_decode=policy.verify_decode,
        signalling=policy.drm_signalling,
        marking=marking,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _picture(
    spec: JobSpec, media: Sequence[MediaInfo], warn: list[str]
) -> tuple[PictureSource | None, list[VideoOutput]]:
    """How to read the picture and what to make of it; nothing where no rendition wants it."""
    if not spec.video:
        return None, []
    position = spec.video_file
    if position is None:
        raise TelecineError(
            ErrorKind.FIELD_INVALID,
            "there are video renditions, but no file of type multi or video.",
            field="input.files",
        )
    track = picture_track(position, media[position])
    outputs = [
        video_output(number, rendition, track, spec.files[position], warn)
        for number, rendition in enumerate(spec.video)
    ]
    return picture_source(position, media[position], spec.video), outputs


def _duration(
    spec: JobSpec, media: Sequence[MediaInfo], picture: PictureSource | None, tracks: dict[int, Track]
) -> Fraction:
    """Seconds of the programme: the picture's, or that of the longest sound where there is no picture."""
    if picture:
        return picture_duration(picture_track(picture.file, media[picture.file]))
    used = [track for rendition in spec.audio for track in chosen_tracks(rendition, tracks)]
    duration = max((track.end for track in used), default=Fraction(0))
    if duration <= 0:
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "nothing in it lasts any time.", field="input.files")
    return duration


def _check_protection(spec: JobSpec, trees: Sequence[TreeOutput], duration: Fraction, grid: Grid) -> None:
    at = "drm_option" if spec.contents else "output.drm.option"
    last = (ceil(duration / grid.segment) - 1) * grid.segment
    for tree in trees:
        if tree.protection:
            places = {"lead_at": f"{at}.clear_lead", "audio_at": f"{at}.skip_audio_encryption"}
            check_encrypts(tree.protection, grid.segment, duration, last, **places)


def _grid(video: Sequence[VideoOutput], policy: Policy, marking: MarkPlan | None) -> Grid:
    """One grid for all renditions; for sound alone there is nothing to align, so it is the wanted time itself.

    A marked programme's segment is one GOP, which exists in two variants.
    """
    if marking:
        return make_grid([output.frame_rate for output in video], policy.mark_segment_seconds, 1)
    if video:
        return make_grid([output.frame_rate for output in video], policy.gop_seconds, policy.gops_per_segment)
    gop = Fraction(policy.gop_seconds).limit_denominator(1000)
    return Grid(gop=gop, segment=gop * policy.gops_per_segment)


def _chunks(picture: PictureSource | None, grid: Grid, duration: Fraction, policy: Policy) -> tuple[ChunkSpan, ...]:
    """Chunks on the grid; one for a file in which seeking cannot be relied on; none without a picture."""
    if not picture:
        return ()
    wanted = policy.chunk_seconds if picture.seekable else float(duration) + 1
    return tuple(cut_chunks(grid, duration, wanted))


def _audio(spec: JobSpec, tracks: dict[int, Track], duration: Fraction, warn: list[str]) -> list[AudioOutput]:
    outputs = [
        audio_output(number, rendition, chosen_tracks(rendition, tracks), duration, warn)
        for number, rendition in enumerate(spec.audio)
    ]
    return mark_default(outputs, spec.default_language, warn)


def _subtitles(spec: JobSpec) -> tuple[SubtitleOutput, ...]:
    """One output per subtitle file, labelled by its language, numbered where a language comes twice."""
    languages = [subtitle.language for subtitle in spec.subtitles]
    return tuple(
        SubtitleOutput(
            name=f"s{number}",
            file=number,
            language=language,
            label=language
            if languages.count(language) == 1
            else f"{language} {languages[: number + 1].count(language)}",
        )
        for number, language in enumerate(languages)
    )


def _trees(
    spec: JobSpec, video: Sequence[VideoOutput], audio: Sequence[AudioOutput], grid: Grid, policy: Policy
) -> tuple[TreeOutput, ...]:
    """The trees to publish. HLS carries h265 in fragmented MP4 only, so one such rendition decides for its tree."""
    return tuple(
        TreeOutput(
            format=tree,
            subtitles=spec.packaging.subtitle_format(tree),
            transport_stream=transport_stream(tree, video, policy, protected=spec.protection is not None),
            protection=tree_protection(
                spec.protection, scheme_of(tree, policy), grid.segment, spec.content_id, video, audio
            )
            if spec.protection
            else None,
        )
        for tree in spec.packaging.formats
    )
