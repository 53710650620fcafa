"""Plan → argument list of Shaka Packager, without touching a file, so that tests compare whole command lines.

Nothing that a client wrote gets into a descriptor: fields are separated by commas and cannot be quoted, so a track's
label could add fields of its own. Labels, languages and roles are put into the manifests by `media.mend` instead.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.job import SubtitleFormat
from telecine.core.layout import MASTER, MPD, TrackFiles, audio_group, first_number, has_master, has_mpd, track_files
from telecine.core.plan import AudioOutput, Plan, SubtitleOutput, TreeOutput, TreeProtection, VideoOutput
from telecine.core.plan_protection import clear_until

SUBTITLE_GROUP = "subtitles"

type Output = VideoOutput | AudioOutput | SubtitleOutput

_JUST_OVER = Fraction(1, 10**7)
"""Seconds; less than one tick of any time scale below 10 MHz."""
_MP4_TEXT = {SubtitleFormat.MP4_VTT: "vtt+mp4", SubtitleFormat.MP4_TTML: "ttml+mp4"}
_UNKNOWN_LANGUAGES = frozenset({"", "und", "sh"})
"""Codes that the packager refuses; without one it takes the language that the file itself names."""


def packager_arguments(plan: Plan, tree: TreeOutput, sources: Mapping[str, str], target: str) -> list[str]:
    """Arguments (without the program) that make `tree` in the folder `target`.

    `sources` gives each track's file by its name in the plan; all are paths as the packager's process sees them,
    without commas. Tracks without a source are left out.
    """
    files = track_files(plan, tree)
    outputs: tuple[Output, ...] = (*plan.video, *plan.audio, *plan.subtitles)
    descriptors = [
        _descriptor(plan, tree, output, files[output.name], sources[output.name], target)
        for output in outputs
        if files[output.name].segments and output.name in sources
    ]
    return [*descriptors, *_flags(plan, tree, target)]


def segment_seconds(segment: Fraction) -> str:
    """What to tell the packager for segments of exactly `segment` seconds.

    The packager multiplies it by each track's time scale and cuts off the fraction. 4.004 s as a binary number could
    so become 96095 ticks of 1/24000 s instead of 96096; and with one tick too many a keyframe on the grid would come
    before the cut, and two segments would be merged. A number larger by much less than a tick gives the exact count
    wherever the time scale can express it, and elsewhere the next one below, which cuts at the same keyframes.
    """
    return f"{float(segment + _JUST_OVER):.9f}"


def _descriptor(plan: Plan, tree: TreeOutput, output: Output, files: TrackFiles, source: str, target: str) -> str:
    fields = {
        "in": source,
        "stream": "video"
        if isinstance(output, VideoOutput)
        else "audio"
        if isinstance(output, AudioOutput)
        else "text",
        "init_segment": f"{target}/{files.init}" if files.init else "",
        "segment_template": f"{target}/{files.segments}",
        "playlist_name": files.playlist,
        "iframe_playlist_name": files.iframes,
    }
    if tree.protection:
        label = tree.protection.labels.get(output.name)
        fields |= {"drm_label": label.value} if label else {"skip_encryption": "1"}
    if not isinstance(output, VideoOutput):
        fields |= _named_track(plan, tree, output)
    if isinstance(output, SubtitleOutput):
        fields |= _text(tree)
    return ",".join(f"{name}={value}" for name, value in fields.items() if value)


def _named_track(plan: Plan, tree: TreeOutput, output: AudioOutput | SubtitleOutput) -> dict[str, str]:
    """Fields that keep tracks apart which a viewer chooses between.

    A label of its own gives each an AdaptationSet of its own: without it the packager would put two tracks of one
    language and codec, such as film and commentary, into one set, between which players switch by bandwidth.
    """
    group = audio_group(plan, output) if isinstance(output, AudioOutput) else SUBTITLE_GROUP
    return {
        "language": "" if output.language in _UNKNOWN_LANGUAGES else output.language,
        "dash_label": output.name if has_mpd(tree) else "",
        "hls_name": output.name if has_master(tree) else "",
        "hls_group_id": group if has_master(tree) else "",
    }


def _text(tree: TreeOutput) -> dict[str, str]:
    """MP4 subtitles name their container; plain WebVTT is segmented for HLS only (DASH gets one file, by `mend`)."""
    if tree.subtitles is SubtitleFormat.TEXT_VTT:
        return {"hls_only": "1" if has_mpd(tree) else ""}
    return {"format": _MP4_TEXT[tree.subtitles]}


def _flags(plan: Plan, tree: TreeOutput, target: str) -> list[str]:
    # A segment is found by its name, so an index (`sidx`) within it would be bytes that nobody reads or checks.
    flags = [
        "--quiet",
        f"--segment_duration={segment_seconds(plan.segment_of(tree))}",
        "--generate_sidx_in_media_segments=false",
    ]
    if plan.marking:
        # Without the time of day in them, init segments of both variants can be compared.
        flags += [f"--start_segment_number={first_number(plan, tree)}", "--use_fake_clock_for_muxer"]
    if plan.subtitles:
        # Subtitles whose first cue is late still begin at zero: the threshold is longer than the programme.
        flags.append(f"--default_text_zero_bias_ms={ceil(plan.duration * 1000) + 1}")
    if has_mpd(tree):
        flags += [f"--mpd_output={target}/{MPD}", "--generate_static_live_mpd"]
        flags.append(f"--min_buffer_time={plan.min_buffer_time:g}")
    if has_master(tree):
        flags.append(f"--hls_master_playlist_output={target}/{MASTER}")
    return flags + (_protection_flags(tree.protection, plan.segment_of(tree)) if tree.protection else [])


def _protection_flags(protection: TreeProtection, segment: Fraction) -> list[str]:
    """Encryption by keys that come on stdin; `media.mend_protection` says who can get them.

    The packager rounds what it is told of a clear lead up to whole segments.
    """
    return [
        "--enable_raw_key_encryption",
        f"--protection_scheme={protection.scheme.value}",
        f"--clear_lead={float(clear_until(protection, segment)):.3f}",
        "--nomp4_include_pssh_in_stream",
        "--flagfile=/dev/stdin",
    ]


def key_flags(keys: Mapping[Label, ContentKey], scheme: Scheme) -> str:
    """The packager's flag file with the keys: secrets, so never on a command line, where everybody could read them.

    Only cbcs gets its IV, which FairPlay's licence servers must know too. In cenc every track needs its own, because
    two tracks under one key and one counter would betray each other; there the packager rolls them.
    """
    entries = []
    for label, key in keys.items():
        constant = f":iv={key.iv.hex()}" if scheme is Scheme.CBCS and key.iv else ""
        entries.append(f"label={label.value}:key_id={key.kid.hex()}:key={key.key.hex()}{constant}")
    return f"--keys={','.join(entries)}\n"
