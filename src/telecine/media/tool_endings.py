"""How a media tool ended: what it left behind, what went wrong if something did, and what memory it took."""

import resource
import signal
from dataclasses import dataclass
from pathlib import Path

from telecine.core.errors import ErrorKind
from telecine.media.launcher import LAUNCH_FAILED

READER_GONE, WRITER_GONE = 75, 76
"""Exit codes of a process of ours in a pipeline whose neighbour ended before it was done: nobody reads what it writes,
or what it reads ends too early. The neighbour is asked first what went wrong."""

_MEMORY_WORDS = ("cannot allocate memory", "std::bad_alloc", "out of memory", "memoryerror")


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


def complaint(ending: ErrorKind | None, returncode: int | None, said: str) -> tuple[ErrorKind | None, str] | None:
    """What went wrong with a tool: a kind (None for the caller's own) and a text; None where all went well.

    `ending` is why we ended it, `returncode` as `subprocess` has it, `said` its last words.
    """
    words = f":\n{said}" if said else "."
    if ending is ErrorKind.STALLED:
        return ending, f"was silent too long{words}"
    if ending is ErrorKind.TIMED_OUT or returncode == -signal.SIGXCPU:
        return ErrorKind.TIMED_OUT, f"ran too long{words}"
    if returncode == 0:
        return None
    if returncode == LAUNCH_FAILED and said.startswith("cannot start"):
        return ErrorKind.ENGINE_MISSING, f"does not start{words}"
    if returncode == -signal.SIGKILL:  # by nobody but the kernel's memory killer: our own kills end above
        return ErrorKind.OUT_OF_MEMORY, f"was killed, probably for want of memory{words}"
    if any(word in said.lower() for word in _MEMORY_WORDS):
        return ErrorKind.OUT_OF_MEMORY, f"ran into its memory limit{words}"
    if returncode is not None and returncode < 0:
        return None, f"was ended by {signal.Signals(-returncode).name}{words}"
    return None, f"failed with exit code {returncode}{words}"


def is_unread(returncode: int, said: str) -> bool:
    """Whether a process of a pipeline ended because nobody reads any more what it writes."""
    return returncode in (-signal.SIGPIPE, READER_GONE) or "broken pipe" in said.lower()


def is_victim(returncode: int, said: str) -> bool:
    """Whether a process of a pipeline may have failed only because a neighbour did."""
    return returncode == WRITER_GONE or is_unread(returncode, said)


def resident_peak(pid: int) -> int:
    """Largest resident size of a process so far, in bytes; 0 where it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def peak_memory(reported: int, sampled: int) -> int:
    """The tool's peak in bytes, from the kernel's report at its end and our own samples.

    The report begins at our own peak, because the child is us until its first exec; so it counts only above that.
    """
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return reported if reported > ours else (sampled or reported)
