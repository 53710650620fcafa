"""What an ingestion keeps to be shown of an upload, beside the upload in its storage."""

from telecine.core.job import JobSpec

PICTURES = {
    "small": ("small.jpg", "image/jpeg"),
    "large": ("large.jpg", "image/jpeg"),
    "web": ("web.mp4", "video/mp4"),
}
"""Name and type, as kept, of what is shown of an upload."""


def is_light(spec: JobSpec) -> bool:
    """Whether only the metadata is asked for."""
    return spec.ingestion is not None and spec.ingestion.light


def kept_keys(spec: JobSpec) -> list[str]:
    """Every key at which an attempt may have left something in the storage."""
    return [f"{spec.output_path}/{name}" for name, _ in PICTURES.values()]
