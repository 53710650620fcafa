"""The catalog on both databases: every test that takes `database` runs once on each."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url
from tests.contract.receiver import Receiver, receiving

from telecine.catalog import deliveries, jobs, notifications, sites, storages
from telecine.catalog.database import Database
from telecine.catalog.models import Delivery, Job, Notification, Storage
from telecine.catalog.seal import Sealer
from telecine.core.job import Cbr, Format, InputFile, JobSpec, Packaging, VideoRendition

SITE = "DEMO"


SEALER = Sealer(b"k" * 32)


def _prepare(url: str) -> None:
    """Migrate the database and put the site DEMO into it."""
    database = Database(url)
    database.migrate()
    with database.write() as s:
        sites.create(s, SEALER, SITE)
    database.close()


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared SQLite file to copy: quicker than migrating for every test."""
    path = tmp_path_factory.mktemp("sqlite") / "prepared.db"
    _prepare(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def prepared_postgres(own_postgres: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The name of a prepared PostgreSQL database to copy."""
    with own_postgres() as url:
        _prepare(url)
        yield make_url(url).database or ""


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    return f"sqlite:///{tmp_path / 'empty.db'}" if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database with the site DEMO in it."""
    with ExitStack() as stack:
        if kind == "sqlite":
            copy = shutil.copy(request.getfixturevalue("prepared_sqlite"), tmp_path / "telecine.db")
            url = f"sqlite:///{copy}"
        else:
            template = request.getfixturevalue("prepared_postgres")
            url = stack.enter_context(request.getfixturevalue("own_postgres")(template))
        database = Database(url)
        yield database
        database.close()


# PostgreSQL chooses by statistics, and a few rows tell it nothing: plans are checked on SQLite.
on_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


@pytest.fixture
def plans(database: Database) -> Iterator[list[str]]:
    """SQLite's plan of every SELECT of the test, one text per statement."""
    seen: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            seen.append("\n".join(row[-1] for row in rows))

    event.listen(database.engine, "before_cursor_execute", explain)
    yield seen
    event.remove(database.engine, "before_cursor_execute", explain)


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


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A customer's server that takes webhooks."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def log(database: Database) -> Callable[[], list[Delivery]]:
    """Reads the delivery log of DEMO, oldest first."""

    def read() -> list[Delivery]:
        with database.read() as s:
            return list(reversed(deliveries.log(s, SITE, page_unit=1000)[1]))

    return read
