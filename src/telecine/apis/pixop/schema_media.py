"""What the media service answers in JSON, for the OpenAPI page."""

from pydantic import BaseModel


class Uploaded(BaseModel):
    """Media has come, whole, and is being ingested."""

    projectId: str | None  # noqa: N815 - the document's spelling, as below
    videoId: str  # noqa: N815
    checkIngestProgressUrl: str  # noqa: N815
    processVideoUrl: str  # noqa: N815
