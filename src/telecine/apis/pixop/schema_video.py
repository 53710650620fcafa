"""Videos on the wire: requests, and the outline of what is shown. The details are in `views_video`."""

from typing import Annotated, Any

from pydantic import Field

from telecine.apis.pixop.pages import Page, PageQuery, SelfLink
from telecine.apis.pixop.schema import Name
from telecine.apis.pixop.times import Time
from telecine.apis.wire import Shown, Wire
from telecine.core.video_status import VideoStatus

# ruff: noqa: N815 - the names are the document's


class VideoBody(Wire):
    """A new video. Without a project it belongs to the team's default one."""

    name: Name | None = None
    projectId: str | None = None


class VideoQuery(PageQuery):
    """Which videos."""

    project_id: Annotated[str | None, Field(alias="project-id", description="Those of this project.")] = None
    parent_id: Annotated[str | None, Field(alias="parent-id", description="Those made of this video.")] = None


class VideoCreated(Shown):
    """Where to go on with a new video."""

    projectId: str
    videoId: str
    uploadMediaUrl: str
    uploadLightMediaUrl: str
    processVideoUrl: str


class UploadState(Shown):
    """How far the upload is."""

    updatedAt: Time
    uploadStatus: VideoStatus


class Upload(Shown):
    """The media file. Without one, all but the state is null."""

    uploadState: UploadState
    hasFinishedUploading: bool
    fileName: str | None
    fileSize: int | None
    fileType: str | None
    fileContainerName: str | None


class IngestionState(Shown):
    """How far the ingestion is. `etaSeconds` is ours, and not there until it can be told."""

    updatedAt: Time
    ingestionStatus: VideoStatus
    videoMetadataAvailable: bool
    videoMetadataCommitted: bool
    processingProgressPercent: Annotated[float, Field(ge=0, le=100)]
    etaSeconds: int | None = None


class Ingestion(Shown):
    """What was found out about the media; null until it was, and the assessment of a light ingestion always."""

    ingestionState: IngestionState
    metadata: dict[str, Any] | None
    qualityAssessment: dict[str, Any] | None


class ProcessingState(Shown):
    """How far the making of a processed video is."""

    updatedAt: Time
    processingStatus: VideoStatus
    processingProgressPercent: Annotated[float, Field(ge=0, le=100)]
    etaSeconds: int | None = None


class Processing(Shown):
    """How a processed video is made; of an upload both are null."""

    processingState: ProcessingState | None
    processingParameters: dict[str, Any] | None


class VideoShown(Shown):
    """A video. `parentId` is there of a processed one only."""

    id: str
    name: str
    description: str
    projectId: str | None
    userId: str
    teamId: str
    upload: Upload
    ingestion: Ingestion
    processing: Processing
    attributes: dict[str, Any]
    dateCreated: Time
    timeLastUpdated: Time


class VideoAnswer(Shown):
    """One video."""

    video: VideoShown


class VideoEntry(Shown):
    """A video in a list."""

    links: Annotated[SelfLink, Field(alias="_links")]
    id: str
    parentId: str | None
    projectId: str | None
    name: str
    filename: str | None
    dateCreated: Time
    timeLastUpdated: Time


class Videos(Shown):
    """The entries of a page."""

    totalFound: int
    videos: list[VideoEntry]


class VideoPage(Page):
    """A page of videos."""

    embedded: Annotated[Videos, Field(alias="_embedded")]


class IngestProgress(Shown):
    """How far an ingestion is. Where it failed, `exception` and `errorMessage`, which are ours, say why."""

    videoId: str
    projectId: str | None
    ingestionState: IngestionState


class ProcessProgress(Shown):
    """The same of the making of a processed video."""

    videoId: str
    projectId: str | None
    processingState: ProcessingState


class DeletedVideo(Shown):
    """The id of a video that is gone."""

    videoId: str


class DeletedVideos(Shown):
    """The video, and everything that was made of it."""

    deletedVideos: list[DeletedVideo]
