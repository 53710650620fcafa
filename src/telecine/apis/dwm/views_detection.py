"""Shows detections of recipients on the DWM wire. Where nobody is named the answer is coarse: `detection_views`."""

from typing import Any

from telecine.apis import detection_views
from telecine.apis.paging import Zone
from telecine.catalog.mark_models import Detection

_FACTS = ("recipient", "dwm_id", "code", "strength", "method", "log10_p", "log10_bound", "agreeing", "compared")
"""What is said of each recipient who is named."""


def detection_line(row: Detection, zone: Zone) -> dict[str, Any]:
    """One detection of a list, with the job whose master the leak is compared with."""
    return detection_views.detection_line(row, zone) | {"job_id": row.of_job}


def detection_detail(row: Detection, zone: Zone) -> dict[str, Any]:
    """One detection with its request, and once it has ended, what came of it."""
    return detection_views.detection_detail(row, zone, _FACTS) | {"job_id": row.of_job}
