"""The edge over a real S3 server, with keys that may only read: the same variants, parts and refusals as on folders."""

import pytest
from tests.edges import TREES, stage_on_s3, url

from telecine.catalog.models import Storage

FIRST = "dash/video/avc1/1/seg-4.m4s"
PLAIN = "dash/video/avc1/1/seg-3.m4s"


@pytest.mark.parametrize("kind", ["unlabeled", "prefixed"])
def test_each_viewer_gets_his_variants_from_s3(tmp_path, seaweed, kind):
    stage = stage_on_s3(tmp_path, seaweed)
    stage.publish(kind, trees=TREES[:1])
    token = stage.open(stage.aes())
    client = stage.client()
    first, plain = client.get(url(token, FIRST)), client.get(url(token, PLAIN))
    if kind == "unlabeled":
        assert (first.text, plain.text) == ("dash/video/avc1/1/b.seg-4.m4s", "dash/video/avc1/1/seg-3.m4s")
    else:
        assert (first.text, plain.text) == (f"1/{FIRST}", f"0/{PLAIN}")
    part = client.get(url(token, FIRST), headers={"Range": "bytes=2-5", "If-Range": first.headers["etag"]})
    assert (part.status_code, part.content) == (206, first.content[2:6])
    assert client.get(url(token, FIRST), headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get(url(token, "dash/none.mpd")).status_code == 404
    assert client.get(url(token, "dash/video/avc1/1/b.seg-4.m4s")).status_code == 403
    assert client.head(url(token, PLAIN)).headers["content-length"] == str(len(plain.content))


def test_large_segments_from_s3_come_whole(tmp_path, seaweed):
    stage = stage_on_s3(tmp_path, seaweed)
    stage.publish(trees=TREES[:1])
    token = stage.open(stage.aes())
    large = bytes(range(256)) * 16_000
    stage.store.upload(large, "vod/film/dash/video/avc1/1/b.seg-4.m4s", "")
    client = stage.client()
    for _ in range(2):
        assert client.get(url(token, FIRST)).content == large
    part = client.get(url(token, FIRST), headers={"Range": "bytes=2097152-2097160"})
    assert part.content == large[2097152:2097161]
    assert 'telecine_edge_pieces_total{from="storage"} 4.0' in client.get("/metrics").text


def test_keys_that_s3_refuses_are_said_to_be_the_storages_trouble(tmp_path, seaweed, capsys):
    stage = stage_on_s3(tmp_path, seaweed)
    stage.publish(trees=TREES[:1])
    token = stage.open(stage.aes())
    with stage.services.database.write() as s:
        s.get_one(Storage, stage.storage_id).access_key_id = seaweed.stranger.access_key
    answer = stage.client().get(url(token, PLAIN))
    assert (answer.status_code, answer.json()["error"]) == (502, "storage")
    assert seaweed.reader.secret_key not in answer.text
    said = capsys.readouterr()
    assert "storage_refused" in said.out + said.err
