"""Checks of files and manifests: is everything there, whole, and does it add up?"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import webvtt

from telecine.core.layout import PACE_INFO, THUMBNAIL_MAP, THUMBNAILS, main_manifests
from telecine.core.plan import Plan
from telecine.media.manifests import Fault, Manifest, Track
from telecine.media.structure import fault_in
from telecine.media.subtitles import timestamp
from telecine.media.verify_evidence import Evidence, has_thumbnails, published_files

_MILLISECOND = Fraction(1, 1000)
_LONGEST_AUDIO_FRAME = Fraction(1, 20)


def manifests(evidence: Evidence) -> Iterator[Fault]:
    """Every manifest is there and can be read, and so can every playlist that it names."""
    yield from evidence.unreadable
    for manifest in evidence.manifests:
        yield from manifest.faults
    found = {manifest.path for manifest in evidence.manifests} | {fault.path for fault in evidence.unreadable}
    if not found:
        yield Fault(".", "holds no manifest")
    if evidence.plan:
        for missing in sorted(set(main_manifests(evidence.plan)) - found):
            yield Fault(missing, "does not exist")


def files(evidence: Evidence) -> Iterator[Fault]:
    """Every file that is named exists, and every file that exists is named."""
    yield from evidence.missing
    named = {piece for manifest in evidence.manifests for piece in manifest.pieces()}
    named |= {fault.path for fault in evidence.unreadable} | {fault.path for fault in evidence.missing}
    for stray in sorted(published_files(evidence.root) - named):
        if not stray.startswith(f"{THUMBNAILS}/") and f"/{PACE_INFO}/" not in stray:
            yield Fault(stray, "is named by no manifest")


def structure(evidence: Evidence) -> Iterator[Fault]:
    """Every media file is whole by its container's rules."""
    for path, what in sorted(evidence.broken.items()):
        yield Fault(path, what)


def timeline(evidence: Evidence) -> Iterator[Fault]:
    """Segments follow each other without a gap, and together last as long as the programme."""
    for manifest in evidence.manifests:
        programme = evidence.plan.duration if evidence.plan else manifest.duration
        if manifest.protocol == "dash" and abs(manifest.duration - programme) > _frame(manifest, evidence):
            yield Fault(manifest.path, f"says {_s(manifest.duration)}, but the programme lasts {_s(programme)}")
        for track in manifest.tracks:
            yield from _contiguous(manifest, track, evidence.plan)
            yield from _whole_length(evidence, manifest, track, programme)
        for track in (*manifest.tracks, *manifest.iframes):
            longest = max((round(segment.duration) for segment in track.segments), default=0)
            if track.target is not None and track.target < longest:
                what = f"EXT-X-TARGETDURATION is {track.target}, but a segment lasts {longest} s"
                yield Fault(track.name, what)


def thumbnails(evidence: Evidence) -> Iterator[Fault]:
    """The map covers the programme without a gap, and every picture that it names is a whole JPEG."""
    if not has_thumbnails(evidence.root):
        yield Fault(THUMBNAIL_MAP, "does not exist")
        return
    content = (evidence.root / THUMBNAIL_MAP).read_bytes()
    broken = fault_in(THUMBNAIL_MAP, content)
    if broken:
        yield Fault(THUMBNAIL_MAP, broken)
        return
    captions = webvtt.from_string(content.decode()).captions
    sprites = {caption.text.partition("#")[0] for caption in captions}
    for sprite in sorted(sprites):
        path = f"{THUMBNAILS}/{sprite}"
        picture = (evidence.root / path).read_bytes() if (evidence.root / path).is_file() else b""
        if not (picture.startswith(b"\xff\xd8") and picture.endswith(b"\xff\xd9")):
            yield Fault(path, "is not a whole JPEG picture" if picture else "does not exist")
    for stray in sorted(published_files(evidence.root / THUMBNAILS) - sprites - {THUMBNAIL_MAP.partition("/")[2]}):
        yield Fault(f"{THUMBNAILS}/{stray}", "is not in the map of thumbnails")
    gap = next((b.start for a, b in pairwise(captions) if a.end != b.start), None)
    if gap or not captions or captions[0].start != timestamp(0):
        yield Fault(THUMBNAIL_MAP, f"leaves a gap before {gap or 'its first picture'}")


def _contiguous(manifest: Manifest, track: Track, plan: Plan | None) -> Iterator[Fault]:
    """In DASH each entry has a time of its own, so there may be gaps; in HLS lengths alone make the timeline."""
    late_sound = plan is not None and plan.imported and track.kind == "audio"
    if track.segments[0].start > _LONGEST_AUDIO_FRAME and not late_sound:
        yield Fault(manifest.path, f"{_called(track)} begins at {_s(track.segments[0].start)} instead of 0")
    for before, after in pairwise(track.segments):
        if abs(before.start + before.duration - after.start) > _MILLISECOND:
            what = f"{_called(track)} has a gap or overlap at {_s(after.start)} ({after.piece.path})"
            yield Fault(manifest.path, what)


def _whole_length(evidence: Evidence, manifest: Manifest, track: Track, programme: Fraction) -> Iterator[Fault]:
    if track.kind == "audio" and evidence.plan and evidence.plan.imported:
        return  # sound that passes through is as long as it came
    tolerance = _frame(manifest, evidence) if track.kind == "video" else _LONGEST_AUDIO_FRAME
    if manifest.protocol == "hls":
        tolerance += len(track.segments) * _MILLISECOND / 2  # EXTINF has three decimals
    if track.kind == "text":
        # The last segment of MP4 subtitles is a full one in DASH; players stop at the presentation's end.
        too_short = track.end < programme - tolerance
        too_long = track.segments[-1].start > programme + tolerance or (
            manifest.protocol == "hls" and track.end > programme + tolerance
        )
    else:
        too_short, too_long = track.end < programme - tolerance, track.end > programme + tolerance
    if too_short or too_long:
        where = track.name if manifest.protocol == "hls" else manifest.path
        what = f"{_called(track)} lasts {_s(track.end)}, but the programme lasts {_s(programme)}"
        yield Fault(where, what)


def _frame(manifest: Manifest, evidence: Evidence) -> Fraction:
    """One picture of the slowest rendition, in seconds."""
    rates = [video.frame_rate for video in evidence.plan.video] if evidence.plan else []
    rates += [track.frame_rate for track in manifest.tracks if track.frame_rate]
    return 1 / min(rates) if rates else _LONGEST_AUDIO_FRAME


def _called(track: Track) -> str:
    language = f" {track.language}" if track.language else ""
    return f"the {track.kind} track{language} ({track.name})"


def _s(seconds: Fraction) -> str:
    return f"{float(seconds):.3f} s"
