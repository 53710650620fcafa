"""The steps of a job as plain functions over files and stores.

Nothing here knows of databases, Temporal or settings: the activities and the one-shot command are both thin over
these functions. Every step finds its own finished output, so doing one twice does it once.
"""

import json
from collections.abc import Callable, Sequence

from pydantic import TypeAdapter

from telecine.core.errors import TelecineError
from telecine.core.job import JobSpec
from telecine.core.limits import Policy
from telecine.core.media_info import MediaInfo
from telecine.core.plan import Plan
from telecine.core.plan_asset import make_asset_plan
from telecine.core.plan_contents import with_contents
from telecine.core.planner import make_plan
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import MarkKey
from telecine.jobs.publishing import RECORD
from telecine.jobs.staging import remove
from telecine.media import (
    asset,
    encode,
    package,
    probe,
    subtitles,
    thumbnails,
)
from telecine.media.context import Context, no_poll
from telecine.media.detect.reference import join_reference
from telecine.media.workspace import Workspace, finish, write_finished

MOST_CHUNKS = 4000
"""Chunks of one job: more would not fit into the history of one workflow."""

_NOT_MADE = frozenset({"asset", "contents.json", "input", "subtitle", RECORD})
_PROBES = TypeAdapter(list[MediaInfo])


def analyse(spec: JobSpec, workspace: Workspace, policy: Policy, context: Context) -> Plan:
    """Probe every input, check every subtitle, and decide everything else; both are kept in the work folder.

    Where a plan is kept that differs, what was made by it is removed. Raises INPUT_…, TRACK_MISSING,
    AUDIO_NOT_CONVERTIBLE, SUBTITLE_INVALID, GRID_IMPOSSIBLE, ASSET_REFUSED, and what `with_contents` raises.
    """
    if spec.asset:
        found = asset.read_asset(workspace, context)
        return _keep(make_asset_plan(spec, found, policy), found.files, workspace)
    paths = json.loads(workspace.contents.read_bytes()) if spec.contents else [file.path for file in spec.files]
    media = _probe_all(paths, workspace, context)
    notes = [
        f"'{subtitle.path}': {note}"
        for number, subtitle in enumerate(spec.subtitles)
        for note in subtitles.check(workspace.subtitle(number), context.limits)
    ]
    if spec.contents:
        spec, odd = with_contents(spec, paths, media)
        notes += odd
    longest = max((float(info.duration) for info in media), default=0.0)
    chunk_seconds = max(policy.chunk_seconds, longest / MOST_CHUNKS)
    plan = make_plan(spec, media, policy.model_copy(update={"chunk_seconds": chunk_seconds}))
    return _keep(plan.model_copy(update={"warnings": (*plan.warnings, *notes)}), media, workspace)


def _keep(plan: Plan, media: Sequence[MediaInfo], workspace: Workspace) -> Plan:
    """Write the plan down, with the probes that it was made from."""
    if workspace.plan.exists() and load_plan(workspace) != plan:
        discard_made(workspace)
    write_finished(workspace, workspace.probes, _PROBES.dump_json(list(media)))
    write_finished(workspace, workspace.plan, plan.model_dump_json().encode())
    return plan


def _probe_all(paths: Sequence[str], workspace: Workspace, context: Context) -> list[MediaInfo]:
    """Probe every input; progress counts files. Of several, the one at fault is named by its path in the storage."""
    found: list[MediaInfo] = []

    def report(tick: Tick) -> None:
        context.report(Tick(len(found) + tick.fraction, len(paths)))

    for number, path in enumerate(paths):
        try:
            found.append(probe.probe(workspace.input_file(number), context.tools, context.limits, report))
        except TelecineError as error:
            if len(paths) == 1:
                raise
            raise TelecineError(error.kind, f"'{path}': {error.detail}", field=error.field) from error
        context.report(Tick(len(found), len(paths)))
    return found


def load_plan(workspace: Workspace) -> Plan:
    """The plan that `analyse` kept."""
    return Plan.model_validate_json(workspace.plan.read_bytes())


def load_probes(workspace: Workspace) -> list[MediaInfo]:
    """The probes that `analyse` kept, one for each input file."""
    return _PROBES.validate_json(workspace.probes.read_bytes())


def encode_chunk(plan: Plan, index: int, workspace: Workspace, context: Context, key: MarkKey | None = None) -> bool:
    """Encode chunk `index` of every rendition; False where all of it was finished before."""
    finished = all(path.exists() for path in encode.chunk_files(plan, index, workspace).values())
    encode.encode_chunk(plan, index, workspace, context, key)
    return not finished


def make_title_reference(plan: Plan, workspace: Workspace, poll: Callable[[], None] = no_poll) -> None:
    """Join what leaks of a marked programme will be compared with; nothing where there is no mark, or it is there.

    `poll` is called often and may raise. Raises ENCODE_FAILED where a chunk's reference is missing.
    """
    place = workspace.title_reference
    if plan.marking is None or place.exists():
        return
    temporary = workspace.temporary(place)
    try:
        join_reference(plan, workspace, temporary, poll)
        finish(temporary, place)
    finally:
        remove(temporary)


def make_tree(plan: Plan, workspace: Workspace, context: Context, keys: package.Keys = package.no_keys) -> None:
    """Package every tree, encrypted where the plan says so, and add its thumbnails.

    Raises PACKAGE_FAILED, and what `keys` raises.
    """
    package.package(plan, workspace, context, keys)
    if plan.thumbnails:
        thumbnails.make_thumbnails(plan, workspace, context)


def discard_made(workspace: Workspace) -> None:
    """Remove everything but the inputs and the record of what was published, so that all of it is made anew."""
    for path in list(workspace.root.iterdir()):
        if path.name not in _NOT_MADE:
            remove(path)
