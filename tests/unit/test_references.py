"""The reference store: names that are safe whatever a content is called, files that appear whole, old ones that go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.jobs import references


def test_a_plain_content_keeps_its_name():
    assert references.name_of("DEMO", "film-1_b", 12) == "DEMO/film-1_b/12"


@given(st.text(max_size=300))
def test_every_content_has_a_name_of_three_plain_parts(content):
    name = references.name_of("DEMO", content, 3)
    parts = name.split("/")
    assert len(parts) == 3
    assert all(part.isascii() and part not in (".", "..") and len(part) < 120 for part in parts)


@pytest.mark.parametrize("content", ["..", ".", "", "a.b", "a b", "ä", "x" * 200, "CON:"])
def test_contents_with_odd_names_are_told_apart(content):
    name = references.name_of("DEMO", content, 1)
    assert name != references.name_of("DEMO", content + "x", 1)
    assert name != references.name_of("DEMO", name.split("/")[1], 1)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "DEMO/film", "DEMO/../1", "DEMO//1", "/DEMO/film/1", "DEMO/film/1/2"]
)
def test_nothing_outside_the_store_has_a_name(tmp_path, name):
    with pytest.raises(ValueError):
        references.place_of(tmp_path, name)


def test_putting_again_replaces_and_leaves_no_half(tmp_path):
    made = tmp_path / "made"
    made.write_bytes(b"one")
    store = tmp_path / "store"
    references.put(store, "DEMO/film/1", made)
    made.write_bytes(b"two")
    references.put(store, "DEMO/film/1", made)
    assert references.place_of(store, "DEMO/film/1").read_bytes() == b"two"
    assert [path.name for path in (store / "DEMO/film").iterdir()] == ["1"]


def test_a_put_that_fails_leaves_what_was_there(tmp_path):
    made = tmp_path / "made"
    made.write_bytes(b"one")
    references.put(tmp_path / "store", "DEMO/film/1", made)
    made.unlink()
    with pytest.raises(OSError):
        references.put(tmp_path / "store", "DEMO/film/1", made)
    assert [path.read_bytes() for path in (tmp_path / "store/DEMO/film").iterdir()] == [b"one"]
