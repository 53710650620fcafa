"""Reads what was made as a stranger would, and says what is wrong with it, before anybody else can find out.

`verify` holds a job's tree against its plan and its encoded files; `verify_tree` judges any tree by itself. What is
asked is in `verify_questions`; what the questions look at is read once, in `verify_evidence`.
"""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from telecine.core.drm import Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import Plan
from telecine.media.context import Context
from telecine.media.marked_views import read_marked
from telecine.media.samples import Decode
from telecine.media.verify_evidence import gather
from telecine.media.verify_marked import judge_marked
from telecine.media.verify_questions import questions, totals
from telecine.media.verify_report import VerifyReport
from telecine.media.workspace import Workspace, write_finished

_REPORT = "verify.json"
_REJECTED = "rejected"

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
        shutil.rmtree(workspace.both_variants, ignore_errors=True)
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
    """Ask every question of the tree at `root` and report; nothing is raised for what is wrong with it.

    Of a marked tree everything is asked three times: of what somebody gets who always gets variant 0, or variant 1, or
    the other one with each segment.
    """
    wall, cpu = time.monotonic(), time.process_time()
    marked = read_marked(root, plan)
    if marked:
        checks, trees = judge_marked(marked, plan, workspace, context, decode, keys, owners)
    else:
        evidence = gather(root, plan, workspace, context, decode, keys, owners)
        checks, trees = questions(evidence, workspace, context), totals(evidence)
    return VerifyReport(
        checks=tuple(checks),
        trees=trees,
        segments=sum(total.segments + total.second_variant for total in trees.values()),
        bytes=sum(total.bytes for total in trees.values()),
        seconds=time.monotonic() - wall,
        cpu_seconds=time.process_time() - cpu,
    )
