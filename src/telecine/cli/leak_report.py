"""What came of a detection, in words for whoever asked at the command line."""

from collections.abc import Iterator, Mapping
from typing import Any

from telecine.core.detection_codes import WORDS, Subject


def report_lines(name: str, result: Mapping[str, Any], subject: Subject = Subject.VIEWERS) -> Iterator[str]:
    """The report `result` (see `jobs.detection_report`) of the detection that is called `name`."""
    words = WORDS[subject]
    read = f"{result['positions']} of {result['positions_of_title']} {words.piece}s ({result['seconds']:g} s)"
    compared = f"{result['population']:,} {words.many} ({', '.join(result['codes']) or 'none issued'})"
    if result["outcome"] == "unreliable":
        yield f"{name}: nobody is named, for the reading cannot be trusted."
        yield from (f"  {objection}" for objection in result["objections"])
    elif result["outcome"] == "not_enough":
        yield f"{name}: not enough to name anybody."
        yield f"  best {words.one}'s bound 1e{result['log10_best_bound']:.1f}, needed {result['limit']:.0e}"
    else:
        yield f"{name}: the copy was made from"
        for one in result["accused"]:
            yield f"  {_who(one)}"
            yield (
                f"    {one['strength']}: bound 1e{one['log10_bound']:.1f}, p 1e{one['log10_p']:.1f} ({one['method']}); "
                f"{one['agreeing']} of {one['compared']} clear {words.piece}s agree"
            )
    yield f"Used {read} of the {words.whole}, compared with {compared}."
    yield f"The chance that this report accuses anybody wrongly is at most {result['limit']:.0e}."
    if "leak" in result:
        yield f"The leak has {result['leak']['bytes']:,} bytes, SHA-256 {result['leak']['sha256']}."
    delivery = result["delivery"]
    if delivery and delivery["payload"]:
        yield f"Delivery payload read: {delivery['payload']} (probability {delivery['confidence']:.4f})."
    elif delivery and delivery["mixed"] > 0.5:
        yield f"In the delivery format it is a mixture of viewers (probability {delivery['mixed']:.4f})."


def _who(one: Mapping[str, Any]) -> str:
    if "recipient" in one:
        return f"{one['recipient']} (recipient {one['dwm_id']}, {one['code']})"
    return f"{one['forensic_mark']!r} (session {one['session']}, payload {one['payload']}, {one['code']})"
