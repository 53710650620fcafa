"""`python -m telecine.demo [--source CLIP] [--drm] [--keep]`: what `make demo` runs. It exits 0 only if all is well."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from telecine.cli import rooms
from telecine.cli.output import Exit, complaints, console, show_error, show_rows
from telecine.cli.progress import JobProgress
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.media_info import MediaInfo
from telecine.core.tnp_codes import STATUS_CODES
from telecine.demo import clip, system
from telecine.demo.customer import Customer, Mirror
from telecine.media.context import Context
from telecine.media.probe import probe
from telecine.media.verify import verify_tree
from telecine.processes import Child
from telecine.settings import Settings

DATA = Path("demo-data")
MANIFESTS = ("dash/stream.mpd", "hls/master.m3u8")
POLL = 0.1
"""Seconds between two looks at the job: also the error of the steps' times."""

_NAMES = {code: state.value.replace("_", " ") for state, code in STATUS_CODES.items()}


def main(
    source: Annotated[Path | None, typer.Option(help="Clip to use.", exists=True, dir_okay=False)] = None,
    drm: Annotated[bool, typer.Option("--drm", help="Encrypt the result, by several keys.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server up until Ctrl-C.")] = False,
) -> None:
    """Run one real job through the whole system, fetch the result over HTTP, and verify it."""
    try:
        _Demo(source or clip.shipped_clip(), drm).run(keep)
    except TelecineError as error:
        raise typer.Exit(show_error(error, as_json=False)) from error
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None


class _Demo:
    """One run; `steps` gathers what took how long."""

    def __init__(self, source: Path, drm: bool) -> None:
        self._source = source
        self._drm = drm
        self._began = time.monotonic()
        self._steps: list[dict[str, Any]] = []

    def run(self, keep: bool) -> None:
        with self._timed("look at the source"):
            in_force = rooms.settings()
            info = probe(self._source.resolve(), rooms.tools(in_force), in_force.limits)
        _say(f"Source     {self._source.name}: {_described(info)}")
        with self._timed("make a site, an account, two buckets"):
            settings, login = system.prepare(DATA)
            system.put_clip(settings, self._source, float(info.duration))
        begun = time.monotonic()
        with system.serving(settings) as server:
            self._add("start the system", time.monotonic() - begun)
            _say(f"Server     {settings.base_url}  (logs: {DATA / 'logs'})")
            _say(f"Account    site {system.SITE}, {login.email}, access key {login.key}")
            self._work(settings, login, info)
            if keep:
                _wait_for_interrupt(server)

    def _work(self, settings: Settings, login: system.Login, info: MediaInfo) -> None:
        customer = Customer(settings.base_url, system.SITE, login.email, login.key)
        with self._timed("register two storages"):
            storages = {
                "input": customer.register("input", system.INPUT),
                "output": customer.register("output", system.OUTPUT),
            }
        job_id = customer.create_job(clip.request(info, storages, self._drm))
        job = self._follow(customer, job_id)
        if job["status"] != "complete":
            said = f"job {job_id} is {job['status']}: {job.get('error_message', '')}"
            raise TelecineError(ErrorKind.VERIFY_FAILED, said)
        base = f"{settings.base_url}/files/{system.OUTPUT}/{job['outputs']['prefix']}"
        self._verify(settings, customer, base)
        self._add("all", time.monotonic() - self._began)
        token = system.playback_token(settings, clip.CONTENT_ID) if self._drm else ""
        _show_result(settings, base, job, self._steps, token)

    def _verify(self, settings: Settings, customer: Customer, base: str) -> None:
        """Fetch everything as a viewer would, and look at what came. Raises VERIFY_FAILED, PUBLISH_FAILED."""
        with tempfile.TemporaryDirectory(prefix="telecine-demo-") as folder:
            mirror = Mirror(customer.http, base, Path(folder))
            with self._timed("fetch DASH and HLS over HTTP"):
                for manifest in MANIFESTS:
                    mirror.fetch(manifest)
            with self._timed("verify what came"):
                keys = system.content_keys(settings, clip.CONTENT_ID) if self._drm else {}
                report = verify_tree(Path(folder), Context(rooms.tools(settings), settings.limits), keys)
        if not report.ok:
            raise TelecineError(ErrorKind.VERIFY_FAILED, f"\n{report.explain()}")
        _say(f"Verified   {mirror.files} files, {mirror.bytes / 1e6:.1f} MB fetched over HTTP: {report.summary()}")

    def _follow(self, customer: Customer, job_id: int) -> dict[str, Any]:
        """Show the job's progress as its detail call tells it, until it has ended; every status is a step."""
        with JobProgress(f"job {job_id}") as shown:
            job = customer.job(job_id)
            began = time.monotonic()
            while job["status"] not in ("complete", "error", "stopped"):
                status = job["job_status"]
                shown.overall(_status(job), job["progress"], job.get("eta"), _detail(job))
                time.sleep(POLL)
                job = customer.job(job_id)
                if job["job_status"] != status:
                    now = time.monotonic()
                    self._add(f"job: {_NAMES[status]}", now - began)
                    began = now
            shown.overall(_status(job), job["progress"], 0)
        return job

    def _add(self, step: str, seconds: float) -> None:
        self._steps.append({"step": step, "seconds": f"{seconds:.1f}"})

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._add(step, time.monotonic() - begun)


def _status(job: dict[str, Any]) -> str:
    return f"{job['job_status']} {_NAMES[job['job_status']]}"


def _detail(job: dict[str, Any]) -> str:
    """What the job is doing, and how fast."""
    speed = f" at {job['speed']:.2f}x" if job.get("speed") else ""
    return f"{(job.get('phase') or '').replace('_', ' ')}{speed}"


def _show_result(settings: Settings, base: str, job: dict[str, Any], steps: list[dict[str, Any]], token: str) -> None:
    """Print warnings, where everything is, and how long each step took. `token` opens what is encrypted."""
    for warning in job["warnings"]:
        _say(f"Warning    {warning}")
    for manifest in MANIFESTS:
        url = f"{base}/{manifest}"
        player = f"{settings.base_url}/console/player?manifest={quote(url, safe='')}"
        _say(f"\nManifest   {url}\nPlayer     {player}{f'&token={token}' if token else ''}")
    _say("")
    show_rows(steps, ["step", "seconds"], as_json=False, none="")


def _described(info: MediaInfo) -> str:
    video = info.video
    picture = f"{video.width}x{video.height}, {float(video.frame_rate):.5g} fps, " if video else ""
    return f"{picture}{float(info.duration):.1f} s, {len(info.audio)} audio tracks"


def _wait_for_interrupt(server: Child) -> None:
    complaints().print("The server stays up. Ctrl-C ends it.")
    try:
        while server.running:
            time.sleep(0.5)
    except KeyboardInterrupt:
        complaints().print("Stopping.")


def _say(line: str) -> None:
    console().print(line, markup=False)


if __name__ == "__main__":
    typer.run(main)
