"""Checks of what is encrypted: the tracks and segments that the plan names, by its scheme, each label by its own key.

Whether the samples are the encoder's is asked by `verify_media`, of what was decrypted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

from telecine.core.drm import Scheme
from telecine.core.plan import Plan, TreeOutput
from telecine.core.plan_protection import clear_until
from telecine.media.manifests import Fault
from telecine.media.verify_evidence import Evidence, Rendition


def encryption(evidence: Evidence) -> Iterator[Fault]:
    """Every track is encrypted or clear as planned, from the end of the clear lead on, and no counter is used twice."""
    for rendition in evidence.renditions:
        yield from rendition.encryption.faults
        tree = _tree(evidence, rendition)
        if tree:
            yield from _as_planned(evidence, rendition, tree)
        else:
            yield from _plausible(rendition)
        found = rendition.encryption
        if found.on and not found.protected_bytes:
            yield Fault(rendition.place, "calls itself encrypted, but none of its bytes is")
    if evidence.plan:
        yield from _labels(evidence, evidence.plan)
    yield from counters((rendition, rendition.place) for rendition in evidence.renditions)


def decryption(evidence: Evidence) -> Iterator[Fault]:
    """With a plan there is a key for every encrypted track."""
    for rendition in evidence.renditions:
        if evidence.plan and rendition.encryption.sealed:
            kid = rendition.encryption.entry.kid
            yield Fault(rendition.place, f"cannot be decrypted: {_why(evidence, kid)}")


def without_key(evidence: Evidence) -> list[str]:
    """The key ids of the tracks that nobody could decrypt."""
    sealed = [rendition.encryption for rendition in evidence.renditions if rendition.encryption.sealed]
    return sorted({found.entry.kid.hex() or "unknown" for found in sealed})


def decrypted(evidence: Evidence) -> str:
    """How much was decrypted, for people."""
    opened = [rendition.encryption for rendition in evidence.renditions if rendition.encryption.opened]
    return f"{len(opened)} renditions decrypted with {len({found.entry.kid for found in opened})} keys"


def _why(evidence: Evidence, kid: bytes) -> str:
    if not kid:
        return "its key lines do not agree on a key id"
    return "its key lines name no IV" if kid in evidence.keys else f"there is no key with the id {kid.hex()}"


def _tree(evidence: Evidence, rendition: Rendition) -> TreeOutput | None:
    trees = evidence.plan.trees if evidence.plan else ()
    return next((tree for tree in trees if tree.folder == rendition.tree), None)


def _as_planned(evidence: Evidence, rendition: Rendition, tree: TreeOutput) -> Iterator[Fault]:
    found, protection = rendition.encryption, tree.protection
    label = protection.labels.get(evidence.name(rendition)) if protection else None
    if protection is None or label is None:
        path = next((piece.path for piece, hidden in found.segments.items() if hidden), "")
        if path:
            yield Fault(path, "is encrypted, but the plan has its track clear")
        return
    if not found.segments:
        return
    if not found.on:
        yield Fault(rendition.place, f"is clear, but the plan has it encrypted with the key for {label}")
        return
    if found.init and found.entry.scheme != protection.scheme:
        place = rendition.track.init.path if rendition.track.init else rendition.place
        yield Fault(place, f"is encrypted by {found.entry.scheme}; the plan says {protection.scheme}")
    assert evidence.plan is not None
    until = clear_until(protection, evidence.plan.segment_of(tree))
    yield from _around_lead(rendition, until, float(protection.clear_lead))


def _around_lead(rendition: Rendition, until: Fraction, seconds: float) -> Iterator[Fault]:
    """Segments that begin before `until` are clear, the others encrypted."""
    segments = rendition.track.segments
    for segment in segments:
        clear = segment.start - segments[0].start < until
        hidden = rendition.encryption.segments.get(segment.piece)
        if hidden and clear:
            yield Fault(segment.piece.path, f"is encrypted, but the first {seconds:.3f} s are to be clear")
        elif hidden is False and not clear:
            yield Fault(segment.piece.path, "is clear, but is to be encrypted")


def _plausible(rendition: Rendition) -> Iterator[Fault]:
    """Without a plan: text is clear, and what follows an encrypted segment is encrypted."""
    hidden = [piece for piece, is_hidden in rendition.encryption.segments.items() if is_hidden]
    if hidden and rendition.kind == "text":
        yield Fault(hidden[0].path, "is an encrypted subtitle, which no player expects")
    segments = [segment.piece for segment in rendition.track.segments]
    states = [
        (piece, rendition.encryption.segments[piece]) for piece in segments if piece in rendition.encryption.segments
    ]
    for (_, before), (piece, after) in pairwise(states):
        if before and not after:
            yield Fault(piece.path, "is clear, but segments before it are encrypted")


def _labels(evidence: Evidence, plan: Plan) -> Iterator[Fault]:
    """In each tree one label has one key, which is its own, and no two labels share one."""
    for tree in plan.trees:
        owners: dict[bytes, str] = {}
        kids: dict[str, bytes] = {}
        labels = tree.protection.labels if tree.protection else {}
        for rendition in evidence.renditions:
            label, kid = labels.get(evidence.name(rendition)), rendition.encryption.entry.kid
            if rendition.tree != tree.folder or not label or not kid:
                continue
            # A key is what it opens: two ids for one key would be one key.
            first = owners.setdefault(evidence.keys.get(kid, kid), label)
            owner = evidence.owners.get(kid, first) if first == label else first
            if owner != label:
                yield Fault(rendition.place, f"is for {label}, but has the key of {owner}")
            if kids.setdefault(label, kid) != kid:
                yield Fault(rendition.place, f"is for {label}, but has another key than the rest of {label}")


def counters(renditions: Iterable[tuple[Rendition, str]]) -> Iterator[Fault]:
    """Two samples under one key and one counter would betray each other, so AES-CTR never repeats one.

    Each rendition comes with what it is called.
    """
    used: dict[bytes, list[tuple[int, int, str]]] = defaultdict(list)
    for rendition, place in renditions:
        found = rendition.encryption
        if found.entry.scheme == Scheme.CENC:
            used[found.entry.kid] += [(first, behind, place) for first, behind in found.counters]
    for spans in used.values():
        told: set[tuple[str, str]] = set()
        for (_, end, earlier), (begin, _, later) in pairwise(sorted(spans)):
            if begin < end and (earlier, later) not in told:
                told.add((earlier, later))
                yield Fault(later, f"repeats AES counters (IVs) of {earlier} under the same key")
