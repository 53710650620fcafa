"""The media service over a real S3 server: what a folder hides, such as parts that may not be small."""

import os

import pytest
from tests.api.pixop import PASSWORD, Person, row

from telecine.catalog import storages, teams, users

MEDIA = os.urandom(1 << 20) * 17 + b"the end"
"""More than a part."""
PIECE = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def ann(make_api, seaweed):
    api = make_api(storage_kind="s3", s3_endpoint=seaweed.endpoint)
    keys = seaweed.keys
    values = storages.StorageValues(
        "films", seaweed.make_bucket(), storages.BOTH, "RG011", keys.access_key, keys.secret_key
    )
    with api.database.write() as s:
        storage = storages.create(s, api.services.sealer, "DEMO", values)
        team = teams.create(s, "DEMO", "Film club", storage.storage_id)
        user = users.create(s, "ann@example.com", "Ann", PASSWORD, team.id)
    return Person(api, user.email, user.id, team.id, storage.storage_id, "DEMO")


def objects(seaweed, person):
    with person.api.database.read() as s:
        bucket = storages.get(s, "DEMO", person.storage_id).aws_bucket
    found = seaweed.client.list_objects_v2(Bucket=bucket).get("Contents", [])
    unfinished = seaweed.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [one["Key"] for one in found], unfinished


def test_uploads_downloads_and_pieces(seaweed, ann):
    whole, pieces, broken = ann.add_video(), ann.add_video(), ann.add_video()
    sent = ann.call("POST", f"/media/v1/upload/{whole}", files={"a": ("a.mov", MEDIA)})
    assert sent.status_code == 200, sent.text
    made = ann.call("POST", f"/media/v1/tus/{pieces}", headers={**PIECE, "Upload-Length": str(len(MEDIA))})
    path = made.headers["location"].removeprefix("http://testserver/pixop")
    for start, end in ((0, 1000), (1000, 16_800_000), (16_800_000, len(MEDIA))):
        said = {**PIECE, "Upload-Offset": str(start)}
        assert ann.call("PATCH", path, content=MEDIA[start:end], headers=said).status_code == 204
    ended = ann.call("POST", f"/media/v1/tus/{broken}", headers={**PIECE, "Upload-Length": "10"}, content=b"half")
    gone = ended.headers["location"].removeprefix("http://testserver/pixop")
    assert ann.call("DELETE", gone, headers=PIECE).status_code == 204
    cut = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + MEDIA
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert ann.call("POST", f"/media/v1/upload/{broken}", content=cut, headers=form).status_code == 400
    keys, unfinished = objects(seaweed, ann)
    assert sorted(keys) == sorted(row(ann.api, video_id).media_key for video_id in (whole, pieces))
    assert unfinished == []
    for video_id in (whole, pieces):
        assert ann.call("GET", f"/media/v1/download/original/{video_id}").content == MEDIA
    part = ann.call("GET", f"/media/v1/download/original/{whole}", headers={"Range": "bytes=16000000-"})
    assert part.content == MEDIA[16_000_000:]
