"""`telecine detect --reference`: a leak is traced with nothing but files; what reading it gives is made up here."""

import csv
import json

import numpy as np
import pytest

from telecine.cli.output import Exit
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import derive_mark_key
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import Footage, bits_of
from telecine.core.watermark.sequence import derive_key
from telecine.media.detect import read

POSITIONS = 120
SECRET = bytes(range(32))
NAMES = ["session", "payload", "code", "forensic_mark"]


def viewer(number, code):
    return {
        "session": f"{number:032x}",
        "payload": f"{(number * 2654435761) % 2**56:014x}",
        "code": code,
        "forensic_mark": f"viewer, {number}",
    }


VIEWERS = [viewer(number, "uniform" if number % 2 else "delivery") for number in range(1, 201)]


@pytest.fixture
def files(tmp_path):
    """The leak, its title's reference, the secret and the sessions."""
    (tmp_path / "clip.mp4").write_bytes(b"moving pictures")
    (tmp_path / "reference").mkdir()
    (tmp_path / "secret").write_bytes(SECRET)
    with (tmp_path / "sessions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, NAMES)
        writer.writeheader()
        writer.writerows(VIEWERS)
    (tmp_path / "sessions.json").write_text(json.dumps(VIEWERS))
    return tmp_path


@pytest.fixture
def trace(telecine, files):
    def run(*more, code=Exit.DONE, **changed):
        options = {
            "content": "film", "site": "DEMO", "reference": str(files / "reference"),
            "mark-secret": str(files / "secret"), "sessions": str(files / "sessions.csv"),
        } | changed  # fmt: skip
        given = [word for name, value in options.items() if value for word in (f"--{name}", str(value))]
        return telecine("detect", str(files / "clip.mp4"), *given, *more, code=code)

    return run


def shows(monkeypatch, footage, seen=None):
    """Have every leak show `footage`."""

    def read_leak(leak, reference, key, context):
        assert not leak.is_symlink(), "which the sandbox does not follow"
        if seen is not None:
            seen.append((leak.read_bytes(), reference, key))
            (leak.parent / "small").write_bytes(b"small pictures")
        context.report(Tick(1, 2))
        return footage

    monkeypatch.setattr(read, "read_leak", read_leak)


def copy_of(number):
    one = VIEWERS[number - 1]
    keys = lambda family: derive_key(SECRET, "DEMO", "film", family)  # noqa: E731
    bits = bits_of(SessionCode(one["code"]), one["session"], one["payload"], POSITIONS, keys)
    return Footage(np.where(bits == 1, -8.0, 8.0), 2.0)


@pytest.mark.parametrize("sessions", ["sessions.csv", "sessions.json"])
@pytest.mark.parametrize("number", [6, 7])
def test_a_leak_is_traced_in_either_code_with_either_file(trace, files, monkeypatch, sessions, number):
    seen = []
    shows(monkeypatch, copy_of(number), seen)
    said = trace("--png", str(files / "evidence.png"), sessions=files / sessions)
    assert f"'viewer, {number}'" in said.output
    assert "compared with 200 sessions (delivery, uniform)" in said.output
    assert (files / "evidence.png").read_bytes().startswith(b"\x89PNG")
    assert seen == [(b"moving pictures", files / "reference", derive_mark_key(SECRET, "DEMO", "film"))]
    assert not (files / "small").exists(), "something was written beside somebody's file"
    assert "50 %" in said.stderr


def test_json_holds_the_whole_report(trace, monkeypatch):
    shows(monkeypatch, copy_of(7))
    said = json.loads(trace("--json").stdout)
    assert (said["site_id"], said["content_id"], said["title"]) == ("DEMO", "film", "clip.mp4")
    assert [one["forensic_mark"] for one in said["result"]["accused"]] == ["viewer, 7"]


@pytest.mark.parametrize(
    ("footage", "told"),
    [
        (Footage(np.random.default_rng(3).standard_normal(POSITIONS), 2.0), "not enough to name anybody"),
        (Footage(np.full(POSITIONS, np.nan), 2.0, ("nothing of it is of this title",)), "cannot be trusted"),
    ],
)
def test_nobody_is_an_exit_code_of_its_own(trace, monkeypatch, footage, told):
    shows(monkeypatch, footage)
    assert told in trace(code=Exit.JOB_ERROR).output


def test_the_wrong_secret_names_nobody(trace, files, monkeypatch):
    shows(monkeypatch, copy_of(7))
    (files / "secret").write_bytes(bytes(32))
    assert "not enough to name anybody" in trace(code=Exit.JOB_ERROR).output


def test_sessions_of_other_contents_are_left_out(trace, files, monkeypatch):
    shows(monkeypatch, copy_of(7))
    marked = [one | {"content_id": "film" if one is VIEWERS[6] else "else"} for one in VIEWERS]
    (files / "sessions.json").write_text(json.dumps(marked))
    assert "compared with 1 sessions (uniform)" in trace(sessions=files / "sessions.json").output


@pytest.mark.parametrize("option", ["reference", "mark-secret", "sessions"])
@pytest.mark.parametrize("value", ["", "/nowhere/at/all"])
def test_what_is_missing_is_named(trace, option, value):
    said = trace(code=Exit.USAGE, **{option: value}).output
    assert f"'--{option}'" in said


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"session": "abc"}, "entry 1: 'session' must have 32"),
        ({"payload": "xyz"}, "entry 1: 'payload' must have 14"),
        ({"payload": "", "code": "delivery"}, "entry 1: 'payload' must have 14"),
        ({"code": "best"}, "entry 1: 'code' must be one of delivery, uniform"),
        ({"session": VIEWERS[1]["session"]}, "entry 2: the session"),
    ],
)
def test_a_wrong_entry_is_named_by_number_field_and_fault(trace, files, entry, told):
    (files / "sessions.json").write_text(json.dumps([VIEWERS[0] | entry, *VIEWERS[1:]]))
    said = trace(sessions=files / "sessions.json", code=Exit.USAGE).output
    assert told in said
    assert "--sessions" in said


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1, 2]", "[" * 2000])
def test_a_file_that_holds_no_sessions_is_refused(trace, files, text):
    (files / "sessions.json").write_text(text)
    assert "--sessions" in trace(sessions=files / "sessions.json", code=Exit.USAGE).output


def test_a_short_secret_is_refused(trace, files):
    (files / "secret").write_bytes(b"short")
    assert "--mark-secret" in trace(code=Exit.USAGE).output


def test_what_reading_refuses_is_said(trace, monkeypatch):
    def refuse(*_):
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it has no picture.")

    monkeypatch.setattr(read, "read_leak", refuse)
    assert "it has no picture" in trace(code=Exit.FAILED).output
