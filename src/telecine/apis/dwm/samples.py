"""The sample requests of the DWM document, for the OpenAPI pages and for tests; and samples of what is ours."""

from typing import Any

RECIPIENT_REGISTER: dict[str, Any] = {"recipients": [{"name": "test", "description": "test corp."}]}

RECIPIENT_MODIFY: dict[str, Any] = {"name": "change_name", "description": "change_name corp."}

JOB_CREATE: dict[str, Any] = {
    "content_id": "content_id",
    "input": {"storage_id": "input-storage-id", "path": "masters/film.mov"},
    "output": {"storage_id": "output-storage-id", "path": "copies"},
    "recipients": ["test", "distributor_1"],
}
"""Ours: the document has no call that creates a job."""

JOB_CREATE_FOR_ALL: dict[str, Any] = JOB_CREATE | {
    "recipients": "all",
    "mode": "pool",
    "code": "up_to_4",
    "strength": 0.7,
    "group_seconds": 1,
    "job_name": "Film, first delivery",
}

DETECTION: dict[str, Any] = {
    "content_id": "content_id",
    "title": "Found on 24 November",
    "input": {"storage_id": "input-storage-id", "path": "leaks/clip.mp4"},
    "limit": 1e-6,
}

DETECTION_BY_URL: dict[str, Any] = {
    "content_id": "content_id",
    "input": {"url": "https://files.example.com/clip.mp4"},
    "job_id": 1,
}
