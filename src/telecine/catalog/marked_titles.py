"""Which contents of a site are published with marks: what sessions are opened for, and what leaks are compared with."""

from math import ceil

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import MarkedTitle
from telecine.catalog.models import Job
from telecine.catalog.upsert import insert
from telecine.core.job import JobSpec, MarkLayout
from telecine.core.plan import MarkPlan, Plan


def published(s: Session, job: Job, spec: JobSpec, plan: Plan, reference: str) -> str:
    """Write down what a job has published, in the transaction that says so of the job.

    A marked title replaces an older one of the same content. `reference` names the detector's reference of it, or is
    empty. Trees without marks that were put in the place of marked ones are no trees of that title any more; its row
    stays, because copies of what was there may still come to light. Returns the name of the reference that was
    replaced, which nobody needs any more, or nothing.
    """
    if plan.marking:
        mine = (MarkedTitle.site_id == job.site_id) & (MarkedTitle.content_id == job.content_id)
        before = s.scalar(select(MarkedTitle.reference).where(mine).with_for_update())
        _keep(s, job, _values(job, spec, plan, plan.marking, reference))
        return before if before and before != reference else ""
    row = s.get(MarkedTitle, (job.site_id, job.content_id), with_for_update=True)
    if row and row.layout == MarkLayout.UNLABELED and _place(row) == (spec.output_storage, spec.output_path):
        replaced = {tree.folder for tree in plan.trees}
        row.formats = [folder for folder in row.formats if folder not in replaced]
    return ""


def references(s: Session) -> set[str]:
    """The names of all references that titles of any site have."""
    return set(s.scalars(select(MarkedTitle.reference).where(MarkedTitle.reference != "")))


def withdrawn(s: Session, job: Job) -> None:
    """Write down that what a job has published was taken back: none of its trees is there any more."""
    mine = (MarkedTitle.site_id == job.site_id) & (MarkedTitle.content_id == job.content_id)
    s.execute(update(MarkedTitle).where(mine & (MarkedTitle.job_id == job.id)).values(formats=[]))


def _values(job: Job, spec: JobSpec, plan: Plan, marking: MarkPlan, reference: str) -> dict[str, object]:
    return {
        "job_id": job.id,
        "layout": marking.layout.value,
        "strength": marking.strength,
        "segment_ticks": plan.segment.numerator,
        "segment_scale": plan.segment.denominator,
        "positions": ceil(plan.duration / plan.segment),
        "aspect": plan.video[0].width / plan.video[0].height,
        "formats": [tree.folder for tree in plan.trees],
        "output_storage": spec.output_storage,
        "output_path": spec.output_path,
        "reference": reference,
        "reg_time": utcnow(),
    }


def _keep(s: Session, job: Job, values: dict[str, object]) -> None:
    """Of two jobs that end at once, the later one's row stays."""
    key = {"site_id": job.site_id, "content_id": job.content_id}
    statement = insert(s, MarkedTitle).values(**key, **values)
    s.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def _place(row: MarkedTitle) -> tuple[str, str]:
    return row.output_storage, row.output_path
