"""Shows packaged assets as the PRI document lists them, keys in its order, our own additions behind."""

from datetime import UTC, datetime
from typing import Any

from telecine.apis.pri.mapping import CONSUMPTION, status_of
from telecine.catalog.packaged_assets import Asset
from telecine.core.states import JobState

_ENDED_BY_ITSELF = frozenset({JobState.COMPLETE, JobState.ERROR})


def asset_shown(asset: Asset) -> dict[str, Any]:
    """One packaged asset. What was not sent and is not always there is left out."""
    row, job = asset.row, asset.job
    removed = row.removed is not None
    shown = {
        "id": row.id,
        "name": row.request.get("name"),
        "sourceUri": row.request["sourceUri"],
        "priority": job.priority,
        "status": status_of(job.state, removed),
        "providerId": row.request.get("providerId"),
        "deliveryURL": next(iter(row.urls.values())),
        "created": instant(row.created),
        "metadata": [*row.request.get("metadata", ()), *_consumption(row.urls)],
        "drm": row.request.get("drm"),
        "packagingInfo": row.request.get("packagingInfo"),
        "expires": instant(row.expires) if row.expires and not removed else None,
        "statusMessage": f"{job.error_message} {job.error_cure}" if job.state is JobState.ERROR else None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def deleted_shown(asset: Asset) -> dict[str, Any]:
    """The answer to a delete: the asset as it was, cancelled where its work had not ended."""
    shown = asset_shown(asset)
    return shown if asset.job.state in _ENDED_BY_ITSELF else shown | {"status": "Cancelled"}


def instant(time: datetime) -> str:
    """A time as the document has it, `yyyy-MM-ddTHH:mm:ss.SSSZ`, in UTC."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _consumption(urls: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": f"{CONSUMPTION}{name}", "value": url} for name, url in urls.items()]
