"""Failures on their way through Temporal: what an activity raises, whether another try can help, what is read back.

All of them are marked benign: we log them ourselves, in one line, and the SDK need not print its stack for them.
"""

from collections.abc import Callable
from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from telecine.core import dwm_codes, wm_codes
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.tnp_codes import ERROR_CODES
from telecine.jobs.messages import STALE, STOPPED, WORKER_STOPPED, Failure

TRIES: dict[ErrorKind, int] = {
    ErrorKind.STORAGE_UNREACHABLE: 12,
    ErrorKind.PUBLISH_FAILED: 12,
    ErrorKind.DOWNLOAD_FAILED: 4,
    ErrorKind.KEYS_UNREACHABLE: 12,
    ErrorKind.INTERNAL: 3,
    ErrorKind.REFERENCE_MISSING: 2,  # the title may have been replaced a moment ago
    ErrorKind.ENGINE_MISSING: 3,
    ErrorKind.STALLED: 2,
    ErrorKind.OUT_OF_MEMORY: 2,
    ErrorKind.ENCODE_FAILED: 2,
    ErrorKind.PACKAGE_FAILED: 2,
}
"""How often a step is tried before such a failure is the job's. Any other kind is final: the request or the input
is wrong, and would be wrong again."""

_BENIGN = ApplicationErrorCategory.BENIGN
_CODES: dict[str, Callable[[TelecineError], str]] = {
    "tnp": lambda error: ERROR_CODES[error.kind],
    "packaging": wm_codes.error_code,
    "dwm": lambda error: dwm_codes.ERROR_CODES[error.kind],
}


def final(error: TelecineError, tries: int) -> bool:
    """Whether `error` ends the job when the step has been tried `tries` times, this time included."""
    return tries >= TRIES.get(error.kind, 1)


def to_temporal(error: TelecineError, *, final: bool) -> ApplicationError:
    """`error` as an activity raises it; Temporal's own page shows message and cure. `final` forbids another try."""
    return ApplicationError(
        str(error),
        error.kind.value,
        error.detail,
        error.field,
        type=error.kind.value,
        non_retryable=final,
        category=_BENIGN,
    )


def from_failure(failure: Failure) -> TelecineError:
    """The failure that a workflow hands back, as an error; of the kind INTERNAL where ours no longer knows it."""
    kind = ErrorKind(failure.kind) if failure.kind in set(ErrorKind) else ErrorKind.INTERNAL
    return TelecineError(kind, failure.detail, field=failure.field)


def unexpected(error: Exception, step: str) -> TelecineError:
    """An exception that nobody foresaw. Its text may hold secrets or paths, so only its type is told."""
    return TelecineError(ErrorKind.INTERNAL, f"The step '{step}' failed with {type(error).__name__}.")


def dialect_code(dialect: str, error: TelecineError) -> str:
    """The dialect's own code of a failure; empty where the dialect has no codes."""
    return _CODES[dialect](error) if dialect in _CODES else ""


def stale() -> ApplicationError:
    """The attempt is over; whoever raises this has nothing more to say about the job."""
    return ApplicationError("The attempt is over.", type=STALE, non_retryable=True, category=_BENIGN)


def stop_found() -> ApplicationError:
    """The row says that somebody asked to stop; the command itself is on its way."""
    return ApplicationError("The job was asked to stop.", type=STOPPED, non_retryable=True, category=_BENIGN)


def worker_stopping() -> ApplicationError:
    """The worker is shutting down; another one goes on at once."""
    return ApplicationError(
        "The worker is shutting down.",
        type=WORKER_STOPPED,
        next_retry_delay=timedelta(milliseconds=200),
        category=_BENIGN,
    )
