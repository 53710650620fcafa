"""The questions that are asked of every tree, and the report that their answers make."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from telecine.media import verify_encryption, verify_files, verify_media, verify_promises, verify_protection
from telecine.media.context import Context
from telecine.media.manifests import Fault
from telecine.media.verify_evidence import Evidence, has_thumbnails
from telecine.media.verify_report import Check, FaultLine, TreeTotals
from telecine.media.workspace import Workspace

type Ask = Callable[[Evidence], Iterator[Fault]]


def questions(evidence: Evidence, workspace: Workspace | None, context: Context) -> list[Check]:
    """Ask everything of a tree."""
    return [*_checks(evidence, workspace, context), *_protection_checks(evidence), _plan_check(evidence)]


def _checks(evidence: Evidence, workspace: Workspace | None, context: Context) -> list[Check]:
    """What is asked of every tree."""
    media = "nothing to look at" if not evidence.renditions else ""
    plan = evidence.plan
    return [
        check("manifests", f"{len(evidence.manifests)} manifests read", verify_files.manifests, evidence),
        check("files", "every file exists and is named", verify_files.files, evidence, media),
        check("structure", "every segment is whole", verify_files.structure, evidence, media),
        check("timeline", "segments add up to the programme", verify_files.timeline, evidence, media),
        check("samples", _samples_detail(evidence), verify_media.samples, evidence, media),
        check("decoding", _decoding_detail(evidence), verify_media.decoding, evidence, media),
        check("grid", "segments begin with keyframes, together", verify_media.grid, evidence, media),
        check("times", "segments begin and last as said", verify_media.promised_times, evidence, media),
        check("sync", "sound and picture begin and end together", verify_media.sync, evidence, media),
        check("iframes", "I-frame ranges hold keyframes", verify_media.iframes, evidence, _no_iframes(evidence)),
        check("bandwidth", "figures are true to the bytes", verify_promises.bandwidth, evidence, media),
        check("signalling", "codecs, sizes, languages are as said", verify_promises.signalling, evidence, media),
        check(
            "subtitles",
            "texts are shown when they should be",
            lambda found: verify_promises.subtitles(found, workspace, context.limits),
            evidence,
            "" if evidence.of_kind("text") or (plan and plan.subtitles) else "there are no subtitles",
        ),
        check(
            "thumbnails", "the map and its pictures are whole", verify_files.thumbnails, evidence, _no_thumbs(evidence)
        ),
    ]


def _protection_checks(evidence: Evidence) -> list[Check]:
    """What is asked where anything is encrypted, or said or wanted to be."""
    clear = "" if verify_protection.concerns(evidence) else "nothing is encrypted"
    locked = verify_encryption.without_key(evidence)
    needless = clear or (f"no key for KID {', '.join(locked)}" if locked and not evidence.keys else "")
    decrypted = verify_encryption.decrypted(evidence) + (f"; no key for KID {', '.join(locked)}" if locked else "")
    types = "" if verify_protection.has_track_types(evidence) else "there are no manifests for some screens"
    return [
        check(
            "encryption", "what should be is encrypted, and nothing else", verify_encryption.encryption, evidence, clear
        ),
        check("decryption", decrypted, verify_encryption.decryption, evidence, "" if evidence.plan else needless),
        check("key ids", "files and manifests name the same keys", verify_protection.key_ids, evidence, clear),
        check(
            "protection",
            "encrypted tracks are said to be, and no others",
            verify_protection.protection,
            evidence,
            clear,
        ),
        check(
            "track types",
            "manifests for some screens hold what they should",
            verify_protection.track_types,
            evidence,
            types,
        ),
    ]


def check(name: str, detail: str, ask: Ask, evidence: Evidence, skipped: str = "") -> Check:
    """Ask one question; `skipped` is the reason not to."""
    if skipped:
        return Check(name=name, outcome="skipped", detail=skipped)
    faults = tuple(FaultLine(path=fault.path, what=fault.what) for fault in dict.fromkeys(ask(evidence)))
    return Check(name=name, outcome="failed" if faults else "passed", detail=detail, faults=faults)


def _plan_check(evidence: Evidence) -> Check:
    """Every output of the plan is in every tree, and nothing else is."""
    if evidence.plan is None:
        detail = "no plan: frame counts, the grid, the programme's length and the encoder's files were not compared"
        return Check(name="plan", outcome="skipped", detail=detail)
    return check("plan", "every track of the plan is in every tree", _against_plan, evidence)


def _against_plan(evidence: Evidence) -> Iterator[Fault]:
    found = {(rendition.tree, rendition.id) for rendition in evidence.renditions}
    for tree, folder in sorted(evidence.names.keys() - found):
        yield Fault(f"{tree}/{folder}", f"is in no manifest, but the plan has {evidence.names[tree, folder]}")
    for tree, folder in sorted(found - evidence.names.keys()):
        yield Fault(f"{tree}/{folder}", "is not in the plan")
    assert evidence.plan is not None
    for name in [*(video.name for video in evidence.plan.video), *(audio.name for audio in evidence.plan.audio)]:
        if name not in evidence.encoded:
            yield Fault(name, "has no encoded file to compare with")


def _samples_detail(evidence: Evidence) -> str:
    count = sum(len(samples) for _, samples in evidence.read("video", "audio"))
    against = "the encoder's files" if evidence.encoded else "each other"
    return f"{count} samples compared with {against}"


def _decoding_detail(evidence: Evidence) -> str:
    decoded = [samples for _, samples in evidence.read("video", "audio") if samples.frames is not None]
    tried, all_of = sum(samples.tried or 0 for samples in decoded), sum(map(len, decoded))
    return f"{len(decoded)} renditions decoded, {tried} of {all_of} samples"


def _no_iframes(evidence: Evidence) -> str:
    return "" if any(manifest.iframes for manifest in evidence.manifests) else "there are no I-frame playlists"


def _no_thumbs(evidence: Evidence) -> str:
    wanted = evidence.plan is not None and evidence.plan.thumbnails and bool(evidence.plan.video)
    return "" if wanted or has_thumbnails(evidence.root) else "there are no thumbnails"


def totals(evidence: Evidence) -> dict[str, TreeTotals]:
    """What each folder with a main manifest holds."""
    trees: dict[str, TreeTotals] = {}
    for manifest in evidence.manifests:
        tree = str(PurePosixPath(manifest.path).parent)
        mine = [m for m in evidence.manifests if str(PurePosixPath(m.path).parent) == tree]
        segments = {segment.piece.path for m in mine for track in m.tracks for segment in track.segments}
        segments |= {track.init.path for m in mine for track in m.tracks if track.init}
        trees[tree] = TreeTotals(
            manifests=tuple(m.path for m in mine),
            segments=len(segments),
            bytes=sum((evidence.root / path).stat().st_size for path in segments if (evidence.root / path).is_file()),
            duration_seconds=float(max(m.duration for m in mine)),
        )
    return trees
