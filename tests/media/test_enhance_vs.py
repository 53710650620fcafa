"""VapourSynth's engines: right frames, right fields, right moments, chunks that are pieces of the whole, and a host
that holds little and says what is wrong.
"""

import io
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
    require_vapoursynth,
    stage,
    stream,
    whole,
    woven,
)

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Span

DEINTERLACERS = ("qtgmc", "bwdif-znedi3")
FORMS = [(Chroma.C422, 10), (Chroma.C444, 16), (Chroma.C411, 8)]


@pytest.fixture(scope="module", autouse=True)
def _vapoursynth():
    require_vapoursynth()


@pytest.fixture
def host():
    from telecine.media.enhance import vs_host

    return vs_host


@pytest.mark.parametrize("fields", ["top_first", "bottom_first"])
@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_deinterlacers_make_a_frame_of_each_field_at_its_moment(engine, fields):
    before, after = picture(12, size=(96, 64), fields=fields), picture(24, Fraction(50), (96, 64))
    data = woven(before)
    result = whole(stage(engine, before, after), data)
    assert_in_time(after, result)
    assert in_chunks(stage(engine, before, after), data, 11, 13) == result


@pytest.mark.parametrize("engine", DEINTERLACERS)
@pytest.mark.parametrize(("chroma", "bits"), FORMS)
def test_deinterlacing_keeps_the_form_of_the_picture(engine, chroma, bits):
    before = picture(4, size=(64, 64), chroma=chroma, bits=bits, fields="top_first")
    after = picture(8, Fraction(50), (64, 64), chroma=chroma, bits=bits)
    result = whole(stage(engine, before, after), woven(before))
    assert min(psnr(after, result, late(after, 0))[2:-2]) > 33


def test_one_frame_of_each_where_the_rate_stays():
    before, after = picture(8, fields="bottom_first"), picture(8)
    made = stage("bwdif-znedi3", before, after)
    result = whole(made, woven(before))
    assert_in_time(after, result)
    assert in_chunks(made, woven(before), 3) == result


@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_progressive_frames_are_not_deinterlaced(engine):
    with pytest.raises(ValueError, match="without fields"):
        whole(stage(engine, picture(2), picture(4, Fraction(50))), stream(picture(2)))


@pytest.mark.parametrize("sigma", [4, 12])
def test_denoisers_take_away_the_noise_that_was_measured(sigma):
    form = picture(14, size=(96, 64))
    clean = stream(form)
    data = noisy(form, clean, sigma)
    gains = {}
    for engine in ("degrain", "degrain-wnnm"):
        made = stage(engine, form, form, sigma=float(sigma))
        result = whole(made, data)
        gains[engine] = fmean(psnr(form, result, clean)) - fmean(psnr(form, data, clean))
        assert in_chunks(made, data, 7, 8) == result
    assert gains["degrain"] > 3
    assert gains["degrain-wnnm"] > gains["degrain"] + 1


@pytest.mark.parametrize("engine", ["degrain", "degrain-wnnm"])
def test_a_clean_picture_is_left_nearly_alone(engine):
    form = picture(6, size=(96, 64))
    made = stage(engine, form, form, sigma=0.2)
    assert min(psnr(form, whole(made, stream(form)), stream(form))) > 45


def test_unmeasured_noise_is_taken_for_a_little():
    form = picture(6, size=(96, 64))
    clean = stream(form)
    data = noisy(form, clean, 4)
    result = whole(stage("degrain", form, form), data)
    assert result == whole(stage("degrain", form, form, sigma=4.0), data)


def test_denoised_fields_stay_those_of_their_moments():
    form = picture(8, fields="bottom_first")
    clean = woven(form)
    data = noisy(form, clean, 6)
    made = stage("degrain-wnnm", form, form, sigma=6.0)
    result = whole(made, data)
    assert min(psnr(form, result, clean)) > fmean(psnr(form, data, clean)) + 3
    assert in_chunks(made, data, 3) == result


@pytest.mark.parametrize(("chroma", "bits"), FORMS)
def test_denoising_keeps_the_form_of_the_picture(chroma, bits):
    form = picture(4, size=(64, 64), chroma=chroma, bits=bits)
    assert min(psnr(form, whole(stage("degrain-wnnm", form, form, sigma=1.0), stream(form)), stream(form))) > 40


@pytest.mark.parametrize("rate", [Fraction(50), Fraction(24), Fraction(30000, 1001)])
def test_flow_shows_every_moment_between_frames(rate):
    before, after = picture(12), picture(int(12 * rate / 25), rate)
    made = stage("mvtools-flow", before, after)
    result = whole(made, stream(before))
    held = 2 if rate > 25 else 1  # after the last source frame there is nothing to follow
    assert_in_time(after, result, skip=held)
    assert in_chunks(made, stream(before), after.frames // 3, after.frames // 2) == result


def test_flow_far_into_a_programme_is_what_it_is_at_its_beginning(host):
    """30000/1001 and 60 meet every 500 frames: chunks that far apart have the same moments."""
    rate, far = Fraction(30000, 1001), 200_000
    before, after = picture(far + 20, rate, (64, 48)), picture(2 * far + 400, Fraction(60), (64, 48))
    made = stage("mvtools-flow", before, after)
    source, size = stream(picture(20, rate, (64, 48))), before.frame_bytes
    results = []
    for begin in (0, far):
        wanted, out = Span(10 + begin * 1001 // 500, 20 + begin * 1001 // 500), io.BytesIO()
        given = made.given(wanted)
        part = source[(given.first - begin) * size : (given.end - begin) * size]
        host.run(made, io.BytesIO(part), out, given, wanted)
        results.append(out.getvalue())
    assert results[0] == results[1]
    assert len(results[0]) == 10 * after.frame_bytes


def test_flow_repeats_where_a_scene_changes_and_smears_nothing():
    before, after = picture(10), picture(20, Fraction(50))
    data = stream(before, cut=5)
    result = whole(stage("mvtools-flow", before, after), data)
    frame = after.frame_bytes
    between = result[9 * frame : 10 * frame]
    assert max(psnr(after, between, data[4 * frame : 5 * frame])) > 30


@pytest.mark.parametrize("size", [(161, 97), (34, 18)])
def test_sizes_that_engines_do_not_know_come_back_as_they_were(size):
    form = picture(4, size=size)
    assert min(psnr(form, whole(stage("degrain", form, form, sigma=0.5), stream(form)), stream(form))) > 40
    fields = form.model_copy(update={"fields": "top_first"})
    after = picture(8, Fraction(50), size)
    assert min(psnr(after, whole(stage("bwdif-znedi3", fields, after), woven(fields)), late(after, 0))[1:-1]) > 30


def test_what_nobody_wanted_is_read_too(host):
    """Else whoever writes the pipe would be cut off, and take that for a failure."""
    form = picture(8, size=(32, 16))
    made = stage("degrain", form, form)
    frames_in, out = io.BytesIO(stream(form)), io.BytesIO()
    host.run(made, frames_in, out, Span(0, 8), Span(0, 2))
    assert frames_in.tell() == 8 * form.frame_bytes
    assert len(out.getvalue()) == 2 * form.frame_bytes


@pytest.mark.parametrize(("lost", "complaint"), [(3 * 768, "5 frames came of 8"), (700, "ends within a frame")])
def test_a_stream_that_ends_too_early_is_noticed(host, lost, complaint):
    form = picture(8, size=(32, 16))
    assert form.frame_bytes == 768
    made = stage("degrain", form, form)
    with pytest.raises(EOFError, match=complaint):
        host.run(made, io.BytesIO(stream(form)[:-lost]), io.BytesIO(), Span(0, 8), Span(0, 8))


@pytest.mark.parametrize("engine", DEINTERLACERS)
def test_a_stream_without_a_frame_is_noticed(host, engine):
    """Also by engines that look at a frame before they begin."""
    before, after = picture(4, fields="top_first"), picture(8, Fraction(50))
    with pytest.raises(EOFError, match="0 frames came of 4"):
        host.run(stage(engine, before, after), io.BytesIO(), io.BytesIO(), Span(0, 4), Span(0, 8))


def test_a_stream_cut_after_all_that_was_wanted_is_noticed_too(host):
    form = picture(30, size=(32, 16))
    with pytest.raises(EOFError, match="29 frames came of 30"):
        host.run(stage("degrain", form, form), io.BytesIO(stream(form)[:-768]), io.BytesIO(), Span(0, 30), Span(0, 4))


def test_an_engine_that_looks_too_far_back_is_told_so(host, monkeypatch):
    """Frames that passed are gone: it must not hang, nor hold them all, nor get others."""
    form = picture(60, size=(32, 16))
    monkeypatch.setattr(host, "_engine", lambda _: lambda stage, clip, given, wanted: clip.std.Reverse())
    with pytest.raises(LookupError, match=r"frame \d+ was asked for after frame \d+: it is gone"):
        host.run(stage("degrain", form, form), io.BytesIO(stream(form)), io.BytesIO(), Span(0, 60), Span(0, 60))


def test_an_engine_that_makes_other_than_promised_is_told_so(host, monkeypatch):
    form = picture(6, size=(32, 16))
    monkeypatch.setattr(host, "_engine", lambda _: lambda stage, clip, given, wanted: clip[:5])
    with pytest.raises(ValueError, match="promised was"):
        host.run(stage("degrain", form, form), io.BytesIO(stream(form)), io.BytesIO(), Span(0, 6), Span(0, 6))


def test_the_cache_grows_with_the_picture_and_stays_within_the_limit(host, monkeypatch):
    small, large = (stage("degrain", form, form) for form in (picture(9), picture(9, size=(1920, 1080))))
    assert host.cache_bytes(small) <= host.cache_bytes(large) <= host.MOST_CACHE
    monkeypatch.setattr(host.resource, "getrlimit", lambda _: (800 * 2**20, 0))
    assert host.cache_bytes(large) == 400 * 2**20


def test_no_more_frames_are_read_ahead_than_are_at_work(host):
    """A long programme must not gather in memory: after the first result, little has been read."""
    form = picture(200, size=(32, 16))
    frames_in = io.BytesIO(stream(form))
    read_at_first = []

    class Out(io.BytesIO):
        def write(self, data):
            read_at_first.append(frames_in.tell() // form.frame_bytes)
            return super().write(data)

    host.run(stage("degrain", form, form), frames_in, Out(), Span(0, 200), Span(0, 200), threads=2)
    assert read_at_first[0] <= 12
    assert read_at_first[3 * 100] <= 112
