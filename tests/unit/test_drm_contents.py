"""What DRM systems find in boxes, objects and URIs: what we write is read back, and what is broken is refused."""

from base64 import b64encode
from dataclasses import replace
from uuid import UUID

import pytest
from tests.keys import known_key

from telecine.core.drm import SYSTEM_IDS, DrmSystem, Label, Scheme, Signalling
from telecine.media import drm_boxes
from telecine.media.drm_contents import (
    Said,
    playready_checksum,
    read_pssh,
    said_in_mark,
    said_in_playready,
    said_in_pssh,
    system_of,
)
from telecine.media.drm_signals import Marks
from telecine.media.manifests import SystemMark
from telecine.media.read_hls_keys import hls_marks, session_keys

KEY = known_key("film", Label.HD)
OTHER = known_key("film", Label.SD)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_our_own_boxes_name_key_and_scheme(scheme):
    said = Said(frozenset({KEY.kid}), scheme.value)
    assert said_in_pssh(drm_boxes.widevine_pssh(KEY, scheme, "film", "house")) == said
    assert said_in_pssh(drm_boxes.common_pssh(KEY)) == Said(frozenset({KEY.kid}))
    proofs = {(KEY.kid, playready_checksum(KEY.kid, KEY.key))} if scheme is Scheme.CENC else set()
    proven = replace(said, checksums=frozenset(proofs))
    assert said_in_pssh(drm_boxes.playready_pssh(KEY, scheme, "https://x.test/?a=1&b=2")) == proven
    assert said_in_playready(drm_boxes.playready_object(KEY, scheme, "")) == proven


def test_headers_since_version_4_1_have_the_checksum_within_the_key_id():
    value = b64encode(UUID(bytes=KEY.kid).bytes_le).decode()
    key_id = f'<KID ALGID="AESCTR" CHECKSUM="AAECAwQFBgc=" VALUE="{value}"></KID>'
    newer = f"<WRMHEADER><DATA><PROTECTINFO><KIDS>{key_id}</KIDS></PROTECTINFO></DATA></WRMHEADER>"
    header = newer.encode("utf-16-le")
    record = (1).to_bytes(2, "little") + len(header).to_bytes(2, "little") + header
    said = said_in_playready((len(record) + 6).to_bytes(4, "little") + b"\1\0" + record)
    assert said.checksums == {(KEY.kid, bytes(range(8)))}


def test_several_keys_are_all_read():
    box = drm_boxes.pssh(SYSTEM_IDS[DrmSystem.CLEARKEY], b"", (KEY.kid, OTHER.kid))
    assert read_pssh(box).kids == (KEY.kid, OTHER.kid)


def test_a_box_of_an_unknown_system_is_read_as_far_as_it_can_be():
    assert said_in_pssh(drm_boxes.pssh("00000000-0000-0000-0000-000000000001", b"anything")) == Said()


BOX = drm_boxes.widevine_pssh(KEY, Scheme.CENC, "film", "")


@pytest.mark.parametrize(
    "box",
    [b"", BOX[:-1], BOX + b"x", b"\0" * 40, BOX[:8] + b"\2" + BOX[9:], BOX[:31] + b"\x05" + BOX[32:]],
)
def test_a_broken_box_is_refused(box):
    with pytest.raises(ValueError, match="pssh box"):
        said_in_pssh(box)


@pytest.mark.parametrize("data", [b"\x12\xff", b"\x12\x10abc", b"\x80" * 12, b"\x0d1234"])
def test_broken_widevine_data_is_refused(data):
    with pytest.raises(ValueError, match="Widevine data"):
        said_in_pssh(drm_boxes.pssh(SYSTEM_IDS[DrmSystem.WIDEVINE], data))


@pytest.mark.parametrize("text", ["<not xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a", "<a><KID>?</KID></a>"])
def test_a_broken_playready_header_is_refused(text):
    header = text.encode("utf-16-le")
    record = (1).to_bytes(2, "little") + len(header).to_bytes(2, "little") + header
    with pytest.raises(ValueError):
        said_in_playready((len(record) + 6).to_bytes(4, "little") + b"\1\0" + record)


def test_a_box_in_the_element_of_another_system_is_refused():
    with pytest.raises(ValueError, match="holds a pssh box of widevine"):
        said_in_mark(SystemMark("com.microsoft.playready", pssh=BOX))


def test_an_unknown_algorithm_is_no_scheme_of_ours():
    content = drm_boxes.playready_object(KEY, Scheme.CBCS, "")
    strange = content.replace("AESCBC".encode("utf-16-le"), "AESXYZ".encode("utf-16-le"))
    assert said_in_playready(strange).scheme == "AESXYZ"


@pytest.mark.parametrize("name", ["urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED", SYSTEM_IDS[DrmSystem.WIDEVINE]])
def test_systems_are_known_by_every_name(name):
    assert system_of(name) is DrmSystem.WIDEVINE
    assert system_of("org.w3.clearkey") is DrmSystem.CLEARKEY
    assert system_of("urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e") is DrmSystem.CLEARKEY
    assert system_of("identity") is None


@pytest.mark.parametrize(
    ("form", "uri", "kids"),
    [
        ("com.apple.streamingkeydelivery", f"skd://film?kid={KEY.kid.hex()}", {KEY.kid}),
        ("com.apple.streamingkeydelivery", f"skd://{OTHER.kid.hex()}?kid={KEY.kid.hex()}", {KEY.kid}),
        ("com.apple.streamingkeydelivery", "skd://film", set()),
        ("org.w3.clearkey", f"data:text/plain;base64,{b64encode(KEY.kid).decode()}", {KEY.kid}),
        (
            "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
            f"data:text/plain;base64,{b64encode(BOX).decode()}",
            {KEY.kid},
        ),
        ("identity", "https://keys.test/1", set()),
    ],
)
def test_uris_name_keys(form, uri, kids):
    (said,) = said_in_mark(SystemMark(form, uri=uri))
    assert said.kids == kids


@pytest.mark.parametrize("uri", ["data:", "data:text/plain;base64,****"])
def test_a_broken_uri_is_refused(uri):
    with pytest.raises(ValueError):
        said_in_mark(SystemMark("org.w3.clearkey", uri=uri))


def playlist(*parts: str) -> str:
    return "\n".join(["#EXTM3U", *parts]) + "\n"


def key(form: str = "a", method: str = "SAMPLE-AES", more: str = "") -> str:
    return f'#EXT-X-KEY:METHOD={method},URI="skd://{form}",KEYFORMAT="{form}"{more}'


SEGMENT = ("#EXTINF:1,", "x.ts")


def test_a_key_line_holds_until_its_own_format_changes_or_none():
    text = playlist(*SEGMENT, key("a"), key("b"), *SEGMENT, *SEGMENT, key("a", more=",IV=0x" + "11" * 16), *SEGMENT)
    marks, faults = hls_marks("p", text + playlist("#EXT-X-KEY:METHOD=NONE", *SEGMENT))
    assert [(mark.first, mark.end, [system.system for system in mark.systems]) for mark in marks] == [
        (1, 3, ["a", "b"]),
        (3, 4, ["a", "b"]),
    ]
    assert marks[1].iv == b"\x11" * 16
    assert not faults


def test_two_lines_of_one_format_for_one_segment_are_a_fault():
    _, faults = hls_marks("p", playlist(*SEGMENT, key("a"), key("b"), key("a"), *SEGMENT))
    assert [fault.what for fault in faults] == ["has two key lines with KEYFORMAT a before segment 2"]


@pytest.mark.parametrize(
    "lines", [(key("a"), key("b", "SAMPLE-AES-CTR")), (key("a", more=",IV=0x12"),), (key("a", more=',KEYID="x"'),)]
)
def test_lines_that_cannot_be_are_refused(lines):
    with pytest.raises(ValueError, match=r"different METHODs|hexadecimal"):
        hls_marks("p", playlist(*lines, *SEGMENT))


@pytest.mark.parametrize("scheme", list(Scheme))
def test_our_own_lines_are_read_back(scheme):
    written = Marks(KEY, scheme, "film", Signalling())
    marks, _ = hls_marks("p", playlist(*written.key_lines(), *SEGMENT))
    said = [said for system in marks[0].systems for said in said_in_mark(system)]
    assert {kid for one in said for kid in one.kids} == {KEY.kid}
    assert {one.scheme for one in said} == {scheme.value, ""}
    assert session_keys(playlist(*written.session_lines())) == marks[0].systems
