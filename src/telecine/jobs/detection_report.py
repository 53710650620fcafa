"""From a leak that was read to what is kept of it: the report as JSON, and its picture.

It does not know where sessions come from: the server has them in its database, `telecine detect --sessions` in a file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from telecine.catalog.columns import Json
from telecine.core.watermark.accuse import Method
from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import (
    Accused,
    Footage,
    Keys,
    Outcome,
    Report,
    Sessions,
    bits_of,
    make_report,
)
from telecine.media.evidence_plot import CLEAR, Row, draw

_METHODS = {
    Method.ALONE: "by itself",
    Method.PAIR: "with one partner",
    Method.TRIPLE: "with two partners",
}


class Viewer(Protocol):
    """What must be known of a session to name it: the fields of `MarkSession` of these names."""

    @property
    def session(self) -> str: ...  # noqa: D102
    @property
    def payload(self) -> str: ...  # noqa: D102
    @property
    def forensic_mark(self) -> str: ...  # noqa: D102


type Known = Callable[[Sequence[str]], Mapping[str, Viewer]]
"""What is known of the sessions of these ids."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a report is about. `name` is how it is called in the picture; `limit` as in `make_report`."""

    name: str
    content_id: str
    limit: float


@dataclass(frozen=True, slots=True)
class Named:
    """What is kept of a leak: `result` as JSON, and the picture of the evidence as PNG."""

    result: Json
    png: bytes


def name_among(
    case: Case, footage: Footage, codes: Sequence[SessionCode], sessions: Sessions, keys: Keys, known: Known
) -> Named:
    """Who leaked `footage`, among the `sessions` of its title. `codes` are those that at least one session follows."""
    report = make_report(footage, codes, sessions, keys, case.limit)
    viewers = known([one.session for one in report.accused])
    lines = [
        _Line(one, viewers[one.session], _bits(one, viewers[one.session], footage, keys)) for one in report.accused
    ]
    return Named(_result(report, lines, footage), _picture(case, report, lines, footage))


@dataclass(frozen=True, slots=True)
class _Line:
    """One session that is named, with its variants."""

    accused: Accused
    row: Viewer
    bits: Any

    def agreeing(self, z: Floats) -> tuple[int, int]:
        """In how many of how many clearly read segments the session's variant was read."""
        clear = np.isfinite(z) & (np.abs(np.where(np.isfinite(z), z, 0.0)) >= CLEAR)
        read = np.where(np.isfinite(z), z, 0.0) < 0
        return int(np.count_nonzero(clear & (self.bits == read))), int(np.count_nonzero(clear))


def _bits(one: Accused, row: Viewer, footage: Footage, keys: Keys) -> Any:  # noqa: ANN401 - an array
    return bits_of(one.code, one.session, row.payload, len(footage.z), keys)


def _result(report: Report, lines: Sequence[_Line], footage: Footage) -> Json:
    delivery = report.delivery
    return {
        "outcome": report.outcome.value,
        "accused": [_accused(line, footage.z) for line in lines],
        "population": report.population,
        "codes": [code.value for code in report.codes],
        "limit": report.limit,
        "positions": report.positions,
        "positions_of_title": len(footage.z),
        "seconds": round(report.seconds, 3),
        "median_z": round(report.median_z, 2),
        "log10_best_bound": round(report.log10_best_bound, 2),
        "delivery": delivery
        and {
            "payload": delivery.payload,
            "confidence": round(delivery.confidence, 6),
            "mixed": round(delivery.mixed, 6),
            "unmarked": round(delivery.unmarked, 6),
        },
        "objections": list(report.objections),
        "z": [round(float(value), 2) if np.isfinite(value) else None for value in footage.z],
    }


def _accused(line: _Line, z: Floats) -> Json:
    agreeing, compared = line.agreeing(z)
    return {
        "session": line.row.session,
        "forensic_mark": line.row.forensic_mark,
        "payload": line.row.payload,
        "code": line.accused.code.value,
        "method": line.accused.method.value,
        "log10_p": round(line.accused.log10_p, 2),
        "log10_bound": round(line.accused.log10_bound, 2),
        "strength": line.accused.strength.value,
        "agreeing": agreeing,
        "compared": compared,
    }


def _picture(case: Case, report: Report, lines: Sequence[_Line], footage: Footage) -> bytes:
    rows = [Row(f"{line.row.session[:8]}", line.bits) for line in lines]
    told = [_told(line, footage.z) for line in lines[:8]]
    if report.outcome is Outcome.UNRELIABLE:
        told += [objection[:140] for objection in report.objections]
    else:
        told.append(
            f"{report.positions} segments ({report.seconds:g} s) of the leak were compared with {report.population:,} "
            f"sessions. The chance that anybody is accused wrongly is at most {report.limit:.0e}."
        )
    return draw(footage.z, footage.segment_seconds, rows, _heading(case, report), told)


def _heading(case: Case, report: Report) -> str:
    begun = f"{case.name}, content {case.content_id[:60]}"
    if report.outcome is Outcome.UNRELIABLE:
        return f"{begun}: the reading cannot be trusted; nobody is named."
    if report.outcome is Outcome.NOT_ENOUGH:
        best = report.log10_best_bound
        nearest = "" if best >= 0 else f" The best session's bound is 1e{best:.1f}."
        return f"{begun}: not enough to name anybody.{nearest}"
    count = len(report.accused)
    return f"{begun}: {count} session{'s are' if count > 1 else ' is'} named"


def _told(line: _Line, z: Floats) -> str:
    agreeing, compared = line.agreeing(z)
    mark = "".join(sign if sign.isprintable() else "?" for sign in line.row.forensic_mark[:60])
    one = line.accused
    return (
        f"{line.row.session[:8]}  {mark!r}: {one.strength.value}, bound 1e{one.log10_bound:.1f}, "
        f"p 1e{one.log10_p:.1f}, found {_METHODS[one.method]}; {agreeing} of {compared} clear segments agree"
    )
