"""Reads what was made as a stranger would, and says what is wrong with it, before anybody else can find out.

`verify` holds a job's tree against its plan and its encoded files; `verify_tree` judges any tree by itself. The
questions are in `verify_files`, `verify_media`, `verify_promises`, `verify_encryption` and `verify_protection`; what
they look at is read once, in `verify_evidence`.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from telecine.core.drm import Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import Plan
from telecine.media import verify_encryption, verify_files, verify_media, verify_promises, verify_protection
from telecine.media.context import Context
from telecine.media.manifests import Fault
from telecine.media.samples import Decode
from telecine.media.verify_evidence import Evidence, gather, has_thumbnails
from telecine.media.verify_report import Check, FaultLine, TreeTotals, VerifyReport
from telecine.media.workspace import Workspace, write_finished

_REPORT = "verify.json"
_REJECTED = "rejected"

type _Ask = Callable[[Evidence], Iterator[Fault]]
type Keys = Mapping[bytes, bytes]
"""Content keys by key id, 16 bytes each."""

type Owners = Mapping[bytes, Label]
"""Which label each key is for, by its key id, where that is known."""

NO_KEYS: Keys = {}
NOBODY: Owners = {}


def verify(
    plan: Plan, workspace: Workspace, context: Context, keys: Keys = NO_KEYS, owners: Owners = NOBODY
) -> VerifyReport:
    """Judge `workspace.tree` by the plan. Reports bytes read. `keys` are those of the encrypted tracks.

    Every sample is compared with the encoder's file. The plan says how much is decoded as well; the picture is what
    costs: `all` is about 6 % of encoding it at preset medium, `sampled` about 1 %. Decision 0008 says what that finds.

    A report that passed is kept in the work folder and found again on a retry. Raises VERIFY_FAILED with the first
    fault; the whole report goes to `context.log`. A tree that failed is put aside as `rejected`, so that it cannot be
    published and a restart packages anew.
    """
    kept = workspace.root / _REPORT
    if kept.is_file():
        return VerifyReport.model_validate_json(kept.read_bytes())
    # What passes through was decoded in the sandbox when it was imported; here it must be the very same samples.
    decode: Decode = "none" if plan.imported else plan.verify_decode
    report = judge(workspace.tree, plan, workspace, context, decode, keys, owners)
    for line in report.explain().splitlines():
        context.log(line)
    if not report.ok:
        rejected = workspace.root / _REJECTED
        shutil.rmtree(rejected, ignore_errors=True)
        workspace.tree.rename(rejected)
        raise TelecineError(ErrorKind.VERIFY_FAILED, report.summary())
    write_finished(workspace, kept, report.model_dump_json().encode())
    return report


def verify_tree(root: Path, context: Context, keys: Keys = NO_KEYS) -> VerifyReport:
    """Judge a published folder by itself. Checks that need a plan are skipped, and every rendition is decoded.

    Of an encrypted track without a key in `keys` everything is judged that can be seen from outside.
    """
    if not root.is_dir():
        raise TelecineError(ErrorKind.NOT_FOUND, f"the folder {root.name}")
    return judge(root, None, None, context, "all", keys)


def judge(
    root: Path,
    plan: Plan | None,
    workspace: Workspace | None,
    context: Context,
    decode: Decode = "all",
    keys: Keys = NO_KEYS,
    owners: Owners = NOBODY,
) -> VerifyReport:
    """Ask every question of the tree at `root` and report; nothing is raised for what is wrong with it."""
    wall, cpu = time.monotonic(), time.process_time()
    evidence = gather(root, plan, workspace, context, decode, keys, owners)
    checks = [*_checks(evidence, workspace, context), *_protection_checks(evidence), _plan_check(evidence)]
    return _report(evidence, tuple(checks), time.monotonic() - wall, time.process_time() - cpu)


def _checks(evidence: Evidence, workspace: Workspace | None, context: Context) -> list[Check]:
    """What is asked of every tree."""
    media = "nothing to look at" if not evidence.renditions else ""
    plan = evidence.plan
    return [
        _check("manifests", f"{len(evidence.manifests)} manifests read", verify_files.manifests, evidence),
        _check("files", "every file exists and is named", verify_files.files, evidence, media),
        _check("structure", "every segment is whole", verify_files.structure, evidence, media),
        _check("timeline", "segments add up to the programme", verify_files.timeline, evidence, media),
        _check("samples", _samples_detail(evidence), verify_media.samples, evidence, media),
        _check("decoding", _decoding_detail(evidence), verify_media.decoding, evidence, media),
        _check("grid", "segments begin with keyframes, together", verify_media.grid, evidence, media),
        _check("times", "segments begin and last as said", verify_media.promised_times, evidence, media),
        _check("sync", "sound and picture begin and end together", verify_media.sync, evidence, media),
        _check("iframes", "I-frame ranges hold keyframes", verify_media.iframes, evidence, _no_iframes(evidence)),
        _check("bandwidth", "figures are true to the bytes", verify_promises.bandwidth, evidence, media),
        _check("signalling", "codecs, sizes, languages are as said", verify_promises.signalling, evidence, media),
        _check(
            "subtitles",
            "texts are shown when they should be",
            lambda found: verify_promises.subtitles(found, workspace, context.limits),
            evidence,
            "" if evidence.of_kind("text") or (plan and plan.subtitles) else "there are no subtitles",
        ),
        _check(
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
        _check(
            "encryption", "what should be is encrypted, and nothing else", verify_encryption.encryption, evidence, clear
        ),
        _check("decryption", decrypted, verify_encryption.decryption, evidence, "" if evidence.plan else needless),
        _check("key ids", "files and manifests name the same keys", verify_protection.key_ids, evidence, clear),
        _check(
            "protection",
            "encrypted tracks are said to be, and no others",
            verify_protection.protection,
            evidence,
            clear,
        ),
        _check(
            "track types",
            "manifests for some screens hold what they should",
            verify_protection.track_types,
            evidence,
            types,
        ),
    ]


def _check(name: str, detail: str, ask: _Ask, evidence: Evidence, skipped: str = "") -> Check:
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
    return _check("plan", "every track of the plan is in every tree", _against_plan, evidence)


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


def _report(evidence: Evidence, checks: tuple[Check, ...], seconds: float, cpu_seconds: float) -> VerifyReport:
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
    return VerifyReport(
        checks=checks,
        trees=trees,
        segments=sum(total.segments for total in trees.values()),
        bytes=sum(total.bytes for total in trees.values()),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )
