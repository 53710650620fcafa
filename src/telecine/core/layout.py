"""The names of everything that is published, decided in one place.

The names follow the documented service, because players' deep links, CDN rules and watermark embedders know them:
`dash/stream.mpd`, `hls/master.m3u8`, `dash/video/avc1/1/seg-1.m4s`, `hls/audio/en/mp4a/1/stream.m3u8`, … All names
are relative to `<output_path>/<content_id>/`. Only the plan decides a name, so every retry makes the same ones.

Marked trees are named as embedders want it, which choose between the variants of whatever looks like a numbered
segment: DASH and CMAF count from 0 and HLS from 1, and what is shared by both variants says `_init` behind its number.
"""

import re
from dataclasses import dataclass

from telecine.core.drm import TrackType
from telecine.core.job import Format, MarkLayout, SubtitleFormat
from telecine.core.plan import AudioOutput, Plan, SubtitleOutput, TreeOutput, VideoOutput

MPD = "stream.mpd"
MASTER = "master.m3u8"
NUMBER = "$Number$"
"""What stands for the segment's number in a segment template."""

THUMBNAILS = "thumbnails"
THUMBNAIL_MAP = f"{THUMBNAILS}/thumbnails.vtt"

UNLISTED = "b."
"""What stands before the name of variant 1's segment where variant 0's lies beside it."""

VARIANT_FOLDERS = ("0", "1")
"""Where the trees of either variant lie where each has its own."""

SHARED = "_init"
"""What stands behind the number of a segment of which there is one for all viewers."""

PACE_INFO = "WMPaceInfo"
"""The folder, beside the segments, of files that tell a third party's edge their positions (ETSI TS 104 002)."""

PACE_INFO_SIDECAR = "sidecar.cbor"
"""The file in that folder that tells the positions of all segments of a rendition."""

SAMPLE_ENTRIES = {"h264": "avc1", "h265": "hvc1", "aac": "mp4a", "heaac_v2": "mp4a", "ac3": "ac-3", "eac3": "ec-3"}
"""The four characters by which MP4 calls each codec; they name its folder."""

_PACKED_AUDIO = {"mp4a": "aac", "ac-3": "ac3", "ec-3": "ec3"}
_NEVER_SWITCHED = ("aac", "vtt")
"""Extensions that embedders leave alone whatever the name."""
_UNSAFE = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TrackFiles:
    """The files of one track in one tree; every name is relative to the tree's own folder (`dash`, `hls`, `cmaf`).

    `segments` holds `NUMBER`, and the first segment has the number `first`; both it and `init` are empty where the
    track has none. `playlist` and `iframes` are HLS media playlists. `sidecar` is a whole WebVTT file that an MPD
    points to.
    """

    name: str
    folder: str
    segments: str = ""
    init: str = ""
    playlist: str = ""
    iframes: str = ""
    sidecar: str = ""
    first: int = 1

    def segment(self, number: int) -> str:
        """Name of the segment with this number, which the first segment has as `first`."""
        return self.segments.replace(NUMBER, str(number))

    def at(self, position: int) -> str:
        """Name of the segment at `position` of the programme, counted from 0."""
        return self.segment(self.first + position)


def first_number(plan: Plan, tree: TreeOutput) -> int:
    """The number in the name of a tree's first segment."""
    return 0 if plan.marking and tree.format is not Format.HLS else 1


def second_variant(segment: str) -> str:
    """Where variant 1 of a segment lies in a tree that has both."""
    folder, slash, name = segment.rpartition("/")
    return f"{folder}{slash}{UNLISTED}{name}"


def published_folders(plan: Plan, folder: str) -> tuple[str, ...]:
    """Where a tree (or the thumbnails) that the plan calls `folder` is published, variant 0's first."""
    if plan.marking and plan.marking.layout is MarkLayout.PREFIXED:
        return tuple(f"{variant}/{folder}" for variant in VARIANT_FOLDERS)
    return (folder,)


def own_folder(name: str) -> str:
    """The folder that a published file's tree has to itself, by the file's name below the content's folder.

    Empty for a file that lies in none. Below `0/` and `1/` trees of several jobs may lie beside each other.
    """
    parts = name.split("/")
    depth = 2 if parts[0] in VARIANT_FOLDERS and len(parts) > 2 else 1
    return "/".join(parts[:depth]) if len(parts) > depth else ""


def thumbnail_sheets(plan: Plan) -> str:
    """Name, in the folder of thumbnails, of sheet `%d`, counted from 1."""
    return f"sprite-%d{SHARED if plan.marking else ''}.jpg"


def has_mpd(tree: TreeOutput) -> bool:
    """Whether the tree carries a DASH manifest."""
    return tree.format is not Format.HLS


def has_master(tree: TreeOutput) -> bool:
    """Whether the tree carries an HLS multivariant playlist."""
    return tree.format is not Format.DASH


def main_manifests(plan: Plan) -> list[str]:
    """The manifests that a viewer is given, in the order of the plan's trees, relative to the content's folder.

    The full ones of a tree come before those for some screens. Of two trees that differ by their variants alone,
    viewers are given the first's.
    """
    return [f"{published_folders(plan, tree.folder)[0]}/{name}" for tree in plan.trees for name in _manifests(tree)]


def for_screens(manifest: str, kind: TrackType) -> str:
    """The name of `stream.mpd` or `master.m3u8` for some screens: `stream_SD_ONLY.mpd`."""
    stem, _, extension = manifest.rpartition(".")
    return f"{stem}_{kind.value}.{extension}"


def _manifests(tree: TreeOutput) -> list[str]:
    full = ([MPD] if has_mpd(tree) else []) + ([MASTER] if has_master(tree) else [])
    kinds = tree.protection.track_types if tree.protection else ()
    return full + [for_screens(name, kind) for kind in kinds for name in full]


def uses_transport_stream(plan: Plan, tree: TreeOutput) -> bool:
    """Whether this tree's audio and video really are MPEG-TS and packed audio.

    H.265 and subtitles in MP4 need fragmented MP4, and then the whole tree is made of it: MPEG-TS cannot begin
    before zero, so the packager moves it by 100 ms, and tracks that are switched between must share one clock.
    """
    wanted = tree.format is Format.HLS and tree.transport_stream
    only_h264 = all(video.codec == "h264" for video in plan.video)
    return wanted and only_h264 and (not plan.subtitles or tree.subtitles is SubtitleFormat.TEXT_VTT)


def track_files(plan: Plan, tree: TreeOutput) -> dict[str, TrackFiles]:
    """The files of every track in `tree`, by the plan's name of the track (`v0`, `a0`, `s0`), in the plan's order."""
    counts: dict[str, int] = {}
    files: dict[str, TrackFiles] = {}
    media: tuple[VideoOutput | AudioOutput, ...] = (*plan.video, *plan.audio)
    for output in media:
        files[output.name] = _media_files(plan, tree, output, counts)
    for subtitle in plan.subtitles:
        files[subtitle.name] = _subtitle_files(plan, tree, subtitle, counts)
    return files


def audio_group(plan: Plan, output: AudioOutput) -> str:
    """HLS group of an audio track: one per codec, because a variant's CODECS must hold for its whole group."""
    codecs = list(dict.fromkeys(SAMPLE_ENTRIES[audio.codec] for audio in plan.audio))
    codec = SAMPLE_ENTRIES[output.codec]
    return "audio" if len(codecs) == 1 else f"audio-{codecs.index(codec) + 1}-{codec}"


def display_names(outputs: tuple[AudioOutput, ...] | tuple[SubtitleOutput, ...]) -> dict[str, str]:
    """What a viewer reads in the menu, by track name: the label, else the language, made unique by a number.

    HLS forbids two renditions of one group with the same NAME.
    """
    names: dict[str, str] = {}
    for output in outputs:
        wanted = _one_line(output.label) or output.language or "und"
        name, number = wanted, 1
        while name in names.values():
            number += 1
            name = f"{wanted} {number}"
        names[output.name] = name
    return names


def _media_files(plan: Plan, tree: TreeOutput, output: VideoOutput | AudioOutput, counts: dict[str, int]) -> TrackFiles:
    codec = SAMPLE_ENTRIES[output.codec]
    kind = "video" if isinstance(output, VideoOutput) else f"audio/{_language(output.language)}"
    family = f"{kind}/{codec}"
    counts[family] = counts.get(family, 0) + 1
    folder = f"{family}/{counts[family]}"
    is_video = isinstance(output, VideoOutput)
    in_transport_stream = uses_transport_stream(plan, tree)
    extension = "m4s"
    if in_transport_stream:
        extension = "ts" if is_video else _PACKED_AUDIO[codec]
    # An I-frame playlist names byte ranges, and a variant has its own: whoever offered variant 0's alone would give
    # everybody the pictures to compare their own with.
    trick_play = has_master(tree) and is_video and not plan.marking
    return TrackFiles(
        name=output.name,
        folder=folder,
        segments=f"{folder}/{_segment_name(plan, tree, extension, shared=not is_video)}",
        init="" if in_transport_stream else f"{folder}/init.mp4",
        playlist=f"{folder}/stream.m3u8" if has_master(tree) else "",
        iframes=f"{folder}/iframes.m3u8" if trick_play else "",
        first=first_number(plan, tree),
    )


def _subtitle_files(plan: Plan, tree: TreeOutput, output: SubtitleOutput, counts: dict[str, int]) -> TrackFiles:
    """Text goes into HLS in segments and into DASH as one file, which is what every DASH player reads."""
    family = f"subtitle/{_language(output.language)}"
    counts[family] = counts.get(family, 0) + 1
    folder = family if counts[family] == 1 else f"{family}-{counts[family]}"
    text = tree.subtitles is SubtitleFormat.TEXT_VTT
    segmented = not text or has_master(tree)
    return TrackFiles(
        name=output.name,
        folder=folder,
        segments=f"{folder}/{_segment_name(plan, tree, 'vtt' if text else 'm4s', shared=True)}" if segmented else "",
        init="" if text else f"{folder}/init.mp4",
        playlist=f"{folder}/subtitle.m3u8" if has_master(tree) else "",
        sidecar=f"{folder}/subtitle.vtt" if text and has_mpd(tree) else "",
        first=first_number(plan, tree),
    )


def _segment_name(plan: Plan, tree: TreeOutput, extension: str, *, shared: bool) -> str:
    stem = "segment" if tree.format is Format.HLS else "seg"
    end = SHARED if plan.marking and shared and extension not in _NEVER_SWITCHED else ""
    return f"{stem}-{NUMBER}{end}.{extension}"


def _language(code: str) -> str:
    """A language code as a folder name; codes come from requests, so nothing but a tag's characters passes."""
    return _UNSAFE.sub("", code.lower()) or "und"


def _one_line(label: str) -> str:
    """A label without what cannot stand in a quoted HLS attribute or in XML: quotes, line breaks, controls."""
    return " ".join("".join(c if c.isprintable() and c != '"' else " " for c in label).split())
