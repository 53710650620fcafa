"""Checks of what manifests promise to a player before it fetches anything: bandwidth, codecs, languages, text."""

from collections.abc import Iterator
from fractions import Fraction

from telecine.core.layout import display_names
from telecine.core.limits import MediaLimits
from telecine.core.plan import Plan, VideoOutput
from telecine.media.bandwidth import Rate, rate_of, variant_rate
from telecine.media.codec_names import codec_name
from telecine.media.manifests import Fault, Manifest, Track, Variant
from telecine.media.mend import default_audio
from telecine.media.samples import Samples
from telecine.media.subtitles import read
from telecine.media.text_tracks import Shown, read_text_track, shown
from telecine.media.verify_evidence import Evidence, Rendition
from telecine.media.verify_media import planned
from telecine.media.workspace import Workspace

MOST_OVER = Fraction(15, 100)
"""By how much a declared bandwidth may exceed the measured one: more would cost viewers quality."""
_AVERAGE_OFF = Fraction(2, 100)
_SMALL = 2000
"""Bits per second that nobody misses, where a track is hardly anything (text)."""
_SUBTITLE_MS = 2
_VIDEO_RANGES = {"smpte2084": "PQ", "arib-std-b67": "HLG"}


def bandwidth(evidence: Evidence) -> Iterator[Fault]:
    """BANDWIDTH is at least the measured peak and hardly more; averages are those of the bytes."""
    for manifest in evidence.manifests:
        rates = {track.name: rate_of(evidence.root, track, evidence.twin) for track in manifest.tracks}
        if manifest.protocol == "dash":
            for track in manifest.tracks:
                yield from _dash_rate(evidence, manifest, track, rates[track.name])
        for variant in manifest.variants:
            if variant.playlist in rates:
                rate = variant_rate(manifest, variant, rates)
                yield from _hls_rate(manifest, f"the variant {variant.playlist}", variant, rate)
        for track in manifest.iframes:
            yield from _hls_rate(manifest, f"the I-frames {track.name}", track, rate_of(evidence.root, track))


def signalling(evidence: Evidence) -> Iterator[Fault]:
    """CODECS, sizes and frame rates are those of the samples; languages, labels and defaults those of the plan."""
    for rendition, found in evidence.read("video", "audio"):
        actual = codec_name(found.codec, found.extradata)
        for manifest, track in rendition.uses:
            if track.kind == "video" and not _same_size(track, found):
                what = f"says {track.width}x{track.height} for {rendition.place}, which is {found.width}x{found.height}"
                yield Fault(manifest.path, what)
            if track.kind == "video" and track.frame_rate and found.step:
                actual_rate = 1 / (found.step * found.time_base)
                if abs(track.frame_rate - actual_rate) > Fraction(1, 500) and len(found) > 1:
                    what = f"says {float(track.frame_rate):.3f} frames/s for {rendition.place}"
                    yield Fault(manifest.path, f"{what}, which has {float(actual_rate):.3f}")
            for declared in _declared_codecs(manifest, track):
                if actual and not _same_codec(declared, actual, track.kind):
                    yield Fault(manifest.path, f"says {declared} for {rendition.place}, which is {actual}")
        output = planned(evidence, rendition)
        if isinstance(output, VideoOutput) and (output.width, output.height) != (found.width, found.height):
            what = f"is {found.width}x{found.height}; the plan says {output.width}x{output.height}"
            yield Fault(rendition.place, what)
    if evidence.plan:
        yield from _described(evidence, evidence.plan)
        yield from _ranges(evidence)


def subtitles(evidence: Evidence, workspace: Workspace | None, limits: MediaLimits) -> Iterator[Fault]:
    """What a viewer reads is what the client sent, at the times it said; the same in every tree."""
    expected: dict[str, list[Shown]] = {}
    plan = evidence.plan
    if plan and workspace:
        for output in plan.subtitles:
            cues = read(workspace.subtitle(output.file), limits).fitted(plan.duration).cues
            expected[output.name] = shown(cues)
    for rendition in evidence.of_kind("text"):
        files = {segment.piece.path for segment in rendition.track.segments}
        if files & evidence.broken.keys() or any(not (evidence.root / path).is_file() for path in files):
            continue
        found, faults = read_text_track(evidence.root, rendition.track, evidence.shift(rendition.tree))
        yield from faults
        if faults:
            continue
        wanted = expected.setdefault(evidence.name(rendition) or rendition.id, found)
        yield from _cue_differences(rendition, found, wanted)


def _dash_rate(evidence: Evidence, manifest: Manifest, track: Track, rate: Rate) -> Iterator[Fault]:
    """With a plan the figure meant is known; without one it may be the average or the peak."""
    plan = evidence.plan
    least = rate.average if plan is None or plan.average_bandwidth else rate.peak
    most = rate.average if plan and plan.average_bandwidth else rate.peak
    yield from _within(manifest.path, f"bandwidth of {track.name} ({track.kind})", track.bandwidth, least, most)


def _hls_rate(manifest: Manifest, what: str, declared: Variant | Track, rate: Rate) -> Iterator[Fault]:
    yield from _within(manifest.path, f"BANDWIDTH of {what}", declared.bandwidth, rate.peak, rate.peak)
    if declared.average and abs(declared.average - rate.average) > rate.average * _AVERAGE_OFF + _SMALL:
        text = f"AVERAGE-BANDWIDTH of {what} is {declared.average}, but its bytes make {rate.average}"
        yield Fault(manifest.path, text)


def _within(path: str, what: str, declared: int, least: int, most: int) -> Iterator[Fault]:
    if declared < least:
        yield Fault(path, f"{what} is {declared}, but {least} is needed")
    elif declared > most * (1 + MOST_OVER) + _SMALL:
        yield Fault(path, f"{what} is {declared}, but {most} is enough")


def _declared_codecs(manifest: Manifest, track: Track) -> list[str]:
    """What the manifest says of this track: its own CODECS, or those of the variants that it can be played in."""
    if track.codecs:
        return track.codecs.split(",")
    prefixes = ("mp4a", "ac-3", "ec-3")
    lists = [variant.codecs for variant in manifest.variants if variant.audio == track.group]
    return sorted({codec for codecs in lists for codec in codecs if codec.startswith(prefixes)})


def _same_size(track: Track, found: Samples) -> bool:
    """Whether the manifest's size is that of the stored picture or, where pixels are not square, of the shown one."""
    shown = found.width * found.aspect
    return track.height == found.height and (track.width == found.width or abs(track.width - shown) <= 1)


def _same_codec(declared: str, actual: str, kind: str) -> bool:
    """Whether two codec strings mean the same; only as much is compared as the samples tell."""
    if kind == "audio" and declared.split(".")[0] != actual.split(".")[0]:
        return False
    return declared == actual or declared.startswith(f"{actual}.") or actual in ("avc1", "hvc1", "mp4a")


def _described(evidence: Evidence, plan: Plan) -> Iterator[Fault]:
    names = display_names(plan.audio) | display_names(plan.subtitles)
    languages = {audio.name: audio.language for audio in plan.audio}
    languages |= {subtitle.name: subtitle.language for subtitle in plan.subtitles}
    for rendition in evidence.of_kind("audio", "text"):
        name = evidence.name(rendition)
        for manifest, track in rendition.uses:
            if name not in names or (not track.group and manifest.protocol == "hls"):
                continue
            if (track.language or "und") != (languages[name] or "und"):
                what = f"says language '{track.language}' for {rendition.place}; the plan says '{languages[name]}'"
                yield Fault(manifest.path, what)
            if track.label != names[name]:
                yield Fault(manifest.path, f"calls {rendition.place} '{track.label}' instead of '{names[name]}'")
            if track.kind == "text" and track.default:
                yield Fault(manifest.path, f"switches on the subtitles {rendition.place} unasked")
    for manifest in evidence.manifests:
        chosen = [track for track in manifest.of_kind("audio") if track.default]
        groups = {track.group for track in manifest.of_kind("audio")}
        if plan.audio and len(chosen) != len(groups):
            yield Fault(manifest.path, f"has {len(chosen)} default audio tracks instead of {len(groups)}")
        if plan.audio and manifest.protocol == "dash":
            wanted = names[default_audio(plan)]
            if chosen and chosen[0].label != wanted:
                yield Fault(manifest.path, f"plays '{chosen[0].label}' by default instead of '{wanted}'")


def _ranges(evidence: Evidence) -> Iterator[Fault]:
    """VIDEO-RANGE says HDR of what is HDR, and of nothing else: players choose by it before they see a picture."""
    for rendition in evidence.of_kind("video"):
        output = planned(evidence, rendition)
        if not isinstance(output, VideoOutput):
            continue
        meant = _VIDEO_RANGES.get(output.colour.transfer, "SDR")
        for manifest, track in rendition.uses:
            for variant in manifest.variants:
                if variant.playlist == track.name and (variant.video_range or "SDR") != meant:
                    what = f"says VIDEO-RANGE={variant.video_range or 'SDR'} for {rendition.place}, which is {meant}"
                    yield Fault(manifest.path, what)


def _cue_differences(rendition: Rendition, found: list[Shown], wanted: list[Shown]) -> Iterator[Fault]:
    if len(found) != len(wanted):
        yield Fault(rendition.place, f"shows {len(found)} texts instead of {len(wanted)}")
        return
    for mine, theirs in zip(sorted(found, key=_order), sorted(wanted, key=_order), strict=True):
        off = max(abs(mine.start - theirs.start), abs(mine.end - theirs.end))
        if mine.text != theirs.text or off > _SUBTITLE_MS:
            what = f"shows '{mine.text[:40]}' from {mine.start} to {mine.end} ms"
            yield Fault(
                rendition.place, f"{what} instead of '{theirs.text[:40]}' from {theirs.start} to {theirs.end} ms"
            )
            return


def _order(item: Shown) -> tuple[str, int, int]:
    return (item.text, item.start, item.end)


def _quoted(item: Shown) -> str:
    return f"'{item.text[:40]}' from {item.start} to {item.end} ms"
