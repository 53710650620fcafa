"""Several workers share the work; one that is told to go gives its step back; the supervisor keeps a system alive."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from tests.crash.system import CHUNKS, PATIENCE, System, check_whole, kill, running, wait_for

from telecine.jobs import temporal_server
from telecine.processes import Child

pytestmark = pytest.mark.slow


def test_two_workers_share_the_chunks_of_one_job(tmp_path: Path):
    with running(tmp_path, workers=2) as system:
        job_id = system.create_job()
        system.wait_for_end(job_id)
        check_whole(system, job_id)
        done = system.encoded(job_id)
        assert sorted(chunk for _, chunk, _ in done) == list(range(CHUNKS))
        assert len({worker for _, _, worker in done}) == 2, system.log(job_id)


def test_a_worker_that_is_told_to_go_gives_its_chunk_to_another(tmp_path: Path):
    with running(tmp_path) as system:
        job_id = system.create_job()
        encoder = system.wait_for_encode(job_id, finished=1)
        system.workers[0].ask_to_stop()
        assert system.workers[0].wait(PATIENCE) == 0
        assert not encoder.is_running() or encoder.status() == psutil.STATUS_ZOMBIE
        assert system.temporaries(job_id) == []
        system.start_worker()
        system.wait_for_end(job_id)
        check_whole(system, job_id)
        assert sorted(chunk for _, chunk, _ in system.encoded(job_id)) == list(range(CHUNKS))


def test_serve_brings_back_what_dies_and_takes_everything_with_it(tmp_path: Path):
    system = System(tmp_path)
    serve = Child(
        "serve",
        [sys.executable, "-m", "telecine.cli", "serve"],
        env=system.env,
        log=system.settings.data_dir / "logs" / "serve.log",
    )
    try:
        serve.start()
        temporal_server.wait_until_healthy(system.settings, PATIENCE)
        job_id = system.create_job()
        system.wait_for_encode(job_id, finished=1)
        for part in parts_of(serve):
            os.kill(part.pid, signal.SIGKILL)
        system.wait_for_end(job_id)
        check_whole(system, job_id)
        wait_for(lambda: len(parts_of(serve)) == 3, "a part did not come back")
        parts = parts_of(serve)
        kill(serve)
        wait_for(lambda: not any(alive(part) for part in parts), "a part outlived its supervisor")
    finally:
        serve.stop()
        system.stop()


def parts_of(serve: Child) -> list[psutil.Process]:
    """The processes that the supervisor started."""
    return [part for part in psutil.Process(serve.pid).children() if alive(part)]


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
