"""Every attack of the bench gives a file that decodes to the end, of the size and length that it is meant to have."""

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from bench import pirate
from bench.attacks import ATTACKS, Shape, named
from tests.clips import clip, tools

SHAPE = Shape(width=320, height=180, rate=25, seconds=4, segment_frames=50)
SIZES = {
    "480p CRF 26": (854, 480),
    "360p CRF 28": (640, 360),
    "240p CRF 30": (426, 240),
    "1080p CRF 26": (1920, 1080),
    "letterbox in 4:3": (320, 240),
    "4:3 squeeze": (240, 180),
    "crop 5 %, rotate 1 deg, gamma 1.2, 480p, CRF 30": (854, 480),
}
FRAMES = {
    "30 fps, frames repeated": 120,
    "24 fps, frames dropped": 96,
    "30 fps, frames blended": 120,
    "speed +4 %": 96,
    "speed -4 %": 104,
    "2.5 % of frames dropped, closed up": 97,
    "begins at a third": 66,
    "advert inserted": 150,
    "screen capture": 120,
    "screen capture and shake": 120,
}
SECONDS = {
    "speed +4 %": 3.85,
    "speed -4 %": 4.17,
    "2.5 % of frames dropped, closed up": 3.88,
    "begins at a third": 2.66,
    "advert inserted": 6.0,
}


def leak(name: str, folder: Path, copies: list[Path] | None = None, advert: Path | None = None) -> Path:
    target = folder / "leak.mp4"
    plain = clip(4, audio="")
    pirate.leak(
        named(name)[0],
        copies or [plain, other_copy(), other_copy(-20)],
        advert or clip(2, "30"),
        SHAPE,
        target,
        tools(),
    )
    return target


def other_copy(brighter: int = 20) -> Path:
    return clip(4, audio="", extra=("-vf", f"lutyuv=y=val{brighter:+d}"))


def frames(path: Path) -> list[np.ndarray]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", [attack.name for attack in ATTACKS])
def test_an_attack_gives_the_file_that_it_says(tmp_path, name):
    with av.open(leak(name, tmp_path)) as container:
        stream = container.streams.video[0]
        count = sum(1 for _ in container.decode(stream))
        assert (stream.width, stream.height) == SIZES.get(name, (320, 180))
        assert abs(count - FRAMES.get(name, 100)) <= (12 if name == "5 % of frames dropped" else 1)
        assert container.duration / 1e6 == pytest.approx(SECONDS.get(name, 4.0), abs=0.09)
    assert [path.name for path in tmp_path.iterdir()] == ["leak.mp4"], "nothing is left behind"


def test_bending_moves_points_by_pixels_and_keeps_brightness(tmp_path):
    plain, bent = frames(clip(4, audio=""))[50], frames(leak("random bending 6 px", tmp_path))[50]
    assert np.abs(plain - bent).mean() > 2
    assert bent.mean() == pytest.approx(plain.mean(), abs=2)


def test_copies_are_averaged_and_taken_in_turn(tmp_path):
    one, two = frames(clip(4, audio="")), frames(other_copy())
    assert two[10].mean() - one[10].mean() > 10
    average = frames(leak("average of two copies", tmp_path))
    assert average[10].mean() == pytest.approx((one[10].mean() + two[10].mean()) / 2, abs=1)
    brighter = frames(leak("brighter of two copies", tmp_path))
    assert brighter[10].mean() == pytest.approx(two[10].mean(), abs=1)
    turns = frames(leak("frames of two copies in turn", tmp_path))
    assert [round(frame.mean() - plain.mean()) > 8 for frame, plain in zip(turns[:6], one, strict=False)] == [
        *(False, True, False, True, False, True)
    ]


def test_three_copies_too(tmp_path):
    darker, plain, brighter = (frames(path) for path in (other_copy(-20), clip(4, audio=""), other_copy()))
    mean = (darker[10].mean() + plain[10].mean() + brighter[10].mean()) / 3
    assert frames(leak("average of three copies", tmp_path))[10].mean() == pytest.approx(mean, abs=1)
    assert frames(leak("brightest of three copies", tmp_path))[10].mean() == pytest.approx(brighter[10].mean(), abs=1)
    turns, groups = (frames(leak(f"{what} of three copies in turn", tmp_path)) for what in ("frames", "segments"))
    for number, order in enumerate((plain, brighter, darker)):
        assert np.abs(turns[number] - order[number]).mean() < 5
    for number, order in ((10, plain), (60, brighter)):
        assert np.abs(groups[number] - order[number]).mean() < 5


def test_stretches_come_in_another_order_and_the_advert_between(tmp_path):
    plain, shuffled = frames(clip(4, audio="")), frames(leak("scenes shuffled", tmp_path))
    assert np.abs(shuffled[2] - plain[68]).mean() < np.abs(shuffled[2] - plain[2]).mean()
    advert = frames(leak("advert inserted", tmp_path, advert=clip(2, "30", extra=("-vf", "negate"))))
    assert np.abs(advert[95] - plain[45]).mean() < 8, "40 frames, 50 of the advert, then the title goes on"
    assert np.abs(advert[60] - plain[60]).mean() > 40


def test_subtracting_an_estimate_changes_little(tmp_path):
    plain, changed = (
        frames(clip(4, audio=""))[20],
        frames(leak("estimate of each segment's mark subtracted", tmp_path))[20],
    )
    assert 0.2 < np.abs(plain - changed).mean() < 6


def test_a_copy_that_is_none_fails_and_leaves_nothing(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("no film")
    for name in ("x264 CRF 28", "random bending 6 px"):
        with pytest.raises((subprocess.CalledProcessError, BrokenPipeError)):
            leak(name, tmp_path, [broken])
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
