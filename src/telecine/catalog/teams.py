"""Teams: who projects and videos belong to, and who belongs to them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telecine.catalog import sites, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT
from telecine.catalog.text import checked, storable
from telecine.catalog.video_models import Membership, Team
from telecine.core.errors import ErrorKind, TelecineError


def create(s: Session, site_id: str, name: str, storage_id: str, *, now: datetime | None = None) -> Team:
    """Add a team of the site that keeps its media in one of the site's storages.

    Raises NOT_FOUND (site, storage), FIELD_MISSING, FIELD_INVALID, FIELD_OUT_OF_RANGE; and FIELD_INVALID for a storage
    that may not be both read and written.
    """
    now = now or utcnow()
    sites.get(s, site_id)
    if storages.get(s, site_id, storage_id).io_type != storages.BOTH:
        detail = "a team reads and writes its storage, so it must be one for both."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="storage")
    team = Team(
        id=str(uuid.uuid4()),
        site_id=site_id,
        name=named(name),
        storage_id=storage_id,
        date_created=now,
        time_updated=now,
    )
    s.add(team)
    s.flush()
    return team


def get(s: Session, team_id: str) -> Team:
    """The team, of whichever site. Raises NOT_FOUND."""
    team = s.get(Team, team_id) if storable(team_id) else None
    if team is None:
        raise _unknown(team_id)
    return team


def every(s: Session, site_id: str = "") -> Sequence[Team]:
    """The teams of a site, or of all, the oldest first: for the operator."""
    query = select(Team).order_by(Team.date_created, Team.id)
    return s.scalars(query.where(Team.site_id == site_id) if site_id else query).all()


def add_member(s: Session, team_id: str, user_id: str, *, now: datetime | None = None) -> None:
    """Let a user belong to a team; nothing happens where he does already. Raises NOT_FOUND (team)."""
    get(s, team_id)
    if s.get(Membership, (user_id, team_id)) is None:
        s.add(Membership(user_id=user_id, team_id=team_id, since=now or utcnow()))
        s.flush()


def of_user(s: Session, user_id: str) -> Sequence[Team]:
    """The teams that a user belongs to, the one he joined first at the front."""
    own = select(Team).join(Membership, Membership.team_id == Team.id).where(Membership.user_id == user_id)
    return s.scalars(own.order_by(Membership.since, Team.id)).all()


def first_of(s: Session, user_id: str) -> Team | None:
    """The team for which a user calls who names none."""
    return next(iter(of_user(s, user_id)), None)


def member(s: Session, user_id: str, team_id: str) -> Team | None:
    """The team, where the user belongs to it."""
    if not storable(team_id) or s.get(Membership, (user_id, team_id)) is None:
        return None
    return s.get(Team, team_id)


def of_member(s: Session, user_id: str, team_id: str) -> Team:
    """The same. Raises NOT_FOUND where he does not, whether there is such a team or not."""
    team = member(s, user_id, team_id)
    if team is None:
        raise _unknown(team_id)
    return team


def named(name: str) -> str:
    """`name` without blanks around it. Raises FIELD_MISSING where nothing is left, and what `checked` raises."""
    if not name.strip():
        raise TelecineError(ErrorKind.FIELD_MISSING, field="name")
    return checked(name.strip(), "name", SHORT)


def _unknown(team_id: str) -> TelecineError:
    return TelecineError(ErrorKind.NOT_FOUND, f"Team {team_id[:64]!r}", field="teamId")
