"""The demo's own Telecine: a fresh data folder, free ports, a site with an account, two buckets, `telecine serve`."""

import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from telecine.apis.playback import Playback, PlaybackTokens
from telecine.catalog import sites
from telecine.catalog.content_keys import Actor
from telecine.cli import rooms
from telecine.core.errors import ErrorKind, TelecineError
from telecine.demo import clip
from telecine.jobs.supervisor import environment
from telecine.keys.fixed import FixedKeys
from telecine.keys.ring import KeyRing
from telecine.processes import Child
from telecine.settings import Settings
from telecine.storage.folder import create_bucket

SITE = "DEMO"
INPUT, OUTPUT = "demo-input", "demo-output"
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Login:
    """An account of the demo's site."""

    email: str
    key: str


def prepare(folder: Path) -> tuple[Settings, Login]:
    """Empty the data folder, and put a site, an account and two buckets into it."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings(data_dir=folder.resolve(), port=_free_port(), temporal_port=_free_port())
    database = rooms.database(settings)
    sealer = rooms.sealer(settings)
    with database.write() as s:
        sites.create(s, sealer, SITE)
        account, key = sites.create_account(s, sealer, SITE, "demo@telecine.local")
    database.close()
    for bucket in (INPUT, OUTPUT):
        create_bucket(settings.buckets, bucket)
    return settings, Login(account.email, key)


def put_clip(settings: Settings, source: Path, seconds: float) -> None:
    """Put the clip and its subtitles into the input bucket, as a customer's own tools would."""
    bucket = settings.buckets / INPUT
    for name in (clip.VIDEO, clip.SUBTITLE):
        (bucket / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, bucket / clip.VIDEO)
    (bucket / clip.SUBTITLE).write_text(clip.subtitles(seconds), encoding="utf-8")


def content_keys(settings: Settings, content_id: str) -> dict[bytes, bytes]:
    """The content's keys by their ids, as an operator exports them."""
    database = rooms.database(settings)
    ring = KeyRing(database, rooms.sealer(settings), SITE)
    document = ring.export(content_id, Actor("demo", "demo"))
    database.close()
    return FixedKeys.from_cpix(document.encode()).by_id()


def playback_token(settings: Settings, content_id: str) -> str:
    """What `telecine token` prints, for an hour and all tracks."""
    tokens = PlaybackTokens(rooms.master_key(settings))
    return tokens.issue(Playback(SITE, content_id), datetime.now(UTC), 3600)


@contextmanager
def serving(settings: Settings) -> Iterator[Child]:
    """`telecine serve` while the block lasts; begins when the API is ready. Raises TIMED_OUT or INTERNAL."""
    log = settings.data_dir / "logs" / "serve.log"
    child = Child("serve", [sys.executable, "-m", "telecine.cli", "serve"], env=environment(settings), log=log)
    child.start()
    try:
        _wait_until_ready(settings, child)
        yield child
    finally:
        child.stop(grace=30)


def _wait_until_ready(settings: Settings, child: Child) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"{settings.base_url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if not child.running:
            raise TelecineError(ErrorKind.INTERNAL, f"the server ended: {child.last_words(10)}")
        if time.monotonic() > deadline:
            raise TelecineError(ErrorKind.TIMED_OUT, f"the server did not become ready: {child.last_words(10)}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
