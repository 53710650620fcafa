"""The API in process: each test has an SQLite file and folders of its own, and a clock to turn."""

import base64
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from telecine.apis.app import create_app, open_services
from telecine.apis.operations import Metrics
from telecine.apis.playback import Playback
from telecine.apis.services import Services
from telecine.apis.tnp import samples
from telecine.catalog import notifications, packaging_groups, sites, storages
from telecine.catalog.database import Database
from telecine.catalog.models import Storage
from telecine.cli import app as command_line
from telecine.cli.output import Exit
from telecine.core.drm import PlaybackTracks
from telecine.settings import Settings

EMAIL = "someone@example.com"


@dataclass
class Clock:
    """A clock that stands until it is turned."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Api:
    """An application with what tests do to it."""

    app: FastAPI
    client: TestClient
    clock: Clock
    keys: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        return self.app.state.services

    @property
    def database(self) -> Database:
        return self.services.database

    def add_site(self, site_id: str) -> None:
        """A site with one account, and its token as the default of `headers`."""
        with self.database.write() as s:
            sites.create(s, self.services.sealer, site_id)
            _, self.keys[site_id] = sites.create_account(s, self.services.sealer, site_id, EMAIL)

    def basic(self, site_id: str = "DEMO", login: str = EMAIL, scheme: str = "Basic") -> dict[str, str]:
        encoded = base64.b64encode(f"{login}:{self.keys[site_id]}".encode()).decode()
        return {"Authorization": f"{scheme} {encoded}"}

    def token(self, site_id: str = "DEMO") -> str:
        answer = self.client.get(f"/tnp/api/token/{site_id}", headers=self.basic(site_id))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["token"]

    def token_once(self, site_id: str = "DEMO") -> str:
        """A token that was asked for once."""
        if site_id not in self._tokens:
            self._tokens[site_id] = self.token(site_id)
        return self._tokens[site_id]

    def call(self, method: str, path: str, site_id: str = "DEMO", **more: Any) -> Any:
        """The answer to a request with a token of `site_id`; `path` is without the dialect's prefix."""
        headers = {"Authorization": self.token_once(site_id), **more.pop("headers", {})}
        return self.client.request(method, f"/tnp{path}", headers=headers, **more)

    def add_storage(self, storage_id: str, io_type: str, site_id: str = "DEMO") -> Storage:
        """A registered storage under an id of the test's choice; untried."""
        values = storages.StorageValues(f"{io_type} one", f"bucket-{io_type}", io_type, "RG011", "AKID", "sesame-open")
        with self.database.write() as s:
            row = Storage(storage_id=storage_id, site_id=site_id, reg_time=self.clock())
            storages._assign(self.services.sealer, row, values)
            s.add(row)
        return row

    def add_notification(self, site_id: str = "DEMO", **alarms: bool) -> int:
        with self.database.write() as s:
            values = notifications.NotificationValues(
                noti_name="told",
                noti_type="SNS",
                url_end_point=samples.NOTIFICATION["url_end_point"],
                access_key="AK",
                secret_key="sesame",
                alarm_status=alarms,
            )
            return notifications.create(s, self.services.sealer, site_id, values).id

    def add_job(self, request: dict[str, Any] | None = None, site_id: str = "DEMO", **headers: str) -> int:
        """A job in the queue, through the API; its storages are made where they are missing."""
        body = request or plain_job()
        for io_type in ("input", "output"):
            with self.database.read() as s:
                missing = s.get(Storage, body[io_type]["storage_id"]) is None
            if missing:
                self.add_storage(body[io_type]["storage_id"], io_type, site_id)
        answer = self.call("POST", f"/api/job/{site_id}", site_id, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        job_id: int = answer.json()["data"]["job_id"]
        return job_id

    def pri(self, method: str, path: str = "", *, address: str = "127.0.0.1", **more: Any) -> Any:
        """The answer to a PRI request from `address`; `path` is what follows the documented one."""
        client = TestClient(self.app, client=(address, 50000))
        at = more.pop("at", "/pri/cxf/pri/v1/packagedassets")
        return client.request(method, f"{at}{path}", **more)

    def ready_for_pri(self, site_id: str = "DEMO", **group: Any) -> tuple[str, str]:
        """What the samples of the PRI document refer to; the ids of its two storages."""
        names = (("input", "mediapackageBucket"), ("output", "nagra-terminators-vod-output"))
        with self.database.write() as s:
            made = [
                storages.create(
                    s,
                    self.services.sealer,
                    site_id,
                    storages.StorageValues(bucket, bucket, io_type, "RG011", "AKID", "sesame-open"),
                ).storage_id
                for io_type, bucket in names
            ]
            packaging_groups.create(s, site_id, "PackagingGroup1", packaging_groups.GroupValues(**group))
        return made[0], made[1]

    def playback_token(
        self, content_id: str = "film", tracks: PlaybackTracks = PlaybackTracks.ALL, site_id: str = "DEMO"
    ) -> str:
        """A playback token of five minutes."""
        return self.services.playback_tokens.issue(Playback(site_id, content_id, tracks), self.clock(), 300)

    def bucket(self, name: str) -> Path:
        """The folder of a bucket, made where it is missing."""
        folder = self.services.settings.buckets / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def plain_job(**fields: Any) -> dict[str, Any]:
    """The document's sample without protection and notification; `fields` replace those at its top."""
    request = samples.without_protection(samples.JOB_CREATE)
    del request["output"]["job_noti_id"]
    return request | fields


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("api") / "telecine.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """One application for all tests, for making one takes a while; each test gives it services of its own."""
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("app"), _env_file=None))


def new_api(app: FastAPI, folder: Path, migrated: Path, **changes: Any) -> Api:
    """`app` with fresh services below `folder` and the site DEMO; keyword arguments replace settings."""
    shutil.copy(migrated, folder / "telecine.db")
    clock = Clock()
    app.state.services = open_services(Settings(data_dir=folder, _env_file=None, **changes), clock)
    app.state.metrics = Metrics(app.state.services.database)
    api = Api(app, TestClient(app), clock)
    api.add_site("DEMO")
    return api


@pytest.fixture
def make_api(tmp_path: Path, app: FastAPI, migrated: Path) -> Iterator[Callable[..., Api]]:
    """`new_api` for this test, once."""
    made: list[Api] = []

    def make(**changes: Any) -> Api:
        made.append(new_api(app, tmp_path, migrated, **changes))
        return made[-1]

    yield make
    for api in made:
        api.database.close()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()


@pytest.fixture
def telecine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command line on a data folder of its own, and checks its exit code."""
    monkeypatch.setenv("TELECINE_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, code: int = Exit.DONE) -> Result:
        result = CliRunner().invoke(command_line, arguments)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return run


@pytest.fixture
def ready(api: Api) -> Api:
    """An application with what the samples of the PRI document refer to."""
    api.ready_for_pri()
    return api
