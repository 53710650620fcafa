"""A silent tool is at work as long as its file grows."""

import pytest

from telecine.core.errors import Cancelled
from telecine.media.copies.growth import Growth


def test_only_a_file_that_has_grown_is_progress(tmp_path):
    file = tmp_path / "out.mxf"
    growth = Growth(file, lambda: None)
    assert not growth()
    file.write_bytes(b"a")
    assert growth()
    assert not growth()
    file.write_bytes(b"ab")
    assert growth()


def test_a_stop_goes_on_to_the_caller(tmp_path):
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        Growth(tmp_path / "out.mxf", stop)()
