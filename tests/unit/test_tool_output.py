"""What tools say is bounded and cleaned."""

from pathlib import Path

import pytest

from telecine.media.tool_output import LONGEST_LINE, Lines, Tail, clean, hide_paths, last_lines


def test_a_tail_keeps_the_last_bytes() -> None:
    tail = Tail(10)
    for number in range(100):
        tail.feed(b"%02d" % number)
    assert tail.text() == "9596979899"


def test_a_tail_survives_bytes_that_are_no_text() -> None:
    tail = Tail(10)
    tail.feed(b"\xff\xfeok")
    assert tail.text().endswith("ok")


def test_lines_are_cut_wherever_the_pieces_fall() -> None:
    got: list[str] = []
    lines = Lines(got.append)
    for piece in (b"o", b"ne\ntw", b"o\r\n", b"\n", b"rest"):
        lines.feed(piece)
    lines.end()
    lines.end()
    assert got == ["one", "two", "", "rest"]


def test_a_line_without_end_is_handed_on_in_pieces() -> None:
    got: list[str] = []
    lines = Lines(got.append)
    for _ in range(40):
        lines.feed(b"x" * 2**16)
    lines.end()
    assert "".join(got) == "x" * 40 * 2**16
    assert max(map(len, got)) <= LONGEST_LINE + 2**16


def test_secrets_are_masked_and_own_paths_made_relative() -> None:
    assert clean("/w/job 1/in.mp4: key abc", Path("/w/job 1"), ["abc", ""]) == "in.mp4: key ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/usr/lib/x.so: bad", "x.so: bad"),
        ("open '/home/a/b.mp4'", "open 'b.mp4'"),
        ("file:/data/work/7/source", "file:source"),
        ("see http://example.com/a/b", "see http://example.com/a/b"),
        ("25/1 fps, 1/2/3", "25/1 fps, 1/2/3"),
        ("chunk/v0/00001.mp4", "chunk/v0/00001.mp4"),
    ],
)
def test_other_paths_are_cut_to_their_last_name(text: str, shown: str) -> None:
    assert hide_paths(text) == shown


def test_last_lines_skip_empty_ones() -> None:
    assert last_lines("a\n\nb\rc\n  \n", 2) == "b\nc"
