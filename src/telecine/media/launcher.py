"""Becomes a media tool, after putting itself in a cage. Run by `media.sandbox` as a script of its own.

    python -I -S launcher.py PARENT NETWORK NICE MEMORY CPU FILE_SIZE FILES TOOL ARGUMENTS…

A script instead of a `preexec_fn`, because code between fork and exec may deadlock in a program with threads.
Only the standard library's fastest imports: this runs before every tool (about 20 ms in all).
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
LAUNCH_FAILED = 126


def main(arguments: list[str]) -> None:
    """Set up the cage in an order that matters (see the comments), then become the tool."""
    parent, network, nice, memory, cpu, file_size, files = (int(number) for number in arguments[:7])
    command = arguments[7:]
    if not network:
        isolate_network()
    # After the namespace: entering one changes credentials, and the kernel then forgets the death signal.
    die_with(parent)
    os.nice(nice)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_AS, memory),
    ):
        lower(kind, most)
    # No RLIMIT_NPROC: it counts all processes and threads of the user, so other jobs' threads would fail this one.
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


def isolate_network() -> bool:
    """Enter a network namespace without interfaces. False where the kernel does not let ordinary users do so."""
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except (OSError, AttributeError):
        return False
    return True


def die_with(parent: int) -> None:
    """Be killed when the parent dies; it may already have died, which only its changed id tells."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(LAUNCH_FAILED)


def lower(kind: int, most: int) -> None:
    """Set a limit for good, never above one that is already in force."""
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        print(f"cannot start {os.path.basename(sys.argv[8])}: {error.strerror}", file=sys.stderr)  # noqa: PTH119
        sys.exit(LAUNCH_FAILED)
