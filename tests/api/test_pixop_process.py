"""Asking to have a video processed, as a client sees it: what it answers, what it refuses, and what is put to work."""

from copy import deepcopy
from typing import Any

import pytest
from tests.api.conftest import Api
from tests.api.pixop import Person, add_person, add_team, move, row
from tests.found import findings, media, track

from telecine.apis.pixop.schema_process import DOCUMENT_EXAMPLE
from telecine.catalog import jobs
from telecine.catalog.video_models import Video
from telecine.core.enhance.spec import Enhancement
from telecine.core.ingest import Findings
from telecine.core.job import JobSpec
from telecine.core.states import JobState


@pytest.fixture
def ann(api: Api) -> Person:
    return add_person(api)


def ingested(ann: Person, found: Findings | None = None, *, light: bool = False) -> str:
    """An uploaded video of which everything is known."""
    video_id = ann.add_video(name="Beach")
    job_id = ann.upload(video_id, light=light)
    move(ann.api, job_id, JobState.COMPLETE)
    keep(ann, video_id, found or findings())
    return video_id


def keep(ann: Person, video_id: str, found: Findings) -> None:
    with ann.api.database.write() as s:
        s.get_one(Video, video_id).findings = found.model_dump(mode="json")


def process(ann: Person, video_id: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
    return ann.call("POST", f"/videos/v1/process-video/{video_id}", json=body if body is not None else {}, **more)


def refused(answer: Any, status: int, exception: str) -> str:
    """The message of a refusal, after its form was checked."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"exception", "errorMessage"}
    assert answer.json()["exception"] == exception
    message: str = answer.json()["errorMessage"]
    return message


def test_a_video_is_put_to_work(ann: Person) -> None:
    video_id = ingested(ann)
    body = {"scaler": "pabsr1", "resolution": {"tag": "hd_1080p"}, "clarityBoost": 3}
    answer = process(ann, video_id, body)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    child = made["processedVideoId"]
    assert made["sourceVideoId"] == video_id
    assert made["projectId"] == ann.video(video_id)["projectId"]
    assert made["checkProgressUrl"].endswith(f"/videos/v1/check-process-video-progress/{child}")
    assert made["downloadMediaUrl"].endswith(f"/media/v1/download/processed/{child}")

    shown = ann.video(child)
    assert (shown["name"], shown["parentId"]) == ("Beach", video_id)
    assert shown["processing"]["processingState"]["processingStatus"] == "INITIAL"
    target = shown["processing"]["processingParameters"]["targetVideo"]
    assert (target["container"]["name"], target["codec"]["name"]) == ("mov", "h264")
    assert target["videoFilters"] == [
        {"name": "pabsr1", "properties": {"targetWidth": 1920, "targetHeight": 1080, "clarityBoost": "low"}}
    ]

    video = row(ann.api, child)
    assert video
    with ann.api.database.read() as s:
        job = jobs.get(s, ann.site_id, video.process_job or 0)
        spec = JobSpec.model_validate(job.spec)
    assert spec.enhancement == Enhancement.model_validate(
        {"container": "mov", "scaler": "pabsr1", "size": {"tag": "hd_1080p"}, "clarity": "low"}
    )
    assert (job.state, job.request, spec.content_id) == (JobState.QUEUED, body, child)
    source = row(ann.api, video_id)
    assert source
    assert spec.files[0].path == source.media_key


def test_what_is_made_otherwise_than_asked_for_is_told(ann: Person) -> None:
    body = {"mediaContainerCodec": {"codec": "dnxhd"}, "dnxhdHrProfile": "dnxhd_444", "deinterlacer": "deint"}
    told = process(ann, ingested(ann), body).json()["substitutions"]
    assert any("dnxhd_444 cannot be encoded" in line for line in told)
    assert any("progressive already" in line for line in told)


def test_the_example_of_the_document_is_taken(ann: Person) -> None:
    video_id = ingested(ann, findings(media(track(duration=60, frames=1500))))
    assert process(ann, video_id, deepcopy(DOCUMENT_EXAMPLE)).status_code == 200


def test_a_light_ingestion_is_enough(ann: Person) -> None:
    assert process(ann, ingested(ann, light=True)).status_code == 200


def test_without_a_body_everything_is_inferred(ann: Person) -> None:
    answer = ann.call("POST", f"/videos/v1/process-video/{ingested(ann)}")
    assert answer.status_code == 200, answer.text


def test_each_request_makes_a_video_of_its_own(ann: Person) -> None:
    video_id = ingested(ann)
    children = {process(ann, video_id).json()["processedVideoId"] for _ in range(2)}
    listed = ann.call("GET", f"/videos/v1/videos?parent-id={video_id}").json()["_embedded"]["videos"]
    assert {entry["id"] for entry in listed} == children
    assert len(children) == 2


def test_the_same_request_under_one_key_makes_one(ann: Person) -> None:
    video_id = ingested(ann)
    key = {"Idempotency-Key": "again"}
    answers = [process(ann, video_id, headers=key).json() for _ in range(2)]
    assert answers[0] == answers[1]
    stranger = add_person(ann.api, "bob@example.com", add_team(ann.api, "Rivals"))
    refused(process(stranger, video_id, headers=key), 404, "VideoNotFoundException")


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"scalar": "pabsr1"}, "scalar", "no such field"),
    ({"codec": "h264"}, "codec", "no such field"),
    ({"scaler": "magic"}, "scaler", "pabsr1"),
    ({"mediaContainerCodec": {"container": "mxf", "codec": "hevc"}}, "mediaContainerCodec.codec", "goes into mov"),
    ({"appleProresProfile": "hq"}, "appleProresProfile", "ask for that codec"),
    ({"clarityBoost": "low", "scaler": "dvres"}, "clarityBoost", "pabsr1"),
    ({"chromaSubsampling": {"yuv": "4:1:1", "bits": 10}}, "chromaSubsampling.bits", "4:1:1 has 8 bits"),
    ({"bitrate": {"mbps": 5000}}, "bitrate.mbps", "4000"),
    ({"resolution": {"width": 640, "height": 480, "aspectRatioTag": "4:3"}}, "resolution.aspectRatioTag", "three"),
    ({"resolution": {"tag": "uhd_4k"}, "scaler": "dvres"}, "resolution", "1920x1080"),
    ({"frameRateConverter": "vfi"}, "frameRate", "needs a rate"),
    ({"range": {"startPositionMilliseconds": 20_000}}, "range.startPositionMilliseconds", "10000"),
    ({"range": {"endPositionMilliseconds": 20_000}}, "range.endPositionMilliseconds", "10000"),
]
"""Requests, the field that each names, and words of the message. Every other refusal is in the tests of the mapping."""


def test_what_cannot_be_is_refused_before_anything_is_made(ann: Person) -> None:
    video_id = ingested(ann)
    for body, field, words in REFUSALS:
        message = refused(process(ann, video_id, body), 400, "ValidationException")
        assert f"'{field}'" in message, body
        assert words in message, body
    assert ann.call("GET", f"/videos/v1/videos?parent-id={video_id}").json()["_embedded"]["videos"] == []


def test_all_faults_of_the_wire_are_told_at_once(ann: Person) -> None:
    message = refused(process(ann, ingested(ann), {"one": 1, "two": 2}), 400, "ValidationException")
    assert "'one'" in message
    assert "'two'" in message


def test_a_video_that_is_not_ingested(ann: Person) -> None:
    video_id = ann.add_video()
    job_id = ann.upload(video_id)
    keep(ann, video_id, findings())  # metadata may be there before the rest
    for state, trouble, words in [
        (JobState.QUEUED, "", "not ingested yet"),
        (JobState.ANALYSING, "", "not ingested yet"),
        (JobState.ERROR, "no picture in it.", "ingestion of its media failed: no picture in it. Upload it again."),
        (JobState.STOPPED, "", "ingestion of its media failed: it was stopped."),
    ]:
        move(ann.api, job_id, state, error_message=trouble)
        assert words in refused(process(ann, video_id), 409, "VideoNotFullyIngestedException")


def test_a_video_without_media(ann: Person) -> None:
    assert "no media yet" in refused(process(ann, ann.add_video()), 409, "VideoNotFullyIngestedException")


def test_a_video_that_is_still_being_made(ann: Person) -> None:
    child = process(ann, ingested(ann)).json()["processedVideoId"]
    assert "still being made" in refused(process(ann, child), 409, "VideoNotFullyIngestedException")


def test_a_video_of_another_team(ann: Person) -> None:
    other = add_person(ann.api, "bob@example.com")
    refused(process(other, ingested(ann)), 404, "VideoNotFoundException")


def test_a_body_that_is_no_json(ann: Person) -> None:
    answer = ann.call("POST", f"/videos/v1/process-video/{ingested(ann)}", content=b"{")
    refused(answer, 400, "ValidationException")


def test_without_a_token(ann: Person) -> None:
    answer = ann.api.client.post(f"/pixop/videos/v1/process-video/{ingested(ann)}", json={})
    refused(answer, 401, "NoJWTTokenFoundException")
