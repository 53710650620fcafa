"""The codes of the DWM dialect: complete, stable where published, and printed in its page as they are."""

import re
from pathlib import Path

import pytest

from telecine.apis.dwm.mapping import states_of
from telecine.core.dwm_codes import CLI_CODES, ERROR_CODES, NO_ERROR, STATUS_CODES, TASK_CODES, CopyState, copy_shown
from telecine.core.errors import REGISTRY, ErrorKind, TelecineError
from telecine.core.recipient_names import check_name, file_name, key_of
from telecine.core.states import JobState
from telecine.core.tnp_codes import ERROR_CODES as TNP_CODES

DOCS = Path(__file__).parents[2] / "docs" / "dwm-api.md"


def rows():
    lines = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]


def test_every_state_and_every_kind_of_failure_has_a_code():
    assert set(STATUS_CODES) == set(JobState)
    assert set(TASK_CODES) == set(CopyState)
    assert set(ERROR_CODES) == set(CLI_CODES) == set(ErrorKind) == set(REGISTRY)
    assert len(set(CLI_CODES.values())) == len(CLI_CODES)


def test_published_codes_keep_their_meaning():
    assert STATUS_CODES[JobState.QUEUED] == "DM000"
    assert STATUS_CODES[JobState.TRANSCODING] == STATUS_CODES[JobState.STOP_REQUESTED] == "DM001"
    assert STATUS_CODES[JobState.COMPLETE] == "DM500"
    assert STATUS_CODES[JobState.ERROR] == STATUS_CODES[JobState.STOPPED] == "DM600"
    assert list(TASK_CODES.values()) == ["TK000", "TK001", "TK002", "TK005"]
    assert NO_ERROR == "0"


def test_an_error_has_the_digits_of_the_tnp_api():
    for kind, code in TNP_CODES.items():
        assert (ERROR_CODES[kind], CLI_CODES[kind]) == (f"DW{code[1:]}", code[1:])


def test_the_page_prints_the_tables_that_the_code_has():
    states = {row[0]: row[2].split(", ") for row in rows() if re.fullmatch(r"DM\d+", row[0])}
    assert {code: [name.strip("`") for name in names] for code, names in states.items()} == {
        code: [state.value for state in JobState if STATUS_CODES[state] == code] for code in STATUS_CODES.values()
    }
    tasks = {row[0]: row[1] for row in rows() if re.fullmatch(r"TK\d+", row[0])}
    assert tasks == {code: state.value for state, code in TASK_CODES.items()}
    errors = {row[0]: row[1:4] for row in rows() if re.fullmatch(r"DW\d{4}", row[0])}
    assert errors == {
        code: [CLI_CODES[kind], str(REGISTRY[kind].status), kind.value] for kind, code in ERROR_CODES.items()
    }


@pytest.mark.parametrize("job", JobState)
def test_a_copy_that_its_job_ended_without_has_failed(job):
    ended = job in (JobState.COMPLETE, JobState.ERROR, JobState.STOPPED)
    assert copy_shown(CopyState.COMPLETE, job) is CopyState.COMPLETE
    assert copy_shown(CopyState.FAILED, job) is CopyState.FAILED
    assert copy_shown(CopyState.PROGRESSING, job) is (CopyState.FAILED if ended else CopyState.PROGRESSING)


def test_states_are_found_by_code_and_by_word():
    assert states_of(["dm600"], "job_status") == [JobState.ERROR, JobState.STOPPED]
    assert states_of(["stopped", "DM000"], "job_status") == [JobState.STOPPED, JobState.QUEUED]
    with pytest.raises(TelecineError) as caught:
        states_of(["DM999"], "job_status")
    assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_INVALID, "job_status")


def test_names_of_recipients_and_of_their_files():
    assert check_name("Post-House_2.b") == "Post-House_2.b"
    assert key_of("TEST") == key_of("test") == "test"
    assert file_name("film", "Post-House_2.b", ".mov") == "film_Post-House_2.b.mov"
