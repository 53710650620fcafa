"""Time zones and days as clients write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.apis.paging import parse_day, parse_zone, span
from telecine.core.errors import ErrorKind, TelecineError

NOON = datetime(2022, 5, 20, 12, 0, 0, 987654, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+09:00", "+09:00"),
        ("%2B09:00", "+09:00"),
        ("%2b09%3A00", "+09:00"),
        ("+0900", "+09:00"),
        ("09:00", "+09:00"),
        (" 09:00", "+09:00"),
        ("9:00", "+09:00"),
        ("-05:30", "-05:30"),
        ("-0330", "-03:30"),
        ("-00:30", "-00:30"),
        ("+14:00", "+14:00"),
        ("+00:00", "+00:00"),
        ("Z", "+00:00"),
        ("utc", "+00:00"),
        ("", "+00:00"),
        (None, "+00:00"),
    ],
)
def test_zones_in_every_spelling(text, shown):
    assert str(parse_zone(text)) == shown


@pytest.mark.parametrize("text", ["Asia/Seoul", "+9", "++09:00", "+09:0", "09-00", "٠٩:٠٠", "KST"])
def test_other_spellings_are_refused_by_name(text):
    with pytest.raises(TelecineError) as caught:
        parse_zone(text)
    assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_INVALID, "time_zone")


@pytest.mark.parametrize("text", ["+14:01", "-15:00", "+09:60", "99:99"])
def test_zones_have_a_range(text):
    with pytest.raises(TelecineError) as caught:
        parse_zone(text)
    assert caught.value.kind is ErrorKind.FIELD_OUT_OF_RANGE


def test_times_are_shown_in_the_zone_to_the_second():
    assert parse_zone("+09:00").show(NOON) == "2022-05-20T21:00:00"
    assert parse_zone("-05:30").show(NOON) == "2022-05-20T06:30:00"
    assert parse_zone("").show(None) is None


def test_a_span_of_days_begins_and_ends_at_local_midnight_with_the_last_day_in_it():
    first, last = span("2022-05-01", "2022-05-13", parse_zone("+09:00"))
    assert first == datetime(2022, 4, 30, 15, tzinfo=UTC)
    assert last == datetime(2022, 5, 13, 15, tzinfo=UTC)


def test_a_span_may_be_open():
    assert span("", None, parse_zone("")) == (None, None)
    assert span("2022-05-01", "2022-05-01", parse_zone(""))[1] == datetime(2022, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2022-5-1", "2022-02-30", "20220501", "2022-W01-1", "yesterday", "0001-01-01", "9999-12-31"]
)
def test_other_days_are_refused_by_name(text):
    with pytest.raises(TelecineError) as caught:
        span(None, text, parse_zone(""))
    assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_INVALID, "to")


def test_a_span_that_ends_before_it_begins():
    with pytest.raises(TelecineError) as caught:
        span("2022-05-02", "2022-05-01", parse_zone(""))
    assert caught.value.field == "from"


@given(st.text(max_size=12), st.text(alphabet="+-: 0123456789%2B", max_size=12))
def test_any_text_is_a_zone_or_refused(anything, likely):
    for text in (anything, likely):
        try:
            zone = parse_zone(text)
        except TelecineError:
            continue
        assert parse_zone(str(zone)) == zone


@given(st.dates(), st.sampled_from(["+14:00", "-14:00", ""]))
def test_any_day_has_a_midnight_or_is_refused(day, zone):
    try:
        assert parse_day(day.isoformat(), "from") == day
    except TelecineError:
        return
    assert span(day.isoformat(), day.isoformat(), parse_zone(zone))
