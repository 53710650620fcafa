"""What packaged assets published goes when its time is over or its client says so, and nothing else goes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.jobs import SITE, services_in

from telecine.catalog import distributions, jobs, packaged_assets, recipients, sites, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.models import PackagedAsset
from telecine.catalog.packaged_assets import NewAsset
from telecine.core.distribution import Distribution
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, InputFile, JobSpec, Packaging, Target
from telecine.core.states import JobState
from telecine.jobs import retention
from telecine.jobs.recipient_folders import copy_key
from telecine.jobs.retention import sweep_assets
from telecine.jobs.services import Services

HOUR = timedelta(hours=1)
HLS = ["hls/master.m3u8", "hls/video/avc1/1/stream.m3u8", "hls/video/avc1/1/segment-1.ts"]
DASH = ["dash/stream.mpd", "dash/video/avc1/1/seg-1.m4s"]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return services_in(tmp_path)


@pytest.fixture
def storage_ids(services: Services) -> list[str]:
    values = [storages.StorageValues(kind, kind, kind, "RG011", "key", "secret") for kind in ("input", "output")]
    with services.database.write() as s:
        return [storages.create(s, services.sealer, SITE, one).storage_id for one in values]


@pytest.fixture
def new_job(storage_ids: list[str]) -> Callable[..., jobs.NewJob]:
    def build(content: str = "film", formats: tuple[str, ...] = ("hls", "dash")) -> jobs.NewJob:
        spec = JobSpec(
            name="Film",
            content_id=content,
            input_storage=storage_ids[0],
            asset="harvest/",
            output_storage=storage_ids[1],
            output_path="vod",
            packaging=Packaging(formats=tuple(Format(tree) for tree in formats)),
            targets=tuple(Target(format=Format(tree), folder=tree) for tree in formats),
        )
        return jobs.NewJob(spec=spec, request={}, dialect="pri")

    return build


@pytest.fixture
def new_asset(services: Services, new_job: Callable[..., jobs.NewJob]) -> Callable[..., int]:
    def make(asset_id: str = "film", keep: timedelta | None = None) -> int:
        new = NewAsset(asset_id, "f" * 64, {"id": asset_id}, ["g"], {}, keep, new_job(asset_id))
        with services.database.write() as s:
            return packaged_assets.create(s, SITE, new).job.id

    return make


def publish(services: Services, job_id: int, names: list[str], state: JobState = JobState.COMPLETE, content="film"):
    """What a worker leaves behind: files, outputs in the row, the job's end."""
    bucket = services.settings.buckets / "output"
    for name in names:
        path = bucket / "vod" / content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("made by us")
    folders = sorted({name.partition("/")[0] for name in names})
    with services.database.write() as s:
        assert jobs.set_outputs(s, job_id, 1, {"prefix": f"vod/{content}", "manifests": [], "folders": folders})
        error = TelecineError(ErrorKind.VERIFY_FAILED) if state is JobState.ERROR else None
        assert jobs.advance(s, job_id, 1, state, now=utcnow(), error=error)


def there(services: Services) -> set[str]:
    bucket = services.settings.buckets / "output"
    return {path.relative_to(bucket).as_posix() for path in bucket.rglob("*") if path.is_file()}


def row_of(services: Services, asset_id: str = "film") -> PackagedAsset | None:
    with services.database.read() as s:
        return s.get(PackagedAsset, (SITE, asset_id))


def delete(services: Services, asset_id: str = "film") -> None:
    with services.database.write() as s:
        packaged_assets.request_delete(s, SITE, asset_id)


def under(content: str, names: list[str]) -> set[str]:
    return {f"vod/{content}/{name}" for name in names}


def test_when_its_time_is_over_the_outputs_go_and_the_asset_says_so(services, new_asset):
    job_id = new_asset(keep=HOUR)
    publish(services, job_id, HLS + DASH)
    sweep_assets(services, utcnow())
    assert there(services) == under("film", HLS + DASH)
    assert row_of(services).removed is None
    over = utcnow() + HOUR
    sweep_assets(services, over)
    assert there(services) == set()
    assert row_of(services).removed == over
    with services.database.read() as s:
        last = jobs.events(s, SITE, job_id)[-1].message
    assert last == "Its retention is over. 5 published files were removed."


def test_without_a_retention_it_stays(services, new_asset):
    publish(services, new_asset(), HLS)
    sweep_assets(services, utcnow() + 10_000 * HOUR)
    assert there(services) == under("film", HLS)


def test_a_deleted_asset_takes_its_outputs_with_it_and_its_id_is_free(services, new_asset):
    publish(services, new_asset(), HLS + DASH)
    delete(services)
    sweep_assets(services, utcnow())
    assert there(services) == set()
    assert row_of(services) is None
    new_asset()


def test_what_others_put_beside_it_stays(services, new_asset):
    publish(services, new_asset(), HLS)
    foreign = {"vod/film/hls/notes.doc", "vod/film/dash/stream.mpd", "vod/film/poster.jpg", "vod/other/hls/master.m3u8"}
    for name in foreign:
        path = services.settings.buckets / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("somebody else's")
    delete(services)
    sweep_assets(services, utcnow())
    assert there(services) == foreign


def test_a_running_asset_is_stopped_first_and_removed_then(services, new_asset):
    job_id = new_asset()
    with services.database.write() as s:
        jobs.advance(s, job_id, 1, JobState.PACKAGING, now=utcnow())
    chunk = services.workspace(job_id).root / "input" / "0"
    chunk.mkdir(parents=True)
    delete(services)
    sweep_assets(services, utcnow())
    assert row_of(services).trouble == "The job is being stopped."
    assert chunk.exists()
    with services.database.write() as s:
        assert jobs.load(s, job_id).state is JobState.STOP_REQUESTED
        jobs.advance(s, job_id, 1, JobState.STOPPED, now=utcnow())
    sweep_assets(services, utcnow() + timedelta(seconds=3))
    assert row_of(services) is None
    assert not chunk.exists()


def test_one_that_became_complete_while_it_was_being_stopped_leaves_nothing(services, new_asset):
    job_id = new_asset()
    with services.database.write() as s:
        jobs.advance(s, job_id, 1, JobState.UPLOADING, now=utcnow())
    delete(services)
    publish(services, job_id, HLS)
    sweep_assets(services, utcnow())
    assert there(services) == set()


def test_one_that_was_begun_again_before_it_was_removed_is_stopped_again(services, new_asset):
    job_id = new_asset()
    with services.database.write() as s:
        jobs.advance(s, job_id, 1, JobState.STOPPED, now=utcnow())
    delete(services)
    with services.database.write() as s:
        jobs.restart(s, SITE, job_id)
    sweep_assets(services, utcnow())
    with services.database.read() as s:
        assert jobs.load(s, job_id).state is JobState.STOP_REQUESTED


def test_what_a_later_job_of_the_same_content_published_there_stays(services, new_asset, new_job):
    publish(services, new_asset(keep=HOUR), HLS + DASH)
    with services.database.write() as s:
        later = jobs.create(s, SITE, new_job(formats=("hls",))).id
    publish(services, later, HLS)
    sweep_assets(services, utcnow() + HOUR)
    assert there(services) == under("film", HLS)
    assert row_of(services).removed is not None


def test_what_a_job_under_way_is_about_to_publish_there_stays(services, new_asset, new_job):
    publish(services, new_asset(keep=HOUR), HLS + DASH)
    with services.database.write() as s:
        jobs.create(s, SITE, new_job(formats=("dash",)))
    sweep_assets(services, utcnow() + HOUR)
    assert there(services) == under("film", DASH)


@pytest.mark.parametrize(("end", "left"), [(JobState.STOPPED, []), (JobState.COMPLETE, DASH)])
def test_whether_that_stays_is_known_when_the_job_has_ended(services, new_asset, new_job, end, left):
    publish(services, new_asset(keep=HOUR), HLS + DASH)
    with services.database.write() as s:
        rival = jobs.create(s, SITE, new_job(formats=("dash",))).id
    over = utcnow() + HOUR
    sweep_assets(services, over)
    assert row_of(services).removed is None
    assert row_of(services).trouble.startswith(f"Job {rival} is about to publish")
    with services.database.write() as s:
        assert jobs.advance(s, rival, 1, end, now=utcnow())
    sweep_assets(services, over + retention.UNTIL_ANSWERED)
    assert there(services) == under("film", left)
    assert row_of(services).removed is not None


@pytest.mark.parametrize("kind", ["output", "both"])
def test_what_another_site_published_to_the_same_place_stays(services, new_asset, kind):
    """Two sites of one house may share a bucket."""
    publish(services, new_asset(keep=HOUR), HLS)
    with services.database.write() as s:
        sites.create(s, services.sealer, "TWO2")
        values = [
            storages.StorageValues(n, n, k, "RG011", "key", "s") for n, k in (("input", "input"), ("output", kind))
        ]
        made = [storages.create(s, services.sealer, "TWO2", one).storage_id for one in values]
        spec = jobs.spec_of(jobs.load(s, 1)).model_copy(update={"input_storage": made[0], "output_storage": made[1]})
        later = jobs.create(s, "TWO2", jobs.NewJob(spec=spec, request={}, dialect="pri")).id
    publish(services, later, HLS)
    sweep_assets(services, utcnow() + HOUR)
    assert there(services) == under("film", HLS)
    assert row_of(services).removed is not None


def test_what_was_published_there_by_a_storage_that_is_gone_stays(services, new_asset, new_job):
    """As when the keys of a bucket were changed by registering it anew."""
    publish(services, new_asset(keep=HOUR), HLS)
    with services.database.write() as s:
        again = storages.StorageValues("output", "output", "output", "RG011", "key", "secret")
        other = storages.create(s, services.sealer, SITE, again).storage_id
        new = new_job(formats=("hls",))
        spec = new.spec.model_copy(update={"output_storage": other})
        later = jobs.create(s, SITE, jobs.NewJob(spec=spec, request={}, dialect="pri")).id
    publish(services, later, HLS)
    with services.database.write() as s:
        storages.delete(s, SITE, [other])
    sweep_assets(services, utcnow() + HOUR)
    assert there(services) == under("film", HLS)


def test_a_recipient_whose_name_is_that_of_a_tree_keeps_his_copy(services, new_asset, storage_ids):
    """Copies lie in a folder of their own, beside trees."""
    publish(services, new_asset(keep=HOUR), HLS + DASH)
    spec = JobSpec(
        name="Film", content_id="film", input_storage=storage_ids[0], files=(InputFile(path="m.mov", video=True),),
        output_storage=storage_ids[1], output_path="vod", distribution=Distribution(),
    )  # fmt: skip
    with services.database.write() as s:
        numbers = [row.id for row in recipients.register(s, SITE, [recipients.NewRecipient("dash")])]
        later = distributions.create(s, SITE, distributions.NewDistribution(spec, numbers, {}))
    copy = copy_key(spec, "dash", ".mp4")
    publish(services, later.id, [copy.removeprefix("vod/film/")])
    sweep_assets(services, utcnow() + HOUR)
    assert copy in there(services)
    assert not there(services) & under("film", HLS)


def test_a_storage_that_does_not_let_us_is_tried_again(services, new_asset):
    publish(services, new_asset(), HLS)
    bucket = services.settings.buckets / "output"
    bucket.rename(bucket.with_name("away"))
    delete(services)
    now = utcnow()
    sweep_assets(services, now)
    assert "does not exist" in row_of(services).trouble
    bucket.with_name("away").rename(bucket)
    sweep_assets(services, now + timedelta(seconds=30))
    assert there(services) == under("film", HLS)
    sweep_assets(services, now + timedelta(seconds=61))
    assert there(services) == set()


def test_outputs_in_a_storage_that_nobody_has_any_more_are_given_up(services, new_asset, storage_ids):
    job_id = new_asset()
    publish(services, job_id, HLS)
    with services.database.write() as s:
        storages.delete(s, SITE, [storage_ids[1]])
    delete(services)
    sweep_assets(services, utcnow())
    assert row_of(services) is None
    with services.database.read() as s:
        assert "no longer registered" in jobs.events(s, SITE, job_id)[-1].message


def test_a_worker_that_was_killed_in_between_is_followed_by_another(services, new_asset, monkeypatch):
    publish(services, new_asset(), HLS + DASH)
    delete(services)

    def killed(store, prefix, folders):
        store.delete([f"{prefix}/hls/master.m3u8"])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retention, "remove_trees", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep_assets(services, utcnow())
    sweep_assets(services, utcnow())
    assert row_of(services) is not None  # the lease holds
    sweep_assets(services, utcnow() + timedelta(seconds=retention.LEASE + 1))
    assert there(services) == set()
    assert row_of(services) is None
