"""People: passwords, the secrets that they sign with, and what makes tokens that are out worthless.

A password is kept as an Argon2id hash (RFC 9106) with the cost that OWASP's Password Storage Cheat Sheet gives as the
least: 19 MiB, two passes, one lane.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from telecine.catalog import teams
from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT
from telecine.catalog.seal import Sealer
from telecine.catalog.text import checked, storable
from telecine.catalog.turns import one_at_a_time
from telecine.catalog.video_models import User
from telecine.core.errors import ErrorKind, TelecineError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
"""Characters."""

SECRET_BYTES = 32


def create(s: Session, email: str, name: str, password: str, team_id: str, *, now: datetime | None = None) -> User:
    """Add a user who belongs to a team. Raises NOT_FOUND (team), FIELD_INVALID, FIELD_MISSING, FIELD_OUT_OF_RANGE,
    CONFLICT (email).
    """
    now = now or utcnow()
    checked(email, "email", SHORT)
    if "@" not in email.strip("@") or ":" in email or email != email.strip():  # a colon ends the name in Basic
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be an email address.", field="email")
    one_at_a_time(s, "user", email.lower())
    if find(s, email) is not None:
        raise TelecineError(ErrorKind.CONFLICT, "A user with this email exists already.", field="email")
    user = User(
        id=str(uuid.uuid4()),
        name=teams.named(name),
        email=email,
        email_key=email.lower(),
        email_confirmed=True,
        password_hash=_hash(password),
        token_version=1,
        banned=False,
        date_created=now,
        time_updated=now,
    )
    s.add(user)
    s.flush()
    teams.add_member(s, team_id, user.id, now=now)
    return user


def get(s: Session, user_id: str) -> User | None:
    """The user with this id, if there is one."""
    return s.get(User, user_id) if storable(user_id) else None


def find(s: Session, email: str) -> User | None:
    """The user with this email, in any case, if there is one."""
    return s.scalar(select(User).where(User.email_key == email.lower())) if storable(email) else None


def must_find(s: Session, login: str, *, lock: bool = False) -> User:
    """The user with this email or id, held until the transaction ends where `lock` is set. Raises NOT_FOUND."""
    user = find(s, login) or get(s, login)
    if user is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"User {login[:SHORT]!r}", field="userId")
    if lock:
        s.refresh(user, with_for_update=True)
    return user


def every(s: Session) -> Sequence[User]:
    """All users, the oldest first: for the operator."""
    return s.scalars(select(User).order_by(User.date_created, User.id)).all()


def matches(user: User | None, password: str) -> bool:
    """Whether `password` is the user's; takes as long where there is no user."""
    try:
        return _HASHER.verify(user.password_hash if user else _nobody(), password) and user is not None
    except (VerificationError, InvalidHashError):
        return False


def set_password(s: Session, user_id: str, password: str, *, now: datetime | None = None) -> User:
    """Give a user another password; tokens that are out die. Raises NOT_FOUND, FIELD_OUT_OF_RANGE."""
    hashed = _hash(password)
    user = must_find(s, user_id, lock=True)
    user.password_hash = hashed
    return _revoked(s, user, now)


def new_auth_secret(s: Session, sealer: Sealer, user_id: str, *, now: datetime | None = None) -> User:
    """Give a user another secret to sign tokens with; tokens that are out die. Raises NOT_FOUND."""
    user = must_find(s, user_id, lock=True)
    user.auth_secret_id = str(uuid.uuid4())
    user.auth_secret_sealed = sealer.seal(secrets.token_urlsafe(SECRET_BYTES), _context(user, "auth_secret"))
    return _revoked(s, user, now)


def new_signature_secret(s: Session, sealer: Sealer, user_id: str, *, now: datetime | None = None) -> User:
    """Give a user another secret to sign requests with. Raises NOT_FOUND."""
    user = must_find(s, user_id, lock=True)
    sealed = sealer.seal(secrets.token_urlsafe(SECRET_BYTES), _context(user, "signature_secret"))
    user.signature_secret_sealed, user.time_updated = sealed, now or utcnow()
    s.flush()
    return user


def auth_secret(sealer: Sealer, user: User) -> str:
    """The secret with which the user signs tokens; empty where he has none."""
    return sealer.open(user.auth_secret_sealed, _context(user, "auth_secret")) if user.auth_secret_sealed else ""


def signature_secret(sealer: Sealer, user: User) -> str:
    """The secret with which the user signs requests; empty where he has none."""
    sealed = user.signature_secret_sealed
    return sealer.open(sealed, _context(user, "signature_secret")) if sealed else ""


def of_auth_secret(s: Session, secret_id: str) -> User | None:
    """The user whose authentication secret has this id, if it is anybody's."""
    known = bool(secret_id) and storable(secret_id)
    return s.scalar(select(User).where(User.auth_secret_id == secret_id)) if known else None


def ban(s: Session, login: str, reason: str, *, now: datetime | None = None) -> User:
    """Suspend a user; tokens that are out die. Raises NOT_FOUND, FIELD_INVALID."""
    now = now or utcnow()
    user = must_find(s, login, lock=True)
    user.banned, user.banned_reason, user.banned_date = True, checked(reason, "reason", SHORT), now
    return _revoked(s, user, now)


def unban(s: Session, login: str, *, now: datetime | None = None) -> User:
    """Let a user in again. Raises NOT_FOUND."""
    user = must_find(s, login, lock=True)
    user.banned, user.banned_reason, user.banned_date = False, "", None
    user.time_updated = now or utcnow()
    s.flush()
    return user


@cache
def _nobody() -> str:
    """What a password is compared with where there is no such user: it takes as long as with one."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        detail = f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, detail, field="newPassword")
    return _HASHER.hash(password)


def _revoked(s: Session, user: User, now: datetime | None) -> User:
    """The user after a change that no token outlives."""
    user.token_version += 1
    user.time_updated = now or utcnow()
    s.flush()
    return user


def _context(user: User, secret: str) -> str:
    return f"user:{user.id}:{secret}"
