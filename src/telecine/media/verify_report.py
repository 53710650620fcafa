"""What verification says: named checks, each passed, failed or skipped, and every fault with its file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Outcome = Literal["passed", "failed", "skipped"]

FAULTS_SHOWN = 20


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultLine(_Frozen):
    """What is wrong with one file."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class Check(_Frozen):
    """One question that was asked of the tree. `detail` says what was looked at, or why it was not."""

    name: str
    outcome: Outcome
    detail: str
    faults: tuple[FaultLine, ...] = ()


class TreeTotals(_Frozen):
    """What one published folder holds; `bytes` are those of its media, manifests not counted.

    `second_variant` counts the segments of variant 1 that belong to it.
    """

    manifests: tuple[str, ...]
    segments: int
    bytes: int
    duration_seconds: float
    second_variant: int = 0


class VerifyReport(_Frozen):
    """The result of a verification. `cpu_seconds` is what it cost this process."""

    checks: tuple[Check, ...]
    trees: dict[str, TreeTotals]
    segments: int
    bytes: int
    seconds: float
    cpu_seconds: float

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(check.outcome != "failed" for check in self.checks)

    @property
    def faults(self) -> tuple[FaultLine, ...]:
        """Every fault of every check."""
        return tuple(fault for check in self.checks for fault in check.faults)

    def check(self, name: str) -> Check:
        """The check called `name`; KeyError where there is none."""
        found = next((check for check in self.checks if check.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def explain(self) -> str:
        """The report for people: one line per check, and under a failed one its faults."""
        lines = []
        for check in self.checks:
            mark = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}[check.outcome]
            lines.append(f"{mark:8}{check.name}: {check.detail}")
            lines += [f"{'':10}{fault}" for fault in self.shown(check)]
        return "\n".join(lines)

    def shown(self, check: Check) -> list[str]:
        """The faults of a check that people are shown; of very many, the first and a count."""
        lines = [str(fault) for fault in check.faults[:FAULTS_SHOWN]]
        more = len(check.faults) - len(lines)
        return [*lines, f"… and {more} more"] if more else lines

    def summary(self) -> str:
        """What is wrong, in one line: the first fault, and how many more there are."""
        if self.ok:
            return f"{len(self.checks)} checks passed."
        first, more = self.faults[0], len(self.faults) - 1
        return f"{first}." + (f" There are {more} more faults." if more else "")
