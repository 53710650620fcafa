"""The codes of the T&P dialect: complete, unique, stable where published, and printed in its page as they are."""

import re
from pathlib import Path

import pytest

from telecine.apis.tnp.filters import states_of
from telecine.core.errors import REGISTRY, ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.core.tnp_codes import ERROR_CODES, STATUS_CODES

DOCS = Path(__file__).parents[2] / "docs" / "tnp.md"


def _rows():
    lines = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]


class TestTables:
    def test_every_state_and_every_kind_of_failure_has_a_code_of_its_own(self):
        assert set(STATUS_CODES) == set(JobState)
        assert set(ERROR_CODES) == set(ErrorKind) == set(REGISTRY)
        assert len(set(STATUS_CODES.values())) == len(STATUS_CODES)
        assert len(set(ERROR_CODES.values())) == len(ERROR_CODES)

    def test_published_codes_keep_their_meaning(self):
        published = {JobState.DOWNLOADING: "TP100100", JobState.DOWNLOADED: "TP100200"}
        published |= {JobState.COMPLETE: "TP500", JobState.STOPPED: "TP700200"}
        assert STATUS_CODES.items() >= published.items()
        assert ERROR_CODES[ErrorKind.PACKAGE_FAILED] == "E8005"
        assert ERROR_CODES[ErrorKind.TRIAL_LIMIT] == "E9011"

    def test_codes_sort_in_the_order_of_a_job(self):
        assert sorted(STATUS_CODES.values()) == list(STATUS_CODES.values())

    def test_the_page_prints_the_tables_that_the_code_has(self):
        rows = _rows()
        states = {row[0]: row[2] for row in rows if re.fullmatch(r"TP\d+", row[0])}
        assert states == {code: state.value for state, code in STATUS_CODES.items()}
        errors = {row[0]: (row[1], row[2]) for row in rows if re.fullmatch(r"E\d{4}", row[0])}
        assert errors == {code: (str(REGISTRY[kind].status), kind.value) for kind, code in ERROR_CODES.items()}

    @pytest.mark.parametrize(
        ("words", "states"),
        [
            (["TP500"], [JobState.COMPLETE]),
            (["tp500", "Complete"], [JobState.COMPLETE]),
            (["error", "TP000"], [JobState.ERROR, JobState.QUEUED]),
        ],
    )
    def test_states_are_found_by_code_and_by_word(self, words, states):
        assert states_of(words, "job_status") == states

    def test_progressing_is_every_state_between_queue_and_end(self):
        assert len(states_of(["progressing"], "job_status")) == len(JobState) - 4

    def test_another_word_is_refused(self):
        with pytest.raises(TelecineError) as caught:
            states_of(["TP999"], "job_status")
        assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_INVALID, "job_status")
