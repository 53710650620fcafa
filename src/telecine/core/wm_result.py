"""The message that tells a client of the packaging API how a job ended, in the document's form.

The document sends it when a job is finished or failed. A job that was stopped is told of too, with the code of that
status: whoever waits for the end of a job need not wait for ever.
"""

from typing import Any

from telecine.core.states import JobState
from telecine.core.wm_codes import STATUSES, status_code

SUCCESS = "0000"


def result_payload(job_id: int, state: JobState, error_code: str, error_message: str, request: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The message that job `job_id` has ended in `state`, with its own error where that is one.

    `request` is the API data by which it was registered: paths are told as they were sent.
    """
    stopped = status_code(JobState.STOPPED, drm=False)
    outcome = {
        JobState.COMPLETE: (SUCCESS, "Success."),
        JobState.STOPPED: (stopped, STATUSES[stopped]),
    }.get(state, (error_code, error_message))
    return {
        "job_id": job_id,
        "error_code": outcome[0],
        "error_message": outcome[1],
        "input_contents_path": listed(request["storage"]["input"]["contents_path"]),
        "output_path": listed(request["storage"]["output"]["path"])[0],
    }


def listed(value: str | list[str]) -> list[str]:
    """Paths, of which one may have been sent as text."""
    return [value] if isinstance(value, str) else value
