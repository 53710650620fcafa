"""What the database keeps about the people, projects and videos of the dialect `pixop`.

An ingestion and an enhancement are rows of `Job` like any other, whose `content_id` is the video's id: the state and
progress that clients are shown come from there.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from telecine.catalog.columns import Json, JsonColumn, Number
from telecine.catalog.models import SHORT, Base

UUID = 36
"""Characters of an id: a UUID in its usual form."""


class Team(Base):
    """Who projects and videos belong to. It works for a site, and keeps its media in one of that site's storages."""

    __tablename__ = "team"

    id: Mapped[str] = mapped_column(String(UUID), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    name: Mapped[str] = mapped_column(String(SHORT))
    storage_id: Mapped[str] = mapped_column(String(32))
    date_created: Mapped[datetime]
    time_updated: Mapped[datetime]

    __table_args__ = (Index("ix_team_site", "site_id", "id"),)


class User(Base):
    """A person. `token_version` moves on when tokens that are out must die: a new password, a new secret, a ban."""

    __tablename__ = "app_user"

    id: Mapped[str] = mapped_column(String(UUID), primary_key=True)
    name: Mapped[str] = mapped_column(String(SHORT))
    email: Mapped[str] = mapped_column(String(SHORT))
    email_key: Mapped[str] = mapped_column(String(SHORT), unique=True)
    """The email in lower case, by which a user is found."""
    email_confirmed: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str] = mapped_column(Text)
    token_version: Mapped[int] = mapped_column(default=1)
    auth_secret_id: Mapped[str] = mapped_column(String(UUID), default="")
    """The `kid` of tokens that the user may sign himself; empty where he has no secret."""
    auth_secret_sealed: Mapped[str] = mapped_column(Text, default="")
    signature_secret_sealed: Mapped[str] = mapped_column(Text, default="")
    banned: Mapped[bool] = mapped_column(default=False)
    banned_reason: Mapped[str] = mapped_column(Text, default="")
    banned_date: Mapped[datetime | None]
    date_created: Mapped[datetime]
    time_updated: Mapped[datetime]


class Membership(Base):
    """A user's place in a team. The oldest is the team of a token that names none."""

    __tablename__ = "membership"

    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"), primary_key=True)
    since: Mapped[datetime]

    __table_args__ = (Index("ix_membership_team", "team_id"),)


class Project(Base):
    """A named set of a team's videos."""

    __tablename__ = "project"

    id: Mapped[str] = mapped_column(String(UUID), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"))
    name: Mapped[str] = mapped_column(String(SHORT))
    date_created: Mapped[datetime]
    time_updated: Mapped[datetime]

    __table_args__ = (Index("ix_project_list", "site_id", "team_id", "date_created", "id"),)


class Video(Base):
    """A video: an upload, or what processing made of one (`parent_id`)."""

    __tablename__ = "video"

    id: Mapped[str] = mapped_column(String(UUID), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("video.id"))
    """Of a processed video, the one that was uploaded."""
    name: Mapped[str] = mapped_column(String(SHORT))
    description: Mapped[str] = mapped_column(Text, default="")
    attributes: Mapped[Json]
    storage_id: Mapped[str] = mapped_column(String(32))
    """The team's storage when the video came into being."""
    file_name: Mapped[str] = mapped_column(String(SHORT), default="")
    """As the client named it; of a processed video, as it is downloaded. Empty until there is media."""
    file_type: Mapped[str] = mapped_column(String(SHORT), default="")
    media_key: Mapped[str] = mapped_column(Text, default="")
    """Where the media is in the storage; empty until it is whole."""
    media_size: Mapped[int | None] = mapped_column(Number)
    media_etag: Mapped[str] = mapped_column(String(SHORT), default="")
    """A strong tag without quotes, of the media's bytes."""
    upload_time: Mapped[datetime | None]
    """When the media had come, whole."""
    light: Mapped[bool] = mapped_column(default=False)
    ingest_job: Mapped[int | None] = mapped_column(Number)
    process_job: Mapped[int | None] = mapped_column(Number)
    findings: Mapped[Json | None]
    """`core.ingest.Findings` of its ingestion."""
    parameters: Mapped[Json | None]
    """The document's `processingParameters`, of a processed video; complete once the plan is made."""
    pictures: Mapped[Json]
    """Keys in the storage of what is shown of it: `small`, `large`, `web`, `comparison`; as far as they are made."""
    date_created: Mapped[datetime]
    time_updated: Mapped[datetime]

    __table_args__ = (
        Index("ix_video_list", "site_id", "team_id", "date_created", "id"),
        Index("ix_video_project", "site_id", "project_id", "date_created", "id"),
        Index("ix_video_parent", "site_id", "parent_id", "date_created", "id"),
    )


class MediaUpload(Base):
    """A resumable upload under way (tus): what has come so far lies in the storage's unfinished object."""

    __tablename__ = "media_upload"

    id: Mapped[str] = mapped_column(String(UUID), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"))
    video_id: Mapped[str] = mapped_column(ForeignKey("video.id"))
    size: Mapped[int] = mapped_column(Number)
    received: Mapped[int] = mapped_column(Number, default=0)
    light: Mapped[bool] = mapped_column(default=False)
    file_name: Mapped[str] = mapped_column(String(SHORT))
    file_type: Mapped[str] = mapped_column(String(SHORT))
    position: Mapped[Any] = mapped_column(JsonColumn)
    """What the storage needs to go on."""
    expires: Mapped[datetime]
    date_created: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("video_id", name="uq_media_upload_video"),
        Index("ix_media_upload_expires", "expires"),
    )


class MediaRemoval(Base):
    """What is left to do of a deleted video: its jobs must have ended, then its files go. See `video_removals`."""

    __tablename__ = "media_removal"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    video_id: Mapped[str] = mapped_column(String(UUID))
    storage_id: Mapped[str] = mapped_column(String(32))
    job_ids: Mapped[Any] = mapped_column(JsonColumn)
    keys: Mapped[list[str]]
    """Objects that are known by name; whatever lies in the video's folder goes as well."""
    position: Mapped[Any | None] = mapped_column(JsonColumn)
    """Of an upload that was under way, where it could have been gone on with: its unseen parts go, too."""
    not_before: Mapped[datetime]
    """Nobody may begin before this; a claim moves it on by the length of the lease."""
    trouble: Mapped[str] = mapped_column(Text, default="")
    """Why the last try failed."""

    __table_args__ = (Index("ix_media_removal_due", "not_before", "id"), {"sqlite_autoincrement": True})
