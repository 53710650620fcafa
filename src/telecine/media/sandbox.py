"""The only place that starts a media process, and the cage it runs in.

A media tool parses whatever a stranger uploaded. So it gets an argument vector and never a shell, one folder to work
in and no sight of the rest of the disk, an empty environment, no stdin but what we give it, no network, limits on
memory, time and files, and a watchdog; and it dies with us: with the worker (the kernel's parent-death signal), with
the job (cancellation), or when it hangs.
`launcher.py` sets up what must be set from inside; `tool_output.py` keeps what the tool says, `tool_endings.py` says
what its end means. `pipeline.py` lets several tools feed each other.
"""

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.tool_endings import Completed, complaint, is_unread, is_victim, peak_memory, resident_peak
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

_ADDRESSES = 2**47
"""Bytes of address space that a process can have."""
_LAUNCHER = Path(__file__).with_name("launcher.py")

type OnLine = Callable[[str], None]
type OnBytes = Callable[[bytes], None]
type Poll = Callable[[], bool | None]
type Sink = Lines | Raw | Tail


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
    with _given(stdin) as given, Child([*launch(limits, network, readable), *command], cwd, given) as child:
        watch([child], stdout, [stderr], limits, poll)
    if isinstance(stdout, Lines):
        stdout.end()
    said = hide_paths(clean(stderr.text(), cwd, secrets))
    wrong = complaint(child.ending, child.returncode, last_lines(said, LINES_IN_ERROR))
    if wrong:
        kind, detail = wrong
        raise TelecineError(kind or failure, f"{name} {detail}")
    return child.completed(stdout.text() if isinstance(stdout, Tail) else "", said)


class Child:
    """One running tool: its pipes, its signals, its end. Leaving the `with` block leaves no process behind.

    `command` begins with what `launch` gives; `stdin` and `stdout` are descriptors that stay the caller's. Without
    `stdout` the tool's output comes here.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.ending: ErrorKind | None = None
        """Why we ended it; None where it ended by itself."""
        self.returncode: int | None = None
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_memory = 0
        self.started = time.monotonic()
        # The parent-death signal is tied to the thread that spawns: this very thread waits in `watch`.
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=ENVIRONMENT | {"TMPDIR": str(cwd)} | _libraries() | dict(environment or {}),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.pidfd = os.pidfd_open(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left of the group, then take in the tool's exit status."""
        # Until it is reaped, the process keeps its number, so this cannot hit a stranger's group.
        self.signal(signal.SIGKILL)
        _pid, status, used = os.wait4(self.pid, 0)
        self.returncode = self._process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - self.started
        self.cpu_seconds = used.ru_utime + used.ru_stime
        self.peak_memory = peak_memory(used.ru_maxrss * 1024, self.peak_memory)
        os.close(self.pidfd)
        for pipe in (self.stdout, self.stderr):
            if pipe:
                pipe.close()

    @property
    def stdout(self) -> IO[bytes] | None:
        """What the tool writes; None where that goes elsewhere."""
        return self._process.stdout

    @property
    def stderr(self) -> IO[bytes]:
        """What the tool says."""
        assert self._process.stderr
        return self._process.stderr

    def ended_with(self) -> int:
        """The exit code of a tool that has ended and is not reaped yet, as `subprocess` has it."""
        found = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOWAIT)
        assert found
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the tool and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def completed(self, stdout: str, said: str) -> Completed:
        """What it left behind, where it ended well."""
        return Completed(stdout, said, self.seconds, self.cpu_seconds, self.peak_memory)


def watch(
    children: Sequence[Child], stdout: Sink, stderrs: Sequence[Tail], limits: MediaLimits, poll: Poll | None
) -> list[Child]:
    """Take in what tools say that feed each other, and keep the watchdog, until all have ended.

    The last one's output goes to `stdout`. Where one fails, the others are ended; one that wrote more than its reader
    needed has not failed. Returns those that failed by themselves, in that order. Raises what a sink or `poll` raises.
    """
    guard = _Watch(children, stderrs, limits)
    with selectors.DefaultSelector() as selector:
        pipes = [(child.stderr, sink) for child, sink in zip(children, stderrs, strict=True)]
        last = children[-1].stdout
        for pipe, sink in [*pipes, *([(last, stdout)] if last else [])]:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, sink)
        for child in children:
            selector.register(child.pidfd, selectors.EVENT_READ, child)
        look_at = 0.0
        while guard.running:
            for key, _events in selector.select(TICK):
                if isinstance(key.data, Child):
                    selector.unregister(key.fd)
                    guard.ended(key.data)
                elif not guard.take(key.fd, key.data):
                    selector.unregister(key.fileobj)
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + TICK
                guard.look(poll)
        for child in children:
            child.signal(signal.SIGKILL)  # what it may have started must not hold the pipes open
        for key in list(selector.get_map().values()):
            while guard.take(key.fd, key.data):
                pass
    return guard.failed


class _Watch:
    """The watchdog over tools that run together, each reading what the one before it writes."""

    def __init__(self, children: Sequence[Child], stderrs: Sequence[Tail], limits: MediaLimits) -> None:
        self.running = list(children)
        self.failed: list[Child] = []
        self._children = children
        self._stderrs = stderrs
        self._limits = limits
        self._codes: dict[Child, int] = {}
        self._started = self._heard = time.monotonic()
        self._kill_at = float("inf")
        self._ending = False

    def take(self, descriptor: int, sink: Sink) -> bool:
        """Read once; False where there is nothing more to read now."""
        try:
            data = os.read(descriptor, 2**16)
        except BlockingIOError:
            return False
        if data:
            self._heard = time.monotonic()
            sink.feed(data)
        return bool(data)

    def ended(self, child: Child) -> None:
        """Note the end of one; where it failed, the others must go too.

        Who may be no more than a victim leaves its neighbours time to fail by themselves, so that the cause is found.
        """
        self.running.remove(child)
        if self._ending:
            return
        self._codes[child] = child.ended_with()
        self.failed = [one for one, code in self._codes.items() if code and not self._excused(one)]
        causes = [one for one in self.failed if not is_victim(self._codes[one], self._said(one))]
        grace = 0.0 if causes else GRACE
        self._kill_at = min(self._kill_at, time.monotonic() + grace) if self.failed else float("inf")

    def _excused(self, child: Child) -> bool:
        """Whether its reader had all that it needed, and so did not read to the end."""
        if not is_unread(self._codes[child], self._said(child)) or child is self._children[-1]:
            return False
        reader = self._children[self._children.index(child) + 1]
        return reader in self._codes and (self._codes[reader] == 0 or self._excused(reader))

    def _said(self, child: Child) -> str:
        return self._stderrs[self._children.index(child)].text()

    def look(self, poll: Poll | None) -> None:
        """Sample memory, ask `poll`, and end what hangs or runs too long."""
        for child in self.running:
            child.peak_memory = max(child.peak_memory, resident_peak(child.pid))
        now = time.monotonic()
        if poll and poll():
            self._heard = now
        if now >= self._kill_at:
            self._ending = True
            self._signal(signal.SIGKILL)
        elif self._ending or self.failed:
            pass
        elif now - self._started > self._limits.process_seconds:
            self._end(ErrorKind.TIMED_OUT)
        elif now - self._heard > self._limits.stall_seconds:
            self._end(ErrorKind.STALLED)

    def _end(self, why: ErrorKind) -> None:
        self._ending = True
        for child in self.running:
            child.ending = why
        self._kill_at = time.monotonic() + GRACE
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for child in self.running:
            child.signal(number)


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


def launch(limits: MediaLimits, network: bool, readable: Sequence[Path], *, graphics: bool = False) -> list[str]:
    """The launcher's part of the command line; see `launcher.py` for the order.

    With `graphics` the tool may use the machine's GPUs. Their drivers map far more address space than they use memory,
    so it is not limited then.
    """
    cpu = int(limits.process_seconds * (os.cpu_count() or 1)) + 1
    memory = _ADDRESSES if graphics else limits.process_memory_bytes
    allowed = (int(network), int(graphics))
    values = (os.getpid(), *allowed, NICENESS, memory, cpu, limits.input_bytes, OPEN_FILES)
    return [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, (*values, len(readable), *readable))]
