"""Boxes and tables of MP4, QuickTime and MXF files: read as the standards say, and not believed beyond their end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.media.copies.byte_stream import parameter_sets, with_start_codes
from telecine.media.copies.klv import elements
from telecine.media.copies.movie_boxes import box, changed, child, needed, top_boxes, with_brand
from telecine.media.copies.sample_entry import configuration, parts_of, with_configuration
from telecine.media.copies.sample_tables import Track, lengths_of_runs, places_in_runs
from telecine.media.copies.sound_entry import bytes_of_samples
from telecine.media.structure import BrokenError

PLAIN = b"\0\0\0\0"


def table(kind, *rows, head=PLAIN):
    return box(kind, head, len(rows).to_bytes(4), *(b"".join(v.to_bytes(4) for v in row) for row in rows))


def track(*boxes, handler=b"vide", references=b""):
    return Track(handler, 1000, b"".join(boxes), references)


def sizes_table(*sizes):
    return box(b"stsz", PLAIN, (0).to_bytes(4), len(sizes).to_bytes(4), *(size.to_bytes(4) for size in sizes))


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "file"
        path.write_bytes(content)
        return path.open("rb")

    return write


class TestBoxes:
    def test_a_box_may_have_a_long_length_or_none(self, written):
        long = b"\0\0\0\1mdat" + (20).to_bytes(8) + b"data"
        last = b"\0\0\0\0mdat" + b"to the end"
        with written(box(b"ftyp", b"isom") + long + last) as file:
            places = top_boxes(file)
        assert [(place.kind, place.end - place.body) for place in places] == [(b"ftyp", 4), (b"mdat", 4), (b"mdat", 10)]

    @pytest.mark.parametrize("content", [b"\0\0\0\4free", b"\0\0\0\x40free", b"\0\0\0\1free" + b"\xff" * 8])
    def test_a_box_that_does_not_fit_is_no_box(self, written, content):
        with written(content) as file, pytest.raises(BrokenError):
            top_boxes(file)

    def test_only_the_box_at_the_path_is_changed(self):
        content = box(b"mdia", box(b"minf", box(b"stbl", b"old")), box(b"hdlr", b"h")) + box(b"mdia", b"")
        new = changed(content, ("mdia", "minf", "stbl"), lambda old: old + b" and new")
        assert child(new, "mdia", "minf", "stbl") == b"old and new"
        assert child(new, "mdia", "hdlr") == b"h"
        assert new.endswith(box(b"mdia", b""))
        with pytest.raises(BrokenError, match="lacks mdia/tref"):
            needed(content, "mdia", "tref")

    def test_a_brand_is_added_once_and_never_to_quicktime(self):
        plain = box(b"ftyp", b"isom", PLAIN, b"avc1")
        assert with_brand(plain, b"iso4") == box(b"ftyp", b"isom", PLAIN, b"avc1", b"iso4")
        assert with_brand(with_brand(plain, b"iso4"), b"iso4") == with_brand(plain, b"iso4")
        for same in (b"", box(b"ftyp", b"qt  ", PLAIN, b"qt  "), box(b"ftyp", b"iso4", PLAIN)):
            assert with_brand(same, b"iso4") == same


class TestTables:
    def test_samples_lie_in_their_chunks_one_after_the_other(self):
        one = track(
            table(b"stsc", (1, 2, 1), (3, 1, 1)),
            sizes_table(10, 20, 30, 40, 50),
            table(b"stco", (100,), (500,), (900,)),
        )
        assert one.chunks().counts.tolist() == [2, 2, 1]
        assert one.chunks().lengths.tolist() == [30, 70, 50]
        assert one.places().tolist() == [100, 110, 500, 530, 900]

    def test_empty_chunks_do_no_harm(self):
        one = track(
            table(b"stsc", (1, 1, 1), (2, 0, 1), (3, 1, 1)), sizes_table(10, 20), table(b"stco", (7,), (7,), (70,))
        )
        assert one.places().tolist() == [7, 70]

    @given(st.lists(st.lists(st.integers(1, 999), max_size=4), min_size=1, max_size=8))
    def test_runs_add_up_to_their_samples(self, runs):
        counts = np.array([len(run) for run in runs])
        sizes = np.array([size for run in runs for size in run], np.int64)
        assert lengths_of_runs(counts, sizes).tolist() == [sum(run) for run in runs]
        starts = np.arange(len(runs)) * 10_000
        wanted = [start + sum(run[:n]) for start, run in zip(starts, runs, strict=True) for n in range(len(run))]
        assert places_in_runs(starts, counts, sizes).tolist() == wanted

    def test_times_and_keys(self):
        signed = box(b"ctts", b"\1\0\0\0", (3).to_bytes(4), *map(row, ((1, 0), (1, 80), (2, -40))))
        one = track(sizes_table(1, 1, 1, 1), table(b"stts", (4, 40)), signed, table(b"stss", (1,), (9,)))
        assert one.decode_times().tolist() == [0, 40, 80, 120]
        assert one.shown_times().tolist() == [0, 120, 40, 80]
        assert one.keys().tolist() == [True, False, False, False]
        assert track(sizes_table(1, 1)).keys().all()

    def test_compact_sizes(self):
        for bits, body in ((4, b"\x12\x30"), (8, b"\1\2\3"), (16, b"\0\1\0\2\0\3")):
            compact = box(b"stz2", PLAIN, bits.to_bytes(4), (3).to_bytes(4), body)
            assert track(compact).sizes().tolist() == [1, 2, 3]

    def test_one_size_for_all_is_not_spread_out(self):
        uniform = box(b"stsz", PLAIN, (4).to_bytes(4), (2**32 - 1).to_bytes(4))
        one = track(uniform, table(b"stsc", (1, 2**32 - 1, 1)), table(b"stco", (8,)), handler=b"soun")
        assert one.chunks().lengths.tolist() == [4 * (2**32 - 1)]

    @pytest.mark.parametrize(
        "wrong",
        [
            (table(b"stsc", (1, 3, 1)), sizes_table(1, 1), table(b"stco", (8,))),
            (table(b"stsc", (2, 2, 1)), sizes_table(1, 1), table(b"stco", (8,))),
            (table(b"stsc", (1, 1, 1), (1, 1, 1), (0, 1, 1)), sizes_table(1, 1), table(b"stco", (8,))),
            (table(b"stsc", (1, 2, 1)), sizes_table(1, 1), box(b"stco", PLAIN, b"\xff\xff\xff\xff")),
            (table(b"stsc", (1, 2, 1)), box(b"stz2", PLAIN, (5).to_bytes(4), PLAIN), table(b"stco", (8,))),
            (table(b"stsc", (1, 2, 1)), table(b"stco", (8,))),
        ],
    )
    def test_tables_that_contradict_each_other_are_found_out(self, wrong):
        with pytest.raises(BrokenError):
            track(*wrong).chunks()

    def test_media_in_other_files_and_encrypted_ones_are_told(self):
        def references(flags):
            return PLAIN + (1).to_bytes(4) + box(b"url ", b"\0\0\0" + bytes([flags]))

        assert track(references=references(1)).within
        assert not track(references=references(0)).within
        assert track(table(b"stsd", head=PLAIN) + box(b"senc", b"")).encrypted
        assert track(box(b"stsd", PLAIN, (1).to_bytes(4), box(b"encv", bytes(78)))).encrypted


def row(values):
    return values[0].to_bytes(4) + values[1].to_bytes(4, signed=True)


class TestEntries:
    def test_only_the_setup_of_the_decoder_is_exchanged_and_quicktimes_zeros_are_kept(self):
        colour = box(b"colr", b"nclc")
        entry = box(b"avc1", bytes(78), box(b"avcC", b"old"), colour, box(b"btrt", bytes(12)), PLAIN)
        new = with_configuration(entry, box(b"avcC", b"new"))
        assert parts_of(new) == ([(b"avcC", b"new"), (b"colr", b"nclc")], PLAIN)
        assert configuration(new) == box(b"avcC", b"new")
        assert with_configuration(entry, b"") == entry

    def test_a_box_beyond_the_entry_is_found_out(self):
        with pytest.raises(BrokenError):
            parts_of(box(b"avc1", bytes(78), b"\0\0\1\0avcC"))

    def test_bytes_of_sound_samples_stand_in_three_versions_of_its_description(self):
        counts = np.array([128, 0, 64])
        plain = sound(b"sowt", 0, channels=2, bits=16)
        assert bytes_of_samples(plain, counts).tolist() == [512, 0, 256]
        assert bytes_of_samples(sound(b"in24", 0, channels=2, bits=16), counts).tolist() == [768, 0, 384]
        packets = sound(b"ima4", 1, more=numbers(64, 34, 68, 2))
        assert bytes_of_samples(packets, counts).tolist() == [136, 0, 68]
        linear = sound(b"lpcm", 2, more=bytes(28) + numbers(12, 1))
        assert bytes_of_samples(linear, counts).tolist() == [1536, 0, 768]
        for broken in (sound(b"ima4", 1, more=numbers(0, 0, 0, 0)), box(b"sowt", b"short")):
            with pytest.raises(BrokenError):
                bytes_of_samples(broken, counts)


def sound(kind, version, channels=2, bits=16, more=b""):
    head = bytes(8) + version.to_bytes(2) + bytes(6) + channels.to_bytes(2) + bits.to_bytes(2)
    return box(kind, head, bytes(8), more)


def numbers(*values):
    return b"".join(value.to_bytes(4) for value in values)


def test_h264_gets_start_codes_in_place_of_lengths_and_its_parameter_sets():
    setup = box(b"avcC", bytes.fromhex("0164000a ff e1 0003 67aabb 01 0002 68cc".replace(" ", "")))
    assert parameter_sets(setup) == bytes.fromhex("0000000167aabb" + "0000000168cc")
    assert with_start_codes(bytes.fromhex("00000002aabb" + "00000001cc")) == bytes.fromhex(
        "00000001aabb" + "00000001cc"
    )


def test_elements_that_hold_pictures_are_told_from_others(written):
    picture = bytes.fromhex("060e2b34010201010d01030115010501") + b"\x83\0\0\3abc"
    sounds = bytes.fromhex("060e2b34010201010d01030116010301") + b"\2ab"
    with written(picture + sounds) as file:
        found = [(one.start, one.value, one.end, one.picture) for one in elements(file)]
    assert found == [(0, 20, 23, True), (23, 40, 42, False)]
    for broken in (picture[:-1], b"\0" * 40, picture[:17]):
        with written(broken) as file, pytest.raises(BrokenError):
            list(elements(file))
