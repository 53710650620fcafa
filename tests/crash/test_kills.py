"""Whatever is killed in the middle, a job that was accepted is completed, once and whole, and the customer hears it."""

from pathlib import Path

import httpx
import pytest
from tests.crash.system import CHUNKS, SITE, Hook, System, check_whole, kill, quick_policy, running, wait_for

from telecine.catalog import sites
from telecine.core.states import JobState

pytestmark = pytest.mark.slow


def test_a_worker_is_killed_in_the_middle_of_an_encode(tmp_path: Path):
    with Hook() as hook, running(tmp_path) as system:
        job_id = system.create_job(noti_id=system.notify(hook.url))
        encoder = system.wait_for_encode(job_id, finished=2)
        before = system.finished_chunks(job_id)
        kill(system.workers[0])
        wait_for(lambda: not encoder.is_running(), "the encoder outlived its worker")
        system.start_worker()
        system.wait_for_encode(job_id, finished=3)
        after = system.finished_chunks(job_id)
        assert before.items() <= after.items(), "a finished chunk was made again"
        system.wait_for_end(job_id)
        check_whole(system, job_id)
        chunks = [chunk for _, chunk, _ in system.encoded(job_id)]
        assert sorted(chunks) == list(range(CHUNKS)), "a chunk was encoded twice to the end"
        wait_for(lambda: system.delivered(job_id), "a message was never delivered")
        assert hook.words() == ["QUEUED", "PROGRESSING", "COMPLETE"]


def test_the_temporal_server_is_killed_in_the_middle_of_an_encode(tmp_path: Path):
    with Hook() as hook, running(tmp_path) as system:
        job_id = system.create_job(noti_id=system.notify(hook.url))
        system.wait_for_encode(job_id, finished=1)
        before = system.finished_chunks(job_id)
        kill(system.temporal)
        system.start_temporal()
        system.wait_for_encode(job_id, finished=2)
        assert before.items() <= system.finished_chunks(job_id).items(), "a finished chunk was made again"
        system.wait_for_end(job_id)
        check_whole(system, job_id)
        assert system.workers[0].running, "the worker did not outlive the server's absence"
        wait_for(lambda: system.delivered(job_id), "a message was never delivered")
        assert hook.words() == ["QUEUED", "PROGRESSING", "COMPLETE"]


def test_the_api_is_killed_as_soon_as_it_accepted_a_job(tmp_path: Path):
    """Nothing but the API runs when the job is sent; not even Temporal. The answer alone is the promise."""
    system = System(tmp_path, policy=quick_policy())
    try:
        with Hook() as hook:
            system.start_api()
            job_id = _send(system, system.notify(hook.url))
            kill(system.api)
            assert system.job(job_id).state is JobState.QUEUED
            system.start()
            system.wait_for_end(job_id)
            check_whole(system, job_id)
            wait_for(lambda: system.delivered(job_id), "a message was never delivered")
            assert hook.words() == ["QUEUED", "PROGRESSING", "COMPLETE"]
    finally:
        system.stop()


def test_a_temporal_that_lost_its_memory_is_told_again(tmp_path: Path):
    """The sweeper finds an unfinished job without a workflow; finished chunks are found by looking."""
    with running(tmp_path) as system:
        job_id = system.create_job()
        system.wait_for_encode(job_id, finished=2)
        before = system.finished_chunks(job_id)
        kill(system.temporal)
        kill(system.workers[0])
        for file in system.settings.data_dir.glob("temporal.db*"):
            file.unlink()
        system.start_temporal()
        system.start_worker()
        system.wait_for_encode(job_id, finished=3)
        assert before.items() <= system.finished_chunks(job_id).items(), "a finished chunk was made again"
        system.wait_for_end(job_id)
        check_whole(system, job_id)


def _send(system: System, noti_id: int) -> int:
    """Create a job by the documented requests: get a token, then post the job."""
    source = system.put_source()
    with system.database.write() as s:
        account, key = sites.create_account(s, system.sealer, SITE, "ops@example.com")
    with httpx.Client(base_url=f"{system.settings.base_url}/tnp") as client:
        answer = client.get(f"/api/token/{SITE}", auth=(account.email, key)).json()
        client.headers["Authorization"] = answer["data"]["token"]
        track = {"in": {"track": 0}, "remap": {"track": 0}}
        body = {
            "job_name": "film",
            "content_id": "film",
            "job_noti_id": noti_id,
            "input": {
                "storage_id": system.storages[0],
                "files": [{"file_type": "multi", "file_path": source, "audios": [track]}],
            },
            "output": {
                "storage_id": system.storages[1],
                "path": "vod",
                "transcodings": [
                    {"track_id": "v0", "track_type": "video", "codec": "h265", "width": 320, "height": 180,
                     "bitrate_mode": "cbr", "bitrate": 300_000},
                    {"track_id": "v1", "track_type": "video", "codec": "h265", "width": 256, "height": 144,
                     "bitrate_mode": "cbr", "bitrate": 200_000},
                    {"track_id": "a0", "track_type": "audio", "codec": "aac", "bitrate": 64_000, "language": "en",
                     "sources": [{"track": 0}]},
                ],
                "packaging": {"dash": True, "hls": True, "cmaf": False},
            },
        }  # fmt: skip
        answer = client.post(f"/api/job/{SITE}", json=body).json()
    assert answer["error_code"] == "0000", answer
    return int(answer["data"]["job_id"])
