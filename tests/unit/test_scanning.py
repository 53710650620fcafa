"""What verdicts on single pictures mean for a whole programme."""

import pytest

from telecine.core.ingest import Scanning
from telecine.core.scanning import FieldTally, declared, together

TOP = Scanning(type="interlaced", order="top_first")
BOTTOM = Scanning(type="interlaced", order="bottom_first")
FILM = Scanning(type="telecine", order="top_first")
PROGRESSIVE = Scanning(type="progressive")
UNKNOWN = Scanning(type="unknown")

WORDS = {"t": "tff", "b": "bff", "p": "progressive", "u": "undetermined"}
FIELDS = {"t": "top", "b": "bottom", "n": "neither"}


def scanning(verdicts: str, repeats: str = "n", single: str = "") -> Scanning:
    """`repeats` is said again and again, as long as `verdicts`; `single` verdicts are the same where not given."""
    tally = FieldTally()
    for at, (verdict, alone) in enumerate(zip(verdicts, single or verdicts, strict=True)):
        tally.add(WORDS[verdict], WORDS[alone], FIELDS[repeats[at % len(repeats)]])
    return together(list(tally.sections()))


@pytest.mark.parametrize(
    ("verdicts", "repeats", "expected"),
    [
        ("p" * 120, "n", PROGRESSIVE),
        ("uuuu" + "t" * 36, "n", TOP),
        ("b" * 250, "n", BOTTOM),
        ("t" * 100, "nntnb", FILM),
        ("p" * 76 + "t" * 24, "n", PROGRESSIVE),
        ("p" * 74 + "t" * 26, "n", TOP),
        ("t" * 81 + "b" * 19, "n", TOP),
        ("t" * 80 + "b" * 20, "n", UNKNOWN),
        ("u" * 60 + "p" * 40, "n", PROGRESSIVE),
        ("u" * 61 + "p" * 39, "n", UNKNOWN),
        ("u", "n", UNKNOWN),
        ("p", "n", PROGRESSIVE),
        ("", "n", UNKNOWN),
    ],
)  # fmt: skip
def test_one_section(verdicts: str, repeats: str, expected: Scanning) -> None:
    assert scanning(verdicts, repeats) == expected


def test_a_mistake_that_its_followers_repeat_is_not_believed() -> None:
    """As with a badly compressed clip: 76 of 120 called interlaced, of which 10 by themselves, in both orders."""
    single = "tttbbbbbbb" + "p" * 22 + "u" * 88
    assert scanning("b" * 76 + "p" * 44, single=single) == UNKNOWN


def test_fields_that_repeat_anywhere_are_no_film() -> None:
    """Still pictures with noise look repeated now and then: as often as in film, but in no cadence."""
    assert scanning("t" * 105, "nbnntnbntnbnnbn") == TOP


def test_film_whose_repeated_fields_were_coded_differently_has_still_its_rhythm() -> None:
    assert scanning("t" * 100, single="ptttt" * 20) == FILM
    assert scanning("t" * 100, single="uuttu" * 20) == FILM
    assert scanning("t" * 100, single="u" * 50 + "t" * 50) == TOP
    assert scanning("t" * 20, single="ptttt" * 4) == TOP


def test_a_cadence_that_starts_anew_at_every_cut_is_still_film() -> None:
    tally = FieldTally()
    for reel in range(4):
        for at in range(100):
            tally.add("tff", "tff", FIELDS["nntnb"[(at + 2 * reel) % 5]])
    assert together(list(tally.sections())) == FILM


def test_a_programme_of_two_kinds_is_mixed_and_keeps_the_order_of_its_fields() -> None:
    assert scanning("p" * 200 + "t" * 200) == Scanning(type="mixed", order="top_first")
    assert scanning("b" * 200 + "t" * 200) == Scanning(type="mixed")


def test_still_sections_do_not_count() -> None:
    assert scanning("u" * 500 + "t" * 100) == TOP


def test_a_few_interlaced_seconds_do_not_make_a_film_mixed() -> None:
    assert scanning("p" * 1000 + "t" * 100) == PROGRESSIVE
    assert scanning("p" * 800 + "t" * 100).type == "mixed"


def test_what_metadata_declares() -> None:
    assert declared("top_first") == TOP
    assert declared("bottom_first") == BOTTOM
    assert declared("progressive") == PROGRESSIVE
    assert declared("unknown") == UNKNOWN
