"""When a second take counts as drifted from its first, on files whose pictures have just these sizes."""

from collections.abc import Sequence
from pathlib import Path

import av
import pytest
from tests import clips

from telecine.media.mark_drift import drifted

SEGMENT = 10
EVEN = [2000 if number % SEGMENT == 0 else 300 for number in range(2 * SEGMENT)]


def file_of(path: Path, sizes: Sequence[int]) -> Path:
    """A file of H.264 whose pictures have these sizes; what is in them does not matter."""
    with av.open(clips.clip(1)) as source, av.open(path, "w") as made:
        stream = made.add_stream_from_template(source.streams.video[0])
        for number, size in enumerate(sizes):
            packet = av.Packet((size - 4).to_bytes(4) + b"\x65" + bytes(size - 5))
            packet.stream, packet.time_base = stream, source.streams.video[0].time_base
            packet.pts = packet.dts = number * 512
            packet.is_keyframe = number % SEGMENT == 0
            made.mux(packet)
    return path


def changed(**sizes: int) -> list[int]:
    """EVEN with pictures changed: `p3=100` gives picture 3 so many bytes."""
    return [sizes.get(f"p{number}", size) for number, size in enumerate(EVEN)]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        pytest.param(EVEN, False, id="the same"),
        pytest.param([size * 103 // 100 for size in EVEN], False, id="three per cent more"),
        pytest.param([size * 94 // 100 for size in EVEN], True, id="six per cent less"),
        pytest.param([*EVEN[:SEGMENT], *(size * 107 // 100 for size in EVEN[SEGMENT:])], True, id="one segment"),
        pytest.param(changed(p0=1300, p1=600, p2=500, p3=400), True, id="a starved picture, made up for by others"),
        pytest.param(changed(p3=200, p4=400), False, id="a small picture"),
        pytest.param(EVEN[:-1], False, id="a picture too few is found elsewhere"),
    ],
)
def test_sizes_tell(tmp_path: Path, second: Sequence[int], wanted: bool):
    first = file_of(tmp_path / "first.mp4", EVEN)
    assert drifted(first, file_of(tmp_path / "second.mp4", second), SEGMENT) is wanted


def test_what_is_no_video_file_is_found_elsewhere(tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no file")
    assert not drifted(broken, broken, SEGMENT)
