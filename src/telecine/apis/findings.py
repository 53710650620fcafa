"""What a dialect's mapping finds wrong or odd in a request, gathered so that a client hears of all of it at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from telecine.core.errors import ErrorKind, TelecineError

MOST_WARNINGS = 50


class Problems(TelecineError):  # noqa: N818 - several errors in one
    """Several failures of one request. It passes for the first; an envelope may list them all."""

    def __init__(self, errors: Sequence[TelecineError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.kind, first.detail, field=first.field)


@dataclass(slots=True)
class Findings:
    """Errors, which refuse the request, and warnings, which travel with the job.

    Fields are in the client's spelling.
    """

    errors: list[TelecineError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def missing(self, where: str, why: str = "") -> None:
        """The field is not there and has to be."""
        self.errors.append(TelecineError(ErrorKind.FIELD_MISSING, why, field=where))

    def invalid(self, where: str, why: str) -> None:
        """The field's value cannot be."""
        self.errors.append(TelecineError(ErrorKind.FIELD_INVALID, why, field=where))

    def out_of_range(self, where: str, why: str) -> None:
        """The field's value is too small or too large."""
        self.errors.append(TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, why, field=where))

    def unsupported(self, where: str, why: str) -> None:
        """The field asks for what this server cannot do yet."""
        self.errors.append(TelecineError(ErrorKind.NOT_SUPPORTED_YET, why, field=where))

    def warn(self, text: str) -> None:
        """Something was read otherwise than it was written, or ignored."""
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(text)

    def settle(self) -> None:
        """Raise what is wrong, if anything is."""
        if self.errors:
            raise self.errors[0] if len(self.errors) == 1 else Problems(self.errors)
