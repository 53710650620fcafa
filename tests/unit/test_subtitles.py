"""What becomes of the subtitle files that clients send."""

from contextlib import suppress
from fractions import Fraction

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media import subtitles
from telecine.media.subtitles import Cue, parse, read, to_vtt, without_markup

LIMITS = MediaLimits()


def cues(text):
    return list(parse(text, 100).cues)


def refusal(text):
    with pytest.raises(TelecineError) as caught:
        parse(text, 100)
    assert caught.value.kind is ErrorKind.SUBTITLE_INVALID
    return str(caught.value)


def test_webvtt_with_hours_settings_identifiers_and_notes():
    text = (
        "WEBVTT - title\nKind: captions\n\nNOTE\nnothing\n\nfirst\n00:01.000 --> 00:02.500 line:10% align:left x\n"
        "<v Ann>Hello</v>\nthere\n\n01:00:00.000 --> 01:00:01.000\nlast\n"
    )
    assert cues(text) == [
        Cue(1000, 2500, "<v Ann>Hello</v>\nthere", "line:10% align:left"),
        Cue(3_600_000, 3_601_000, "last"),
    ]


def test_srt_with_every_line_ending_and_no_empty_line_at_the_end():
    unix = "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,5 --> 00:00:04,000\nthere"
    expected = [Cue(1000, 2000, "Hello"), Cue(3500, 4000, "there")]
    assert cues(unix) == cues(unix.replace("\n", "\r\n")) == cues(unix.replace("\n", "\r")) == expected


def test_srt_text_keeps_its_empty_lines_out_and_its_numbers_in():
    text = "1\n00:00:01,000 --> 00:00:02,000\nroom\n\n101\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n"
    assert cues(text) == [Cue(1000, 2000, "room\n101"), Cue(3000, 4000, "7")]


def test_srt_markup_becomes_webvtt_markup():
    text = '1\n00:00:01,000 --> 00:00:02,000 X1:3\n{\\an8}<font color="red"><I>Tom</I></font> & Jerry <3\n'
    assert cues(text) == [Cue(1000, 2000, "<i>Tom</i> &amp; Jerry &lt;3")]


def test_unknown_tags_go_and_stray_signs_are_escaped():
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<script>a</script> <c.red>b</c> &nbsp; & <00:00:01.500>c > d\n"
    assert cues(text)[0].text == "a <c.red>b</c> &nbsp; &amp; <00:00:01.500>c &gt; d"


def test_cues_are_sorted_and_may_overlap():
    text = "WEBVTT\n\n00:03.000 --> 00:09.000\nlater\n\n00:01.000 --> 00:05.000\nfirst\n"
    assert [cue.text for cue in cues(text)] == ["first", "later"]


def test_what_is_left_out_is_said():
    empty = "00:01.000 --> 00:01.000\nnever\n\n00:01.000 --> 00:02.000\n\n"
    text = f"WEBVTT\n\nSTYLE\n::cue{{}}\n\n{empty}00:02.000 --> 00:03.000\nx\n"
    found = parse(text, 100)
    assert len(found.cues) == 1
    assert found.warnings == (
        "WebVTT STYLE blocks of a subtitle file are left out.",
        "2 subtitle cues without text or duration are left out.",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither WebVTT"),
        ("Dear diary", "neither WebVTT"),
        ("WEBVTTX\n\n", "neither WebVTT"),
        ("WEBVTT\n\n", "no cue with text"),
        ("WEBVTT\n\n00:01.000 -> 00:02.000\nx\n", "line 3: a cue has no line of times"),
        ("WEBVTT\n\n00:01 --> 00:02.000\nx\n", "line 3: '00:01 --> 00:02.000' is not a line of times"),
        ("WEBVTT\n\n00:03.000 --> 00:02.000\nx\n", "line 3: the cue ends before it begins"),
        ("WEBVTT\n\n00:01.000 --> 00:61.000\nx\n", "line 3: minutes and seconds go up to 59"),
        ("x\ny\n1\n00:00:01,000 --> 00:00:02,000\nz\n", "line 1: text before the first cue"),
    ],
)
def test_a_refusal_names_the_line(text, reason):
    assert reason in refusal(text)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_with_and_without_byte_order_mark(tmp_path, mark):
    path = tmp_path / "x"
    path.write_bytes(mark + "WEBVTT\n\n00:01.000 --> 00:02.000\n안녕\n".encode())
    assert read(path, LIMITS).cues[0].text == "안녕"
    assert subtitles.check(path, LIMITS) == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("WEBVTT\n".encode("utf-16"), "UTF-16"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\ncaf\xe9\n", "line 4 is not UTF-8"),
        (b"WEBVTT\n\0", "binary"),
    ],
)
def test_other_encodings_are_named(tmp_path, content, reason):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(TelecineError, match=reason):
        read(path, LIMITS)


def test_limits(tmp_path):
    path = tmp_path / "x"
    path.write_text("WEBVTT\n\n" + "00:01.000 --> 00:02.000\nx\n\n" * 3)
    for limits in (MediaLimits(subtitle_bytes=20), MediaLimits(subtitle_cues=2)):
        with pytest.raises(TelecineError) as caught:
            read(path, limits)
        assert caught.value.kind is ErrorKind.INPUT_OVER_LIMIT


@pytest.mark.parametrize("text", ["1" * 100_000, "\n" * 100_000, "<" * 100_000, "0:" * 50_000, " --> " * 20_000])
def test_hostile_text_takes_no_time(text):
    """The usual library takes minutes for the first of these; the suite's own time limit would show it."""
    for whole in (text, f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}", f"1\n00:00:01,000 --> 00:00:02,000\n{text}"):
        with suppress(TelecineError):
            parse(whole, 10)


def test_cues_are_cut_off_at_the_end_of_the_programme():
    found = parse("WEBVTT\n\n00:01.000 --> 00:20.000\na\n\n00:11.000 --> 00:12.000\nb\n", 100)
    fitted = found.fitted(Fraction(10))
    assert fitted.cues == (Cue(1000, 10_000, "a"),)
    assert fitted.warnings == ("1 of 2 subtitle cues begin after the programme's end.",)


def test_padding_is_an_empty_cue_at_the_end():
    assert to_vtt([Cue(0, 500, "a")], pad_to=Fraction(11011, 1000)) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.500\na\n\n00:00:11.010 --> 00:00:11.011\n\n"
    )


def test_plain_text_for_ttml_has_neither_tags_nor_references():
    assert without_markup(Cue(0, 1, "<i>Tom</i> &amp; <c.x>&lt;b&gt;</c>\n<00:00:01.000>--&gt;", "line:1")) == Cue(
        0, 1, "Tom & <b>\n-- >"
    )


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), st.text(max_size=60)), min_size=1, max_size=20))
def test_what_we_write_other_readers_read(shape):
    """Whatever text a cue holds, an independent WebVTT reader finds the same cues, and so do we."""
    body = "".join(
        f"{subtitles.timestamp(start)} --> {subtitles.timestamp(start + length)}\nx {text.replace('-->', '')}\n\n"
        for start, length, text in shape
        if not any(mark in text for mark in "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0")
    )
    try:
        found = parse("WEBVTT\n\n" + body, 100).cues
    except TelecineError:
        return
    written = to_vtt(found)
    assert parse(written, 100).cues == found
    others = [(caption.start, caption.end) for caption in webvtt.from_string(written).captions]
    assert others == [(subtitles.timestamp(cue.start), subtitles.timestamp(cue.end)) for cue in found]
