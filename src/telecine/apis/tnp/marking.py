"""Reads `output.forensic_watermarking`: whether a job is marked. How it is marked is its site's choice."""

from telecine.apis.findings import Findings
from telecine.apis.tnp.schema_job import Output
from telecine.core.job import Marking
from telecine.core.watermark.policy import MarkingPolicy


def read_marking(output: Output, policy: MarkingPolicy, found: Findings) -> Marking | None:
    """The marking that the request asks for; None where it asks for none.

    A watermark is never left out in silence: a job that could not have it gets refused here, or when its input was
    looked at.
    """
    wanted = output.forensic_watermarking
    if wanted is None or not wanted.enabled:
        return None
    pictures = [(place, track) for place, track in enumerate(output.transcodings) if track.track_type == "video"]
    if not pictures:
        at = "output.forensic_watermarking.enabled"
        found.invalid(at, "the job has no video track, so there is nothing to mark.")
    for place, track in pictures:
        if track.width and track.width < policy.narrowest:
            at = f"output.transcodings[{place}].width"
            found.out_of_range(at, f"a picture with a watermark has {policy.narrowest} pixels or more in a row.")
    return policy.marking()
