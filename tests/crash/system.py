"""A whole Telecine below one folder, as real processes that a test may kill.

The test looks at it as an operator would: through the database, the bucket folders, the work folder, and the
process table. Sources are small, encodes are slow (H.265, preset slow) and chunks are short, so that there is time
to interfere.
"""

import hashlib
import hmac
import json
import os
import shutil
import signal
import sys
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import httpx
import psutil
from tests import clips
from tests.servers import settings_in

from telecine.catalog import deliveries, jobs, notifications, sites, storages
from telecine.catalog.database import Database
from telecine.catalog.models import Job, JobEvent
from telecine.catalog.seal import Sealer, load_master_key
from telecine.core.job import (
    AudioRemap,
    AudioRendition,
    Cbr,
    Format,
    InputFile,
    JobSpec,
    Packaging,
    VideoRendition,
)
from telecine.core.limits import Policy
from telecine.core.states import TERMINAL, JobState
from telecine.jobs import temporal_server
from telecine.jobs.supervisor import environment
from telecine.processes import Child
from telecine.settings import Settings

PATIENCE = 180
"""Seconds that anything may take on a busy machine before a test calls it broken."""

SITE = "DEMO"
REGION = "RG011"
SECONDS = 10
CHUNK_SECONDS = 2
CHUNKS = SECONDS // CHUNK_SECONDS
RATE = 25


def slow_policy() -> Policy:
    """Short chunks that take their time."""
    return Policy(
        gop_seconds=1, gops_per_segment=2, chunk_seconds=CHUNK_SECONDS, preset_h265="slow", preset_h264="slow"
    )


def quick_policy() -> Policy:
    """The same chunks, for tests whose moment comes after the encode."""
    return slow_policy().model_copy(update={"preset_h265": "ultrafast"})


def spec(content_id: str, source: str, storages_used: tuple[str, str]) -> JobSpec:
    """A ladder of two rungs with sound, as DASH and HLS."""
    rungs = [(320, 180, 300_000), (256, 144, 200_000)]
    video = tuple(
        VideoRendition(track_id=f"v{rung}", codec="h265", width=width, height=height, rate=Cbr(bitrate=bits))
        for rung, (width, height, bits) in enumerate(rungs)
    )
    return JobSpec(
        name=content_id,
        content_id=content_id,
        input_storage=storages_used[0],
        output_storage=storages_used[1],
        output_path="vod",
        files=(InputFile(path=source, video=True, audio=(AudioRemap(source=0, target=0),)),),
        video=video,
        audio=(AudioRendition(track_id="a0", codec="aac", sources=(0,), language="en", bitrate=64_000),),
        packaging=Packaging(formats=(Format.DASH, Format.HLS)),
    )


class System:
    """The processes of one Telecine and what they keep. Start with `start`, or part by part."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        values = {
            "regions": [REGION],
            "cpu_slots": 1,
            "policy": slow_policy(),
            "private_targets": ["127.0.0.0/8"],
        }
        self.settings: Settings = settings_in(folder, **(values | changes))
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.env = environment(self.settings)
        self.database = Database(self.settings.database)
        self.database.migrate()
        self.sealer = Sealer(load_master_key("", self.settings.data_dir / "master.key"))
        self.temporal = temporal_server.child(self.settings, self.env)
        self.workers: list[Child] = []
        self.api = self._child("api", "telecine.cli", "api")
        self.storages = self._register()

    def start(self, workers: int = 1, *, api: bool = False) -> None:
        """Start everything that was asked for and wait until it answers."""
        self.start_temporal()
        for _ in range(workers):
            self.start_worker()
        if api:
            self.start_api()

    def start_temporal(self) -> None:
        """Start the Temporal server and wait until it answers."""
        self.temporal.start()
        temporal_server.wait_until_healthy(self.settings, PATIENCE)

    def start_worker(self) -> Child:
        """Start one more worker."""
        number = len(self.workers)
        worker = self._child(f"worker{number}", "telecine.jobs.worker")
        self.workers.append(worker)
        worker.start()
        return worker

    def start_api(self) -> None:
        """Start the API and wait until it answers."""
        self.api.start()
        wait_for(self._api_answers, "the API does not answer")

    def stop(self) -> None:
        """Stop whatever runs."""
        for child in (*self.workers, self.api, self.temporal):
            child.stop(grace=20)
        self.database.close()

    def put_source(self, name: str = "film.mp4", seconds: float = SECONDS) -> str:
        """Put a clip into the input bucket, and return its key."""
        bucket = self.settings.buckets / "input"
        shutil.copyfile(clips.clip(seconds, str(RATE)), bucket / name)
        return name

    def create_job(self, content_id: str = "film", noti_id: int | None = None, **more: Any) -> int:
        """Put a job in the queue, as the API does."""
        made = spec(content_id, self.put_source(), self.storages)
        with self.database.write() as s:
            return jobs.create(s, SITE, jobs.NewJob(spec=made, request={}, noti_id=noti_id, **more)).id

    def job(self, job_id: int) -> Job:
        """The job's row."""
        with self.database.read() as s:
            return jobs.load(s, job_id)

    def events(self, job_id: int) -> Sequence[JobEvent]:
        """The job's log."""
        with self.database.read() as s:
            return jobs.events(s, SITE, job_id)

    def log(self, job_id: int) -> str:
        """The job's log as text, for a test's complaint; with the ends of the processes' logs."""
        lines = [f"{event.time:%H:%M:%S} {event.level} {event.phase}: {event.message}" for event in self.events(job_id)]
        logs = [f"--- {child.name}\n{child.last_words(15)}" for child in (*self.workers, self.temporal)]
        return "\n".join([*lines, *logs])

    def encoded(self, job_id: int) -> list[tuple[int, int, str]]:
        """Every chunk that was really encoded: attempt, number, worker; in order."""
        return [
            (event.attempt, event.data["chunk"], event.data["worker"])
            for event in self.events(job_id)
            if event.phase in ("encode", "copy") and event.message.endswith("encoded.")
        ]

    def states(self, job_id: int, attempt: int | None = None) -> list[str]:
        """Every state that the job was in, in order; of one attempt or of all."""
        return [
            event.data["state"]
            for event in self.events(job_id)
            if event.phase == "state" and attempt in (None, event.attempt)
        ]

    def wait_for_end(self, job_id: int) -> Job:
        """Wait until the job has ended."""
        wait_for(lambda: self.job(job_id).state in TERMINAL, lambda: f"the job does not end:\n{self.log(job_id)}")
        return self.job(job_id)

    def wait_for_encode(self, job_id: int, finished: int) -> psutil.Process:
        """Wait until so many chunks are encoded and the next one is being encoded; returns its process."""
        running: list[psutil.Process] = []

        def reached() -> bool:
            assert self.job(job_id).state not in TERMINAL, f"the job ended too soon:\n{self.log(job_id)}"
            running[:] = self.encoders()
            return len(self.encoded(job_id)) >= finished and bool(running)

        wait_for(reached, lambda: f"no chunk is being encoded:\n{self.log(job_id)}")
        return running[0]

    def encoders(self) -> list[psutil.Process]:
        """Every running media tool that writes chunks or takes of this system's jobs."""
        work = str(self.settings.work)
        found = []
        for process in psutil.process_iter():
            try:
                written = [part for part in process.cmdline() if "chunk/" in part or "take/" in part]
                if written and process.cwd().startswith(work):
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]

    def finished_chunks(self, job_id: int) -> dict[str, tuple[int, int]]:
        """Inode and time of every finished chunk file."""
        folder = self.settings.work / f"job-{job_id}" / "chunk"
        files = [path for path in folder.rglob("*.mp4") if not path.name.startswith(".")]
        return {str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}

    def temporaries(self, job_id: int) -> list[str]:
        """Temporary files in the job's work folder and in the output bucket."""
        places = [self.settings.work / f"job-{job_id}", self.settings.buckets / "output"]
        return [str(path) for place in places for path in place.rglob("*") if ".part" in path.name]

    def published(self) -> dict[str, int]:
        """Every file in the output bucket with its size."""
        bucket = self.settings.buckets / "output"
        return {
            path.relative_to(bucket).as_posix(): path.stat().st_size for path in bucket.rglob("*") if path.is_file()
        }

    def notify(self, url: str) -> int:
        """Register a webhook for every state, and return its id."""
        every = dict.fromkeys(("queued", "progressing", "complete", "error", "stopped"), True)
        with self.database.write() as s:
            values = notifications.NotificationValues(
                noti_name="hook", noti_type="WEBHOOK", url_end_point=url, access_key="", secret_key=HOOK_SECRET,
                alarm_status=every,
            )  # fmt: skip
            return notifications.create(s, self.sealer, SITE, values).id

    def delivered(self, job_id: int) -> bool:
        """Whether every message of the job has been delivered."""
        with self.database.read() as s:
            _, rows = deliveries.log(s, SITE, job_id=job_id, page_unit=100)
        return bool(rows) and all(row.state == "delivered" for row in rows)

    def _register(self) -> tuple[str, str]:
        for bucket in ("input", "output"):
            (self.settings.buckets / bucket).mkdir(parents=True, exist_ok=True)
        with self.database.write() as s:
            sites.create(s, self.sealer, SITE, REGION)
            made = [
                storages.create(s, self.sealer, SITE, storages.StorageValues(kind, kind, kind, REGION, "key", "secret"))
                for kind in ("input", "output")
            ]
        return made[0].storage_id, made[1].storage_id

    def _child(self, name: str, module: str, *arguments: str) -> Child:
        log = self.settings.data_dir / "logs" / f"{name}.log"
        return Child(name, [sys.executable, "-m", module, *arguments], env=self.env, log=log)

    def _api_answers(self) -> bool:
        try:
            return httpx.get(f"{self.settings.base_url}/health").status_code < 500
        except httpx.TransportError:
            return False


@contextmanager
def running(folder: Path, workers: int = 1, *, api: bool = False, **changes: Any) -> Iterator[System]:
    """A system that is up at the beginning of the block and gone at its end."""
    system = System(folder, **changes)
    try:
        system.start(workers, api=api)
        yield system
    finally:
        system.stop()


def kill(child: Child) -> None:
    """What a power cut does to one process; nothing that it started may outlive it."""
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.wait(PATIENCE)


def wait_for(condition: Callable[[], object], complaint: str | Callable[[], str]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, complaint if isinstance(complaint, str) else complaint()
        time.sleep(0.05)


def check_whole(system: System, job_id: int) -> None:
    """The job is complete, published once and whole, and left nothing behind."""
    job = system.job(job_id)
    assert job.state is JobState.COMPLETE, system.log(job_id)
    assert [state for state in system.states(job_id, job.attempt) if state in ("complete", "error")] == ["complete"]
    files = {name: size for name, size in system.published().items() if name.startswith(f"vod/{job.content_id}/")}
    assert job.outputs is not None
    assert len(files) == job.outputs["files"]
    assert sum(files.values()) == job.outputs["bytes"]
    assert set(job.outputs["manifests"]) <= set(files)
    for rung in (1, 2):  # as many frames as the source has, and every segment there
        assert _frames(system, f"vod/{job.content_id}/dash/video/hvc1/{rung}") == SECONDS * RATE
        segments = [name for name in files if name.startswith(f"vod/{job.content_id}/hls/video/hvc1/{rung}/segment-")]
        assert len(segments) == SECONDS // 2
    wait_for(lambda: system.temporaries(job_id) == [], f"temporary files are left: {system.temporaries(job_id)}")
    wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")


def _frames(system: System, folder: str) -> int:
    """Frames that a decoder gets out of a DASH rendition."""
    place = system.settings.buckets / "output" / folder
    segments = sorted(place.glob("seg-*.m4s"), key=lambda path: int(path.stem.partition("-")[2]))
    whole = system.settings.data_dir / f"whole-{folder.replace('/', '-')}.mp4"
    whole.write_bytes(b"".join(path.read_bytes() for path in (place / "init.mp4", *segments)))
    with av.open(whole) as container:
        return sum(1 for _ in container.decode(video=0))


HOOK_SECRET = "whsec_" + b64encode(b"0123456789abcdef0123456789abcdef").decode()


class Hook:
    """A webhook receiver that checks signatures and remembers what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.ids: list[str] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
                key = b64decode(HOOK_SECRET.removeprefix("whsec_"))
                wanted = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
                good = f"v1,{wanted}" in self.headers["webhook-signature"].split()
                if good:
                    hook.told.append(json.loads(body))
                    hook.ids.append(self.headers["webhook-id"])
                self.send_response(204 if good else 401)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "Hook":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def words(self) -> list[str]:
        """The states told, each once, in the order in which they were first told."""
        return list(dict.fromkeys(told["job_status"] for told in self.told))
