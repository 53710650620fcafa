"""People of the video API for tests, and what they ask for."""

import base64
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

from joserfc import jwt
from joserfc.jwk import OctKey
from tests.api.conftest import Api

from telecine.apis.pixop import tokens
from telecine.catalog import storages, teams, users, videos
from telecine.catalog.models import Job
from telecine.catalog.video_models import Video
from telecine.core.states import JobState

PASSWORD = "correct horse battery"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass
class Person:
    """A user who calls the API for one of his teams, with a token that is issued once."""

    api: Api
    email: str
    user_id: str
    team_id: str
    storage_id: str
    site_id: str
    _token: str = field(default="", repr=False)

    @property
    def basic(self) -> dict[str, str]:
        return basic(self.email)

    @property
    def token(self) -> str:
        if not self._token:
            with self.api.database.read() as s:
                version = users.must_find(s, self.user_id).token_version
            claims = tokens.Claims(self.user_id, self.team_id, version)
            self._token = tokens.issue(self.api.services.user_key, claims, self.api.clock())
        return self._token

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The answer to a request with the person's token; `path` is without the dialect's prefix."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.api.client.request(method, f"/pixop{path}", headers=headers, **more)

    def add_project(self, name: str = "Summer 1987") -> str:
        answer = self.call("PUT", "/videos/v1/project", json={"name": name})
        assert answer.status_code == 200, answer.text
        project_id: str = answer.json()["project"]["id"]
        return project_id

    def add_video(self, **body: Any) -> str:
        answer = self.call("PUT", "/videos/v1/video", json=body)
        assert answer.status_code == 200, answer.text
        video_id: str = answer.json()["videoId"]
        return video_id

    def video(self, video_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/videos/v1/video/{video_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()["video"]
        return shown

    def upload(self, video_id: str, *, light: bool = False) -> int:
        """Media for a video, as the media service leaves it; the id of its ingestion's job."""
        with self.api.database.write() as s:
            video = videos.get(s, self.site_id, self.team_id, video_id, lock=True)
            video.media_key, video.media_size = f"{videos.folder_of(video_id)}/original.mov", 1234
            video.file_name, video.file_type, video.light = "beach.mov", "video/quicktime", light
            video.upload_time = self.api.clock()
            return videos.start_ingestion(s, self.site_id, self.team_id, video_id).id


def basic(email: str, password: str = PASSWORD) -> dict[str, str]:
    encoded = base64.b64encode(f"{email}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def add_team(api: Api, name: str = "Film club", site_id: str = "DEMO") -> str:
    """A team with a bucket of its own."""
    bucket = f"team-{uuid.uuid4().hex[:8]}"
    api.bucket(bucket)
    values = storages.StorageValues(name, bucket, storages.BOTH, "RG011", "", "")
    with api.database.write() as s:
        storage = storages.create(s, api.services.sealer, site_id, values)
        return teams.create(s, site_id, name, storage.storage_id, now=api.clock()).id


def add_person(api: Api, email: str = "ann@example.com", team_id: str = "") -> Person:
    """A user of the team, or of a new one of DEMO."""
    team_id = team_id or add_team(api)
    with api.database.write() as s, patch.object(users, "_hash", _hashed):
        team = teams.get(s, team_id)
        user = users.create(s, email, email.partition("@")[0], PASSWORD, team_id, now=api.clock())
    return Person(api, email, user.id, team_id, team.storage_id, team.site_id)


_hashed = cache(users._hash)
"""Hashing is meant to be slow; for everybody's one password it is done once."""


def signed(person: Person, key: bytes | str, kid: str, **claims: Any) -> str:
    """A token as the document's claims have it, with `claims` in place of them; None takes one out."""
    now = int(person.api.clock().timestamp())
    usual: dict[str, Any] = {"jti": str(uuid.uuid4()), "iat": now, "nbf": now, "exp": now + 900}
    usual |= {"sub": tokens.SUBJECT, "iss": tokens.ISSUER, "user_id": person.user_id}
    body = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode({"kid": kid, "alg": "HS256"}, body, OctKey.import_key(key), ["HS256"])


def move(api: Api, job_id: int, state: JobState, **columns: Any) -> None:
    """Put a job into a state, as a worker does."""
    with api.database.write() as s:
        job = s.get_one(Job, job_id)
        job.state = state
        job.start_time = api.clock() - timedelta(seconds=60)
        for name, value in columns.items():
            setattr(job, name, value)


def row(api: Api, video_id: str) -> Video | None:
    with api.database.read() as s:
        return s.get(Video, video_id)
