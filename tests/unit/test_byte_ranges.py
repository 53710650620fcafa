"""Range requests: which bytes a header asks for."""

import pytest

from telecine.apis.byte_ranges import Span, Unsatisfiable, knows, may_continue, span_of

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
