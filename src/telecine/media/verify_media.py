"""Checks of what the segments hold: the same samples as were encoded, decodable, on the grid, in sync."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from math import ceil

from telecine.core.plan import AudioOutput, Plan, VideoOutput
from telecine.media.manifests import Fault
from telecine.media.samples import Samples
from telecine.media.verify_evidence import Evidence, Rendition

_TICK = Fraction(2, 90_000)
"""Seconds by which a time may differ because MPEG-TS counts in 1/90000 s, and rounds twice."""
_ROUNDED = Fraction(1, 1000)
"""Seconds; EXTINF has three decimals, and subtitles count milliseconds."""


def samples(evidence: Evidence) -> Iterator[Fault]:
    """Every rendition has the same samples in every tree, and they are those of the encoder's file.

    A flipped bit anywhere in a segment changes a digest; so one full decoding speaks for all trees.
    """
    originals = {name: (encoded, Fraction(0)) for name, encoded in evidence.encoded.items()}
    for rendition, found in evidence.opened("video", "audio"):
        shift = evidence.shift(rendition.tree)
        original, its_shift = originals.setdefault(evidence.name(rendition) or rendition.id, (found, shift))
        if original is not found:
            yield from _differences(rendition, found, original)
            yield from _moved(rendition, found, original, float(shift - its_shift))


def decoding(evidence: Evidence) -> Iterator[Fault]:
    """Every rendition decodes from beginning to end, to as many pictures as it has samples and the plan has frames."""
    for rendition in evidence.of_kind("video", "audio"):
        found = rendition.samples
        if found is None:
            yield Fault(rendition.place, "has nothing that could be decoded")
            continue
        yield from found.faults
        if rendition.kind == "video" and found.frames != found.tried:
            yield Fault(rendition.place, f"decodes to {found.frames} pictures from {found.tried} samples")
        expected = _expected_frames(evidence, rendition)
        if expected is not None and len(found) != expected:
            yield Fault(rendition.place, f"has {len(found)} pictures; the programme has {expected}")


def grid(evidence: Evidence) -> Iterator[Fault]:
    """Every video segment begins with a keyframe, at the same instant in every rendition, on the plan's grid."""
    leaders: dict[str, list[Fraction]] = {}
    for rendition, found in evidence.read("video"):
        if len(rendition.read) != len(rendition.track.segments):
            continue  # files that are missing or broken have faults of their own
        shift = evidence.shift(rendition.tree)
        starts: list[Fraction] = []
        for numbers in found.by_segment():
            path = rendition.read[found.places[numbers[0]]].piece.path
            start = min(found.times[number] for number in numbers) * found.time_base - shift
            if not found.keys[numbers[0]]:
                yield Fault(path, "does not begin with a keyframe")
            expected = _grid_point(evidence.plan, rendition.tree, len(starts))
            if expected is not None and abs(start - expected) > _TICK:
                yield Fault(path, f"begins at {_s(start)}; the grid says {_s(expected)}")
            starts.append(start)
        yield from _same_starts(rendition, starts, leaders.setdefault(rendition.tree, starts))
        yield from _keyframes(evidence, rendition, found, shift)


def sync(evidence: Evidence) -> Iterator[Fault]:
    """Sound and picture begin and end together, and as they did in the encoder's files, to within one audio frame."""
    for rendition, found in evidence.read("audio"):
        shift = evidence.shift(rendition.tree)
        frame = found.step * found.time_base
        start, end = found.start - shift, found.end - shift
        encoded = evidence.encoded.get(evidence.name(rendition))
        if encoded and abs(start - encoded.start) > _TICK + _ROUNDED:
            yield Fault(rendition.place, f"begins {_ms(start - encoded.start)} off its place in the programme")
        if evidence.plan and evidence.plan.imported:
            continue  # as long as it came; `samples` holds every one of them against the imported track
        if abs(start) > frame + _ROUNDED:
            yield Fault(rendition.place, f"begins {_ms(start)} from the first picture")
        if evidence.plan and abs(end - evidence.plan.duration) > frame + _ROUNDED:
            what = f"ends at {_s(end)}; the programme ends at {_s(evidence.plan.duration)}"
            yield Fault(rendition.place, what)
    for rendition, found in evidence.read("video"):
        late = found.start - evidence.shift(rendition.tree)
        if abs(late) > _TICK:
            yield Fault(rendition.place, f"begins {_ms(late)} from the other renditions")


def promised_times(evidence: Evidence) -> Iterator[Fault]:
    """Each segment begins and lasts as its manifests say."""
    for rendition, found in evidence.read("video", "audio"):
        tolerance = _ROUNDED + _TICK + (found.step * found.time_base if rendition.kind == "audio" else 0)
        shift = evidence.shift(rendition.tree)
        firsts = {found.places[n[0]]: min(found.times[i] for i in n) * found.time_base for n in found.by_segment()}
        unknown_ends, end = _before_gaps(rendition), found.end
        for manifest, track in rendition.uses:
            promises = {segment.piece: segment for segment in track.segments}
            for place, segment in enumerate(rendition.read):
                if place not in firsts:
                    yield Fault(segment.piece.path, "holds no sample of its track")
                    continue
                said = promises[segment.piece]
                lasts = firsts.get(place + 1, end) - firsts[place]
                off = abs(lasts - said.duration)
                if place not in unknown_ends and off > tolerance and (place + 1 in firsts or off > _unsure_end(found)):
                    what = f"lasts {_s(lasts)}; {manifest.path} says {_s(said.duration)}"
                    yield Fault(segment.piece.path, what)
                if manifest.protocol == "dash" and abs(firsts[place] - shift - said.start) > tolerance:
                    what = f"begins at {_s(firsts[place] - shift)}; {manifest.path} says {_s(said.start)}"
                    yield Fault(segment.piece.path, what)


def iframes(evidence: Evidence) -> Iterator[Fault]:
    """Each entry of an I-frame playlist is a byte range that ends with a keyframe of its segment."""
    keyframes: dict[str, list[tuple[int, int]]] = {}
    for rendition, found in evidence.read("video"):
        for place, begin, end in found.ranges:
            keyframes.setdefault(rendition.read[place].piece.path, []).append((begin, end))
    for manifest in evidence.manifests:
        for track in manifest.iframes:
            for segment in track.segments:
                piece = segment.piece
                if piece.path in evidence.broken or piece.path not in keyframes:
                    continue
                end = piece.offset + (piece.length or 0)
                if not any(piece.offset <= begin < end and stop <= end for begin, stop in keyframes[piece.path]):
                    what = f"byte range {piece.length}@{piece.offset} of {piece.path} holds no whole keyframe"
                    yield Fault(track.name, what)


def _differences(rendition: Rendition, found: Samples, original: Samples) -> Iterator[Fault]:
    """The first sample that is not the original's, and its file."""
    if found.digests == original.digests:
        return
    pairs = zip(found.digests, original.digests, strict=False)
    number = next((n for n, (mine, theirs) in enumerate(pairs) if mine != theirs), min(len(found), len(original)))
    if number >= len(found):
        yield Fault(rendition.place, f"has {len(found)} samples; {len(original)} were encoded")
        return
    path = rendition.read[found.places[number]].piece.path
    yield Fault(path, f"differs from what was encoded, from its track's sample {number} of {len(found)} on")


def _moved(rendition: Rendition, found: Samples, original: Samples, shift: float) -> Iterator[Fault]:
    """The first sample that is shown at another time than the original's, or is a keyframe in only one of them.

    `shift` is by how many seconds this tree's clock is ahead. Numbers with a point are exact enough, and much faster.
    """
    mine, theirs = float(found.time_base), float(original.time_base)
    for number in range(min(len(found), len(original))):
        moved = found.times[number] * mine - shift - original.times[number] * theirs
        if abs(moved) > _ROUNDED or found.keys[number] != original.keys[number]:
            what = f"shows its track's sample {number} {moved * 1000:+.1f} ms from its time"
            if abs(moved) <= _ROUNDED:
                what = f"says wrongly whether its track's sample {number} is a keyframe"
            yield Fault(rendition.read[found.places[number]].piece.path, what)
            return


def _grid_point(plan: Plan | None, folder: str, number: int) -> Fraction | None:
    """Where segment `number` of the tree in `folder` begins, in seconds; None where there is no grid."""
    if plan is None or plan.imported:
        return None
    return next((plan.segment_of(tree) for tree in plan.trees if tree.folder == folder), plan.segment) * number


def _keyframes(evidence: Evidence, rendition: Rendition, found: Samples, shift: Fraction) -> Iterator[Fault]:
    """A keyframe at every multiple of the plan's GOP."""
    if evidence.plan is None or evidence.plan.imported:
        return
    keys = {round((found.times[n] * found.time_base - shift) / _ROUNDED) for n in range(len(found)) if found.keys[n]}
    for number in range(ceil(evidence.plan.duration / evidence.plan.gop)):
        instant = evidence.plan.gop * number
        wanted = round(instant / _ROUNDED)
        if not keys & {wanted - 1, wanted, wanted + 1} and found.end - shift > instant + _ROUNDED:
            yield Fault(rendition.place, f"has no keyframe at {_s(instant)}, a point of the grid")
            return


def _same_starts(rendition: Rendition, starts: list[Fraction], leader: list[Fraction]) -> Iterator[Fault]:
    if len(starts) != len(leader):
        what = f"has {len(starts)} segments where the first rendition has {len(leader)}"
        yield Fault(rendition.place, what)
        return
    for segment, mine, theirs in zip(rendition.read, starts, leader, strict=False):
        if abs(mine - theirs) > _TICK:
            yield Fault(segment.piece.path, f"begins at {_s(mine)}; in the first rendition at {_s(theirs)}")
            return


def _expected_frames(evidence: Evidence, rendition: Rendition) -> int | None:
    output = planned(evidence, rendition)
    if evidence.plan is None or evidence.plan.imported or not isinstance(output, VideoOutput):
        return None
    return ceil(evidence.plan.duration * output.frame_rate)


def planned(evidence: Evidence, rendition: Rendition) -> VideoOutput | AudioOutput | None:
    """The plan's output that a rendition is."""
    if evidence.plan is None:
        return None
    name = evidence.name(rendition)
    outputs: list[VideoOutput | AudioOutput] = [*evidence.plan.video, *evidence.plan.audio]
    return next((output for output in outputs if output.name == name), None)


def _unsure_end(found: Samples) -> Fraction:
    """By how many seconds the end of the last picture is unsure: pictures that last unequally do not tell it."""
    times = sorted(found.times)
    steps = [after - before for before, after in pairwise(times)]
    return max(steps) * found.time_base if steps and max(steps) - min(steps) > 1 else Fraction(0)


def _before_gaps(rendition: Rendition) -> set[int]:
    """Places after which a segment is at fault, so that nothing is known of where they end."""
    positions = {segment.piece: position for position, segment in enumerate(rendition.track.segments)}
    after = [positions[segment.piece] for segment in rendition.read[1:]] + [len(positions)]
    return {
        place
        for place, (segment, following) in enumerate(zip(rendition.read, after, strict=True))
        if positions[segment.piece] + 1 != following
    }


def _s(seconds: Fraction) -> str:
    return f"{float(seconds):.3f} s"


def _ms(seconds: Fraction) -> str:
    return f"{float(seconds * 1000):.1f} ms"
