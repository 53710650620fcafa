"""The videos service: asking to have a video processed."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Security

from telecine.apis.bodies import JsonRoute, SentBody
from telecine.apis.envelope import Answer
from telecine.apis.idempotency import OnlyOnce
from telecine.apis.pixop import VIDEOS
from telecine.apis.pixop.access import Authorised, user_scheme
from telecine.apis.pixop.mapping import translate
from telecine.apis.pixop.schema_process import DOCUMENT_EXAMPLE, Processing, ProcessRequest
from telecine.apis.pixop.urls import Addressed
from telecine.apis.pixop.views_video import VideoStandings, standings
from telecine.apis.services import Wired
from telecine.catalog import videos
from telecine.catalog.video_models import Video
from telecine.core.enhance.parameters import processing_parameters
from telecine.core.enhance.planner import plan_request
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings
from telecine.core.video_status import VideoStatus

routes = APIRouter(prefix=VIDEOS, tags=["Pixop: video"], route_class=JsonRoute, dependencies=[Security(user_scheme)])

VideoId = Annotated[str, Path(alias="videoId", description="Id of the source.")]
_EXAMPLES: Any = {
    "document": {"summary": "The document's, with every field", "value": DOCUMENT_EXAMPLE},
    "short": {
        "summary": "Twice as sharp",
        "value": {"scaler": "pabsr1", "resolution": {"tag": "hd_1080p"}, "clarityBoost": "low"},
    },
}


@routes.post("/process-video/{videoId}", response_model=Processing, summary="Process a video")
def process_video(
    services: Wired,
    caller: Authorised,
    urls: Addressed,
    once: OnlyOnce,
    sent: SentBody,
    video_id: VideoId,
    body: Annotated[ProcessRequest | None, Body(openapi_examples=_EXAMPLES)] = None,
) -> Answer:
    """Check the whole request against what ingestion found, then put a new video in the queue to be made.

    Sending it again makes another one, but for a request with the same `Idempotency-Key`.
    """
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            source = videos.get(s, caller.site_id, caller.team_id, video_id)
            findings = _ingested(source, standings(s, source, services.now()))
            asked = translate(body or ProcessRequest(), source.file_name, findings.media.demuxer)
            plan = plan_request(asked, findings)
            video = videos.create_processed(
                s,
                caller.site_id,
                caller.team_id,
                source.id,
                user_id=caller.user_id,
                name=source.name,
                spec=asked,
                parameters=processing_parameters(plan, asked.clip),
                request=sent,
                warnings=(*plan.substitutions, *plan.warnings),
                now=services.now(),
            )
            answer = {
                "sourceVideoId": source.id,
                "processedVideoId": video.id,
                "projectId": video.project_id,
                "checkProgressUrl": urls.process_progress(video.id),
                "downloadMediaUrl": urls.download_processed(video.id),
                "substitutions": list(plan.substitutions),
                "warnings": list(plan.warnings),
            }
            return answer, answer

        answer, headers = once.of(caller.team_id).answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


def _ingested(video: Video, far: VideoStandings) -> Findings:
    """What ingestion, light or not, found about a video. Raises WRONG_STATE where it has not come to an end."""
    status = far.ingestion.status
    if not video.media_key:
        why = "The video has no media yet. Upload it first."
        if far.processing:
            why = "The video is still being made. Wait until its processingStatus is DONE."
    elif status is VideoStatus.ERROR:
        why = f"The ingestion of its media failed: {far.ingestion.trouble or 'it was stopped.'} Upload it again."
    elif status is not VideoStatus.DONE or not video.findings:
        why = "Its media is not ingested yet. Wait until its ingestionStatus is DONE."
    else:
        return Findings.model_validate(video.findings)
    raise TelecineError(ErrorKind.WRONG_STATE, why, field="videoId")
