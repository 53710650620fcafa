"""The boxes by which players' DRM systems find their keys, byte by byte as their owners define them."""

from base64 import b64decode
from hashlib import md5
from uuid import UUID

import pytest

from telecine.core.drm import ContentKey, Label, Scheme
from telecine.media import drm_boxes

KEY = ContentKey(Label.SD, bytes.fromhex("00112233445566778899aabbccddeeff"), b"\x22" * 16, b"\x33" * 16)


def test_a_box_names_its_system_and_its_key_ids():
    box = drm_boxes.pssh("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", b"data", (KEY.kid, b"x" * 16))
    assert int.from_bytes(box[:4]) == len(box)
    assert box[4:8] == b"pssh"
    assert box[8:12] == b"\x01\0\0\0", "version 1 has key ids"
    assert UUID(bytes=box[12:28]) == UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
    assert box[28:32] == b"\0\0\0\x02"
    assert box[32:64] == KEY.kid + b"x" * 16
    assert box[64:] == b"\0\0\0\x04data"
    assert drm_boxes.pssh("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", b"data")[8] == 0


def test_widevine_is_told_key_id_provider_content_id_and_scheme():
    data = drm_boxes.widevine_pssh(KEY, Scheme.CENC, "film", "studio")[32:]
    assert data == b"\x12\x10" + KEY.kid + b"\x1a\x06studio" + b"\x22\x04film" + b"\x48\xe3\xdc\x95\x9b\x06"
    without = drm_boxes.widevine_pssh(KEY, Scheme.CBCS, "film", "")[32:]
    assert without == b"\x12\x10" + KEY.kid + b"\x22\x04film" + b"\x48\xf3\xc6\x89\x9b\x06"


def test_a_long_content_id_is_counted_in_two_bytes():
    data = drm_boxes.widevine_pssh(KEY, Scheme.CENC, "x" * 200, "")[32:]
    assert data[18:21] == b"\x22\xc8\x01"
    assert data[21:221] == b"x" * 200


def test_playready_reads_counter_mode_from_the_oldest_header():
    header = drm_boxes.playready_header(KEY, Scheme.CENC, "https://licences.example/rights?a=1&b=2")
    assert 'version="4.0.0.0"' in header
    assert "<ALGID>AESCTR</ALGID>" in header
    kid = header.partition("<KID>")[2].partition("</KID>")[0]
    assert UUID(bytes_le=b64decode(kid)).bytes == KEY.kid
    assert "<LA_URL>https://licences.example/rights?a=1&amp;b=2</LA_URL>" in header


def test_playready_reads_cbcs_from_the_first_header_that_knows_it():
    header = drm_boxes.playready_header(KEY, Scheme.CBCS, "")
    assert 'version="4.3.0.0"' in header
    assert '<KID ALGID="AESCBC" VALUE="MyIRAFVEd2aImaq7zN3u/w=="></KID>' in header
    assert "LA_URL" not in header
    assert "CHECKSUM" not in header


def test_the_checksum_is_the_one_that_the_reference_packager_makes():
    same = ContentKey(Label.SD, b"\x11" * 16, b"\x22" * 16)
    assert "<CHECKSUM>GiAKjBZw4d0=</CHECKSUM>" in drm_boxes.playready_header(same, Scheme.CENC, "")
    box = drm_boxes.playready_pssh(same, Scheme.CBCS, "")
    assert len(box) == 478
    assert int.from_bytes(box[32:36], "little") == len(box) - 32, "the object's own length"


def test_boxes_go_into_moov_and_nothing_else_moves():
    moov = (24).to_bytes(4) + b"moov" + (16).to_bytes(4) + b"mvhd" + b"12345678"
    init = (16).to_bytes(4) + b"ftypisom\0\0\0\0" + moov + (8).to_bytes(4) + b"free"
    added = drm_boxes.common_pssh(KEY)
    mended = drm_boxes.with_boxes(init, added)
    assert len(mended) == len(init) + len(added)
    assert mended[:16] == init[:16]
    assert int.from_bytes(mended[16:20]) == 24 + len(added)
    assert mended[40 : 40 + len(added)] == added
    assert mended.endswith(b"\0\0\0\x08free")
    with pytest.raises(ValueError, match="moov"):
        drm_boxes.with_boxes(init[:16], added)
    assert md5(init).hexdigest() != md5(mended).hexdigest()
