"""On what networks run: the machine's GPU where it has a real one that works, else the CPU."""

from dataclasses import dataclass
from typing import Literal

from telecine.core.errors import ErrorKind, TelecineError

type Wanted = Literal["auto", "cpu", "gpu"]
"""A GPU where there is one; never one; one or nothing."""

NETWORKS = frozenset({"span", "basicvsr", "srvgg", "rife"})
"""Engines of `core.enhance.engines` that are networks."""


@dataclass(frozen=True, slots=True)
class Graphics:
    """What was found by trying. `fault` says why what is there cannot be used, and is empty where it can or where there
    is nothing; `software`: a driver that has no card and computes on the CPU.
    """

    name: str = ""
    software: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run, under what name that is told, and what is to be told besides."""

    gpu: bool
    name: str
    note: str = ""


def choose_device(wanted: Wanted, found: Graphics) -> Device:
    """Where networks run on a machine with these graphics.

    A driver in software is slower than OpenVINO on the same CPU, so only `gpu` takes it. Raises ENGINE_MISSING where
    `gpu` is wanted and there is none that works.
    """
    usable = bool(found.name) and not found.fault
    if wanted == "gpu" and not usable:
        raise TelecineError(
            ErrorKind.ENGINE_MISSING,
            f"networks are to run on a GPU (TELECINE_LIMITS__NETWORK_DEVICE), but {found.fault or 'there is none'}.",
        )
    if wanted == "cpu" or not usable or (wanted == "auto" and found.software):
        return Device(gpu=False, name="the CPU", note=found.fault and f"a GPU cannot be used: {found.fault}")
    return Device(gpu=True, name=found.name)
