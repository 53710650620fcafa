"""Range requests: which bytes a header asks for."""

import pytest

from telecine.apis.byte_ranges import MOST_RANGES, Span, Unsatisfiable, knows, may_continue, span_of, spans_of

SIZE = 100


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", Span(0, 10)),
        ("bytes=90-", Span(90, 100)),
        ("bytes=-10", Span(90, 100)),
        ("bytes=-1000", Span(0, 100)),
        ("bytes=50-1000", Span(50, 100)),
        ("BYTES=5-5", Span(5, 6)),
        (" bytes = 5-6 ", Span(5, 7)),
    ],
)
def test_one_range(header, expected):
    assert span_of(header, SIZE) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=9-5",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=٣-4",
        "bytes=+1-2",
        f"bytes={'9' * 20}-",
    ],
)
def test_what_is_no_single_range_asks_for_the_whole(header):
    assert span_of(header, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_what_is_behind_the_end_cannot_be_had(header):
    with pytest.raises(Unsatisfiable):
        span_of(header, SIZE)


BIG = 1_000_000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=0-9,5000-5009", [(0, 10), (5000, 5010)]),
        ("bytes=5000-5009, 0-9", [(5000, 5010), (0, 10)]),
        ("bytes= 0-9 ,, -10", [(0, 10), (BIG - 10, BIG)]),
        ("bytes=5000-5009,0-9,5-19", [(0, 20), (5000, 5010)]),
        ("bytes=0-9,20-29", [(0, 30)]),
        ("bytes=0-9,5000000-", [(0, 10)]),
        ("bytes=0-499999,500000-", [(0, BIG)]),
    ],
)
def test_several_ranges(header, expected):
    assert list(spans_of(header, BIG) or []) == [Span(*span) for span in expected]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes=",
        "bytes=,",
        "bytes=0-9,x",
        "bytes=0-9,7-3",
        "lines=0-9,20-29",
        "bytes=0-,0-,0-",
        "bytes=" + ",".join(f"{at}-{at + 1}" for at in range(0, 100_000, 1000)),
        "bytes=" + ",".join(["0-0"] * 100_000),
    ],
)
def test_ranges_that_cost_more_than_the_whole_get_it(header):
    assert spans_of(header, BIG) is None


def test_as_many_ranges_as_may_be_are_answered():
    header = "bytes=" + ",".join(f"{at * 1000}-{at * 1000}" for at in range(MOST_RANGES))
    assert len(spans_of(header, BIG) or []) == MOST_RANGES


def test_ranges_that_all_lie_behind_the_end_cannot_be_had():
    with pytest.raises(Unsatisfiable):
        spans_of("bytes=1000000-, 2000000-3000000", BIG)


def test_of_an_empty_file_nothing_can_be_had():
    with pytest.raises(Unsatisfiable):
        span_of("bytes=0-", 0)


def test_tags_are_compared_as_the_standard_says():
    assert knows('"a", W/"b"', '"b"')
    assert knows("*", '"b"')
    assert not knows("", '"b"')
    assert not knows('"c"', '"b"')
    assert may_continue("", '"b"')
    assert may_continue('"b"', '"b"')
    assert not may_continue('W/"b"', '"b"')
