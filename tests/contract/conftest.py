"""The catalog on both databases: every test that takes `database` runs once on each."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telecine.catalog import jobs, notifications, sites, storages
from telecine.catalog.database import Database
from telecine.catalog.models import Job, Notification, Storage
from telecine.catalog.seal import Sealer
from telecine.core.job import Cbr, Format, InputFile, JobSpec, Packaging, VideoRendition

SITE = "DEMO"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'telecine.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str, migrated_sqlite: Path) -> Iterator[Database]:
    """A migrated database with the site DEMO in it, of either kind."""
    if database_url.startswith("sqlite"):
        shutil.copy(migrated_sqlite, database_url.removeprefix("sqlite:///"))
    database = Database(database_url)
    database.migrate()
    with database.write() as s:
        sites.create(s, SEALER, SITE)
    yield database
    database.close()


SEALER = Sealer(b"k" * 32)


@pytest.fixture
def sealer() -> Sealer:
    """A sealer with a fixed key."""
    return SEALER


@pytest.fixture
def make_storage(database: Database) -> Callable[..., Storage]:
    """Registers a storage; keyword arguments replace its values."""

    def make(site_id: str = SITE, **values: str) -> Storage:
        given = {"storage_name": "Main", "aws_bucket": "bucket", "io_type": "input", "region": "RG011"}
        given |= {"access_key_id": "AK", "secret_key": "sesame"} | values
        with database.write() as s:
            return storages.create(s, SEALER, site_id, storages.StorageValues(**given))

    return make


@pytest.fixture
def storage(make_storage: Callable[..., Storage]) -> Storage:
    """A storage of DEMO."""
    return make_storage()


@pytest.fixture
def make_notification(database: Database) -> Callable[..., Notification]:
    """Adds a notification that tells the given words."""

    def make(*words: str, site_id: str = SITE) -> Notification:
        values = notifications.NotificationValues(
            noti_name="told",
            noti_type="SNS",
            url_end_point="arn:aws:sns:us-west-2:1:topic",
            access_key="AK",
            secret_key="sesame",
            alarm_status=dict.fromkeys(words, True),
        )
        with database.write() as s:
            return notifications.create(s, SEALER, site_id, values)

    return make


@pytest.fixture
def new_job(storage: Storage) -> Callable[..., jobs.NewJob]:
    """Builds a job as a dialect would; `name`, `content_id`, `formats`, `codecs` go into its spec."""

    def build(
        name: str = "Film",
        content_id: str = "cid",
        formats: tuple[str, ...] = ("dash",),
        codecs: tuple[Any, ...] = ("h264",),
        storage_id: str = storage.storage_id,
        **rest: Any,
    ) -> jobs.NewJob:
        ladder = [
            VideoRendition(track_id=codec, codec=codec, width=320, height=180, rate=Cbr(bitrate=9)) for codec in codecs
        ]
        spec = JobSpec(
            name=name,
            content_id=content_id,
            input_storage=storage_id,
            files=(InputFile(path="in.mp4", video=True),),
            output_storage=storage_id,
            output_path="out",
            video=tuple(ladder),
            packaging=Packaging(formats=tuple(Format(tree) for tree in formats)),
        )
        return jobs.NewJob(spec=spec, request={"job_name": name, "a": 1}, **rest)

    return build


@pytest.fixture
def make_job(database: Database, new_job: Callable[..., jobs.NewJob]) -> Callable[..., Job]:
    """Creates a job in the queue; takes what `new_job` takes, and `now`."""

    def make(site_id: str = SITE, now: Any = None, **values: Any) -> Job:
        with database.write() as s:
            return jobs.create(s, site_id, new_job(**values), now=now)

    return make
