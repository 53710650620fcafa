"""What the media service is asked for and what it answers in JSON, for the OpenAPI page."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

VideoInPath = Annotated[str, Path(alias="videoId")]
UploadInPath = Annotated[str, Path(alias="uploadId")]


class Uploaded(BaseModel):
    """Media has come, whole, and is being ingested."""

    projectId: str | None  # noqa: N815 - the document's spelling, as below
    videoId: str  # noqa: N815
    checkIngestProgressUrl: str  # noqa: N815
    processVideoUrl: str  # noqa: N815
