"""Byte ranges of files read as one file: a recipient's copy, as it is uploaded and served."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecine.core.master import Prepared
from telecine.storage.ranges import RangeFile

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    """Two files of one size, of which every byte tells its file and place."""
    folder = tmp_path_factory.mktemp("ranges")
    paths = [folder / "0.mp4", folder / "1.mp4"]
    paths[0].write_bytes(ALPHABET)
    paths[1].write_bytes(ALPHABET.upper())
    return paths


@st.composite
def prepared_and_takes(draw):
    inner = draw(st.lists(st.integers(1, len(ALPHABET) - 1), min_size=2, max_size=9, unique=True))
    prepared = Prepared(size=len(ALPHABET), suffix=".mp4", content_type="video/mp4", borders=tuple(sorted(inner)))
    takes = draw(st.lists(st.integers(0, 1), min_size=prepared.groups, max_size=prepared.groups))
    return prepared, takes


def opened(files, prepared, takes):
    return RangeFile([(files[take], start, end) for take, start, end in prepared.pieces(takes)])


@given(prepared_and_takes())
def test_every_byte_of_a_copy_is_from_the_take_of_its_group(files, chosen):
    prepared, takes = chosen
    with opened(files, prepared, takes) as file:
        copy = file.read()
    assert copy.lower() == ALPHABET
    starts = [0, *prepared.borders[1:-1], prepared.size]
    for take, start, end in zip(takes, starts[:-1], starts[1:], strict=True):
        assert copy[start:end].isupper() == bool(take)


@given(prepared_and_takes(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5))
def test_it_reads_and_seeks_as_the_same_bytes_in_memory_do(files, chosen, reads):
    with opened(files, *chosen) as file:
        memory = io.BytesIO(file.read())
        assert file.seek(0, io.SEEK_END) == file.size == len(ALPHABET)
        for place, length in reads:
            assert file.seek(place) == memory.seek(place)
            assert file.read(length) == memory.read(length)
            assert file.tell() == memory.tell()


@settings(max_examples=20, deadline=None)  # each waits for the disk
@given(prepared_and_takes())
def test_a_copy_on_the_disk_is_the_same(files, chosen):
    target = files[0].with_name("copy")
    told = []
    with opened(files, *chosen) as file:
        file.seek(5)
        file.copy_to(target, lambda done, total: told.append((done, total)))
        file.seek(0)
        assert target.read_bytes() == file.read()
    assert told[0] == (0, len(ALPHABET))
    assert told[-1] == (len(ALPHABET), len(ALPHABET))


def test_many_small_pieces_are_not_reported_one_by_one(files):
    told = []
    with RangeFile([(files[number % 2], number, number + 1) for number in range(len(ALPHABET))]) as file:
        file.copy_to(files[0].with_name("copy"), lambda done, total: told.append((done, total)))
    assert told == [(0, len(ALPHABET)), (len(ALPHABET), len(ALPHABET))]


def test_files_may_be_deleted_while_they_are_read(tmp_path):
    path = tmp_path / "0.mp4"
    path.write_bytes(b"content")
    with RangeFile([(path, 0, 7)]) as file:
        path.unlink()
        assert file.read() == b"content"


def test_what_is_no_part_of_its_file_is_refused_at_once(files):
    for start, end in ((-1, 2), (5, 4), (0, len(ALPHABET) + 1)):
        with pytest.raises(ValueError, match="has no bytes"):
            RangeFile([(files[0], start, end)])
    with pytest.raises(FileNotFoundError):
        RangeFile([(files[0].with_name("nothing"), 0, 0)])


def test_a_file_that_becomes_shorter_is_noticed(tmp_path):
    path = tmp_path / "0.mp4"
    path.write_bytes(b"content")
    with RangeFile([(path, 0, 7)]) as file:
        path.write_bytes(b"con")
        with pytest.raises(OSError, match="ends before byte 7"):
            file.read()
        with pytest.raises(OSError, match="shorter"):
            file.copy_to(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_nothing_is_a_file_too():
    with RangeFile([]) as file:
        assert file.size == 0
        assert file.read() == b""
