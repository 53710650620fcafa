"""Files that are whole and files that are not, by their container's rules."""

import pytest

from telecine.media.structure import BrokenError, fault_in, id3_length, packed_frames, packed_timestamp


def box(name, content=b""):
    return (8 + len(content)).to_bytes(4) + name + content


def adts(size, profile=0x4C):
    return bytes([0xFF, 0xF1, profile, 0x40 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 31, 0xFC]) + bytes(
        size - 7
    )


def tag(timestamp):
    body = b"PRIV\0\0\0\x35\0\0com.apple.streaming.transportStreamTimestamp\0" + timestamp.to_bytes(8)
    return b"ID3\4\0\0" + bytes([0, 0, 0, len(body)]) + body


def packet(counter, pid=256, control=0x10):
    return bytes([0x47, pid >> 8, pid & 255, control | counter]) + bytes(184)


def fragment(sizes, payload):
    rows = b"".join(size.to_bytes(4) for size in sizes)
    trun = box(b"trun", b"\0\0\2\1" + len(sizes).to_bytes(4) + bytes(4) + rows)
    traf = box(b"traf", box(b"tfhd", bytes(8)) + box(b"tfdt", bytes(8)) + trun)
    return box(b"moof", box(b"mfhd", bytes(8)) + traf) + box(b"mdat", bytes(payload))


def test_a_fragment_holds_exactly_its_samples():
    assert fault_in("a.m4s", fragment([10, 20], 30)) is None
    assert fault_in("a.m4s", fragment([10, 20], 29)) == "has 29 bytes of samples where its moof announces 30"
    assert fault_in("a.m4s", fragment([10, 20], 30)[:-5]) == "ends within its mdat box: 5 bytes are missing"
    assert fault_in("a.m4s", fragment([10, 20], 30) + b"xyz") == "has 3 bytes too many after its last box"
    assert fault_in("a.m4s", box(b"styp")) == "holds no samples"
    assert fault_in("a.m4s", b"") == "is empty"


def test_an_init_segment_has_all_that_a_decoder_needs():
    assert fault_in("init.mp4", box(b"ftyp") + box(b"moov"), is_init=True).startswith("is no init segment: it lacks")


def test_transport_packets_are_whole_and_count_on():
    assert fault_in("a.ts", packet(3) + packet(4) + packet(0, pid=0)) is None
    assert "last transport packet has 187" in fault_in("a.ts", packet(3) + packet(4)[:-1])
    assert fault_in("a.ts", packet(3) + packet(5)) == "lacks transport packets before byte 188"
    assert fault_in("a.ts", packet(15) + packet(0)) is None
    assert fault_in("a.ts", packet(3) + b"\0" * 188) == "has no transport packet at byte 188"
    assert fault_in("a.ts", packet(3, control=0xD0)) == "has a damaged transport packet at byte 0"


def test_packed_audio_is_a_tag_and_whole_frames_of_one_kind():
    content = tag(9000) + adts(100) + adts(60)
    assert packed_timestamp(content) == 9000
    assert id3_length(content) == 73
    assert packed_frames(content) == [(73, 173), (173, 233)]
    assert packed_timestamp(adts(100)) is None
    with pytest.raises(BrokenError, match="10 bytes are missing"):
        packed_frames(content[:-10])
    with pytest.raises(BrokenError, match="no audio frame of its track at byte 173"):
        packed_frames(tag(0) + adts(100) + adts(60, profile=0x50))
    with pytest.raises(BrokenError, match="holds no audio frame"):
        packed_frames(tag(0))


@pytest.mark.parametrize(
    ("head", "size"),
    [("0b77ffff1440", 768), ("0b77ffff5440", 834), ("0b7700bf3487", 384)],
    ids=["AC-3 192 kbit/s at 48 kHz", "AC-3 192 kbit/s at 44.1 kHz", "E-AC-3"],
)
def test_dolby_frame_lengths(head, size):
    frame = bytes.fromhex(head).ljust(size, b"\0")
    assert packed_frames(frame + frame) == [(0, size), (size, 2 * size)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("WEBVTT\n\n00:00:01.000 --> 00:00:02.000 line:0\nx\n", None),
        ("WEBVTT\n\n00:00:01,000 --> 00:00:02.000\nx\n", "cue times that cannot be read"),
        ("WEBVT\n", "does not begin with WEBVTT"),
    ],
)
def test_webvtt(text, fault):
    found = fault_in("a.vtt", text.encode())
    assert found == fault or (fault and fault in found)
