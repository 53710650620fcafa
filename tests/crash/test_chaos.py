"""Kills at random moments: whatever the moment, every accepted job ends once, whole, and is told of truthfully."""

import os
import random
import time
from pathlib import Path

import pytest
from tests.crash.system import Hook, System, check_whole, kill, running, wait_for

from telecine.core.states import TERMINAL

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("CHAOS_SEED", "20260310"))
"""Another seed, other moments: `CHAOS_SEED=7 pytest tests/crash/test_chaos.py`."""
KILLS = 6


def test_random_kills_of_the_worker_and_of_temporal(tmp_path: Path):
    dice = random.Random(SEED)
    with Hook() as hook, running(tmp_path, workers=2) as system:
        noti_id = system.notify(hook.url)
        jobs = [system.create_job(f"film{number}", noti_id) for number in range(2)]
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.5, 6.0))
            _kill_one(system, dice)
        for job_id in jobs:
            system.wait_for_end(job_id)
        for job_id in jobs:
            check_whole(system, job_id)
            wait_for(lambda job_id=job_id: system.delivered(job_id), "a message was never delivered")
        assert all(system.job(job_id).state in TERMINAL for job_id in jobs)
        for job_id in jobs:
            told = [message["job_status"] for message in hook.told if message["job_id"] == job_id]
            assert list(dict.fromkeys(told)) == ["QUEUED", "PROGRESSING", "COMPLETE"]


def _kill_one(system: System, dice: random.Random) -> None:
    """Kill Temporal or the oldest worker, and start it again."""
    if dice.random() < 0.3:
        kill(system.temporal)
        system.start_temporal()
        return
    victim = next(worker for worker in system.workers if worker.running)
    kill(victim)
    system.start_worker()
