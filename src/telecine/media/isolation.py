"""Which doors of the sandbox this machine's kernel can close; tried once, by running something that tries them."""

import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from telecine.core.errors import TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.sandbox import run


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
