"""What the boxes of fragmented MP4 say of encryption, and what contradicts itself."""

import pytest

from telecine.media.protection_boxes import Entry, joined, read_fragment, read_init

KID = bytes(range(16))


def box(name: str, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4) + name.encode() + body


def sealed(scheme: str, tenc: bytes) -> bytes:
    inside = box("frma", b"avc1") + box("schm", bytes(4) + scheme.encode() + bytes(4)) + box("schi", box("tenc", tenc))
    return box("encv", bytes(78) + box("avcC", b"") + box("sinf", inside))


CENC = sealed("cenc", bytes(6) + b"\1\x08" + KID)
CBCS = sealed("cbcs", b"\1\0\0\0\0\x19\1\0" + KID + b"\x10" + b"\xaa" * 16)
CLEAR = box("avc1", bytes(78))


def init(*entries: bytes, systems: bytes = b"", usual: int = 1):
    stsd = box("stsd", bytes(4) + len(entries).to_bytes(4) + b"".join(entries))
    track = box("trak", box("mdia", box("minf", box("stbl", stsd))))
    trex = box("trex", bytes(8) + usual.to_bytes(4) + bytes(12))
    return read_init(box("ftyp", b"") + box("moov", track + box("mvex", trex) + systems))


def segment(*runs: bytes) -> bytes:
    return b"".join(box("moof", box("traf", run)) + box("mdat", b"") for run in runs)


def run(sizes: list[int], senc: bytes = b"", entry: int = 0) -> bytes:
    tfhd = box("tfhd", b"\0\0\0" + (b"\2" if entry else b"\0") + bytes(4) + (entry.to_bytes(4) if entry else b""))
    trun = box("trun", b"\0\0\2\0" + len(sizes).to_bytes(4) + b"".join(size.to_bytes(4) for size in sizes))
    return tfhd + trun + (box("senc", senc) if senc else b"")


def ivs(*values: int) -> bytes:
    return bytes(4) + len(values).to_bytes(4) + b"".join(value.to_bytes(8) for value in values)


def test_entries_are_told_apart():
    found = init(CENC, CLEAR, systems=box("pssh", b"abc"), usual=2)
    assert found.entries == (Entry("cenc", KID, iv_size=8), Entry())
    assert found.usual == 2
    assert found.pssh == (box("pssh", b"abc"),)
    assert init(CBCS).encrypted == (Entry("cbcs", KID, iv=b"\xaa" * 16),)


def test_a_fragment_follows_its_own_entry_or_the_usual_one():
    lead = init(CENC, CLEAR)
    assert read_fragment(segment(run([5], entry=2)), lead).entry == Entry()
    assert read_fragment(segment(run([5], ivs(1))), lead).entry.scheme == "cenc"


def test_protected_bytes_and_counters_are_counted():
    found = read_fragment(segment(run([5, 6], ivs(1, 2)), run([7], ivs(3))), init(CENC))
    assert found.protected_bytes == 18
    assert found.counters == ((1 << 64, 4 << 64),)
    with_parts = b"\0\0\0\2" + (1).to_bytes(4) + (9).to_bytes(8) + b"\0\1" + b"\0\4\0\0\0\x10"
    assert read_fragment(segment(run([20], with_parts)), init(CENC)).protected_bytes == 16
    assert read_fragment(segment(run([100, 50])), init(CBCS)).protected_bytes == 150


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (segment(run([5, 6], ivs(1))), "a senc box of 1 for 2 samples"),
        (segment(run([5])), "is encrypted but has no senc box"),
        (segment(run([5], ivs(1), entry=2)), "has a senc box over clear samples"),
        (segment(run([5], entry=3)), "uses sample entry 3 of 2"),
        (segment(run([5], ivs(1)), run([5], entry=2)), "mixes fragments of different keys"),
        (
            segment(run([21], b"\0\0\0\2" + (1).to_bytes(4) + bytes(8) + b"\0\1" + b"\0\4\0\0\0\x10")),
            "has subsamples of 20 bytes for a sample of 21",
        ),
        (segment(run([5], ivs(1)) + box("sbgp", bytes(4) + b"seig" + bytes(12))), "sample groups"),
    ],
)
def test_what_contradicts_itself_is_told(content, says):
    assert says in read_fragment(content, init(CENC, CLEAR)).fault


def test_ranges_that_touch_are_joined():
    assert list(joined(iter([(1, 2), (2, 5), (7, 8), (3, 4)]))) == [(1, 5), (7, 8), (3, 4)]
