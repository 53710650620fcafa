"""Publishing a job's verified tree, and taking back what a failed or stopped attempt had begun to publish.

`storage.publish` knows how a tree appears safely; here is what makes it safe across crashes: before anything
appears, the names are written into the work folder, so that whoever ends the job knows what to take back, and that
there is something at all. A job that never came so far takes nothing away from an older one of the same content.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.layout import main_manifests, own_folder
from telecine.core.plan import Plan
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.workspace import Workspace, write_finished
from telecine.storage import publish as trees
from telecine.storage.store import Store

RECORD = "published.json"
"""The file in the work folder that names everything that the job has begun to publish."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: keys of the main manifests in the output storage, and totals. `duration` is seconds."""

    prefix: str
    """The folder of all of it, `<output_path>/<content_id>`."""
    manifests: tuple[str, ...]
    files: int
    bytes: int
    duration: float
    folders: tuple[str, ...]
    """The folders below `prefix` that hold all of it: what a later removal needs to know."""

    def as_json(self) -> dict[str, object]:
        """The form in which the job's row keeps it."""
        return asdict(self)


def publish(
    spec: JobSpec,
    plan: Plan,
    store: Store,
    workspace: Workspace,
    context: Context,
    may_appear: Callable[[], None] = lambda: None,
) -> Published:
    """Upload the tree and return what was published. `context.report` counts bytes.

    `may_appear` is called before anything appears and again before the manifests do; what it raises goes on to the
    caller. Raises PUBLISH_FAILED, and whatever the store raises.
    """
    prefix = prefix_of(spec)
    names = [path.relative_to(workspace.tree).as_posix() for path in workspace.tree.rglob("*") if path.is_file()]
    main = main_manifests(plan)
    if missing := sorted(set(main).difference(names)):
        raise TelecineError(ErrorKind.PUBLISH_FAILED, f"{', '.join(missing)} was not made.")

    def about_to_appear() -> None:
        may_appear()
        record = {"storage": spec.output_storage, "prefix": prefix, "names": sorted(names)}
        write_finished(workspace, _record(workspace), json.dumps(record).encode())

    done = trees.publish(
        store,
        workspace.tree,
        prefix,
        lambda sent, total: context.report(Tick(float(sent), float(total))),
        about_to_appear,
    )
    manifests = tuple(f"{prefix}/{name}" for name in main)
    folders = tuple(sorted({own_folder(name) for name in names} - {""}))
    return Published(prefix, manifests, done.files, done.bytes, float(plan.duration), folders)


def withdraw(open_store: Callable[[str], Store], workspace: Workspace) -> int:
    """Delete what this job has published, manifests first, and return how many files that may have been.

    `open_store` opens a storage by its id: the one that was published to, whatever the job says by now, or "" where an
    older release wrote no id down. It is not called where nothing was published.
    """
    record = _record(workspace)
    if not record.exists():
        return 0
    written = json.loads(record.read_bytes())
    trees.unpublish(open_store(written.get("storage", "")), written["prefix"], written["names"])
    record.unlink(missing_ok=True)
    return len(written["names"])


def prefix_of(spec: JobSpec) -> str:
    """The folder in the output storage under which the job's trees appear, without a slash at the end."""
    return f"{spec.output_path}/{spec.content_id}" if spec.output_path else spec.content_id


def _record(workspace: Workspace) -> Path:
    return workspace.root / RECORD
