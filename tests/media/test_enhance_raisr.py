"""`pabsr1`: a learned enlargement is nearer to what was there than Lanczos is, whatever form the pictures have."""

import sys
from itertools import pairwise

import cv2
import numpy as np
import pytest
from tests.media.native_frames import filmed, in_form, picture, psnr, run, same, stage_of

from telecine.core.enhance.options import Chroma, Clarity
from telecine.media.enhance import raisr_bank, raisr_kernel
from telecine.media.enhance.lanczos import resize
from telecine.media.enhance.raisr import doublings, raisr
from telecine.media.enhance.raisr_bank import bank, pack, unpack
from telecine.media.enhance.raisr_hash import BUCKETS, buckets
from telecine.media.enhance.samples import packed, unpacked

SIZE = (192, 320)


def smaller(frames, factor):
    """What a camera with fewer sensors would have seen."""
    return [
        tuple(cv2.resize(p, (p.shape[1] // factor, p.shape[0] // factor), interpolation=cv2.INTER_AREA) for p in frame)
        for frame in frames
    ]


def by_lanczos(frames, size):
    return [(packed(resize(unpacked(frame[0], 8), *size), 8), *frame[1:]) for frame in frames]


def patch(frames, height=31, width=47):
    """A corner of odd size."""
    return [(y[:height, :width], *(p[: -(-height // 2), : -(-width // 2)] for p in uv)) for y, *uv in frames]


@pytest.fixture(scope="module")
def street():
    """Three frames of houses, cars and a fence. The bank has seen no picture of any camera."""
    return filmed("bikes.mp4", 140, 3, *SIZE, 40, 160)


@pytest.mark.parametrize(("factor", "margin"), [(2, 1.0), (4, 0.4)])
def test_real_pictures_come_nearer_than_by_lanczos(street, factor, margin):
    small = smaller(street, factor)
    made = run(raisr, stage_of("raisr", picture(small), SIZE), small)
    assert psnr(made, street, 8) > psnr(by_lanczos(small, SIZE), street, 8) + margin


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("chroma", [Chroma.C420, Chroma.C422, Chroma.C444])
def test_every_depth_and_sampling_and_odd_sizes(street, bits, chroma):
    small = patch(street)
    frames = in_form(small, bits, chroma)
    stage = stage_of("raisr", picture(frames, bits, chroma), (71, 101), clarity="low")
    made = run(raisr, stage, frames)
    assert same(made, run(raisr, stage, frames, chunks=[1]))
    eight = run(raisr, stage_of("raisr", picture(small), (71, 101), clarity="low"), small)
    assert psnr([(f[0] / 2.0 ** (bits - 8),) for f in made], eight) > 48  # what rounding to 8 bits takes


def test_it_is_never_run_for_nothing(street):
    small = patch(street)
    before = picture(small)
    assert same(run(raisr, stage_of("raisr", before), small), small)
    less = run(raisr, stage_of("raisr", before, (20, 40)), small)
    assert same([frame[:1] for frame in less], [frame[:1] for frame in by_lanczos(small, (20, 40))])


@pytest.mark.parametrize(
    ("size", "times"),
    [((100, 100), 0), ((50, 100), 0), ((101, 100), 1), ((100, 200), 1), ((225, 225), 1), ((300, 300), 2),
     ((400, 400), 2), ((800, 100), 3)],
)  # fmt: skip
def test_how_often_it_doubles(size, times):
    before = picture([(np.zeros((100, 100), np.uint8),)])
    assert doublings(before, before.model_copy(update={"height": size[0], "width": size[1]})) == times


def test_one_direction_may_grow_and_the_other_shrink(street):
    small = patch(street)
    made = run(raisr, stage_of("raisr", picture(small), (20, 80)), small)
    assert abs(float(made[0][0].mean()) - float(small[0][0].mean())) < 1


@pytest.mark.parametrize("value", [0, 16, 128, 235, 255])
def test_flat_pictures_stay_flat(value):
    frames = [tuple(np.full(size, value, np.uint8) for size in ((18, 22), (9, 11), (9, 11)))]
    made = run(raisr, stage_of("raisr", picture(frames), (36, 44), clarity="very_high"), frames)
    assert all((plane == value).all() for plane in made[0])


def test_a_mirrored_picture_becomes_the_mirrored_result(street):
    luma = unpacked(street[0][0][:60, :80], 8)
    made = raisr_kernel.enlarge(luma, buckets(luma), bank().filters)
    mirrored = np.ascontiguousarray(luma[:, ::-1])
    twin = raisr_kernel.enlarge(mirrored, buckets(mirrored), bank().filters)[:, ::-1]
    assert np.mean(np.abs(made - twin)) < 0.02  # not 0: what lies on the border of two classes changes sides


def test_compiled_and_uncompiled_loops_agree(street, monkeypatch):
    luma = unpacked(street[0][0][:50, :70], 8)
    numbers = buckets(luma)
    compiled = raisr_kernel.enlarge(luma, numbers, bank().filters, raisr_kernel.compiled())
    plain = raisr_kernel.enlarge(luma, numbers, bank().filters, raisr_kernel.by_numpy)
    assert np.abs(compiled - plain).max() < 1e-3
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(raisr_kernel, "compiled", raisr_kernel.compiled.__wrapped__)
    assert raisr_kernel.best.__wrapped__() is raisr_kernel.by_numpy


def test_the_bank_says_what_it_is_and_a_strange_one_is_refused(monkeypatch):
    about = bank().about
    assert about["licence"] == "Apache-2.0, as the package"
    assert "drawn by this script" in about["material"]
    filters = bank().filters
    assert filters.shape == (BUCKETS, 4, 96)
    assert np.allclose(filters.sum(-1), 1, atol=1e-4)
    data = pack(np.zeros((BUCKETS, 81, 4)), {})
    assert unpack(data).filters.shape == filters.shape
    monkeypatch.setattr(raisr_bank, "PATCH", 7)
    with pytest.raises(ValueError, match="was trained for"):
        unpack(data)


def test_each_level_of_clarity_adds_contrast_and_takes_fidelity(street):
    small = smaller(street[:1], 2)
    levels = [run(raisr, stage_of("raisr", picture(small), SIZE, clarity=level), small) for level in (*Clarity, "3", 6)]
    assert same(levels[7], levels[3])
    assert same(levels[8], levels[6])
    slopes = [np.mean(np.diff(made[0][0].astype(float)) ** 2) for made in levels[:7]]
    fidelity = [psnr(made, street[:1], 8) for made in levels[:7]]
    assert all(b > 1.005 * a for a, b in pairwise(slopes))
    assert all(b < a - 0.02 for a, b in pairwise(fidelity))


def test_an_edge_gets_no_halo_beyond_the_limit():
    """Black and white, and a clarity that would overshoot by far: it stays within 0.385 of the range of 100."""
    luma = np.full((40, 40), 100, np.uint8)
    luma[:, 20:] = 150
    frames = [(luma, np.full((20, 20), 128, np.uint8), np.full((20, 20), 128, np.uint8))]
    made = run(raisr, stage_of("raisr", picture(frames), clarity="very_high"), frames)[0][0]
    assert 80 <= made.min() < 97
    assert 153 < made.max() <= 170


def test_a_level_that_is_none_is_refused(street):
    with pytest.raises(ValueError, match="enormous"):
        run(raisr, stage_of("raisr", picture(street), clarity="enormous"), street)
