"""FFmpeg's filters as engines: right frames, right fields, right moments, and chunks that are pieces of the whole."""

from fractions import Fraction
from statistics import fmean

import pytest
from tests.media.moving_pictures import (
    assert_in_time,
    in_chunks,
    late,
    noisy,
    picture,
    psnr,
    stage,
    stream,
    whole,
    woven,
)

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Span
from telecine.media.enhance import ffmpeg_filters

FIELDS = ("top_first", "bottom_first")
DEINTERLACERS = ("ffmpeg-yadif", "ffmpeg-bwdif", "ffmpeg-w3fdif")


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_deinterlacers_make_a_frame_of_each_field_at_its_moment(engine, fields):
    before, after = picture(10, fields=fields), picture(20, Fraction(50))
    data = woven(before)
    result = whole(stage(engine, before, after), data)
    assert_in_time(after, result)
    assert in_chunks(stage(engine, before, after), data, 7, 12) == result


@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_deinterlacers_make_one_frame_of_each_where_the_rate_stays(engine):
    before, after = picture(10, fields="bottom_first"), picture(10)
    data = woven(before)
    result = whole(stage(engine, before, after), data)
    assert_in_time(after, result)
    assert in_chunks(stage(engine, before, after), data, 3, 8) == result


@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_the_wrong_order_of_fields_would_be_seen(engine):
    before, after = picture(10, fields="top_first"), picture(20, Fraction(50))
    wrong = before.model_copy(update={"fields": "bottom_first"})
    right, reversed_time = (whole(stage(engine, order, after), woven(before)) for order in (before, wrong))
    truth = late(after, 0)
    assert fmean(psnr(after, right, truth)) > fmean(psnr(after, reversed_time, truth)) + 6


@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_progressive_frames_are_not_deinterlaced(engine):
    with pytest.raises(ValueError, match="without fields"):
        whole(stage(engine, picture(2), picture(4, Fraction(50))), stream(picture(2)))


@pytest.mark.parametrize(("chroma", "bits"), [(Chroma.C422, 10), (Chroma.C444, 12), (Chroma.C411, 8)])
def test_deinterlacing_keeps_the_form_of_the_picture(chroma, bits):
    before = picture(6, chroma=chroma, bits=bits, fields="top_first")
    after = picture(12, Fraction(50), chroma=chroma, bits=bits)
    data = woven(before)
    result = whole(stage("ffmpeg-bwdif", before, after), data)
    assert min(psnr(after, result, late(after, 0))[2:-2]) > 35
    assert in_chunks(stage("ffmpeg-bwdif", before, after), data, 5) == result


def test_nlmeans_takes_away_the_noise_that_was_measured():
    form = picture(4)
    clean = stream(form)
    for sigma, gain in ((5, 1.5), (15, 4)):
        data = noisy(form, clean, sigma)
        made = stage("ffmpeg-nlmeans", form, form, sigma=float(sigma))
        result = whole(made, data)
        assert fmean(psnr(form, result, clean)) > fmean(psnr(form, data, clean)) + gain
        assert in_chunks(made, data, 1, 3) == result


def test_hqdn3d_is_the_same_in_chunks_but_for_what_no_eye_sees():
    form = picture(60, size=(64, 48))
    clean = stream(form)
    data = noisy(form, clean, 4)
    made = stage("ffmpeg-hqdn3d", form, form)
    result = whole(made, data)
    assert fmean(psnr(form, result, clean)) > fmean(psnr(form, data, clean)) + 0.1
    assert min(psnr(form, in_chunks(made, data, 30, 45), result)) > 60


@pytest.mark.parametrize("engine", ["ffmpeg-nlmeans", "ffmpeg-hqdn3d"])
@pytest.mark.parametrize("size", [(64, 48), (65, 49)])
def test_denoised_fields_stay_those_of_their_moments(engine, size):
    """Were the fields of a frame mixed, a moving ground would lose more than noise; odd sizes lose no row."""
    form = picture(4, size=size, fields="top_first")
    clean = woven(form)
    result = whole(stage(engine, form, form, sigma=1.0), clean)
    assert min(psnr(form, result, clean)) > (38 if size == (64, 48) else 25)


@pytest.mark.parametrize("engine", ["ffmpeg-bicubic", "ffmpeg-lanczos"])
@pytest.mark.parametrize(("chroma", "bits"), [(Chroma.C420, 8), (Chroma.C422, 10), (Chroma.C444, 16)])
def test_scaling_up_and_back_keeps_the_picture(engine, chroma, bits):
    small, large = (picture(3, size=size, chroma=chroma, bits=bits) for size in ((160, 96), (362, 214)))
    up = whole(stage(engine, small, large), stream(small))
    back = whole(stage(engine, large, small), up)
    assert min(psnr(small, back, stream(small))) > 38
    assert in_chunks(stage(engine, small, large), stream(small), 1) == up


def test_interlaced_frames_are_scaled_field_by_field():
    """A dark and a bright field, as in a flash between them: not one row may become something between."""
    small, large = (picture(1, size=size, fields="top_first") for size in ((64, 48), (64, 72)))
    fields = b"".join(bytes([50] * width + [200] * width) * (height // 2) for height, width in small.plane_sizes)
    up = whole(stage("ffmpeg-bicubic", small, large), fields)
    assert up == b"".join(bytes([50] * width + [200] * width) * (height // 2) for height, width in large.plane_sizes)


@pytest.mark.parametrize("rate", [Fraction(50), Fraction(30), Fraction(24000, 1001)])
def test_minterpolate_loses_no_frame_and_keeps_every_moment(rate):
    before, after = picture(16), picture(int(16 * rate / 25), rate)
    made = stage("ffmpeg-minterpolate", before, after)
    result = whole(made, stream(before))
    held = 2 if rate > 25 else 1  # after the last source frame there is nothing to follow
    assert_in_time(after, result, skip=held)
    chunks = in_chunks(made, stream(before), after.frames // 3, after.frames // 2)
    assert min(psnr(after, chunks, result)) > 45


def test_minterpolate_takes_deep_pictures_down_to_8_bits_and_says_so():
    assert "8 bits only" in (ffmpeg_filters.minterpolate.__doc__ or "")
    before, after = picture(6, bits=10, chroma=Chroma.C422), picture(12, Fraction(50), bits=10, chroma=Chroma.C422)
    result = whole(stage("ffmpeg-minterpolate", before, after), stream(before))
    assert min(psnr(after, result, late(after, 0))[:9]) > 30


def test_minterpolate_far_into_a_programme_is_what_it_is_at_its_beginning():
    """30000/1001 and 60 meet every 500 frames: chunks that far apart have the same moments."""
    rate, far = Fraction(30000, 1001), 200_000
    before, after = picture(far + 20, rate, (64, 48)), picture(2 * far + 400, Fraction(60), (64, 48))
    made = stage("ffmpeg-minterpolate", before, after)
    near_span, far_span = Span(10, 20), Span(10 + far * 1001 // 500, 20 + far * 1001 // 500)
    source = stream(picture(20, rate, (64, 48)))
    near, later = (ffmpeg_filters.minterpolate(made, made.given(span), span) for span in (near_span, far_span))
    assert near != later
    assert _made(made, near, source, made.given(near_span)) == _made(
        made, later, source, Span(*(number - far for number in made.given(far_span)))
    )


def _made(made, graph, source, given):
    from tests.media.moving_pictures import _filtered

    size = made.before.frame_bytes
    result = _filtered(made, graph, source[given.first * size : given.end * size])
    assert len(result) == 10 * made.after.frame_bytes
    return result
