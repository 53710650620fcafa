"""Videos are ingested and enhanced by real workers, whatever is killed or stopped meanwhile."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import psutil
import pytest
from tests import clips
from tests.crash.system import REGION, SITE, System, kill, wait_for

from telecine.catalog import jobs, storages, teams, users, video_removals, videos
from telecine.catalog.video_models import Video
from telecine.core.enhance.options import Codec, Denoiser, PostProcessor
from telecine.core.enhance.spec import Enhancement
from telecine.core.ingest import Findings
from telecine.core.limits import Policy
from telecine.core.progress import Phase, percent
from telecine.core.states import JobState

pytestmark = pytest.mark.slow

SECONDS = 5
ASKED = Enhancement(codec=Codec.HEVC, denoiser=Denoiser.HQDN3D, post=PostProcessor.FILMGRAIN)
"""A filter that leans on all frames before, and one whose every frame is drawn by lot."""
CHUNKS = SECONDS
FRAMES = SECONDS * 25


class Videos(System):
    """A system with a team that has one storage."""

    def settle(self) -> None:
        """Make team and user; the input bucket holds all that is theirs."""
        with self.database.write() as s:
            values = storages.StorageValues("all", "output", storages.BOTH, REGION, "key", "secret")
            self.storage = storages.create(s, self.sealer, SITE, values).storage_id
            self.team = teams.create(s, SITE, "Film club", self.storage).id
            self.user = users.create(s, "ann@example.com", "Ann", "correct horse battery", self.team).id

    def upload(self, source: Path, *, light: bool = False) -> tuple[str, int]:
        """A video whose media has come; returns its id, and that of its ingestion."""
        with self.database.write() as s:
            video = videos.create(s, SITE, self.team, user_id=self.user, storage_id=self.storage, name="beach")
            video.media_key, video.light = f"{videos.folder_of(video.id)}/original", light
            place = self.settings.buckets / "output" / video.media_key
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
            return video.id, videos.start_ingestion(s, SITE, self.team, video.id).id

    def enhance(self, source_id: str, asked: Enhancement) -> tuple[str, int]:
        """A video that is to be made of another; returns its id, and that of its making."""
        with self.database.write() as s:
            made = videos.create_processed(
                s, SITE, self.team, source_id, user_id=self.user, name="better", spec=asked, parameters={}
            )
            assert made.process_job
            return made.id, made.process_job

    def video(self, video_id: str) -> Video:
        with self.database.read() as s:
            return videos.get(s, SITE, self.team, video_id)

    def content(self, video_id: str) -> bytes:
        """The media of a video."""
        return (self.settings.buckets / "output" / self.video(video_id).media_key).read_bytes()

    def chunks(self, job_id: int) -> dict[str, int]:
        """Inode of every finished chunk."""
        folder = self.settings.work / f"job-{job_id}" / "enhanced"
        return {path.name: path.stat().st_ino for path in folder.glob("[0-9]*.mov")}

    def at_work(self, job_id: int) -> list[psutil.Process]:
        """Every process that runs in the job's work folder."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.cwd().startswith(str(self.settings.work / f"job-{job_id}")):
                    found.append(process)
        return found

    def percent(self, job_id: int) -> float:
        """How far the job is, as clients are told."""
        units: dict[Phase, list[tuple[float, float]]] = {}
        with self.database.read() as s:
            for one in jobs.work(s, job_id):
                units.setdefault(Phase(one.phase), []).append((one.done, one.total))
        return percent(units)

    def wait_for_chunks(self, job_id: int, count: int) -> None:
        """Wait until so many chunks are made and the next one is being made."""
        there = lambda: len(self.chunks(job_id)) >= count and len(self.at_work(job_id)) >= 2  # noqa: E731
        wait_for(there, lambda: f"no chunk is made:\n{self.log(job_id)}")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Videos]:
    folder = tmp_path_factory.mktemp("videos")
    system = Videos(folder, policy=Policy(enhance_chunk_seconds=1))
    try:
        system.settle()
        system.start()
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def source(system: Videos) -> str:
    """An ingested upload; checked on the way."""
    video_id, job_id = system.upload(clips.clip(SECONDS, size="160x90"))
    assert system.wait_for_end(job_id).state is JobState.COMPLETE, system.log(job_id)
    video = system.video(video_id)
    findings = Findings.model_validate(video.findings)
    assert (findings.frames, findings.heuristics is not None, bool(findings.metrics)) == (FRAMES, True, True)
    assert set(video.pictures) == {"small", "large", "web"}
    bucket = system.settings.buckets / "output"
    assert all((bucket / key).stat().st_size for key in video.pictures.values())
    wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")
    return video_id


def check(system: Videos, video_id: str, job_id: int) -> None:
    """The video has its media, whole, and what is shown of it; nothing was left behind."""
    assert system.job(job_id).state is JobState.COMPLETE, system.log(job_id)
    video = system.video(video_id)
    place = system.settings.buckets / "output" / video.media_key
    content = place.read_bytes()
    assert (video.media_size, video.file_name) == (len(content), "better.mp4")
    assert video.media_etag == hashlib.sha256(content).hexdigest()
    assert video.parameters
    assert video.parameters["targetVideo"]["codec"]["name"] == "hevc"
    assert {"comparison", "small", "large"} <= set(video.pictures)
    assert Findings.model_validate(video.findings).frames == FRAMES
    with av.open(place) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
        assert len(container.streams.audio) == 1
    wait_for(lambda: system.temporaries(job_id) == [], f"temporary files are left: {system.temporaries(job_id)}")
    wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")


@pytest.fixture(scope="module")
def resumed(system: Videos, source: str) -> bytes:
    """What is made by two workers, of whom the first is killed among the chunks; checked on the way."""
    video_id, job_id = system.enhance(source, ASKED)
    system.wait_for_chunks(job_id, 2)
    seen = [system.percent(job_id)]
    running, before = system.at_work(job_id), system.chunks(job_id)
    kill(system.workers[-1])
    wait_for(lambda: not any(one.is_running() for one in running), "a process outlived its worker")
    assert system.video(video_id).media_key == ""
    system.start_worker()
    wait_for(lambda: len(system.chunks(job_id)) == CHUNKS, lambda: f"it does not go on:\n{system.log(job_id)}")
    after = system.chunks(job_id)
    assert {name: after[name] for name in before} == before, "a finished chunk was made again"
    while system.job(job_id).end_time is None:
        seen.append(system.percent(job_id))
        time.sleep(0.1)
    assert seen == sorted(seen), "progress went back"
    assert (len(set(seen)) > 3, system.percent(job_id)) == (True, 100)
    check(system, video_id, job_id)
    return system.content(video_id)


def test_after_a_kill_or_a_stop_the_same_video_is_made(system: Videos, source: str, resumed: bytes) -> None:
    """Stopped, it publishes nothing; a restart keeps what was made."""
    video_id, job_id = system.enhance(source, ASKED)
    system.wait_for_chunks(job_id, 2)
    asked = time.monotonic()
    with system.database.write() as s:
        jobs.request_stop(s, SITE, job_id)
    assert system.wait_for_end(job_id).state is JobState.STOPPED
    assert time.monotonic() - asked < 10
    assert not system.at_work(job_id)
    folder = system.settings.buckets / "output" / videos.folder_of(video_id)
    assert (system.video(video_id).media_key, folder.exists()) == ("", False)
    before = system.chunks(job_id)
    with system.database.write() as s:
        jobs.restart(s, SITE, job_id)
    wait_for(lambda: len(system.chunks(job_id)) == CHUNKS, lambda: f"it does not go on:\n{system.log(job_id)}")
    assert {name: system.chunks(job_id)[name] for name in before} == before
    system.wait_for_end(job_id)
    check(system, video_id, job_id)
    assert system.content(video_id) == resumed


def test_a_light_ingestion_reads_the_metadata_alone(system: Videos) -> None:
    video_id, job_id = system.upload(clips.clip(2, size="160x90"), light=True)
    assert system.wait_for_end(job_id).state is JobState.COMPLETE, system.log(job_id)
    findings = Findings.model_validate(system.video(video_id).findings)
    assert (findings.frames, findings.heuristics, findings.metrics) == (50, None, ())


def test_what_is_no_video_is_refused_clearly(system: Videos, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("This is no video.")
    video_id, job_id = system.upload(tmp_path / "text.mp4")
    job = system.wait_for_end(job_id)
    assert (job.state, job.error_kind) == (JobState.ERROR, "input_unreadable")
    assert system.video(video_id).findings is None


def test_a_video_that_is_deleted_meanwhile_gets_nothing(system: Videos, source: str) -> None:
    video_id, job_id = system.enhance(source, ASKED)
    system.wait_for_chunks(job_id, 1)
    with system.database.write() as s:
        video_removals.delete(s, SITE, system.team, video_id)
    assert system.wait_for_end(job_id).state is JobState.STOPPED
    wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")
    assert not (system.settings.buckets / "output" / videos.folder_of(video_id)).exists()
