"""Failures on their way through Temporal and back."""

import pytest

from telecine.core.errors import REGISTRY, ErrorKind, TelecineError
from telecine.jobs import failures
from telecine.jobs.messages import STOPPED, Failure


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_of_failure_survives_the_journey(kind: ErrorKind):
    error = TelecineError(kind, "because of {braces}", field="input.files[0]")
    sent = failures.to_temporal(error, final=False)
    assert failures.from_failure(Failure(*sent.details)).__dict__ == error.__dict__
    assert sent.type == kind.value
    assert REGISTRY[kind].cure.split("{")[0] in sent.message


@pytest.mark.parametrize(
    ("kind", "tries"),
    [
        (ErrorKind.INPUT_UNREADABLE, 1),
        (ErrorKind.TRACK_MISSING, 1),
        (ErrorKind.VERIFY_FAILED, 1),
        (ErrorKind.STALLED, 2),
        (ErrorKind.OUT_OF_MEMORY, 2),
        (ErrorKind.STORAGE_UNREACHABLE, 12),
    ],
)
def test_how_often_a_step_is_tried(kind: ErrorKind, tries: int):
    error = TelecineError(kind)
    assert failures.final(error, tries)
    assert not failures.final(error, tries - 1)


def test_an_unforeseen_exception_tells_its_type_but_not_its_text():
    error = failures.unexpected(ValueError("password=hunter2"), "encode")
    assert "ValueError" in error.message
    assert "hunter2" not in str(error)


def test_a_failure_that_this_release_does_not_know_is_an_internal_one():
    assert failures.from_failure(Failure("invented_later", "x")).kind is ErrorKind.INTERNAL


def test_the_dialects_code_of_a_failure():
    error = TelecineError(ErrorKind.PACKAGE_FAILED)
    assert failures.dialect_code("tnp", error) == "E8005"
    assert failures.dialect_code("packaging", error) == "WM900006"
    assert failures.dialect_code("unknown", error) == ""


def test_the_words_that_workflow_and_errors_share():
    assert ErrorKind.STOPPED.value == STOPPED
