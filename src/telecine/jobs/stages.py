"""The steps of a job as plain functions over files and stores, and all of them in order for `telecine run`.

Nothing here knows of databases, Temporal or settings: the activities and the one-shot command are both thin over
these functions. Every step finds its own finished output, so doing one twice does it once.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

from pydantic import TypeAdapter

from telecine.core.errors import TelecineError
from telecine.core.job import JobSpec
from telecine.core.limits import MediaLimits, Policy
from telecine.core.media_info import MediaInfo
from telecine.core.plan import Plan
from telecine.core.plan_asset import make_asset_plan
from telecine.core.plan_contents import with_contents
from telecine.core.planner import make_plan
from telecine.core.progress import Phase, Tick
from telecine.core.watermark.pattern import MarkKey
from telecine.jobs.here import Report
from telecine.jobs.protection import JobKeys, Ring
from telecine.jobs.publishing import RECORD, Published, publish, withdraw
from telecine.jobs.staging import remove, stage_in, sweep
from telecine.media import (
    asset,
    audio,
    encode,
    import_tracks,
    join,
    package,
    probe,
    subtitles,
    thumbnails,
    verify,
)
from telecine.media.context import Context, no_poll
from telecine.media.detect.reference import join_reference
from telecine.media.mark_report import MarkReport, load_mark_report
from telecine.media.side_by_side import side_by_side, stoppable
from telecine.media.tools import Tools
from telecine.media.verify_report import VerifyReport
from telecine.media.workspace import Workspace, finish, write_finished
from telecine.storage.store import Store

MOST_CHUNKS = 4000
"""Chunks of one job: more would not fit into the history of one workflow."""

_NOT_MADE = frozenset({"asset", "contents.json", "input", "subtitle", RECORD})
_PROBES = TypeAdapter(list[MediaInfo])


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a job reads and where it publishes."""

    input: Store
    output: Store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a one-shot job made. `seconds` is the wall time of each step, in order; `marks` is of a marked job."""

    plan: Plan
    verified: VerifyReport
    published: Published
    seconds: dict[str, float] = field(default_factory=dict)
    marks: MarkReport | None = None


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


def run_all(
    spec: JobSpec,
    stores: Stores,
    work_dir: Path,
    tools: Tools,
    limits: MediaLimits,
    policy: Policy,
    report: Report,
    log: Callable[[str], None],
    slots: int,
    ring: Ring | None = None,
    mark_key: MarkKey | None = None,
) -> Outcome:
    """Do the whole job in this process, `slots` encodes at a time, and return what was made.

    `ring` gives the content keys, where the job asks for encryption; `mark_key` is the title's, where it is marked.

    `report` is called from several threads and may raise `Cancelled`. Whatever is raised, no tool is left running
    and nothing published; finished chunks stay in `work_dir` for another call with the same job.
    """
    return _OneShot(spec, stores, Workspace(work_dir), tools, limits, policy, report, log, ring, mark_key).run(slots)


@dataclass(slots=True)
class _OneShot:
    spec: JobSpec
    stores: Stores
    workspace: Workspace
    tools: Tools
    limits: MediaLimits
    policy: Policy
    report: Report
    log: Callable[[str], None]
    ring: Ring | None = None
    mark_key: MarkKey | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)

    def run(self, slots: int) -> Outcome:
        try:
            return self._run(slots)
        except BaseException:
            self.stop.clear()
            withdraw(lambda _: self.stores.output, self.workspace)
            sweep(self.workspace)
            raise

    def _run(self, slots: int) -> Outcome:
        spec, workspace = self.spec, self.workspace
        with self._timed("stage in", Phase.STAGE_IN) as context:
            stage_in(spec, self.stores.input, workspace, context)
        with self._timed("probe and plan", Phase.PROBE) as context:
            plan = analyse(spec, workspace, self.policy, context)
        if plan.imported:
            with self._timed("import", Phase.IMPORT) as context:
                import_tracks.import_tracks(plan, workspace, context)
        else:
            with self._timed("encode", Phase.AUDIO) as context:
                self._encode(plan, slots, context)
            with self._timed("join", Phase.JOIN) as context:
                join.join(plan, workspace, context, self.mark_key)
                make_title_reference(plan, workspace, context.poll)
        keys = JobKeys(workspace, self.ring) if self.ring else None
        with self._timed("package", Phase.PACKAGE) as context:
            make_tree(plan, workspace, context, keys or package.no_keys)
        with self._timed("verify", Phase.VERIFY) as context:
            known, owners = (keys.by_id(), keys.owners()) if keys else (verify.NO_KEYS, verify.NOBODY)
            verified = verify.verify(plan, workspace, context, known, owners)
        with self._timed("publish", Phase.PUBLISH) as context:
            published = publish(spec, plan, self.stores.output, workspace, context)
        marks = load_mark_report(workspace) if plan.marking else None
        return Outcome(plan, verified, published, self.seconds, marks)

    def _encode(self, plan: Plan, slots: int, sound: Context) -> None:
        """The audio and every chunk, `slots` at once; the first failure, or an interrupt, ends all of them."""
        parts: list[Callable[[], object]] = []
        if plan.audio:
            parts.append(partial(audio.encode_audio, plan, self.workspace, sound))
        for chunk in plan.chunks:
            context = self._context(Phase.ENCODE, chunk.index)
            self.report(Phase.ENCODE, chunk.index, Tick(0, float(chunk.end - chunk.start)))
            parts.append(partial(encode_chunk, plan, chunk.index, self.workspace, context, self.mark_key))
        side_by_side(parts, slots, self.stop)

    def _context(self, phase: Phase, unit: int = 0) -> Context:
        def report(tick: Tick) -> None:
            self.report(phase, unit, tick)

        return stoppable(Context(self.tools, self.limits, report, self.log), self.stop)

    @contextmanager
    def _timed(self, name: str, phase: Phase) -> Iterator[Context]:
        """Give a step its context, note how long it took, and report it as done."""
        begun = time.monotonic()
        yield self._context(phase)
        self.seconds[name] = time.monotonic() - begun
        self.report(phase, 0, Tick(1, 1))
