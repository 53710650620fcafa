"""How many processor cores there are for us: one answer for slots, threads and whoever divides work among them."""

import os


def usable_cores() -> int:
    """Cores that this process may run on, at least 1: those of its affinity mask, which is what containers and
    `taskset` narrow, where the system has one."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
