"""The steps of an enhancement as plain functions over files and stores.

Nothing here knows of databases, Temporal or settings: the activities and the one-shot command are both thin over these
functions. Every step finds its own finished output, so doing one twice does it once.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from telecine.core.enhance.options import Container
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.enhance.planner import plan_enhancement
from telecine.core.enhance.source import SourceFrames, picture_of
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings
from telecine.core.job import JobSpec
from telecine.core.limits import Policy
from telecine.core.plan_picture import source_rate
from telecine.core.progress import Tick
from telecine.jobs.stages import MOST_CHUNKS
from telecine.jobs.staging import remove
from telecine.media.context import Context, share
from telecine.media.enhance.assemble import assemble
from telecine.media.enhance.available import available
from telecine.media.enhance.compare import compare
from telecine.media.enhance.files import comparison_file, report_file, screenshot_file, whole_file
from telecine.media.enhance.frame_index import index_frames
from telecine.media.enhance.verify import verify_enhanced
from telecine.media.ingest.look import look
from telecine.media.workspace import Workspace, write_finished
from telecine.storage.store import Store

CONTENT_TYPES = {
    Container.MP4: "video/mp4",
    Container.MOV: "video/quicktime",
    Container.MXF: "application/mxf",
    Container.MTS: "video/mp2t",
}
_PICTURES = {
    "comparison": ("comparison.mp4", "video/mp4"),
    "small": ("small.jpg", "image/jpeg"),
    "large": ("large.jpg", "image/jpeg"),
    "report": ("report.json", "application/json"),
}
"""Name and type, as delivered, of what is made beside the video itself."""

BLOCK = 2**24
"""Bytes that are hashed at a time."""
NAME = 200
"""Characters of a video's name that go into that of its file."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was brought to the output storage. `pictures`: keys by name."""

    key: str
    size: int
    etag: str
    pictures: dict[str, str]


def analyse(
    spec: JobSpec, known: Findings | None, workspace: Workspace, policy: Policy, context: Context
) -> EnhancePlan:
    """Probe and index the source and decide everything else; the plan is kept in the work folder.

    `known` is what an ingestion has found out about the same media. Where a plan is kept that differs, what was made
    by it is removed. Progress counts frames. Raises INPUT_…, TRACK_MISSING, ENGINE_MISSING, and FIELD_… where the
    request does not fit the source.
    """
    assert spec.enhancement
    findings = look(workspace, share(context, 0.0, 0.1))
    track = picture_of(findings.media)
    expected = track.frames or round(track.duration * track.frame_rate)
    rate = source_rate(track)
    decoding = share(context, 0.1, 1.0)
    index = index_frames(findings.media.demuxer, track.index, rate, expected, workspace, decoding)
    rate, count, resampled = index.at_one_rate(rate)
    frames = SourceFrames(frames=count, rate=rate, resampled=resampled, start=index.start)
    if known is not None:
        findings = known.model_copy(update={"media": findings.media})
    seconds = max(policy.enhance_chunk_seconds, float(frames.seconds) / MOST_CHUNKS)
    engines = available(context.tools)
    plan = plan_enhancement(spec.enhancement, findings.media, frames, findings, engines, seconds)
    if index.broken:
        warning = f"{index.broken} packets of the source's picture are damaged; what players show there was enhanced."
        plan = plan.model_copy(update={"warnings": (*plan.warnings, warning)})
    return _keep(plan, workspace)


def _keep(plan: EnhancePlan, workspace: Workspace) -> EnhancePlan:
    if workspace.plan.exists() and load_plan(workspace) != plan:
        remove(whole_file(workspace, plan.target.container).parent)
    write_finished(workspace, workspace.plan, plan.model_dump_json().encode())
    return plan


def load_plan(workspace: Workspace) -> EnhancePlan:
    """The plan that `analyse` kept."""
    return EnhancePlan.model_validate_json(workspace.plan.read_bytes())


def join(plan: EnhancePlan, workspace: Workspace, context: Context) -> Path:
    """Join the chunks with the sounds to the finished video. Raises what `assemble` raises."""
    made = assemble(plan, workspace, context)
    context.report(Tick(1, 1))
    return made


def verify(plan: EnhancePlan, workspace: Workspace, context: Context) -> None:
    """Read the result as a stranger would, then compare it with its source. Raises VERIFY_FAILED."""
    verify_enhanced(plan, workspace, share(context, 0.0, 0.6))
    compare(plan, workspace, share(context, 0.6, 1.0))


def look_at_result(plan: EnhancePlan, workspace: Workspace, context: Context) -> Findings:
    """What the result is, found out as of an upload."""
    inner = Workspace(workspace.root / "result")
    place = inner.input_file(0)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(whole_file(workspace, plan.target.container))
    return look(inner, context)


def deliver(spec: JobSpec, plan: EnhancePlan, store: Store, workspace: Workspace, context: Context) -> Delivered:
    """Upload the result and what is shown of it, the result last. Progress counts bytes. Raises what the store raises.

    What killed uploads have left unseen is removed first.
    """
    store.clear_unfinished(f"{spec.output_path}/")
    whole = whole_file(workspace, plan.target.container)
    parts = [*_pictures(workspace), (None, whole, media_key(spec, plan), CONTENT_TYPES[plan.target.container])]
    total = float(sum(path.stat().st_size for _, path, _, _ in parts))
    etag = _strong_tag(whole, lambda: context.report(Tick(0.0, total)))
    done = 0.0
    for name, path, key, content_type in parts:
        key = key if name is None else f"{spec.output_path}/{key}"
        before = done

        def report(sent: int, _size: int, before: float = before) -> None:
            context.report(Tick(before + sent, total))

        store.upload(path, key, content_type, report)
        done += path.stat().st_size
    there = store.head(media_key(spec, plan))
    if there is None or there.size != whole.stat().st_size:
        raise TelecineError(ErrorKind.PUBLISH_FAILED, "the uploaded video is not there.")
    pictures = {name: f"{spec.output_path}/{key}" for name, _, key, _ in _pictures(workspace)}
    return Delivered(there.key, there.size, etag, pictures)


def delivered_keys(spec: JobSpec) -> list[str]:
    """Every key at which an attempt may have left something in the output storage."""
    names = [f"media.{container.value}" for container in Container] + [name for name, _ in _PICTURES.values()]
    return [f"{spec.output_path}/{name}" for name in names]


def media_key(spec: JobSpec, plan: EnhancePlan) -> str:
    """Where the result lies in the output storage."""
    return f"{spec.output_path}/media.{plan.target.container.value}"


def file_name_of(name: str, container: Container) -> str:
    """The name under which people download the result of a video called `name`."""
    stem = re.sub(r"[/\\\x00-\x1f\x7f]", "_", name).strip(". ")[:NAME] or "video"
    suffix = f".{container.value}"
    return stem if stem.lower().endswith(suffix) else f"{stem}{suffix}"


def _pictures(workspace: Workspace) -> Iterator[tuple[str, Path, str, str]]:
    """What there is beside the video: name, file, name as delivered, type."""
    made = {
        "comparison": comparison_file(workspace),
        "small": screenshot_file(workspace, "small"),
        "large": screenshot_file(workspace, "large"),
        "report": report_file(workspace),
    }
    for name, path in made.items():
        if path.exists():
            yield name, path, *_PICTURES[name]


def _strong_tag(path: Path, alive: Callable[[], None]) -> str:
    """SHA-256 of a file, which may be so large that this takes minutes: `alive` is called all along."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
            alive()
    return found.hexdigest()
