"""Our own servers as real processes for tests: the embedded Temporal server on a free port, and free ports.

with temporal_server(folder) as settings: ...
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telecine.jobs import temporal_server as embedded
from telecine.jobs.supervisor import environment
from telecine.settings import Settings

PATIENCE = 60
"""Seconds that anything may take on a busy machine before a test calls it broken."""


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings of a system of its own below `folder`."""
    values = {"data_dir": folder / "data", "temporal_port": free_port(), "port": free_port()}
    return Settings(_env_file=None, **(values | changes))


@contextmanager
def temporal_server(folder: Path, **changes: Any) -> Iterator[Settings]:
    """Run the embedded server, and give the settings by which it is reached."""
    settings = settings_in(folder, **changes)
    child = embedded.child(settings, environment(settings))
    child.start()
    try:
        embedded.wait_until_healthy(settings, PATIENCE)
        yield settings
    finally:
        child.stop()
