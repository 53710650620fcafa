"""What `telecine serve` runs: Temporal (where it is ours), the API and one worker, each a process of its own.

A part that dies is started again, soon at first and then less and less often; the others go on. SIGTERM or SIGINT
stops the API first, then the worker, then Temporal. Should this process be killed, the kernel kills its children:
everything they do survives that, and nothing must run that nobody watches.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import structlog
from pydantic import SecretStr

from telecine.catalog.database import Database
from telecine.catalog.seal import load_master_key
from telecine.jobs import temporal_server
from telecine.processes import Child
from telecine.settings import Settings

LONGEST_WAIT = 30.0
"""Seconds between two starts of a part that keeps dying."""
STEADY = 60.0
"""Seconds after which a part counts as well again."""
LOOK = 0.2

_log = structlog.get_logger()


@dataclass
class _Part:
    """A child with its history: how often it died lately and when it may start again."""

    child: Child
    deaths: int = 0
    start_at: float = field(default_factory=time.monotonic)

    def look(self, now: float) -> None:
        """Start it where it is due, or note its death."""
        if self.child.running:
            if self.deaths and now - self.child.started > STEADY:
                self.deaths = 0
        elif self.start_at <= now:
            if self.child.returncode is not None:
                _log.info("starting again", part=self.child.name)
            self.child.start()
            self.start_at = float("inf")
        elif self.start_at == float("inf"):
            wait = min(LONGEST_WAIT, 0.5 * 2**self.deaths)
            self.deaths += 1
            self.start_at = now + wait
            status, said = self.child.returncode, self.child.last_words()
            _log.error("a part has died", part=self.child.name, status=status, again_in=wait, said=said)


class Supervisor:
    """Keeps `children` running, in their order, until told to stop; then stops them in the opposite order."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._parts = [_Part(child) for child in children]
        self._stop = Event()

    def stop(self) -> None:
        """Make `run` end."""
        self._stop.set()

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Keep everything running until `stop`. `ready` is called once, when every part has been started.

        Must be called in the thread that lives longest: the kernel kills a child with the thread that started it.
        """
        told = False
        try:
            while not self._stop.is_set():
                now = time.monotonic()
                for part in self._parts:
                    part.look(now)
                if not told:
                    told = True
                    ready()
                self._stop.wait(LOOK)
        finally:
            for part in reversed(self._parts):
                part.child.stop(grace=15)


def serve(settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Run the whole system until SIGTERM or SIGINT. Brings the database up to date first.

    `ready` is called when the parts have been started; the API answers a moment later (`GET /health`).
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    load_master_key(settings.master_key.get_secret_value(), settings.data_dir / "master.key")
    database = Database(settings.database)
    database.migrate()
    database.close()
    supervisor = Supervisor(parts(settings))
    before = {number: signal.signal(number, lambda *_: supervisor.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        supervisor.run(ready)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parts(settings: Settings) -> list[Child]:
    """The processes of `telecine serve`, in the order of their start."""
    env = environment(settings)
    python = [sys.executable, "-m"]
    found = [] if settings.temporal_address else [temporal_server.child(settings, env)]
    found.append(Child("worker", [*python, "telecine.cli", "worker"], env=env))
    found.append(Child("api", [*python, "telecine.cli", "api"], env=env))
    return found


def environment(settings: Settings) -> dict[str, str]:
    """Our environment with `settings` written into it, so that a child sees exactly the same."""
    return os.environ | {f"TELECINE_{name.upper()}": _text(value) for name, value in settings if value is not None}


def _text(value: Any) -> str:  # noqa: ANN401 - any field of the settings
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if hasattr(value, "model_dump_json"):
        return str(value.model_dump_json())
    return json.dumps(value) if isinstance(value, list) else str(value)
