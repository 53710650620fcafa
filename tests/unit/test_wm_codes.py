"""The codes of watermark packaging: printed in its page as they are, and in the order of a job."""

import re
from pathlib import Path

import pytest

from telecine.apis.packaging.faults import API_CODES, OWN_CODES, api_code
from telecine.core.errors import REGISTRY, ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.core.wm_codes import ERRORS, NOT_OF_JOBS, OF_KINDS, STATUSES, error_code, status_code
from telecine.storage.s3_errors import refused

PAGE = (Path(__file__).parents[2] / "docs/packaging.md").read_text()


def rows(pattern):
    """The first two cells of the page's table rows whose first matches."""
    lines = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("|")]
    return {line[0]: line[1] for line in lines if re.fullmatch(pattern, line[0])}


def test_the_page_prints_the_tables_that_the_code_has():
    assert rows(r"WM(?!900)\d+") == STATUSES
    assert rows(r"WM900\d{3}") == ERRORS
    assert rows(r"0000|A[1-8]\d{3}") == API_CODES
    assert rows(r"A9\d{3}") == {code: kind.value for kind, code in OWN_CODES.items()}


def test_the_tables_are_complete():
    assert len(STATUSES) == 16
    assert [code for code in ERRORS if code < "WM900100"] == [f"WM9000{number:02}" for number in range(1, 23)]
    assert [code for code in ERRORS if code > "WM900100"] == [f"WM9001{number:02}" for number in range(1, 38)]


@pytest.mark.parametrize("drm", [True, False])
def test_every_state_has_a_status_and_a_job_passes_them_in_order(drm):
    codes = [status_code(state, drm=drm) for state in JobState]
    assert set(codes) <= set(STATUSES)
    way = codes[: list(JobState).index(JobState.COMPLETE) + 1]
    assert [list(STATUSES).index(code) for code in way] == sorted(list(STATUSES).index(code) for code in way)
    assert way[0] == "WM000"
    assert way[-1] == "WM030"
    assert status_code(JobState.ERROR, drm=drm) == "WM999"


def test_a_job_without_drm_never_says_that_it_encrypts():
    assert not {status_code(state, drm=False) for state in JobState} & {"WM023100", "WM023200"}


def test_every_kind_of_failure_has_a_code():
    known = {*API_CODES, *OWN_CODES.values()}
    for kind in ErrorKind:
        code = api_code(TelecineError(kind))
        assert code in known
        # What is our fault never passes for the client's.
        assert code.startswith("A9") == (REGISTRY[kind].status >= 500 or kind in OWN_CODES), kind


def test_every_kind_of_failure_has_an_error_or_ends_no_job():
    assert set(OF_KINDS) | NOT_OF_JOBS == set(ErrorKind)
    assert not set(OF_KINDS) & NOT_OF_JOBS
    assert set(OF_KINDS.values()) <= set(ERRORS)
    assert {error_code(TelecineError(kind)) for kind in ErrorKind} <= set(ERRORS)


def test_the_page_says_which_failures_an_error_stands_for():
    told = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and re.fullmatch(r"`WM900\d{3}`", cells[0]):
            told |= {kind: cells[0].strip("`") for kind in re.findall(r"`([a-z_]+)`", cells[2])}
    assert told == {kind.value: code for kind, code in OF_KINDS.items()}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TelecineError(ErrorKind.OBJECT_MISSING, "a.mp4", field="storage.input.contents_path[0]"), "WM900013"),
        (TelecineError(ErrorKind.OBJECT_MISSING, "a.vtt", field="subtitles[0].path"), "WM900011"),
        (TelecineError(ErrorKind.INPUT_OVER_LIMIT, "", field="storage.input.contents_path[0]"), "WM900014"),
        (TelecineError(ErrorKind.INPUT_OVER_LIMIT, "", field="subtitles[3].path"), "WM900011"),
        (refused("InvalidAccessKeyId", "GetObject", "films"), "WM900007"),
        (refused("SignatureDoesNotMatch", "GetObject", "films"), "WM900007"),
        (refused("AccessDenied", "PutObject", "films"), "WM900007"),
        (refused("PermanentRedirect", "HeadObject", "films"), "WM900008"),
        (refused("NoSuchBucket", "HeadObject", "films"), "WM900009"),
        (TelecineError(ErrorKind.STORAGE_REFUSED, "bucket 'films' does not exist: make the folder"), "WM900009"),
        (TelecineError(ErrorKind.CONFLICT, "cannot be"), "WM900006"),
    ],
)
def test_what_is_at_fault_decides_between_errors(error, code):
    assert error_code(error) == code
