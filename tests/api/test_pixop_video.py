"""Videos of the video API: from an empty one over its media to what is made of it, and away again."""

import re
from fractions import Fraction

import pytest
from tests.api.pixop import UNKNOWN, add_person, bearer, move, row
from tests.findings import found

from telecine.catalog import jobs, videos
from telecine.catalog.video_models import MediaRemoval, MediaUpload
from telecine.core.enhance.options import Scaler
from telecine.core.enhance.spec import Enhancement, Size
from telecine.core.media_info import MediaInfo
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState

PARAMETERS = {"sourceVideo": {}, "targetVideo": {"frameWidth": 1890, "frameHeight": 1080, "videoFilters": []}}
SPEC = Enhancement(scaler=Scaler.PABSR1, size=Size(tag="hd_1080p"))


@pytest.fixture
def ann(api):
    return add_person(api)


def process(ann, source_id, name="Better"):
    """A processed video, as the process-video call leaves it; its id and its job's."""
    with ann.api.database.write() as s:
        made = videos.create_processed(
            s, ann.site_id, ann.team_id, source_id, user_id=ann.user_id, name=name, spec=SPEC, parameters=PARAMETERS
        )
        return made.id, made.process_job


def keep(ann, video_id, findings):
    with ann.api.database.write() as s:
        videos.get(s, ann.site_id, ann.team_id, video_id).findings = findings.model_dump(mode="json")


def ingestion(ann, video_id):
    answer = ann.call("GET", f"/videos/v1/check-ingest-video-progress/{video_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def processing(ann, video_id):
    answer = ann.call("GET", f"/videos/v1/check-process-video-progress/{video_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(answer):
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["_embedded"]["videos"]]


def test_a_new_video_says_where_to_go_on(ann):
    project_id = ann.add_project()
    answer = ann.call("PUT", "/videos/v1/video", json={"name": "Beach", "projectId": project_id})
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["projectId", "videoId", "uploadMediaUrl", "uploadLightMediaUrl", "processVideoUrl"]
    assert body["projectId"] == project_id
    assert body["uploadLightMediaUrl"] == f"http://testserver/pixop/media/v1/upload/light/{body['videoId']}"


def test_a_new_video_may_be_asked_for_in_many_ways(ann):
    for more in ({}, {"json": {}}, {"json": {"name": None, "projectId": None}}, {"json": {"name": "x", "other": 1}}):
        assert ann.call("PUT", "/videos/v1/video", **more).status_code == 200, more
    java = {"content": b'{"name":"x"}', "headers": {"Content-Type": "application/json; charset=UTF-8"}}
    assert ann.call("PUT", "/videos/v1/video", **java).status_code == 200
    names = {entry["name"] for entry in ann.call("GET", "/videos/v1/videos").json()["_embedded"]["videos"]}
    assert names == {"x", videos.UNNAMED}


def test_a_new_video_that_cannot_be(ann):
    for body in ({"name": ""}, {"name": "a\0b"}, {"name": "x" * 256}, {"name": 7}, {"projectId": 7}):
        answer = ann.call("PUT", "/videos/v1/video", json=body)
        assert (answer.status_code, answer.json()["exception"]) == (400, "ValidationException"), body
    for project_id in (UNKNOWN, "", "x\U0001f3ac"):
        answer = ann.call("PUT", "/videos/v1/video", json={"projectId": project_id})
        assert (answer.status_code, answer.json()["exception"]) == (404, "ProjectNotFoundException")
    assert listed(ann.call("GET", "/videos/v1/videos")) == []


def test_a_video_without_media(api, ann):
    video_id = ann.add_video(name="Beach")
    now = api.clock().strftime("%Y-%m-%d %H:%M:%S")
    shown = ann.video(video_id)
    assert shown == {
        "id": video_id,
        "name": "Beach",
        "description": "",
        "projectId": shown["projectId"],
        "userId": ann.user_id,
        "teamId": ann.team_id,
        "upload": {
            "uploadState": {"updatedAt": now, "uploadStatus": "INITIAL"},
            "hasFinishedUploading": False,
            "fileName": None,
            "fileSize": None,
            "fileType": None,
            "fileContainerName": None,
        },
        "ingestion": {
            "ingestionState": {
                "updatedAt": now,
                "ingestionStatus": "INITIAL",
                "videoMetadataAvailable": False,
                "videoMetadataCommitted": False,
                "processingProgressPercent": 0.0,
            },
            "metadata": None,
            "qualityAssessment": None,
        },
        "processing": {"processingState": None, "processingParameters": None},
        "attributes": {},
        "dateCreated": now,
        "timeLastUpdated": now,
    }


def test_a_resumable_upload_shows_that_it_is_under_way(api, ann):
    video_id = ann.add_video()
    with api.database.write() as s:
        s.add(
            MediaUpload(
                id=UNKNOWN, site_id=ann.site_id, team_id=ann.team_id, video_id=video_id, size=9, file_name="a.mov",
                file_type="", position={"turn": "x"}, expires=api.clock(), date_created=api.clock(),
            )
        )  # fmt: skip
    upload = ann.video(video_id)["upload"]
    assert (upload["uploadState"]["uploadStatus"], upload["hasFinishedUploading"]) == ("IN_PROGRESS", False)


def test_an_ingestion_from_the_queue_to_its_findings(api, ann):
    video_id = ann.add_video(name="Beach")
    job_id = ann.upload(video_id)
    upload = ann.video(video_id)["upload"]
    assert upload["uploadState"]["uploadStatus"] == "DONE"
    assert (upload["fileName"], upload["fileSize"], upload["fileType"]) == ("beach.mov", 1234, "video/quicktime")
    first = ingestion(ann, video_id)
    assert (first["videoId"], first["projectId"]) == (video_id, ann.video(video_id)["projectId"])
    assert first["ingestionState"]["ingestionStatus"] == "INITIAL"
    move(api, job_id, JobState.ANALYSING)
    with api.database.write() as s:
        jobs.report_work(s, job_id, 1, Phase.STAGE_IN, 0, Tick(1, 1))
    state = ingestion(ann, video_id)["ingestionState"]
    assert (state["ingestionStatus"], state["videoMetadataAvailable"]) == ("IN_PROGRESS", False)
    assert 0 < state["processingProgressPercent"] < 100
    assert state["etaSeconds"] > 0
    keep(ann, video_id, found(light=True))
    state = ingestion(ann, video_id)["ingestionState"]
    assert (state["videoMetadataAvailable"], state["videoMetadataCommitted"]) == (True, False)
    keep(ann, video_id, found())
    move(api, job_id, JobState.COMPLETE)
    state = ingestion(ann, video_id)["ingestionState"]
    assert (state["ingestionStatus"], state["processingProgressPercent"]) == ("DONE", 100.0)
    assert (state["videoMetadataCommitted"], "etaSeconds" in state) == (True, False)


def test_findings_are_shown_as_documented(ann):
    video_id = ann.add_video()
    ann.upload(video_id)
    keep(ann, video_id, found())
    shown = ann.video(video_id)
    assert shown["upload"]["fileContainerName"] == "QuickTime / MOV"
    assert shown["ingestion"]["metadata"] == {
        "containerName": "mov,mp4,m4a,3gp,3g2,mj2",
        "longContainerName": "QuickTime / MOV",
        "codecName": "h264",
        "longCodecName": "H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10",
        "pixelFormat": {"name": "yuv420p", "chromaSubsampling": {"yuv": "4:2:0", "bits": 8}},
        "frameWidth": 720,
        "frameHeight": 576,
        "scanning": {
            "metadata": {"scanningType": "interlaced", "interlacedFieldOrder": "top_first"},
            "heuristics": {"scanningType": "progressive", "interlacedFieldOrder": None},
        },
        "averageFramerate": 25.0,
        "durationInMillis": 10000,
        "totalFrames": 250,
        "size": 1234,
        "videoStreamSize": 1200,
    }
    assert shown["ingestion"]["qualityAssessment"] == {
        "metrics": [
            {"name": "noise", "sampleMean": 0.2, "subjectiveLabel": "good", "subjectiveScore": 3.5},
            {"name": "details", "sampleMean": 0.1, "subjectiveLabel": "fair", "subjectiveScore": 2.5},
        ],
        "overallSubjectiveScore": 3.0,
    }


def test_metadata_of_sound_alone(ann):
    video_id = ann.add_video()
    ann.upload(video_id)
    keep(ann, video_id, found(media=MediaInfo(demuxer="mov", duration=Fraction(3), size=99), frames=0))
    metadata = ann.video(video_id)["ingestion"]["metadata"]
    assert "pixelFormat" not in metadata, "the Java client cannot read null there"
    assert (metadata["frameWidth"], metadata["durationInMillis"], metadata["size"]) == (None, 3000, 99)


def test_a_light_ingestion_assesses_nothing(ann):
    video_id = ann.add_video()
    job_id = ann.upload(video_id, light=True)
    with ann.api.database.read() as s:
        spec = jobs.spec_of(jobs.get(s, "DEMO", job_id))
    assert spec.ingestion.light
    keep(ann, video_id, found(light=True, chroma=""))
    shown = ann.video(video_id)["ingestion"]
    assert shown["qualityAssessment"] is None
    assert shown["metadata"]["scanning"]["heuristics"] is None
    assert shown["metadata"]["pixelFormat"] == {"name": "yuv420p", "chromaSubsampling": None}


def test_a_failed_ingestion_says_why(api, ann):
    video_id = ann.add_video()
    move(api, ann.upload(video_id), JobState.ERROR, error_message="The input cannot be read: it is no video.")
    body = ingestion(ann, video_id)
    assert body["ingestionState"]["ingestionStatus"] == "ERROR"
    assert (body["exception"], body["errorMessage"]) == (
        "VideoIngestionFailedException",
        "The input cannot be read: it is no video.",
    )
    assert ann.video(video_id)["ingestion"]["ingestionState"]["ingestionStatus"] == "ERROR"


def test_a_processed_video(api, ann):
    source_id = ann.add_video(name="Beach", projectId=ann.add_project())
    ann.upload(source_id)
    made_id, job_id = process(ann, source_id)
    with api.database.read() as s:
        job = jobs.get(s, "DEMO", job_id)
        spec = jobs.spec_of(job)
    assert (job.dialect, job.content_id, spec.enhancement) == ("pixop", made_id, SPEC)
    assert (spec.files[0].path, spec.files[0].video) == (f"pixop/{source_id}/original.mov", True)
    assert (spec.input_storage, spec.output_storage, spec.output_path) == (
        *(ann.storage_id, ann.storage_id),
        f"pixop/{made_id}",
    )
    shown = ann.video(made_id)
    assert (shown["name"], shown["parentId"]) == ("Better", source_id)
    assert shown["projectId"] == ann.video(source_id)["projectId"]
    assert shown["processing"]["processingParameters"] == PARAMETERS
    assert "parentId" not in ann.video(source_id)
    move(api, job_id, JobState.TRANSCODING)
    with api.database.write() as s:
        for unit in range(2):
            jobs.report_work(s, job_id, 1, Phase.ENCODE, unit, Tick(50, 100))
    state = processing(ann, made_id)["processingState"]
    assert set(state) == {"updatedAt", "processingStatus", "processingProgressPercent", "etaSeconds"}
    assert (state["processingStatus"], state["processingProgressPercent"]) == ("IN_PROGRESS", 39.0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", state["updatedAt"])
    assert ann.video(made_id)["processing"]["processingState"] == state
    move(api, job_id, JobState.COMPLETE)
    keep(ann, made_id, found())
    assert processing(ann, made_id)["processingState"]["processingStatus"] == "DONE"
    assert ingestion(ann, made_id)["ingestionState"]["ingestionStatus"] == "DONE", "it comes with its metadata"


def test_a_processing_that_failed_or_was_stopped_says_so(api, ann):
    source_id = ann.add_video()
    ann.upload(source_id)
    made_id, job_id = process(ann, source_id)
    move(api, job_id, JobState.ERROR, error_message="Encoding failed: no room.")
    body = processing(ann, made_id)
    assert body["processingState"]["processingStatus"] == "ERROR"
    assert (body["exception"], body["errorMessage"]) == ("VideoProcessingFailedException", "Encoding failed: no room.")
    move(api, job_id, JobState.STOPPED, error_message="")
    assert processing(ann, made_id)["errorMessage"] == "It was stopped."
    del api.client.headers["accept"]
    assert set(processing(ann, made_id)) == {"videoId", "projectId", "processingState"}, "all that Java's client knows"


def test_nobody_waits_for_the_processing_of_an_upload(ann):
    answer = ann.call("GET", f"/videos/v1/check-process-video-progress/{ann.add_video()}")
    assert (answer.status_code, answer.json()["exception"]) == (409, "VideoNotProcessedException")


def test_what_is_made_of_a_processed_video_is_of_the_upload(ann):
    source_id = ann.add_video()
    ann.upload(source_id)
    made_id, _ = process(ann, source_id)
    with ann.api.database.write() as s:
        videos.get(s, ann.site_id, ann.team_id, made_id).media_key = f"pixop/{made_id}/better.mov"
    again_id, _ = process(ann, made_id)
    assert ann.video(again_id)["parentId"] == source_id


def test_lists_of_videos(api, ann):
    one, other = ann.add_project(), ann.add_project()
    first = ann.add_video(name="First", projectId=one)
    ann.upload(first)
    api.clock.turn(1)
    second = ann.add_video(projectId=other)
    made, _ = process(ann, first)
    assert listed(ann.call("GET", "/videos/v1/videos?page-size=2")) != []
    assert set(listed(ann.call("GET", "/videos/v1/videos"))) == {first, second, made}
    assert set(listed(ann.call("GET", f"/videos/v1/videos?project-id={one}"))) == {first, made}
    assert listed(ann.call("GET", f"/videos/v1/videos?parent-id={first}")) == [made]
    assert listed(ann.call("GET", f"/videos/v1/videos?parent-id={first}&project-id={other}")) == []
    assert len(listed(ann.call("GET", "/videos/v1/videos?project-id=&parent-id="))) == 3
    body = ann.call("GET", f"/videos/v1/videos?project-id={one}&page-size=1").json()
    query = f"project-id={one}&page=2&page-size=1"
    assert body["_links"]["next"]["href"] == f"http://testserver/pixop/videos/v1/videos?{query}"
    entries = ann.call("GET", f"/videos/v1/videos?project-id={one}").json()["_embedded"]["videos"]
    assert list(entries[0]) == [
        *("_links", "id", "parentId", "projectId", "name", "filename", "dateCreated", "timeLastUpdated")
    ]
    assert [(entry["filename"], entry["parentId"]) for entry in entries if entry["id"] == first] == [
        ("beach.mov", None)
    ]
    assert [(entry["filename"], entry["parentId"]) for entry in entries if entry["id"] == made] == [(None, first)]


def test_a_deleted_video_takes_what_was_made_of_it_along(api, ann):
    source_id = ann.add_video()
    ann.upload(source_id)
    made_id, job_id = process(ann, source_id)
    other = ann.add_video()
    answer = ann.call("DELETE", f"/videos/v1/video/{source_id}", headers={"Content-Type": "application/json"})
    assert answer.json() == {"deletedVideos": [{"videoId": source_id}, {"videoId": made_id}]}
    assert listed(ann.call("GET", "/videos/v1/videos")) == [other]
    assert row(api, made_id) is None
    with api.database.read() as s:
        assert jobs.get(s, "DEMO", job_id).state is JobState.STOP_REQUESTED, "processing is cancelled"
        assert {left.video_id for left in s.query(MediaRemoval)} == {source_id, made_id}
    for method, path in (("GET", "video"), ("DELETE", "video"), ("GET", "check-process-video-progress")):
        answer = ann.call(method, f"/videos/v1/{path}/{made_id}")
        assert (answer.status_code, answer.json()["exception"]) == (404, "VideoNotFoundException")


def test_a_deleted_result_leaves_its_source(ann):
    source_id = ann.add_video()
    ann.upload(source_id)
    made_id, _ = process(ann, source_id)
    assert ann.call("DELETE", f"/videos/v1/video/{made_id}").json() == {"deletedVideos": [{"videoId": made_id}]}
    assert ann.video(source_id)


def test_everything_of_videos_wants_a_token(api, ann):
    video_id = ann.add_video()
    for path in ("projects", "videos", f"video/{video_id}", f"check-ingest-video-progress/{video_id}"):
        for headers, exception in (
            ({}, "NoJWTTokenFoundException"),
            (ann.basic, "NoJWTTokenFoundException"),
            (bearer("x"), "InvalidJWTTokenFoundException"),
        ):
            answer = api.client.get(f"/pixop/videos/v1/{path}", headers=headers)
            assert (answer.status_code, answer.json()["exception"]) == (401, exception)
