"""The only place that starts a media process, and the cage it runs in.

A media tool parses whatever a stranger uploaded. So it gets an argument vector and never a shell, one folder to work
in and no sight of the rest of the disk, an empty environment, no stdin but what we give it, no network, limits on
memory, time and files, and a watchdog; and it dies with us: with the worker (the kernel's parent-death signal), with
the job (cancellation), or when it hangs.
`launcher.py` sets up what must be set from inside; `tool_output.py` keeps what the tool says.
"""

import os
import resource
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Self

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.launcher import LAUNCH_FAILED
from telecine.media.tool_output import Lines, Raw, Tail, clean, hide_paths, last_lines

TICK = 0.25
"""Seconds between two looks at a running tool; `poll` is called this often."""
GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL for a tool that hangs or runs too long."""
STDOUT_KEPT = 8 * 2**20
STDERR_KEPT = 64 * 2**10
LINES_IN_ERROR = 40
OPEN_FILES = 4096
NICENESS = 5

ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "16"}
"""All that a tool gets of an environment. The arenas: glibc reserves 64 MiB of address space for each of up to eight
arenas per core, which on a large machine would use up the memory limit without a byte of memory being used."""

_LAUNCHER = Path(__file__).with_name("launcher.py")
_MEMORY_WORDS = ("cannot allocate memory", "std::bad_alloc", "out of memory", "memoryerror")

type OnLine = Callable[[str], None]
type OnBytes = Callable[[bytes], None]
type Poll = Callable[[], bool | None]
type Sink = Lines | Raw | Tail


@dataclass(frozen=True, slots=True)
class Completed:
    """What a tool that ended well left behind. `peak_memory` is resident bytes; times are seconds.

    `stdout` is its last 8 MiB, or empty where `on_line` or `on_bytes` took it; `stderr_tail` its last 64 KiB, cleaned.
    The peak is sampled four times a second, so it is a lower bound.
    """

    stdout: str
    stderr_tail: str
    seconds: float
    cpu_seconds: float
    peak_memory: int


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    limits: MediaLimits,
    on_line: OnLine | None = None,
    on_bytes: OnBytes | None = None,
    log: Callable[[str], None] | None = None,
    poll: Poll | None = None,
    network: bool = False,
    readable: Sequence[Path] = (),
    failure: ErrorKind = ErrorKind.ENCODE_FAILED,
    secrets: Sequence[str] = (),
    stdin: str = "",
) -> Completed:
    """Run one media tool in the sandbox and wait for its end.

    `argv[0]` is the tool's absolute path. The tool reads and writes below `cwd` only, and reads what is listed in
    `readable`; a symbolic link that leaves `cwd` leads nowhere.

    `on_line` gets each line of stdout without its end; `on_bytes`, in its stead, gets stdout as it comes, at most
    64 KiB at a time, and the tool waits while it works: the way in for decoded pictures. `poll` is called four times a
    second and may return True for progress that it saw elsewhere, such as a growing file: that keeps the stall
    watchdog quiet, as any output does. Whatever `on_line`, `on_bytes` or `poll` raises (`Cancelled`) kills the whole
    process group at once and goes on to the caller.

    `log` gets the command line, ready to be pasted into a shell in `cwd`, with each of `secrets` masked. `stdin` is
    what the tool reads there: the way in for secrets, which other processes could read on a command line.

    Raises `failure` where the tool ends badly, OUT_OF_MEMORY, STALLED (no sign of life for `limits.stall_seconds`),
    TIMED_OUT (`limits.process_seconds`) or ENGINE_MISSING; each with the tool's last words.
    """
    cwd = cwd.absolute()
    command = [str(part) for part in argv]
    name = Path(command[0]).name
    if not os.access(command[0], os.X_OK):
        raise TelecineError(ErrorKind.ENGINE_MISSING, f"{name} is not an executable file.")
    if log:
        log(clean(shlex.join(command), cwd, secrets))
    assert not (on_line and on_bytes), "stdout goes one way"
    stdout = Lines(on_line) if on_line else Raw(on_bytes) if on_bytes else Tail(STDOUT_KEPT)
    stderr = Tail(STDERR_KEPT)
    with _Child([*_launch(limits, network, readable), *command], cwd, limits, stdin) as child:
        child.watch(stdout, stderr, poll)
    if isinstance(stdout, Lines):
        stdout.end()
    said = hide_paths(clean(stderr.text(), cwd, secrets))
    complaint = _complaint(child, last_lines(said, LINES_IN_ERROR))
    if complaint:
        kind, detail = complaint
        raise TelecineError(kind or failure, f"{name} {detail}")
    return Completed(
        stdout=stdout.text() if isinstance(stdout, Tail) else "",
        stderr_tail=said,
        seconds=child.seconds,
        cpu_seconds=child.cpu_seconds,
        peak_memory=child.peak_memory,
    )


@cache
def network_isolation() -> bool:
    """Whether tools here run without network: whether the kernel lets ordinary users make a network namespace.

    Tried once. Where it is not so, tools run all the same, and only their protocol white list keeps them local.
    """
    space = "/proc/self/ns/net"
    with tempfile.TemporaryDirectory() as folder:
        return _ask(["readlink", space], Path(folder)) not in ("", str(Path(space).readlink()))


@cache
def file_isolation() -> bool:
    """Whether tools here see only their own folder: whether the kernel has Landlock (Linux 5.13 and newer).

    Tried once. Where it is not so, tools run all the same, with the rights of the worker's user.
    """
    with tempfile.TemporaryDirectory() as own, tempfile.NamedTemporaryFile("w") as foreign:
        (Path(own) / "file").write_text("seen")
        print("seen", file=foreign, flush=True)
        return [_ask(["cat", name], Path(own)) for name in ("file", foreign.name)] == ["seen", ""]


def _ask(command: list[str], folder: Path) -> str:
    """What one of the system's own programs says inside the sandbox; nothing where it fails."""
    with suppress(TelecineError):
        program = shutil.which(command[0]) or command[0]
        return run([program, *command[1:]], cwd=folder, limits=MediaLimits(process_seconds=30)).stdout.strip()
    return ""


class _Child:
    """One running tool: its pipes, its watchdog, its end. Leaving the `with` block leaves no process behind."""

    def __init__(self, command: list[str], cwd: Path, limits: MediaLimits, stdin: str) -> None:
        self.ending: ErrorKind | None = None
        """Why we ended it; None where it ended by itself."""
        self.returncode: int | None = None
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_memory = 0
        self._limits = limits
        self._started = self._heard = time.monotonic()
        self._kill_at = float("inf")
        # The parent-death signal is tied to the thread that spawns: this very thread waits in `watch`.
        with _given(stdin) as given:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=ENVIRONMENT | {"TMPDIR": str(cwd)} | _libraries(),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        self._pid = self._process.pid
        self._pidfd = os.pidfd_open(self._pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left of the group, then take in the tool's exit status."""
        # Until it is reaped, the process keeps its number, so this cannot hit a stranger's group.
        self._signal(signal.SIGKILL)
        _pid, status, used = os.wait4(self._pid, 0)
        self.returncode = self._process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - self._started
        self.cpu_seconds = used.ru_utime + used.ru_stime
        self.peak_memory = _peak_memory(used.ru_maxrss * 1024, self.peak_memory)
        os.close(self._pidfd)
        for pipe in self._pipes():
            pipe.close()

    def watch(self, stdout: Sink, stderr: Tail, poll: Poll | None) -> None:
        """Take in what the tool says and keep the watchdog, until it has ended."""
        with selectors.DefaultSelector() as selector:
            for pipe, sink in zip(self._pipes(), (stdout, stderr), strict=True):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, sink)
            selector.register(self._pidfd, selectors.EVENT_READ)
            look_at = self._started
            ended = False
            while not ended:
                for key, _events in selector.select(TICK):
                    if key.fd == self._pidfd:
                        ended = True
                    elif not self._take(key.fd, key.data):
                        selector.unregister(key.fileobj)
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + TICK
                    self._look(poll)
            self._signal(signal.SIGKILL)  # what it may have started must not hold the pipes open
            for key in list(selector.get_map().values()):
                while key.data and self._take(key.fd, key.data):
                    pass

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdout
        assert self._process.stderr
        return self._process.stdout, self._process.stderr

    def _take(self, descriptor: int, sink: Sink) -> bool:
        """Read once; False where there is nothing more to read now."""
        try:
            data = os.read(descriptor, 2**16)
        except BlockingIOError:
            return False
        if data:
            self._heard = time.monotonic()
            sink.feed(data)
        return bool(data)

    def _look(self, poll: Poll | None) -> None:
        """Sample memory, ask `poll`, and end what hangs or runs too long."""
        self.peak_memory = max(self.peak_memory, _resident_peak(self._pid))
        now = time.monotonic()
        if poll and poll():
            self._heard = now
        if self.ending:
            if now >= self._kill_at:
                self._signal(signal.SIGKILL)
        elif now - self._started > self._limits.process_seconds:
            self._end(ErrorKind.TIMED_OUT)
        elif now - self._heard > self._limits.stall_seconds:
            self._end(ErrorKind.STALLED)

    def _end(self, why: ErrorKind) -> None:
        self.ending = why
        self._kill_at = time.monotonic() + GRACE
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._pid, number)


@contextmanager
def _given(text: str) -> Iterator[int]:
    """A descriptor from which a tool reads `text`, a file in memory that no path leads to; nothing for no text."""
    if not text:
        yield subprocess.DEVNULL
        return
    descriptor = os.memfd_create("stdin")
    try:
        os.write(descriptor, text.encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _libraries() -> dict[str, str]:
    """What the launcher's Python may need to start (some builds do); the launcher does not hand it on."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def _launch(limits: MediaLimits, network: bool, readable: Sequence[Path]) -> list[str]:
    """The launcher's part of the command line; see `launcher.py` for the order."""
    cpu = int(limits.process_seconds * (os.cpu_count() or 1)) + 1
    values = (os.getpid(), int(network), NICENESS, limits.process_memory_bytes, cpu, limits.input_bytes, OPEN_FILES)
    return [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, (*values, len(readable), *readable))]


def _complaint(child: _Child, said: str) -> tuple[ErrorKind | None, str] | None:
    """What went wrong: a kind (None for the caller's own) and a text; None where all went well."""
    words = f":\n{said}" if said else "."
    if child.ending is ErrorKind.STALLED:
        return child.ending, f"was silent too long{words}"
    if child.ending is ErrorKind.TIMED_OUT or child.returncode == -signal.SIGXCPU:
        return ErrorKind.TIMED_OUT, f"ran too long{words}"
    if child.returncode == 0:
        return None
    if child.returncode == LAUNCH_FAILED and said.startswith("cannot start"):
        return ErrorKind.ENGINE_MISSING, f"does not start{words}"
    if child.returncode == -signal.SIGKILL:  # by nobody but the kernel's memory killer: our own kills end above
        return ErrorKind.OUT_OF_MEMORY, f"was killed, probably for want of memory{words}"
    if any(word in said.lower() for word in _MEMORY_WORDS):
        return ErrorKind.OUT_OF_MEMORY, f"ran into its memory limit{words}"
    if child.returncode is not None and child.returncode < 0:
        return None, f"was ended by {signal.Signals(-child.returncode).name}{words}"
    return None, f"failed with exit code {child.returncode}{words}"


def _resident_peak(pid: int) -> int:
    """Largest resident size of a process so far, in bytes; 0 where it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _peak_memory(reported: int, sampled: int) -> int:
    """The tool's peak in bytes, from the kernel's report at its end and our own samples.

    The report begins at our own peak, because the child is us until its first exec; so it counts only above that.
    """
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return reported if reported > ours else (sampled or reported)
