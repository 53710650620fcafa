"""Checks of what players are told about encryption: in every manifest, of every encrypted track, the same key.

A player that is told nothing plays noise; one that is told too much asks for a licence that nobody has.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from uuid import UUID

from telecine.core.drm import TRACK_TYPE_LABELS, DrmSystem, TrackType
from telecine.core.layout import MASTER, MPD, for_screens
from telecine.core.plan import Plan
from telecine.media.drm_contents import (
    Said,
    playready_checksum,
    read_pssh,
    said_in_mark,
    said_in_pssh,
    system_of,
)
from telecine.media.manifests import Fault, Manifest, ProtectionMark, Track
from telecine.media.verify_evidence import Evidence, Rendition

_METHODS = {"cenc": "SAMPLE-AES-CTR", "cbcs": "SAMPLE-AES"}


def concerns(evidence: Evidence) -> bool:
    """Whether anything is encrypted, or is said or planned to be."""
    planned = evidence.plan is not None and any(tree.protection for tree in evidence.plan.trees)
    said = any(track.protection for manifest in evidence.manifests for track in manifest.tracks)
    return planned or said or any(rendition.encryption.on for rendition in evidence.renditions)


def has_track_types(evidence: Evidence) -> bool:
    """Whether there are manifests for some screens."""
    return any(_track_type(manifest) for manifest in evidence.manifests)


def protection(evidence: Evidence) -> Iterator[Fault]:
    """Every encrypted track is said to be so in every manifest, from its first encrypted segment on, and no other."""
    for rendition in evidence.of_kind("video", "audio", "text"):
        if not rendition.encryption.segments:
            continue  # nothing of it could be read, which is a fault of its own
        for manifest, track in rendition.uses:
            yield from _marked(rendition, manifest, track)
    for manifest in evidence.manifests:
        yield from _iframe_marks(evidence, manifest)
        yield from _session_keys(evidence, manifest)
        yield from _same_systems(evidence, manifest)


def key_ids(evidence: Evidence) -> Iterator[Fault]:
    """Boxes, elements and lines mean the key and the scheme that the samples are encrypted with."""
    for rendition in evidence.renditions:
        if not rendition.encryption.on:
            continue
        yield from _boxes(evidence, rendition)
        for manifest, track in rendition.uses:
            for mark in track.protection:
                yield from _meant(evidence, rendition, _place(manifest, track), mark)
    for manifest in evidence.manifests:
        for track in manifest.iframes:
            whole = _rendition_of(evidence, track)
            if whole and whole.encryption.on:
                for mark in track.protection:
                    yield from _meant(evidence, whole, track.name, mark)


def track_types(evidence: Evidence) -> Iterator[Fault]:
    """A manifest for some screens has the pictures of its labels, and all sound and text of the full manifest."""
    full = {manifest.path: manifest for manifest in evidence.manifests}
    for manifest in evidence.manifests:
        kind = _track_type(manifest)
        if kind is None:
            continue
        whole = full.get(_full_name(manifest, kind))
        if whole is None:
            continue  # a plan misses it elsewhere; without one nobody said that it is here
        mine, theirs = ({track.key for track in one.tracks if track.kind != "video"} for one in (manifest, whole))
        if mine != theirs:
            yield Fault(manifest.path, f"has not the same sound and subtitles as {whole.path}")
        if not {track.key for track in manifest.of_kind("video")} <= {track.key for track in whole.of_kind("video")}:
            yield Fault(manifest.path, f"has pictures that {whole.path} has not")
        held = {variant.playlist for variant in manifest.variants}
        if set(manifest.variants) != {variant for variant in whole.variants if variant.playlist in held}:
            yield Fault(manifest.path, f"has not the same variants of its pictures as {whole.path}")
        yield from _allowed(evidence, manifest, kind)


def _allowed(evidence: Evidence, manifest: Manifest, kind: TrackType) -> Iterator[Fault]:
    """With a plan it is known which picture has which label."""
    folder = str(PurePosixPath(manifest.path).parent)
    trees = evidence.plan.trees if evidence.plan else ()
    labels = next((tree.protection.video_labels for tree in trees if tree.folder == folder and tree.protection), None)
    if labels is None:
        return
    wanted = {name for name, label in labels.items() if label in TRACK_TYPE_LABELS[kind]}
    held = {
        evidence.name(rendition): rendition
        for rendition in evidence.of_kind("video")
        if any(user is manifest for user, _ in rendition.uses)
    }
    for name in sorted(held.keys() - wanted):
        yield Fault(manifest.path, f"has {held[name].place}, which is not for {kind}")
    for name in sorted(wanted - held.keys()):
        yield Fault(manifest.path, f"lacks {name}, which is for {kind}")


def _marked(rendition: Rendition, manifest: Manifest, track: Track) -> Iterator[Fault]:
    found, place = rendition.encryption, _place(manifest, track)
    if not found.on:
        if track.protection:
            yield Fault(place, f"says that {rendition.place} is encrypted, which is clear")
        return
    if not track.protection:
        yield Fault(place, f"does not say that {rendition.place} is encrypted")
        return
    if manifest.protocol == "hls":
        for number, segment in enumerate(track.segments):
            said = any(mark.covers(number) for mark in track.protection)
            hidden = found.segments.get(segment.piece)
            if hidden is not None and said != hidden:
                yield Fault(place, _contradiction(segment.piece.path, hidden))
                return


def _contradiction(path: str, hidden: bool) -> str:
    if hidden:
        return f"has no key line for {path}, which is encrypted"
    return f"has a key line for {path}, which is clear"


def _iframe_marks(evidence: Evidence, manifest: Manifest) -> Iterator[Fault]:
    for track in manifest.iframes:
        rendition = _rendition_of(evidence, track)
        if rendition is None:
            continue
        hidden = {piece.path: is_hidden for piece, is_hidden in rendition.encryption.segments.items()}
        for number, segment in enumerate(track.segments):
            said = any(mark.covers(number) for mark in track.protection)
            if segment.piece.path in hidden and said != hidden[segment.piece.path]:
                yield Fault(track.name, _contradiction(segment.piece.path, hidden[segment.piece.path]))
                break


def _session_keys(evidence: Evidence, manifest: Manifest) -> Iterator[Fault]:
    """A multivariant playlist names the keys of its own playlists and no others; with a plan, all of them."""
    used = {
        (system.system, system.uri): track.name
        for track in (*manifest.tracks, *manifest.iframes)
        for mark in track.protection
        for system in mark.systems
    }
    named = {(system.system, system.uri) for system in manifest.session_keys}
    for form, _ in sorted(named - used.keys()):
        yield Fault(manifest.path, f"has an EXT-X-SESSION-KEY for {form} that none of its playlists uses")
    if manifest.protocol == "hls" and (named or evidence.plan):
        for form, uri in sorted(used.keys() - named):
            yield Fault(manifest.path, f"has no EXT-X-SESSION-KEY for {form} in {used[form, uri]}")
    if len(named) < len(manifest.session_keys):
        yield Fault(manifest.path, "has the same EXT-X-SESSION-KEY twice")


def _same_systems(evidence: Evidence, manifest: Manifest) -> Iterator[Fault]:
    """Each DRM system is told of every encrypted track: of all that are told of any, and of all that are planned."""
    marks = [
        (_place(manifest, track), track, mark)
        for track in (*manifest.tracks, *manifest.iframes)
        for mark in track.protection
    ]
    told = [{system.system for system in mark.systems} for _, _, mark in marks]
    everywhere = set().union(*told)
    planned = _planned_systems(evidence.plan, manifest)
    for (place, track, _), mine in zip(marks, told, strict=True):
        missing = sorted(everywhere - mine)
        missing += sorted(planned - {system_of(name) for name in everywhere})
        for name in missing:
            yield Fault(
                place, f"does not tell {system_of(name) or name} how {track.kind} track {track.name} is encrypted"
            )


def _planned_systems(plan: Plan | None, manifest: Manifest) -> set[DrmSystem]:
    """FairPlay is told in HLS only, of cbcs, and of MPEG-TS it alone."""
    if plan is None:
        return set()
    systems = set(plan.signalling.systems)
    schemes = {mark.scheme for track in manifest.tracks for mark in track.protection}
    in_boxes = any(track.init for track in manifest.of_kind("video") + manifest.of_kind("audio"))
    if manifest.protocol == "dash" or _METHODS["cbcs"] not in schemes:
        return systems - {DrmSystem.FAIRPLAY}
    return systems if in_boxes else {DrmSystem.FAIRPLAY}


def _boxes(evidence: Evidence, rendition: Rendition) -> Iterator[Fault]:
    """`pssh` boxes of the init segment, one for each system; FairPlay has none."""
    init = rendition.encryption.init
    if init is None:
        return
    path = rendition.track.init.path if rendition.track.init else rendition.place
    seen: set[tuple[str, frozenset[bytes]]] = set()
    for box in init.pssh:
        try:
            said, system = said_in_pssh(box), read_pssh(box).system_id
        except ValueError as error:
            yield Fault(path, f"{error} (pssh)")
            continue
        if (system, said.kids) in seen:
            yield Fault(path, f"has two pssh boxes of {system_of(system) or system}")
        seen.add((system, said.kids))
        yield from _agrees(evidence, rendition, path, f"its pssh box of {system_of(system) or system}", said)
    planned = set(evidence.plan.signalling.systems) - {DrmSystem.FAIRPLAY} if evidence.plan else set()
    for missing in sorted(planned - {system_of(system) for system, _ in seen}):
        yield Fault(path, f"has no pssh box of {missing}")


def _meant(evidence: Evidence, rendition: Rendition, place: str, mark: ProtectionMark) -> Iterator[Fault]:
    """Everything that one manifest says of the key of one track."""
    entry = rendition.encryption.entry
    scheme = {method: name for name, method in _METHODS.items()}.get(mark.scheme, mark.scheme)
    if scheme != entry.scheme:
        yield Fault(
            place, f"says {mark.scheme or 'no scheme'} of {rendition.place}, which is encrypted by {entry.scheme}"
        )
    if mark.kid and entry.kid and mark.kid != entry.kid:
        yield Fault(place, f"says default_KID {mark.kid.hex()} of {rendition.place}, which has {entry.kid.hex()}")
    if place.endswith(".mpd") and not mark.kid:
        yield Fault(place, f"says no default_KID of {rendition.place}")
    if mark.iv and entry.iv and mark.iv != entry.iv:
        yield Fault(place, f"says IV {mark.iv.hex()} of {rendition.place}, which has {entry.iv.hex()}")
    for system in mark.systems:
        name = system_of(system.system) or system.system
        try:
            parts = said_in_mark(system)
        except ValueError as error:
            yield Fault(place, f"what it tells {name} of {rendition.place} {error}")
            continue
        for said in parts:
            yield from _agrees(evidence, rendition, place, f"what it tells {name}", said)
    if rendition.encryption.init is None and not entry.kid:
        yield Fault(place, f"does not say which key {rendition.place} has, or says several")


def _agrees(evidence: Evidence, rendition: Rendition, place: str, what: str, said: Said) -> Iterator[Fault]:
    entry = rendition.encryption.entry
    if said.kids and entry.kid and entry.kid not in said.kids:
        kids = " and ".join(sorted(kid.hex() for kid in said.kids))
        turned = any(UUID(bytes_le=kid).bytes == entry.kid for kid in said.kids if len(kid) == 16)
        hint = " (its bytes are in the wrong order)" if turned else ""
        yield Fault(place, f"{what} means key {kids}{hint}; {rendition.place} has {entry.kid.hex()}")
    if said.scheme and said.scheme != entry.scheme:
        yield Fault(place, f"{what} means {said.scheme}; {rendition.place} is encrypted by {entry.scheme}")
    for kid, checksum in said.checksums:
        if kid in evidence.keys and checksum != playready_checksum(kid, evidence.keys[kid]):
            yield Fault(place, f"{what} has the checksum of another key than that of {kid.hex()}")


def _rendition_of(evidence: Evidence, track: Track) -> Rendition | None:
    """The rendition whose segments an I-frame playlist points into."""
    path = track.segments[0].piece.path if track.segments else ""
    renditions = evidence.of_kind("video")
    return next((r for r in renditions if any(piece.path == path for piece in r.encryption.segments)), None)


def _place(manifest: Manifest, track: Track) -> str:
    """The file that says what a manifest says of a track."""
    return track.name if manifest.protocol == "hls" else manifest.path


def _track_type(manifest: Manifest) -> TrackType | None:
    stem = PurePosixPath(manifest.path).stem
    return next((kind for kind in TrackType if stem.endswith(f"_{kind}")), None)


def _full_name(manifest: Manifest, kind: TrackType) -> str:
    path = PurePosixPath(manifest.path)
    name = next((n for n in (MPD, MASTER) if for_screens(n, kind) == path.name), "")
    return str(path.with_name(name or path.name.replace(f"_{kind}", "")))
