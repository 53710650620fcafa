"""Whatever is killed while a master is prepared or copied, every recipient gets his copy, once and whole."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import psutil
import pytest
from sqlalchemy import select
from tests import clips
from tests.crash.system import RATE, SITE, System, kill, wait_for

from telecine.catalog import copies, distributions, marks, prepared, recipients
from telecine.catalog.distribution_models import CopyTask, Recipient
from telecine.core.distribution import Distribution
from telecine.core.dwm_codes import CopyState
from telecine.core.errors import TelecineError
from telecine.core.job import InputFile, JobSpec
from telecine.core.limits import Policy
from telecine.core.states import JobState
from telecine.core.watermark.recipients import derive_recipient_keys, takes_of
from telecine.jobs import references
from telecine.jobs.prepared import open_entry

pytestmark = pytest.mark.slow

SECONDS = 12
CHUNK_SECONDS = 2
CHUNKS = SECONDS // CHUNK_SECONDS
MASTER = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "300k", "-g", "25", "-bf", "2")


class Films(System):
    """A system with a master to distribute."""

    def distribute(self, count: int, **wanted: object) -> int:
        """Put a distribution to so many new recipients in the queue."""
        source = clips.clip(SECONDS, str(RATE), video=MASTER)
        (self.settings.buckets / "input" / "master.mp4").write_bytes(source.read_bytes())
        spec = JobSpec(
            name="film",
            content_id="film",
            input_storage=self.storages[0],
            output_storage=self.storages[1],
            output_path="copies",
            files=(InputFile(path="master.mp4", video=True),),
            # A second is 25 pictures: groups of five, so that 60 of them tell 150 recipients apart.
            distribution=Distribution(group_seconds=0.2, **wanted),
        )
        with self.database.write() as s:
            new = [recipients.NewRecipient(f"cinema-{number:03}") for number in range(count)]
            numbers = [row.id for row in recipients.register(s, SITE, new)]
            return distributions.create(s, SITE, distributions.NewDistribution(spec, numbers, {})).id

    def takes(self, job_id: int) -> dict[str, int]:
        """Inode of every finished take of a chunk."""
        folder = self.settings.work / f"job-{job_id}" / "take"
        files = [path for path in folder.rglob("*.mov") if not path.name.startswith(".")]
        return {str(path.relative_to(folder)): path.stat().st_ino for path in files}

    def tasks(self, job_id: int) -> list[tuple[CopyTask, Recipient]]:
        """Every copy of a job with its recipient."""
        with self.database.read() as s:
            return copies.recipients_of(s, SITE, job_id)

    def made(self, job_id: int) -> int:
        """How many copies are complete."""
        with self.database.read() as s:
            return copies.count_by_state(s, job_id).get(CopyState.COMPLETE, 0)


@contextmanager
def films(folder: Path, **changes: object) -> Iterator[Films]:
    policy = Policy(chunk_seconds=CHUNK_SECONDS, master_narrowest=0)
    system = Films(folder, policy=policy, **changes)
    try:
        system.start()
        yield system
    finally:
        system.stop()


def check_copies(system: Films, job_id: int, *, decoded: int = 3) -> None:
    """The job is complete once, everybody has his own copy byte for byte, and nothing was left behind."""
    job = system.job(job_id)
    assert job.state is JobState.COMPLETE, system.log(job_id)
    assert [state for state in system.states(job_id, job.attempt) if state in ("complete", "error")] == ["complete"]
    tasks = system.tasks(job_id)
    assert {task.state for task, _ in tasks} == {CopyState.COMPLETE}
    assert {task.object_key: task.size for task, _ in tasks} == system.published()
    bucket = system.settings.buckets / "output"
    seen = set()
    for task, recipient in tasks:
        content = (bucket / task.object_key).read_bytes()
        assert content == expected(system, job_id, recipient.id)
        seen.add(content)
    assert len(seen) == len(tasks), "two recipients have the same copy"
    for task, _ in tasks[:decoded]:
        with av.open(bucket / task.object_key) as container:
            assert sum(1 for _ in container.decode(video=0)) == SECONDS * RATE
    wait_for(lambda: system.temporaries(job_id) == [], f"temporary files are left: {system.temporaries(job_id)}")
    wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")


def expected(system: Films, job_id: int, recipient: int) -> bytes:
    """The copy that the prepared master gives this recipient."""
    with system.database.write() as s:
        row = prepared.get(s, SITE, job_id)
        plan = prepared.plan_of(row)
        keys = derive_recipient_keys(marks.secret(s, system.sealer, SITE), SITE, plan.content_id, plan.code)
    entry = open_entry(references.place_of(system.settings.prepared, row.name))
    assert entry is not None
    pieces = entry.prepared.pieces(takes_of(keys, recipient, plan.groups).tolist())
    files = [file.read_bytes() for file in entry.files]
    return b"".join(files[piece.take][piece.start : piece.end] for piece in pieces)


def test_a_worker_is_killed_while_takes_are_encoded(tmp_path: Path):
    with films(tmp_path) as system:
        job_id = system.distribute(5)
        encoder = system.wait_for_encode(job_id, finished=2)
        before = system.takes(job_id)
        kill(system.workers[0])
        wait_for(lambda: not encoder.is_running(), "the encoder outlived its worker")
        assert system.published() == {}, "nobody gets a copy before all is prepared"
        system.start_worker()
        system.wait_for_end(job_id)
        check_copies(system, job_id)
        chunks = [chunk for _, chunk, _ in system.encoded(job_id)]
        assert len(before) >= 4
        assert sorted(chunks) == list(range(CHUNKS)), "a chunk was encoded twice to the end"


def test_a_worker_is_killed_while_150_copies_are_made(tmp_path: Path):
    with films(tmp_path, io_slots=1) as system:
        job_id = system.distribute(150)
        made = killed_among_copies(system, job_id)
        bucket = system.settings.buckets / "output"
        before = {task.object_key: (bucket / task.object_key).stat().st_ino for task in made}
        system.start_worker()
        system.wait_for_end(job_id)
        check_copies(system, job_id)
        after = {key: (bucket / key).stat().st_ino for key in before}
        assert after == before, "a copy that was complete was made again"
        chunks = [chunk for _, chunk, _ in system.encoded(job_id)]
        assert sorted(chunks) == list(range(CHUNKS))


def killed_among_copies(system: Films, job_id: int) -> list[CopyTask]:
    """Kill the worker when some copies are there and others are not; returns the rows of those that are."""
    wait_for(lambda: system.made(job_id) >= 20, lambda: f"no copies are made:\n{system.log(job_id)}")
    process = psutil.Process(system.workers[0].pid)
    process.suspend()  # so that what we see is what there is when it dies
    with system.database.read() as s:
        complete = CopyTask.state == CopyState.COMPLETE
        made = list(s.scalars(select(CopyTask).where(CopyTask.job_id == job_id, complete)))
    kill(system.workers[0])
    assert len(made) < 150, "the worker was quicker than the test"
    return made


def test_stop_among_the_copies_keeps_whole_ones_and_a_restart_makes_the_others(tmp_path: Path):
    with films(tmp_path, io_slots=1) as system:
        job_id = system.distribute(150)
        wait_for(lambda: system.made(job_id) >= 5, lambda: f"no copies are made:\n{system.log(job_id)}")
        with suppress(TelecineError), system.database.write() as s:  # it was quicker than we
            distributions.request_stop(s, SITE, job_id)
        if system.wait_for_end(job_id).state is JobState.STOPPED:
            there = system.published()
            assert there == {task.object_key: task.size for task, _ in system.tasks(job_id) if task.object_key}
            assert 5 <= len(there) <= 150
            assert system.temporaries(job_id) == []
            with system.database.write() as s:
                distributions.restart(s, SITE, job_id)
            system.wait_for_end(job_id)
        check_copies(system, job_id, decoded=1)
        assert len(system.encoded(job_id)) == CHUNKS, "what was prepared was prepared again"


def test_a_worker_is_killed_while_a_recipients_own_copy_is_encoded(tmp_path: Path):
    with films(tmp_path) as system:
        job_id = system.distribute(2, mode="individual")
        encoder = system.wait_for_encode(job_id, finished=CHUNKS + 1)
        kill(system.workers[0])
        wait_for(lambda: not encoder.is_running(), "the encoder outlived its worker")
        system.start_worker()
        job = system.wait_for_end(job_id)
        assert job.state is JobState.COMPLETE, system.log(job_id)
        tasks = system.tasks(job_id)
        assert {task.object_key: task.size for task, _ in tasks} == system.published()
        copies_made = [system.settings.buckets / "output" / task.object_key for task, _ in tasks]
        assert copies_made[0].read_bytes() != copies_made[1].read_bytes()
        for path in copies_made:
            with av.open(path) as container:
                assert sum(1 for _ in container.decode(video=0)) == SECONDS * RATE
        assert len(system.encoded(job_id)) == 2 * CHUNKS, "a chunk was encoded twice to the end"
        wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")
