"""From a leak that was read to what is kept of it: the report as JSON, and its picture.

It knows neither whom it compares a leak with nor where these are kept; see `detection_population`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from telecine.catalog.columns import Json
from telecine.core.detection_codes import Words
from telecine.core.watermark.accuse import Method
from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.report import Accused, Footage, Outcome, Report, bits_of, make_report
from telecine.jobs.detection_population import Population, Suspect
from telecine.media.evidence_plot import CLEAR, Labels, Row, draw

_METHODS = {
    Method.ALONE: "by itself",
    Method.PAIR: "with one partner",
    Method.TRIPLE: "with two partners",
}


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


def name_among(case: Case, footage: Footage, population: Population) -> Named:
    """Who of the `population` leaked `footage`."""
    report = make_report(footage, population.codes, population.blocks, population.keys, case.limit)
    known = population.known([one.session for one in report.accused])
    lines = [_Line(one, known[one.session], _bits(one, known, footage, population)) for one in report.accused]
    return Named(_result(report, lines, footage), _picture(case, report, lines, footage, population.words))


@dataclass(frozen=True, slots=True)
class _Line:
    """One who is named, with his variants."""

    accused: Accused
    suspect: Suspect
    bits: Any

    def agreeing(self, z: Floats) -> tuple[int, int]:
        """In how many of how many clearly read pieces his variant was read."""
        clear = np.isfinite(z) & (np.abs(np.where(np.isfinite(z), z, 0.0)) >= CLEAR)
        read = np.where(np.isfinite(z), z, 0.0) < 0
        return int(np.count_nonzero(clear & (self.bits == read))), int(np.count_nonzero(clear))


def _bits(one: Accused, known: Mapping[str, Suspect], footage: Footage, population: Population) -> Any:  # noqa: ANN401
    """An array."""
    return bits_of(one.code, one.session, known[one.session].payload, len(footage.z), population.keys)


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
    return line.suspect.facts | {
        "code": line.accused.code.value,
        "method": line.accused.method.value,
        "log10_p": round(line.accused.log10_p, 2),
        "log10_bound": round(line.accused.log10_bound, 2),
        "strength": line.accused.strength.value,
        "agreeing": agreeing,
        "compared": compared,
    }


def _picture(case: Case, report: Report, lines: Sequence[_Line], footage: Footage, words: Words) -> bytes:
    rows = [Row(line.suspect.label, line.bits) for line in lines]
    told = [_told(line, footage.z, words) for line in lines[:8]]
    if report.outcome is Outcome.UNRELIABLE:
        told += [objection[:140] for objection in report.objections]
    else:
        told.append(
            f"{report.positions} {words.piece}s ({report.seconds:g} s) of the leak were compared with "
            f"{report.population:,} {words.many}. The chance that anybody is accused wrongly is at most "
            f"{report.limit:.0e}."
        )
    labels = Labels(words.one, words.piece, words.whole)
    return draw(footage.z, footage.segment_seconds, rows, _heading(case, report, words), told, labels)


def _heading(case: Case, report: Report, words: Words) -> str:
    begun = f"{case.name}, content {case.content_id[:60]}"
    if report.outcome is Outcome.UNRELIABLE:
        return f"{begun}: the reading cannot be trusted; nobody is named."
    if report.outcome is Outcome.NOT_ENOUGH:
        best = report.log10_best_bound
        nearest = "" if best >= 0 else f" The best {words.one}'s bound is 1e{best:.1f}."
        return f"{begun}: not enough to name anybody.{nearest}"
    count = len(report.accused)
    return f"{begun}: {count} {f'{words.many} are' if count > 1 else f'{words.one} is'} named"


def _told(line: _Line, z: Floats, words: Words) -> str:
    agreeing, compared = line.agreeing(z)
    one = line.accused
    return (
        f"{line.suspect.title}: {one.strength.value}, bound 1e{one.log10_bound:.1f}, "
        f"p 1e{one.log10_p:.1f}, found {_METHODS[one.method]}; {agreeing} of {compared} clear {words.piece}s agree"
    )
