"""WMPaceInfo (ETSI TS 104 002 V1.1.1), byte by byte as its structure is published, and back again."""

import json
import re
from base64 import urlsafe_b64decode

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.watermark import pace_info
from telecine.core.watermark.pace_info import (
    FARTHEST,
    NEUTRAL_PAYLOAD,
    UNMARKED,
    ByteRange,
    Discrete,
    PaceInfo,
    byterange_sidecar,
    discrete_sidecar,
    egress_header,
    egress_sidecar,
    name_pattern,
    neutral_sidecar,
    read_byterange_sidecar,
    read_discrete_sidecar,
    read_egress_header,
    rendition_sidecar,
)

INFOS = st.builds(
    PaceInfo,
    variant=st.integers(0, 255),
    position=st.integers(UNMARKED, FARTHEST),
    first=st.booleans(),
    last=st.booleans(),
)
FLAGS = st.none() | st.booleans()
SEGMENTS = st.lists(
    st.builds(Discrete, position=st.integers(-1, 2**40), pattern=st.text(max_size=20), first=FLAGS, last=FLAGS),
    min_size=1,
)


class TestPayload:
    @pytest.mark.parametrize(
        ("info", "bits"),
        [
            (PaceInfo(0, 0), "00000001 00000000 1 000000000000000 1 1 1 00000"),
            (PaceInfo(1, 5, first=False), "00000001 00000001 1 000000000000101 1 0 1 00000"),
            (PaceInfo(2, 300, last=False), "00000001 00000010 1 000000100101100 1 1 0 00000"),
            (PaceInfo(0, UNMARKED), "00000001 00000000 1 111111111111111 1 1 1 00000"),
        ],
    )
    def test_its_forty_bits(self, info, bits):
        assert info.payload() == int(bits.replace(" ", ""), 2).to_bytes(5)

    @given(INFOS)
    def test_what_is_written_is_read(self, info):
        assert PaceInfo.read(info.payload()) == info
        assert PaceInfo.read_sei(info.sei()) == info
        assert PaceInfo.read_ingest_header(info.ingest_header()) == info

    @given(INFOS)
    def test_no_start_code_appears_in_it(self, info):
        assert not re.search(rb"\x00\x00[\x00-\x03]", info.payload() + b"\x80")

    def test_the_box_has_thirteen_bytes(self):
        assert PaceInfo(0, 0).box() == bytes.fromhex("0000000d") + b"wmpi" + bytes.fromhex("01008000e0")

    def test_the_message_begins_with_the_uuid(self):
        assert PaceInfo(1, 2).sei().hex() == "bec4f824170d47cfa826ce008083e355" + "01018002e0"
        assert PaceInfo.read_sei(b"another encoder's message") is None

    def test_what_was_made_neutral_says_nothing(self):
        assert PaceInfo.read(NEUTRAL_PAYLOAD) is None

    @pytest.mark.parametrize("payload", ["", "01008000", "02008000e0", "01000000e0", "0100800060", "01008000e000"])
    def test_anything_else_is_refused(self, payload):
        with pytest.raises(ValueError, match="WMPaceInfo"):
            PaceInfo.read(bytes.fromhex(payload))

    @pytest.mark.parametrize(("variant", "position"), [(-1, 0), (256, 0), (0, -2), (0, 32767)])
    def test_what_does_not_fit_is_refused(self, variant, position):
        with pytest.raises(ValueError, match="must be"):
            PaceInfo(variant, position)


class TestHeaders:
    def test_the_ingest_header_is_json(self):
        assert json.loads(PaceInfo(1, 7, last=False).ingest_header()) == {
            "version": 1,
            "variant": 1,
            "position": 7,
            "firstpart": True,
            "lastpart": False,
        }

    @pytest.mark.parametrize(
        "value",
        [
            "x",
            "[]",
            "{}",
            '{"version":2,"variant":0,"position":0}',
            '{"version":1,"variant":0}',
            '{"version":1,"variant":true,"position":0}',
            '{"version":1,"variant":0,"position":0,"lastpart":1}',
            '{"version":1,"variant":0,"position":99999}',
        ],
    )
    def test_an_ingest_header_that_is_none_is_refused(self, value):
        with pytest.raises(ValueError, match=r"."):
            PaceInfo.read_ingest_header(value)

    def test_the_egress_header_is_a_sidecar_of_one_segment(self):
        assert egress_header(3) == "ogEBAoGhBgM"
        assert cbor2.loads(urlsafe_b64decode("ogEBAoGhBgM=")) == {1: 1, 2: [{6: 3}]}
        assert read_egress_header("ogEBAoGhBgM=") == 3

    @given(st.integers(-1, 2**40))
    def test_the_egress_header_is_read_back(self, position):
        assert read_egress_header(egress_header(position)) == position

    @pytest.mark.parametrize("value", ["", "é", "!", "oQEB", discrete_sidecar([Discrete(1), Discrete(2)]).hex()])
    def test_an_egress_header_that_is_none_is_refused(self, value):
        with pytest.raises(ValueError, match=r"."):
            read_egress_header(value)


class TestSidecars:
    def test_a_sidecar_of_single_segments_byte_by_byte(self):
        made = discrete_sidecar([Discrete(0, "a$", first=True, last=False), Discrete(UNMARKED)])
        # {1: 1, 2: [{5: "a$", 6: 0, 7: true, 8: false}, {6: -1}]}
        assert made.hex() == "a201010282a405626124060007f508f4a10620"

    def test_a_sidecar_of_byte_ranges_byte_by_byte(self):
        made = byterange_sidecar([ByteRange(0, UNMARKED), ByteRange(800, 0), ByteRange(70_000, 1)], 100_000)
        # {1: 1, 2: [{4: 0, 6: -1}, {4: 800, 6: 0}, {4: 70000, 6: 1}], 3: 100000}
        assert made.hex() == "a301010283a204000620a2041903200600a2041a000111700601031a000186a0"

    @given(SEGMENTS)
    def test_what_is_written_is_read(self, segments):
        assert read_discrete_sidecar(discrete_sidecar(segments)) == tuple(segments)

    @given(st.lists(st.integers(1, 2**32), max_size=20), st.integers(1, 2**32))
    def test_byte_ranges_are_read_back(self, lengths, last):
        ranges, at = [ByteRange(0, UNMARKED)], 0
        for position, length in enumerate(lengths):
            at += length
            ranges.append(ByteRange(at, position))
        assert read_byterange_sidecar(byterange_sidecar(ranges, at + last)) == (tuple(ranges), at + last)

    @given(SEGMENTS)
    def test_an_edge_learns_positions_and_nothing_else(self, segments):
        neutral = read_discrete_sidecar(neutral_sidecar(discrete_sidecar(segments)))
        assert neutral == tuple(Discrete(segment.position) for segment in segments)

    def test_neutral_byte_ranges_stay_what_they_are(self):
        made = byterange_sidecar([ByteRange(0, UNMARKED), ByteRange(9, 0)], 20)
        assert neutral_sidecar(made) == made

    def test_one_segments_answer_names_no_variant(self):
        assert cbor2.loads(egress_sidecar(12)) == {1: 1, 2: [{6: 12}]}

    @pytest.mark.parametrize(
        "ranges",
        [
            [],
            [ByteRange(0, 0)],
            [ByteRange(1, UNMARKED)],
            [ByteRange(0, UNMARKED), ByteRange(0, 0)],
            [ByteRange(0, UNMARKED), ByteRange(5, 0), ByteRange(4, 1)],
            [ByteRange(0, UNMARKED), ByteRange(20, 0)],
        ],
    )
    def test_ranges_that_are_no_file_are_refused(self, ranges):
        with pytest.raises(ValueError, match="range"):
            byterange_sidecar(ranges, 20)

    @pytest.mark.parametrize("segments", [[], [Discrete(-2)]])
    def test_segments_that_are_none_are_refused(self, segments):
        with pytest.raises(ValueError, match=r"sidecar|position"):
            discrete_sidecar(segments)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff",
            cbor2.dumps([1]),
            cbor2.dumps({1: 1}),
            cbor2.dumps({1: True, 2: [{6: 0}]}),
            cbor2.dumps({1: 1, 2: [{6: True}]}),
            cbor2.dumps({1: 1, 2: [7]}),
            cbor2.dumps({1: 1, 2: [{6: 0, 5: 1}]}, canonical=True),
            cbor2.dumps({1: 1, 2: [{6: 0, 7: 1}]}, canonical=True),
            cbor2.dumps({2: [{6: 0}], 1: 1}),
            egress_sidecar(0) + b"\x00",
            bytes.fromhex("a20101029fa10600ff"),
        ],
        ids=lambda content: content.hex()[:24],
    )
    def test_what_is_no_deterministic_sidecar_is_refused(self, content):
        with pytest.raises(ValueError, match=r"."):
            read_discrete_sidecar(content)

    @given(st.binary(max_size=60))
    def test_whatever_bytes_come_they_are_read_or_refused(self, content):
        for read in (read_discrete_sidecar, read_byterange_sidecar, neutral_sidecar):
            try:
                read(content)
            except ValueError:
                continue


class TestNames:
    def test_a_renditions_sidecar_finds_every_segment_by_its_name(self):
        segments = read_discrete_sidecar(rendition_sidecar(["seg-0.m4s", "seg-1.m4s"]))
        assert [segment.position for segment in segments] == [0, 1]
        assert segments[1].pattern == r"(^|/)seg-1\.m4s$"

    @pytest.mark.parametrize(
        ("path", "fits"),
        [
            ("dash/video/avc1/1/seg-1.m4s", True),
            ("seg-1.m4s", True),
            ("video/b.seg-1.m4s", False),
            ("video/seg-11.m4s", False),
            ("video/seg-1xm4s", False),
            ("video/seg-1.m4s.bak", False),
        ],
    )
    def test_a_pattern_fits_one_name(self, path, fits):
        assert bool(re.search(name_pattern("seg-1.m4s"), path)) is fits

    @given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=1))
    def test_a_pattern_fits_its_own_name_whatever_is_in_it(self, name):
        assert re.search(name_pattern(name), f"a/{name}")

    def test_files_are_called_what_they_are(self):
        assert pace_info.CONTENT_TYPE == "application/cbor"
