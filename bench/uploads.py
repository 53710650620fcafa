"""What taking media in and giving it out costs: memory of the server, and its CPU time against `cp`.

A real server process takes an upload of made bytes over a socket, as one form. Then its stored file is hashed, and 200
range requests in random order put it together again. Prints the server's peak memory beside what it had before, and its
CPU seconds per GB beside those of `cp` of the same file; exits 1 where something came back different, or where memory
grew by more than the goal. `tests/system/test_uploads.py` runs the same with little.
"""

import argparse
import hashlib
import http.client
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from telecine.catalog import sites, storages, teams, users
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.jobs.supervisor import environment
from telecine.processes import Child
from telecine.settings import Settings

SITE, EMAIL, PASSWORD, BUCKET = "DEMO", "bench@example.com", "correct horse battery", "bench"
GB = 10**9
GOAL_MB = 64
"""Memory that an upload may cost, of any size."""
RANGES = 200
BLOCK = 2**20
_BOUNDARY = "telecine-bench"
_HEAD = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="film.mov"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
_TAIL = f"\r\n--{_BOUNDARY}--\r\n".encode()
_DICE = random.Random(7).randbytes(BLOCK)


@dataclass(frozen=True)
class Server:
    """A running API process with one user, and where it keeps its bucket."""

    settings: Settings
    pid: int

    @property
    def bucket(self) -> Path:
        """The folder of the team's bucket."""
        return self.settings.buckets / BUCKET

    def memory(self, field: str) -> float:
        """MB of memory that the process has now (`VmRSS`) or had at most (`VmHWM`)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{field}:"))

    def cpu(self) -> float:
        """CPU seconds that the process has used."""
        return time.clock_gettime((~self.pid << 3) | 2)  # its CPU clock, as clock_getcpuclockid makes it

    def token(self) -> dict[str, str]:
        """A header with a fresh token."""
        answer = httpx.get(f"{self.settings.base_url}/pixop/accounts/v1/token", auth=(EMAIL, PASSWORD), timeout=60)
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['jwtToken']}"}

    def new_video(self) -> str:
        """The id of a video without media."""
        base = f"{self.settings.base_url}/pixop/videos/v1"
        answer = httpx.put(f"{base}/video", json={}, headers=self.token(), timeout=60)
        video_id: str = answer.raise_for_status().json()["videoId"]
        return video_id

    def upload(self, video_id: str, size: int, *, sent: int | None = None) -> tuple[int, dict[str, str], str]:
        """Upload `size` made bytes: the status, the answer, and the hash of what was sent.

        With `sent` the connection is closed after so many of them; then there is no answer.
        """
        digest = hashlib.sha256()
        connection = http.client.HTTPConnection(self.settings.host, self.settings.port, timeout=600)
        connection.putrequest("POST", f"/pixop/media/v1/upload/{video_id}")
        headers = {**self.token(), "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        headers["Content-Length"] = str(len(_HEAD) + size + len(_TAIL))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(_HEAD)
        for block in made(size if sent is None else sent):
            connection.send(block)
            digest.update(block)
        if sent is not None:
            connection.close()
            return 0, {}, digest.hexdigest()
        connection.send(_TAIL)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), digest.hexdigest()

    def stored(self) -> list[Path]:
        """Every file in the bucket, finished or not."""
        return [path for path in self.bucket.rglob("*") if path.is_file()]


def made(size: int) -> Iterator[bytes]:
    """`size` bytes, in blocks of which no two are alike."""
    for number in range(0, size, BLOCK):
        block = number.to_bytes(8) + _DICE[8:]
        yield block[: size - number]


@contextmanager
def running(settings: Settings) -> Iterator[Server]:
    """An API process of its own on these settings, with a user, while the block lasts."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    database.migrate()
    sealer = Sealer(load_master_key("", settings.data_dir / "master.key"))
    (settings.buckets / BUCKET).mkdir(parents=True)
    with database.write() as s:
        sites.create(s, sealer, SITE)
        values = storages.StorageValues(BUCKET, BUCKET, storages.BOTH, "RG011", "", "")
        team = teams.create(s, SITE, "Bench", storages.create(s, sealer, SITE, values).storage_id)
        users.create(s, EMAIL, "Bench", PASSWORD, team.id)
    database.close()
    with restarted(settings) as server:
        yield server


@contextmanager
def restarted(settings: Settings) -> Iterator[Server]:
    """The same on what an earlier process has left."""
    argv = [sys.executable, "-m", "telecine.cli", "api"]
    api = Child("api", argv, env=environment(settings), log=settings.data_dir / "api.log")
    api.start()
    try:
        _await(settings)
        yield Server(settings, api.pid or 0)
    finally:
        api.stop(grace=10)


def _await(settings: Settings) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{settings.base_url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    sys.exit("the API did not start")


def rebuild(server: Server, video_id: str, size: int, target: Path, count: int = RANGES) -> None:
    """Put the media together from `count` range requests in random order, in the file `target`."""
    step = -(-size // count)
    starts = list(range(0, size, step))
    random.Random(3).shuffle(starts)
    headers = server.token()
    with target.open("wb") as file, httpx.Client(base_url=server.settings.base_url, timeout=600) as client:
        for start in starts:
            wanted = headers | {"Range": f"bytes={start}-{min(start + step, size) - 1}"}
            with client.stream("GET", f"/pixop/media/v1/download/original/{video_id}", headers=wanted) as answer:
                if answer.status_code != 206:
                    sys.exit(f"a range was answered with {answer.status_code}")
                file.seek(start)
                for piece in answer.iter_raw():
                    file.write(piece)


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copying(source: Path, target: Path) -> float:
    """CPU seconds of `cp` that copies every byte."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["cp", "--reflink=never", "--sparse=never", source, target], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    target.unlink()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(server: Server, size: int, folder: Path) -> bool:
    """Upload, copy, download; print what it cost. Whether all is well."""
    video_id = server.new_video()
    idle, spent, begun = server.memory("VmRSS"), server.cpu(), time.monotonic()
    status, answer, sent = server.upload(video_id, size)
    taken, took, uploaded = server.cpu() - spent, time.monotonic() - begun, server.memory("VmHWM")
    if status != 200:
        sys.exit(f"the upload was answered with {status}: {answer}")
    (stored,) = server.stored()
    same = hash_of(stored) == sent
    copied = copying(stored, folder / "copy")
    spent, begun = server.cpu(), time.monotonic()
    rebuild(server, video_id, size, folder / "rebuilt")
    given, gave, peak = server.cpu() - spent, time.monotonic() - begun, server.memory("VmHWM")
    rebuilt = hash_of(folder / "rebuilt") == sent
    gb = size / GB
    print(f"{gb:.2f} GB; {size / RANGES / 1e6:.1f} MB in each of {RANGES} ranges")
    print(f"memory of the server, MB: {idle:.0f} idle, at most {uploaded:.0f} in the upload, {peak:.0f} in all")
    print(f"its CPU seconds per GB: upload {taken / gb:.2f}, ranges {given / gb:.2f}; cp {copied / gb:.2f}")
    print(f"wall seconds: upload {took:.1f}, ranges {gave:.1f}")
    print(f"stored as it was sent: {same}; put together from ranges as it was sent: {rebuilt}")
    return same and rebuilt and peak - idle < GOAL_MB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--port", type=int, default=8797)
    parser.add_argument("--folder", type=Path, help="where the bytes go, which are there up to three times at once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="telecine-bench-", dir=options.folder) as name:
        folder = Path(name)
        with running(Settings(data_dir=folder / "data", port=options.port, _env_file=None)) as server:
            well = measure(server, int(options.gigabytes * GB), folder)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
