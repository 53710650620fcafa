"""Becomes a media tool, after putting itself in a cage. Run by `media.sandbox` as a script of its own.

    python -I -S launcher.py PARENT NETWORK GRAPHICS NICE MEMORY CPU FILE_SIZE FILES COUNT READABLE… TOOL ARGUMENTS…

NETWORK is 1 where the tool may use it, GRAPHICS where it may use the machine's GPUs; READABLE are COUNT files and
folders that it may read besides its own; the current folder is the one place that it may write to. A script instead of
a `preexec_fn`, because code between fork and exec may deadlock in a program with threads. Only quick imports: this runs
before every tool (about 20 ms).
"""

import ctypes
import os
import resource
import sys
from _collections_abc import Callable  # collections.abc under the name that `os` has already loaded

LAUNCH_FAILED = 126

SIGKILL = 9  # the module `signal` is slow to import
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

# Landlock (linux/landlock.h). The system call numbers are the same on every processor.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
RULE_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_FILE, MAKE_FIFO = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 10
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
RIGHTS_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights each version of Landlock knows; all later ones know 16."""
TCP_BIND_AND_CONNECT = 3
SIGNALS_AND_ABSTRACT_SOCKETS = 3

USE = EXECUTE | READ_FILE | READ_DIR
OWN = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | MAKE_FIFO | REFER | TRUNCATE
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
DRIVE = READ_FILE | READ_DIR | WRITE_FILE | IOCTL_DEVICE

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache", "/sys/devices/system/cpu")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
FACTS = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self")

# What drivers of Vulkan open: the cards of all makers, and what describes them.
CARDS = ("/dev/dri", "/dev/kfd", "/dev/udmabuf")
NVIDIA = "nvidia"  # /dev/nvidia0, nvidiactl, nvidia-uvm, nvidia-modeset, nvidia-caps
CARD_FACTS = ("/sys", "/proc/driver/nvidia", "/proc/modules", "/proc/devices", "/etc/vulkan", "/etc/drirc")


def main(arguments: list[str]) -> None:
    """Set up the cage in an order that matters (see the comments), then become the tool."""
    parent, network, graphics, nice, memory, cpu, file_size, files, count = (int(number) for number in arguments[:9])
    readable, command = arguments[9 : 9 + count], arguments[9 + count :]
    os.environ.pop("LD_LIBRARY_PATH", None)  # was for this script's Python only
    offer_to_die_first()
    if not network:
        isolate_network()
    # After the namespace: entering one changes credentials, and the kernel then forgets the death signal.
    die_with(parent)
    folder = os.path.dirname(command[0])  # noqa: PTH120 - pathlib is slow to import
    confine(bool(network), bool(graphics), [folder, f"{folder}/../lib", *readable])
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


def offer_to_die_first() -> None:
    """Where memory runs out, let the kernel end this process rather than the worker."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - pathlib is slow to import
            file.write("500")
    except OSError:
        pass  # it is a wish; a container may forbid it


def isolate_network() -> None:
    """Enter a network namespace without interfaces, where the kernel lets ordinary users do so."""
    try:  # noqa: SIM105 - contextlib is slow to import
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except OSError:
        pass  # `telecine doctor` tells; see isolation.network_isolation


def die_with(parent: int) -> None:
    """Be killed when the parent dies, and never gain privileges. The parent may be dead: then its id has changed."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(LAUNCH_FAILED)


def confine(network: bool, graphics: bool, readable: list[str]) -> None:
    """Give up all of the file system but the current folder, `readable`, what programs need to run, and the GPUs where
    there is to be `graphics`.

    By Landlock, where the kernel has it. It also takes TCP from tools without network, and signals to strangers.
    """
    syscall = ctypes.CDLL(None).syscall
    version = syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    if version < 1:
        return  # `telecine doctor` tells; see isolation.file_isolation
    handled = (1 << RIGHTS_KNOWN.get(version, 16)) - 1
    ruleset = create_ruleset(syscall, version, handled, network)
    if graphics:
        readable = [*readable, *CARD_FACTS]
    for paths, rights in (
        ((".",), OWN),
        ((*SYSTEM, *FACTS, *readable), USE),
        (DEVICES, READ_FILE | WRITE_FILE),
        (cards() if graphics else (), DRIVE),
    ):
        for path in paths:
            allow(syscall, ruleset, path, rights & handled)
    syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def cards() -> list[str]:
    """The devices of GPUs."""
    return [*CARDS, *(f"/dev/{name}" for name in os.listdir("/dev") if name.startswith(NVIDIA))]  # noqa: PTH208


def create_ruleset(syscall: Callable[..., int], version: int, handled: int, network: bool) -> int:
    """A ruleset that denies all that `version` can deny, until `allow` allows some."""
    words = [handled]
    if version >= 4:
        words.append(0 if network else TCP_BIND_AND_CONNECT)
    if version >= 6:
        words.append(SIGNALS_AND_ABSTRACT_SOCKETS)
    attributes = b"".join(word.to_bytes(8, sys.byteorder) for word in words)
    return syscall(CREATE_RULESET, attributes, len(attributes), 0)


def allow(syscall: Callable[..., int], ruleset: int, path: str, rights: int) -> None:
    """Allow `rights` on a file, or on a folder and all below it; a path that does not exist needs none."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112
        rights &= ON_FILES
    rule = rights.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
    syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0)
    os.close(descriptor)


def lower(kind: int, most: int) -> None:
    """Set a limit for good, never above one that is already in force."""
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        print(f"cannot start the tool: {error.strerror}", file=sys.stderr)
        sys.exit(LAUNCH_FAILED)
