"""Resumable uploads by tus: pieces, lost connections, checksums, ends; and the sweeper that removes the forgotten."""

import base64
import hashlib
import os
from datetime import timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest
from tests.api.pixop import add_person, row

from telecine.apis.pixop.intake import Intake, Interrupted
from telecine.catalog import uploads
from telecine.catalog.uploads import NewUpload
from telecine.catalog.video_models import MediaUpload
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs import services as jobs_services
from telecine.jobs.upload_sweep import sweep_uploads

MEDIA = os.urandom(2_500_009)
PIECE = {"Content-Type": "application/offset+octet-stream"}
V = {"Tus-Resumable": "1.0.0"}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def ann(api):
    return add_person(api)


@pytest.fixture
def video_id(ann):
    return ann.add_video()


@pytest.fixture
def files(api, ann):
    folder = next(api.services.settings.buckets.iterdir())
    return lambda: [path for path in folder.rglob("*") if path.is_file()]


def create(person, video_id, length=len(MEDIA), **headers):
    said = {"Upload-Length": str(length)} if length is not None else {}
    return person.call("POST", f"/media/v1/tus/{video_id}", headers={**V, **said, **headers})


def path_of(answer):
    assert answer.status_code == 201, answer.text
    location = answer.headers["location"]
    assert location.startswith("http://testserver/pixop/")
    return location.removeprefix("http://testserver/pixop")


def send(person, path, content, offset, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.call("PATCH", path, content=content, headers={**V, **PIECE, "Upload-Offset": str(offset), **headers})


def offset(person, path):
    answer = person.call("HEAD", path, headers=V)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def test_the_server_says_what_it_knows(api):
    answer = api.client.options("/pixop/media/v1/tus/any")
    assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")
    assert set(answer.headers["tus-extension"].split(",")) >= {"creation", "termination", "expiration", "checksum"}
    assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")
    assert int(answer.headers["tus-max-size"]) == api.services.settings.limits.input_bytes


def test_pieces_become_the_videos_media(api, ann, video_id, files):
    said = f"filename {encoded('x/Küste.mov')},filetype {encoded('video/quicktime')},light {encoded('true')}"
    made = create(ann, video_id, **{"Upload-Metadata": said})
    path = path_of(made)
    assert parsedate_to_datetime(made.headers["upload-expires"]) > api.clock()
    cuts = [0, 1, 1_000_000, 1_000_000, len(MEDIA)]
    for start, end in pairwise(cuts):
        assert offset(ann, path) == start
        answer = send(ann, path, MEDIA[start:end], start)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))
        assert answer.headers["tus-resumable"] == "1.0.0"
    video = row(api, video_id)
    assert (video.file_name, video.file_type, video.light) == ("Küste.mov", "video/quicktime", True)
    assert video.ingest_job is not None
    got = ann.call("GET", f"/media/v1/download/original/{video_id}")
    assert got.content == MEDIA
    assert got.headers["etag"] == f'"{video.media_etag}"'
    assert len(files()) == 1
    assert ann.call("HEAD", path, headers=V).status_code == 404


def test_all_can_come_with_the_creation(api, ann, video_id):
    said = {**V, **PIECE, "Upload-Length": str(len(MEDIA))}
    answer = ann.call("POST", f"/media/v1/tus/{video_id}", content=MEDIA, headers=said)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(MEDIA)))
    assert row(api, video_id).media_etag != ""
    assert row(api, video_id).media_size == len(MEDIA)


def test_a_piece_from_elsewhere_is_refused(ann, video_id):
    path = path_of(create(ann, video_id))
    send(ann, path, MEDIA[:10], 0)
    for wrong in (0, 11):
        answer = send(ann, path, b"x", wrong)
        assert (answer.status_code, answer.json()["exception"]) == (409, "ConflictException")
        assert "byte 10" in answer.json()["errorMessage"]
    assert send(ann, path, MEDIA, 10).status_code == 413, "more than was promised"
    assert offset(ann, path) == 10


def test_checksums_keep_damaged_pieces_out(api, ann, video_id):
    path = path_of(create(ann, video_id))
    sums = {name: base64.b64encode(hashlib.new(name, MEDIA[:1000]).digest()).decode() for name in ("sha1", "sha256")}
    assert send(ann, path, b"#" * 1000, 0, Upload_Checksum=f"sha1 {sums['sha1']}").status_code == 460
    assert offset(ann, path) == 0
    assert send(ann, path, MEDIA[:1000], 0, Upload_Checksum=f"sha1 {sums['sha1']}").status_code == 204
    assert send(ann, path, MEDIA[:1000], 1000, Upload_Checksum=f"sha256 {sums['sha256']}").status_code == 204
    for bad in ("crc32 AAAA", "sha1 ?", "sha1"):
        assert send(ann, path, b"x", 2000, Upload_Checksum=bad).status_code in (400, 460)
    assert send(ann, path, MEDIA[2000:], 2000).status_code == 204
    got = ann.call("GET", f"/media/v1/download/original/{video_id}").content
    assert got == MEDIA[:1000] * 2 + MEDIA[2000:]


@pytest.mark.parametrize(
    ("length", "headers", "status"),
    [
        (None, {}, 400),
        (0, {}, 400),
        ("-1", {}, 400),
        ("1e3", {}, 400),
        (10**15, {}, 413),
        (10, {"Upload-Defer-Length": "1"}, 400),
        (10, {"Upload-Metadata": "filename ???"}, 400),
        (10, {"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_what_cannot_be_begun(ann, video_id, length, headers, status):
    answer = create(ann, video_id, length, **headers)
    assert answer.status_code == status, answer.text
    assert (answer.headers["tus-resumable"], answer.headers["tus-version"]) == ("1.0.0", "1.0.0")
    assert set(answer.json()) == {"exception", "errorMessage"}


def test_a_piece_says_what_it_is(ann, video_id):
    path = path_of(create(ann, video_id))
    answer = ann.call("PATCH", path, content=b"x", headers={**V, "Upload-Offset": "0"})
    assert answer.status_code == 415
    assert ann.call("PATCH", path, content=b"x", headers={**V, **PIECE}).status_code == 400
    assert ann.call("PATCH", path, content=b"x", headers={**PIECE, "Upload-Offset": "0"}).status_code == 412


def test_an_upload_can_be_ended(ann, video_id, files):
    path = path_of(create(ann, video_id))
    send(ann, path, MEDIA[:1000], 0)
    assert ann.call("DELETE", path, headers=V).status_code == 204
    assert files() == []
    assert send(ann, path, MEDIA[1000:], 1000).status_code == 404
    assert ann.call("DELETE", path, headers=V).status_code == 404


def test_the_method_can_be_another_header(api, ann, video_id):
    path = path_of(create(ann, video_id, 4))

    def post(method, **headers):
        return ann.call("POST", path, content=b"media", headers={**V, "X-HTTP-Method-Override": method, **headers})

    assert post("HEAD").headers["upload-offset"] == "0"
    assert post("BREW").status_code == 405
    assert post("DELETE").status_code == 204
    assert post("PATCH", **PIECE, **{"Upload-Offset": "0"}).status_code == 404


def test_uploads_are_their_teams(api, ann, video_id):
    path = path_of(create(ann, video_id))
    eve = add_person(api, "eve@example.com")
    assert create(eve, video_id).status_code == 404
    assert eve.call("HEAD", path, headers=V).status_code == 404
    assert send(eve, path, b"x", 0).status_code == 404
    assert eve.call("DELETE", path, headers=V).status_code == 404
    assert api.client.patch(f"/pixop{path}", content=b"x", headers={**V, **PIECE}).status_code == 401
    assert offset(ann, path) == 0


def test_a_new_upload_takes_the_place_of_one_under_way(ann, video_id, files):
    """The older client may hang on a connection that is dead; whoever comes now is alive."""
    old = path_of(create(ann, video_id))
    send(ann, old, MEDIA[:1000], 0)
    new = path_of(create(ann, video_id))
    assert send(ann, old, MEDIA[1000:], 1000).status_code == 404
    assert len(files()) == 1
    assert send(ann, new, MEDIA, 0).status_code == 204
    assert len(files()) == 1


def test_what_came_before_a_connection_broke_is_kept(api, ann, video_id, monkeypatch):
    path = path_of(create(ann, video_id))

    async def broken(request):
        yield MEDIA[:1_500_000]
        raise Interrupted

    monkeypatch.setattr("telecine.apis.pixop.routes_media_tus.body_of", broken)
    send(ann, path, b"", 0)
    assert offset(ann, path) == 1_500_000
    send(ann, path, b"", 1_500_000, Upload_Checksum=f"sha1 {'A' * 27}=")
    assert offset(ann, path) == 1_500_000, "what was to be checked is not kept by half"
    monkeypatch.undo()
    assert send(ann, path, MEDIA[1_500_000:], 1_500_000).status_code == 204
    assert ann.call("GET", f"/media/v1/download/original/{video_id}").content == MEDIA


def test_a_long_piece_is_noted_while_it_comes_so_that_a_killed_server_loses_little(api, ann, video_id, monkeypatch):
    monkeypatch.setattr("telecine.apis.pixop.intake.SAVE_SECONDS", 0.0)
    path = path_of(create(ann, video_id))

    class Killed(BaseException):
        """Nothing is tidied up after it."""

    async def killed(request):
        yield MEDIA[:1_500_000]
        raise Killed

    monkeypatch.setattr("telecine.apis.pixop.routes_media_tus.body_of", killed)
    with pytest.raises(BaseException, match=r"unhandled|^$"):
        send(ann, path, b"", 0)
    assert offset(ann, path) == 1_500_000
    monkeypatch.undo()
    send(ann, path, MEDIA[1_500_000:], 1_500_000)
    assert ann.call("GET", f"/media/v1/download/original/{video_id}").content == MEDIA


def test_a_request_that_lost_its_turn_changes_nothing(api, ann, video_id):
    """Two requests at once for one upload: the one that came last goes on, the older one learns of it."""
    path = path_of(create(ann, video_id, 10))
    upload_id = path.rpartition("/")[2]
    with api.database.write() as s:
        upload = uploads.get(s, ann.site_id, ann.team_id, video_id, upload_id, api.clock())
        old = uploads.take(s, upload)
        new = uploads.take(s, upload)
    with api.database.write() as s:
        assert uploads.held(s, ann.site_id, upload_id, new).id == upload_id
        with pytest.raises(TelecineError) as caught:
            uploads.held(s, ann.site_id, upload_id, old)
    assert caught.value.kind is ErrorKind.WRONG_STATE


def test_what_is_gone_from_the_storage_is_gone(ann, video_id, files):
    path = path_of(create(ann, video_id))
    send(ann, path, MEDIA[:1000], 0)
    for file in files():
        file.unlink()
    assert send(ann, path, MEDIA[1000:], 1000).status_code == 410
    assert ann.call("HEAD", path, headers=V).status_code == 404


class TestSweep:
    @pytest.fixture
    def worker(self, api):
        own = api.services
        return jobs_services.Services(own.settings, own.database, own.sealer, own.stores)

    def test_forgotten_uploads_go_with_all_that_has_come(self, api, ann, video_id, files, worker):
        kept = path_of(create(ann, ann.add_video()))
        path = path_of(create(ann, video_id))
        api.clock.turn(20 * 3600)
        assert not sweep_uploads(worker, api.clock())
        ann._token = ""
        assert send(ann, kept, MEDIA[:1000], 0).status_code == 204
        api.clock.turn(5 * 3600)
        ann._token = ""
        assert send(ann, path, MEDIA, 0).status_code == 404, "its time is over"
        sweep_uploads(worker, api.clock())
        assert [file.stat().st_size for file in files()] == [1000]
        assert offset(ann, kept) == 1000

    def test_what_a_killed_server_left_goes_too(self, api, ann, video_id, files, worker):
        caller = type("Caller", (), {"site_id": ann.site_id, "team_id": ann.team_id})()
        intake = Intake.begin(api.services, caller, video_id, NewUpload(0, False, "a.mov", "video/mp4"))
        intake._keep(bytearray(MEDIA))
        del intake  # and nobody says goodbye
        assert len(files()) == 1
        sweep_uploads(worker, api.clock())
        assert len(files()) == 1
        sweep_uploads(worker, api.clock() + timedelta(hours=2))
        assert files() == []
        with api.database.read() as s:
            assert s.query(MediaUpload).count() == 0

    def test_a_storage_that_does_not_answer_is_asked_again(self, api, ann, video_id, files, worker, monkeypatch):
        path_of(create(ann, video_id))
        later = api.clock() + timedelta(days=2)

        def away(*_):
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, "nobody answers.")

        with monkeypatch.context() as patched:
            patched.setattr("telecine.storage.folder.FolderStore.clear_unfinished", away)
            sweep_uploads(worker, later)
        with api.database.read() as s:
            assert s.query(MediaUpload).count() == 1
        sweep_uploads(worker, later)
        with api.database.read() as s:
            assert s.query(MediaUpload).count() == 0
        assert files() == []
