"""T&P requests for tests, and what they mean or why they are refused."""

from pydantic import ValidationError

from telecine.apis.findings import Problems
from telecine.apis.invalid import translate
from telecine.apis.tnp import samples
from telecine.apis.tnp.mapping import translate_job
from telecine.apis.tnp.schema_job import JobRequest
from telecine.core.errors import TelecineError
from telecine.core.limits import Policy


def job(**output):
    """The document's sample without protection and notification, with `output` laid over its output."""
    request = samples.without_protection(samples.JOB_CREATE)
    del request["output"]["job_noti_id"]
    request["output"] |= output
    return request


def read(request):
    return translate_job(JobRequest.model_validate(request), request, Policy())


def refused(request):
    """Every fault of `request` as (kind, field)."""
    try:
        read(request)
    except ValidationError as error:
        found = translate([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()])
    except Problems as error:
        found = error.errors
    except TelecineError as error:
        found = [error]
    else:
        raise AssertionError("the request was accepted")
    return {(fault.kind, fault.field) for fault in found}
