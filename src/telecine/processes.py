"""Our own long-running servers as child processes: started so that they die with us, stopped in order.

Used for the embedded Temporal server and for the parts of `telecine serve`. Media tools are not servers: they run
in `media.sandbox` only. Run as a script, this file is the short step between fork and exec that ties a child to the
life of its parent; a script instead of a `preexec_fn`, because code between fork and exec may deadlock in a program
with threads. So nothing but the standard library is imported here.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_ORPHANED = 126
_LOG_BYTES = 10 * 2**20
"""A log larger than this is begun anew at the next start; the one before it is kept as `.old`."""


class Child:
    """One server process that the kernel kills when the thread that started it ends, however that happens.

    `argv` is the command, `env` its whole environment (default: ours), `log` the file that takes its output
    (default: our own output). A child can be started again after its end.
    """

    def __init__(
        self, name: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None, log: Path | None = None
    ) -> None:
        self.name = name
        self.log = log
        self.started = 0.0
        """When it was last started, on the monotonic clock."""
        self._argv = list(argv)
        self._env = dict(os.environ if env is None else env)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """The exit status of the last run, negative for a signal; None while it runs or was never started."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C of the terminal reaches only us."""
        output = _open_log(self.log) if self.log else None
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, str(os.getpid()), *self._argv],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            if output is not None:
                os.close(output)
        self.started = time.monotonic()

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        if self._process and self.running:
            self._process.terminate()

    def stop(self, grace: float = 10.0) -> None:
        """Send SIGTERM, wait up to `grace` seconds, then kill; returns when it has ended."""
        self.ask_to_stop()
        try:
            self.wait(grace)
        except TimeoutError:
            self.kill()

    def kill(self) -> None:
        """Kill it and whatever it left in its session, and wait for its end."""
        if self._process and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end and return the exit status. Raises TimeoutError."""
        if self._process is None:
            return None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} did not end within {seconds:.0f} s") from None

    def last_words(self, lines: int = 5) -> str:
        """The end of its log file, for a message about its death."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 8192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def _open_log(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.old"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)


def _become(parent: int, argv: list[str]) -> None:
    """Ask the kernel to kill us when the parent dies, then become the server."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(_ORPHANED)
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
