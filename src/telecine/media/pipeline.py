"""Several media tools that feed each other, standard output to standard input, each in the cage of `media.sandbox`.

They live and die together: when one fails, when the caller stops, when the worker is killed. The failure that is told
is that of the tool that failed first, not the broken pipe of its neighbours.
"""

import fcntl
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import telecine
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.sandbox import (
    LINES_IN_ERROR,
    STDERR_KEPT,
    STDOUT_KEPT,
    Child,
    OnBytes,
    OnLine,
    Poll,
    launch,
    watch,
)
from telecine.media.tool_endings import Completed, complaint, is_victim
from telecine.media.tool_output import Lines, Raw, Tail, clean, hide_paths, last_lines

PIPE_BYTES = 2**20
"""Wanted size of the pipes between tools: the most that Linux gives to ordinary users. A frame is larger than the
usual 64 KiB, and every time that a pipe is full costs a change of process."""


@dataclass(frozen=True, slots=True)
class Process:
    """One tool of a pipeline. `argv[0]` is an absolute path; `name` is what errors call it."""

    name: str
    argv: Sequence[str | Path]
    readable: Sequence[Path] = ()
    """What it may read besides the folder it works in."""
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: MediaLimits | None = None
    """Its own limits of memory and time, where they are not those of the pipeline."""
    graphics: bool = False
    """Whether it may use the machine's GPUs."""


def python_process(name: str, module: str, arguments: Sequence[str], cwd: Path) -> Process:
    """`module` as a program in the Python that we run in, with all packages that we have ourselves.

    HOME and numba's cache lie in `cwd`: openvino does not load without a home, and the next process of the same kind
    finds compiled what this one had to compile.
    """
    sources = [
        Path(telecine.__file__).parents[1],
        *map(Path, filter(None, os.environ.get("PYTHONPATH", "").split(":"))),
    ]
    search = ":".join(dict.fromkeys(str(path.absolute()) for path in sources))
    environment = {
        "PYTHONPATH": search,
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(cwd),
        "NUMBA_CACHE_DIR": str(cwd / ".numba"),
        **{name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
    }
    readable = [Path(sys.prefix), Path(sys.base_prefix), *map(Path, search.split(":"))]
    return Process(name, [sys.executable, "-P", "-m", module, *arguments], readable, environment)


def run_pipe(
    processes: Sequence[Process],
    *,
    cwd: Path,
    limits: MediaLimits,
    on_line: OnLine | None = None,
    on_bytes: OnBytes | None = None,
    log: Callable[[str], None] | None = None,
    poll: Poll | None = None,
    failure: ErrorKind = ErrorKind.ENCODE_FAILED,
) -> list[Completed]:
    """Run all of `processes` at once, each reading what the one before writes, and wait for their end.

    The first reads nothing. What the last writes goes to `on_line` or `on_bytes`, or is kept in its `Completed`. The
    rest as `sandbox.run` has it: the watchdog hears what the last one writes and what any of them says, and the limits
    of memory and time hold for each. Raises what `sandbox.run` raises, about the one that failed first.
    """
    cwd = cwd.absolute()
    commands = [_command(process, limits) for process in processes]
    if log:
        log(clean(" | ".join(shlex.join(map(str, process.argv)) for process in processes), cwd))
    stdout = Lines(on_line) if on_line else Raw(on_bytes) if on_bytes else Tail(STDOUT_KEPT)
    stderrs = [Tail(STDERR_KEPT) for _ in processes]
    with ExitStack() as stack:
        with _pipes(len(processes) - 1) as ends:
            children = [
                stack.enter_context(Child(command, cwd, *end, environment=process.environment))
                for command, end, process in zip(commands, ends, processes, strict=True)
            ]
        failed = watch(children, stdout, stderrs, limits, poll)
    if isinstance(stdout, Lines):
        stdout.end()
    said = [hide_paths(clean(stderr.text(), cwd)) for stderr in stderrs]
    _raise_first(processes, children, failed, said, failure)
    ends_of = ["" for _ in processes[1:]] + [stdout.text() if isinstance(stdout, Tail) else ""]
    return [child.completed(end, words) for child, end, words in zip(children, ends_of, said, strict=True)]


def _command(process: Process, limits: MediaLimits) -> list[str]:
    argv = [str(part) for part in process.argv]
    if not os.access(argv[0], os.X_OK):
        raise TelecineError(ErrorKind.ENGINE_MISSING, f"{process.name} is not an executable file.")
    return [*launch(process.limits or limits, False, process.readable, graphics=process.graphics), *argv]


@contextmanager
def _pipes(count: int) -> Iterator[list[tuple[int, int]]]:
    """Standard input and output of each of `count + 1` processes; our own copies are closed at the end.

    Both ends of every pipe are closed on exec in all processes but those that they are given to, so that each sees its
    neighbour's end.
    """
    pipes = [os.pipe() for _ in range(count)]
    try:
        for _reading, writing in pipes:
            with suppress(OSError):  # the user's share of pipe memory may be used up; then they are smaller
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        ins = [_NOTHING, *(reading for reading, _ in pipes)]
        outs = [*(writing for _, writing in pipes), _PIPE]
        yield list(zip(ins, outs, strict=True))
    finally:
        for pipe in pipes:
            for end in pipe:
                os.close(end)


_NOTHING, _PIPE = -3, -1
"""`subprocess.DEVNULL` and `PIPE`; only the sandbox imports that module."""


def _raise_first(
    processes: Sequence[Process],
    children: Sequence[Child],
    failed: Sequence[Child],
    said: Sequence[str],
    failure: ErrorKind,
) -> None:
    """Raise what went wrong first, if anything did: what we ended ourselves, or a failure that is no consequence."""
    ended = [child for child in children if child.ending]
    causes = [child for child in failed if not is_victim(child.returncode or 0, said[children.index(child)])]
    for child in [*causes, *failed, *reversed(ended)]:
        number = children.index(child)
        wrong = complaint(child.ending, child.returncode, last_lines(said[number], LINES_IN_ERROR))
        if wrong:
            kind, detail = wrong
            raise TelecineError(kind or failure, f"{processes[number].name} {detail}")
