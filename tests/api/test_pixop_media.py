"""The media service: uploads, downloads and their ranges, screenshots; what is refused, and what is left then."""

import hashlib
import os
from datetime import timedelta

import pytest
from tests.api.pixop import add_person, move, row

from telecine.apis.pixop.intake import Intake
from telecine.catalog import uploads, videos
from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.storage.folder import FolderStore

MEDIA = os.urandom(3_000_017)
NAME = "Sommer 1987, Küste.MOV"
BOUNDARY = "----telecine-test"


@pytest.fixture
def ann(api):
    return add_person(api)


@pytest.fixture
def bucket(api, ann):
    """The files of the team's bucket."""
    folder = next(api.services.settings.buckets.iterdir())

    def files():
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    files.folder = folder
    return files


def send(person, video_id, content=MEDIA, name=NAME, part="file", kind="application/octet-stream", path="upload"):
    return person.call("POST", f"/media/v1/{path}/{video_id}", files={part: (name, content, kind)})


def raw(person, video_id, body, **headers):
    """A form as the test writes it; `body` may be an iterator, which is sent in chunks."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **headers}
    return person.call("POST", f"/media/v1/upload/{video_id}", content=body, headers=headers)


def framed(content, end=b"--\r\n"):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.mov"\r\n\r\n'.encode()
    return head + content + f"\r\n--{BOUNDARY}".encode() + end


def refused(answer, status, exception):
    assert (answer.status_code, answer.json().get("exception")) == (status, exception), answer.text
    return answer.json()["errorMessage"]


def rows(api):
    with api.database.read() as s:
        return list(uploads.expired(s, api.clock() + timedelta(days=999), 10))


class TestUpload:
    def test_media_is_stored_described_and_ingested(self, api, ann, bucket):
        video_id = ann.add_video(name="Beach")
        answer = send(ann, video_id)
        assert answer.status_code == 200
        base = "http://testserver/pixop/videos/v1"
        video = row(api, video_id)
        assert answer.json() == {
            "projectId": video.project_id,
            "videoId": video_id,
            "checkIngestProgressUrl": f"{base}/check-ingest-video-progress/{video_id}",
            "processVideoUrl": f"{base}/process-video/{video_id}",
        }
        assert (video.file_name, video.file_type, video.light) == (NAME, "application/octet-stream", False)
        assert (video.media_size, video.media_etag) == (len(MEDIA), hashlib.sha256(MEDIA).hexdigest())
        assert video.upload_time == api.clock()
        assert bucket() == [video.media_key]
        assert video.media_key.startswith(f"pixop/{video_id}/")
        assert video.media_key.endswith("/original.mov")
        assert (bucket.folder / video.media_key).read_bytes() == MEDIA
        assert rows(api) == []
        progress = ann.call("GET", f"/videos/v1/check-ingest-video-progress/{video_id}").json()
        assert progress["ingestionState"]["ingestionStatus"] == "INITIAL"

    def test_a_light_upload_asks_for_a_light_ingestion(self, api, ann):
        video_id = ann.add_video()
        assert send(ann, video_id, path="upload/light").status_code == 200
        with api.database.read() as s:
            video = videos.get(s, ann.site_id, ann.team_id, video_id)
            job = videos.job_search.get(s, ann.site_id, video.ingest_job)
        assert video.light
        assert job.spec["ingestion"]["light"] is True

    def test_the_part_may_have_any_name_and_the_form_other_parts(self, api, ann):
        video_id = ann.add_video()
        files = {"film.mov": ("film.mov", MEDIA, "video/quicktime"), "second": ("other.mov", b"other", "video/mp4")}
        answer = ann.call("POST", f"/media/v1/upload/{video_id}", files=files, data={"note": "x" * 1000})
        assert answer.status_code == 200
        assert (row(api, video_id).file_name, row(api, video_id).media_size) == ("film.mov", len(MEDIA))

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\films\\a.mov", "a.mov"),
            ("bell\x07.mov", "bell.mov"),
            ("x" * 300 + ".mov", "x" * 251 + ".mov"),
            ("/", "upload"),
        ],
    )
    def test_names_are_kept_without_what_does_harm(self, api, ann, bucket, given, kept):
        video_id = ann.add_video()
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="{given}"\r\n\r\nx\r\n--{BOUNDARY}--'
        )
        assert raw(ann, video_id, head.encode()).status_code == 200
        assert row(api, video_id).file_name == kept
        assert bucket() == [row(api, video_id).media_key]

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("Video/MP4; codecs=x", "video/mp4"),
            ("none", "application/octet-stream"),
            ("a/b\0", "application/octet-stream"),
            ("x" * 300 + "/y", "application/octet-stream"),
        ],
    )
    def test_odd_types_are_kept_as_the_general_one(self, api, ann, given, kept):
        video_id = ann.add_video()
        body = framed(b"x").replace(b"\r\n\r\n", f"\r\nContent-Type: {given}\r\n\r\n".encode(), 1)
        assert raw(ann, video_id, body).status_code == 200
        assert row(api, video_id).file_type == kept

    def test_a_body_of_unknown_length_is_taken(self, api, ann):
        video_id = ann.add_video()
        body = framed(MEDIA)
        assert raw(ann, video_id, iter([body[:7], body[7:100_000], body[100_000:]])).status_code == 200
        assert row(api, video_id).media_size == len(MEDIA)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"no form",
            framed(MEDIA)[:-8],
            framed(MEDIA, end=b"?"),
            framed(b""),
            framed(MEDIA).replace(b"file", b""),
        ],
    )
    def test_a_broken_form_leaves_nothing(self, api, ann, bucket, body):
        video_id = ann.add_video()
        message = refused(raw(ann, video_id, body), 400, "ValidationException")
        assert "Content-Type" in message or "file" in message
        assert (bucket(), rows(api), row(api, video_id).media_key) == ([], [], "")

    def test_another_content_type_is_refused(self, ann):
        video_id = ann.add_video()
        answer = ann.call("POST", f"/media/v1/upload/{video_id}", json={"file": "x"})
        assert "multipart/form-data" in refused(answer, 400, "ValidationException")

    def test_more_than_the_limit_is_refused_at_once_or_when_it_comes(self, make_api):
        api = make_api(limits={"input_bytes": 100_000})
        ann = add_person(api)
        video_id = ann.add_video()
        refused(send(ann, video_id), 413, "ContentTooLargeException")
        refused(raw(ann, video_id, iter([framed(MEDIA)])), 413, "ContentTooLargeException")
        assert send(ann, video_id, MEDIA[:100_000]).status_code == 200
        folder = next(api.services.settings.buckets.iterdir())
        assert len([path for path in folder.rglob("*") if path.is_file()]) == 1

    def test_media_stays_unless_it_could_not_be_ingested(self, api, ann, bucket):
        video_id = ann.add_video()
        assert send(ann, video_id).status_code == 200
        assert "has its media" in refused(send(ann, video_id, b"other"), 409, "ConflictException")
        move(api, row(api, video_id).ingest_job, JobState.COMPLETE)
        refused(send(ann, video_id, b"other"), 409, "ConflictException")
        move(api, row(api, video_id).ingest_job, JobState.ERROR, end_time=api.clock())
        first = row(api, video_id)
        assert send(ann, video_id, b"other", name="b.mp4").status_code == 200
        second = row(api, video_id)
        assert (second.file_name, second.media_size) == ("b.mp4", 5)
        assert second.ingest_job != first.ingest_job
        assert bucket() == [second.media_key]

    def test_who_may_upload_where(self, api, ann):
        video_id = ann.add_video()
        eve = add_person(api, "eve@example.com")
        refused(send(eve, video_id), 404, "VideoNotFoundException")
        refused(send(ann, "no-such-id"), 404, "VideoNotFoundException")
        answer = api.client.post(f"/pixop/media/v1/upload/{video_id}", files={"f": ("a", MEDIA)})
        refused(answer, 401, "NoJWTTokenFoundException")
        refused(send(ann, processed(api, ann)), 409, "ConflictException")

    def test_an_upload_whose_place_was_taken_says_so_and_leaves_the_other_alone(self, api, ann, bucket, monkeypatch):
        video_id, body = ann.add_video(), framed(MEDIA)
        caller = type("Caller", (), {"site_id": ann.site_id, "team_id": ann.team_id})()
        newer = []

        async def overtaken(_):
            yield body[:2_000_000]
            newer.append(Intake.begin(api.services, caller, video_id, uploads.NewUpload(0, True, "b.mov", "video/mp4")))
            yield body[2_000_000:]

        monkeypatch.setattr("telecine.apis.pixop.routes_media_upload.body_of", overtaken)
        assert "Another upload" in refused(raw(ann, video_id, b"x"), 409, "ConflictException")
        assert len(bucket()) == 1
        newer[0]._keep(bytearray(b"newer"))
        newer[0].finish()
        assert ann.call("GET", f"/media/v1/download/original/{video_id}").content == b"newer"

    def test_a_storage_that_fails_is_no_upload(self, api, ann, bucket, monkeypatch):
        video_id = ann.add_video()

        def fail(*_):
            raise TelecineError(ErrorKind.STORAGE_REFUSED, "there is no room left.")

        monkeypatch.setattr("telecine.storage.folder_writing.FolderWriting.write", fail)
        assert "no room" in refused(send(ann, video_id), 400, "ValidationException")
        assert (bucket(), rows(api), row(api, video_id).media_key) == ([], [], "")


def processed(api, person, content=b"", **columns):
    """A processed video of an upload that has its media; its own media is `content`, if any."""
    source = person.add_video()
    assert send(person, source).status_code == 200
    with api.database.write() as s:
        made = videos.create_processed(
            s,
            person.site_id,
            person.team_id,
            source,
            user_id=person.user_id,
            name="better",
            spec=Enhancement(),
            parameters={},
        )
        if content:
            made.media_key, made.media_size = f"pixop/{made.id}/better.mov", len(content)
            made.media_etag, made.file_name = "better", "better.mov"
            put(api, made.media_key, content)
        for name, value in columns.items():
            setattr(made, name, value)
        return made.id


def put(api, key, content):
    FolderStore(next(api.services.settings.buckets.iterdir())).upload(content, key, "")


class TestDownload:
    @pytest.fixture
    def uploaded(self, ann):
        video_id = ann.add_video()
        assert send(ann, video_id).status_code == 200
        return video_id

    def get(self, person, path, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return person.call(method, f"/media/v1/download/{path}", headers=headers)

    def test_what_was_uploaded_comes_back(self, ann, uploaded):
        got = self.get(ann, f"original/{uploaded}")
        assert (got.status_code, got.content) == (200, MEDIA)
        assert got.headers["content-length"] == str(len(MEDIA))
        assert got.headers["etag"] == f'"{hashlib.sha256(MEDIA).hexdigest()}"'
        assert got.headers["content-type"] == "video/quicktime"
        quoted = "Sommer%201987%2C%20K%C3%BCste.MOV"
        named = f"attachment; filename=\"Sommer 1987, K_ste.MOV\"; filename*=UTF-8''{quoted}"
        assert got.headers["content-disposition"] == named
        head = self.get(ann, f"original/{uploaded}", "HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert {**head.headers} == {**got.headers}

    def test_it_is_not_sent_twice_and_can_be_gone_on_with(self, ann, uploaded):
        etag = self.get(ann, f"original/{uploaded}", "HEAD").headers["etag"]
        assert self.get(ann, f"original/{uploaded}", If_None_Match=etag).status_code == 304
        rest = self.get(ann, f"original/{uploaded}", Range="bytes=1000000-", If_Range=etag)
        assert (rest.status_code, rest.content) == (206, MEDIA[1_000_000:])
        assert rest.headers["content-range"] == f"bytes 1000000-{len(MEDIA) - 1}/{len(MEDIA)}"
        assert self.get(ann, f"original/{uploaded}", Range="bytes=0-9", If_Range='"old"').status_code == 200
        many = self.get(ann, f"original/{uploaded}", Range="bytes=0-9,2000000-2000009")
        assert many.status_code == 206
        assert MEDIA[:10] in many.content
        assert MEDIA[2_000_000:2_000_010] in many.content

    def test_bytes_behind_the_end_cannot_be_had(self, ann, uploaded):
        got = self.get(ann, f"original/{uploaded}", Range=f"bytes={len(MEDIA)}-")
        assert "Range" in refused(got, 416, "RangeNotSatisfiableException")
        assert got.headers["content-range"] == f"bytes */{len(MEDIA)}"

    def test_without_media_there_is_no_download(self, ann):
        refused(self.get(ann, f"original/{ann.add_video()}"), 404, "NotFoundException")

    def test_another_team_sees_nothing(self, api, ann, uploaded):
        eve = add_person(api, "eve@example.com")
        for path in ("original/", "processed/", "web/", "comparison/", "screenshot/small//"):
            refused(self.get(eve, path + uploaded), 404, "VideoNotFoundException")
        assert api.client.get(f"/pixop/media/v1/download/original/{uploaded}").status_code == 401

    def test_a_processed_video_has_its_own_media_and_its_originals(self, api, ann):
        made = processed(api, ann, b"better picture")
        got = self.get(ann, f"processed/{made}")
        assert (got.status_code, got.content, got.headers["etag"]) == (200, b"better picture", '"better"')
        assert got.headers["content-disposition"] == 'attachment; filename="better.mov"'
        assert self.get(ann, f"processed/{made}", "HEAD").headers["content-length"] == "14"
        assert self.get(ann, f"original/{made}").content == MEDIA

    def test_what_is_not_done_says_so(self, api, ann, uploaded):
        made = processed(api, ann)
        assert "still" in refused(self.get(ann, f"processed/{made}"), 409, "VideoNotProcessedException")
        move(api, row(api, made).process_job, JobState.ERROR, end_time=api.clock())
        assert "failed" in refused(self.get(ann, f"processed/{made}"), 404, "VideoNotProcessedException")
        refused(self.get(ann, f"processed/{uploaded}"), 404, "VideoNotProcessedException")

    def test_pictures_come_with_one_slash_or_two(self, api, ann, uploaded):
        refused(self.get(ann, f"screenshot/small//{uploaded}"), 404, "NotFoundException")
        pictures = {}
        for which, end in (("small", "jpg"), ("large", "jpg"), ("web", "mp4"), ("comparison", "mp4")):
            pictures[which] = f"pixop/{uploaded}/{which}.{end}"
            put(api, pictures[which], which.encode() * 100)
        with api.database.write() as s:
            videos.get(s, ann.site_id, ann.team_id, uploaded).pictures = pictures
        for path in ("screenshot/small//", "screenshot/small/", "screenshot/large//", "screenshot/large/"):
            got = self.get(ann, path + uploaded)
            assert (got.status_code, got.content) == (200, path.split("/")[1].encode() * 100)
            assert (got.headers["content-type"], got.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
        for which in ("web", "comparison"):
            got = self.get(ann, f"{which}/{uploaded}", Range="bytes=0-2")
            assert (got.status_code, got.content.decode()) == (206, which[:3])
        assert self.get(ann, f"screenshot/huge//{uploaded}").status_code == 400
        head = self.get(ann, f"screenshot/small//{uploaded}", "HEAD")
        assert head.status_code == 200
        assert self.get(ann, f"screenshot/small/{uploaded}", If_None_Match=head.headers["etag"]).status_code == 304
