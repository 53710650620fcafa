"""A plan as the video API shows it: the document's `processingParameters`.

Here and not in the dialect, because the worker writes them again once it knows what is really made.
"""

from typing import Any

from telecine.core.enhance.options import Clarity
from telecine.core.enhance.plan import EnhancePlan, Stage
from telecine.core.enhance.spec import Clip


def processing_parameters(plan: EnhancePlan, clip: Clip | None) -> dict[str, Any]:
    """What is made of which part of the source. `clip` is the part as it was asked for.

    Filters have no other properties than those that the vendor's Java client knows; it refuses any other.
    """
    target = plan.target
    picture = target.picture
    return {
        "sourceVideo": _positions(clip),
        "targetVideo": {
            **({"preset": {"name": plan.preset}} if plan.preset else {}),
            "container": {"name": target.container.value, "properties": {}},
            "codec": {"name": target.codec.value, "properties": {}},
            "pixelFormat": {
                "name": picture.pixel_format,
                "chromaSubsampling": {"yuv": picture.chroma.value, "bits": picture.bits},
            },
            "bitrate": target.bitrate,
            "frameWidth": picture.width,
            "frameHeight": picture.height,
            "averageFramerate": float(picture.rate),
            "videoFilters": [{"name": stage.value, "properties": _properties(stage)} for stage in plan.stages],
        },
    }


def _positions(clip: Clip | None) -> dict[str, int]:
    if clip is None:
        return {}
    end = {} if clip.end is None else {"endPositionMilliseconds": clip.end}
    return {"startPositionMilliseconds": clip.start, **end}


def _properties(stage: Stage) -> dict[str, Any]:
    if stage.option == "frameRateConverter":
        return {"fps": float(stage.after.rate)}
    if stage.option != "scaler":
        return {}
    size = {"targetWidth": stage.after.width, "targetHeight": stage.after.height}
    level = stage.settings.get("clarity")
    return size if level is None else size | {"clarityBoost": tuple(Clarity)[int(level)].value}
