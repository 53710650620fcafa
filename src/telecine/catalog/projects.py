"""Projects of a team: named sets of its videos. Names need not differ."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT
from telecine.catalog.text import checked, storable
from telecine.catalog.turns import one_at_a_time
from telecine.catalog.video_models import Project, Video
from telecine.core.errors import ErrorKind, TelecineError

DEFAULT = "Default project"
"""The name of the project of videos that name none; it is made when it is first needed."""


def create(s: Session, site_id: str, team_id: str, user_id: str, name: str, *, now: datetime | None = None) -> Project:
    """Add a project. Raises FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    now = now or utcnow()
    project = Project(
        id=str(uuid.uuid4()),
        site_id=site_id,
        team_id=team_id,
        user_id=user_id,
        name=checked(name, "name", SHORT),
        date_created=now,
        time_updated=now,
    )
    s.add(project)
    s.flush()
    return project


def get(s: Session, site_id: str, team_id: str, project_id: str, *, lock: bool = False) -> Project:
    """The team's project, held until the transaction ends where `lock` is set. Raises NOT_FOUND for `projectId`."""
    known = storable(project_id)
    project = s.get(Project, project_id, with_for_update=lock or None, populate_existing=lock) if known else None
    if project is None or (project.site_id, project.team_id) != (site_id, team_id):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Project {project_id[:64]!r}", field="projectId")
    return project


def default(s: Session, site_id: str, team_id: str, user_id: str, *, now: datetime | None = None) -> Project:
    """The team's project for videos that name none, held until the transaction ends; made where it is missing."""
    one_at_a_time(s, team_id, "default project")
    own = select(Project).where(Project.site_id == site_id, Project.team_id == team_id, Project.name == DEFAULT)
    found = s.scalar(own.order_by(Project.date_created, Project.id).limit(1).with_for_update())
    return found or create(s, site_id, team_id, user_id, DEFAULT, now=now)


def page(
    s: Session, site_id: str, team_id: str, *, page_size: int = 25, page_index: int = 1
) -> tuple[int, Sequence[Project]]:
    """How many projects the team has, and one page of them, newest first. Pages count from 1."""
    own = (Project.site_id == site_id) & (Project.team_id == team_id)
    total = s.scalar(select(func.count()).select_from(Project).where(own)) or 0
    newest = select(Project).where(own).order_by(Project.date_created.desc(), Project.id.desc())
    return total, s.scalars(newest.limit(page_size).offset((page_index - 1) * page_size)).all()


def rename(
    s: Session, site_id: str, team_id: str, project_id: str, name: str, *, now: datetime | None = None
) -> Project:
    """Call a project otherwise. Raises NOT_FOUND, FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    project = get(s, site_id, team_id, project_id, lock=True)
    project.name, project.time_updated = checked(name, "name", SHORT), now or utcnow()
    s.flush()
    return project


def delete(s: Session, site_id: str, team_id: str, project_id: str) -> None:
    """Forget an empty project. Raises NOT_FOUND, and IN_USE while videos belong to it."""
    project = get(s, site_id, team_id, project_id, lock=True)
    if s.scalar(select(exists().where(Video.site_id == site_id, Video.project_id == project.id))):
        detail = "The project has videos. Delete them first."
        raise TelecineError(ErrorKind.IN_USE, detail, field="projectId")
    s.delete(project)
    s.flush()
