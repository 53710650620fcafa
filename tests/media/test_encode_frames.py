"""Every rendition has exactly the right frames, on one grid, however the work was cut."""

from fractions import Fraction
from pathlib import Path

import pytest
from tests.clips import make, picture, tools
from tests.media.transcoding import (
    describe,
    frame_digests,
    keyframes,
    numbered,
    numbers,
    packet_times,
    prepare,
    rung,
    transcode,
)

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.job import Cbr, Vbr
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.core.rates import snap
from telecine.media.context import Context
from telecine.media.encode import encode_chunk
from telecine.media.encode_args import frame_ticks, track_timescale
from telecine.media.join import join

# Long open GOPs with B frames: nothing in such a source falls on our grid.
AWKWARD = ("-c:v", "libx264", "-preset", "superfast", "-bf", "3", "-x264-params", "keyint=77:scenecut=0:open-gop=1")
SHORT_CHUNKS = {"gop_seconds": 0.5, "gops_per_segment": 2, "chunk_seconds": 2}
CONTEXT = Context(tools(), MediaLimits())


def awkward(rate: str = "25", seconds: float = 7, suffix: str = ".mp4") -> Path:
    return make(suffix, *numbered(seconds, rate), *AWKWARD)


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "60000/1001"])
def test_chunks_hold_the_very_frames_of_the_whole_on_an_exact_clock(tmp_path, rate):
    renditions = (rung(), rung(160, 90), rung(codec="h265"))
    cut = transcode(tmp_path / "cut", awkward(rate), *renditions, **SHORT_CHUNKS)
    whole = transcode(tmp_path / "whole", awkward(rate), rung(), chunk_seconds=600)
    assert len(cut.plan.chunks) >= 3
    assert len(whole.plan.chunks) == 1
    wanted = list(range(len(numbers(awkward(rate)))))
    assert numbers(whole.video()) == wanted
    exact = Fraction(rate)
    ticks, gop = frame_ticks(exact), cut.plan.gop
    for number, rendition in enumerate(renditions):
        path = cut.video(number)
        assert numbers(path) == wanted, rendition
        assert describe(path)["time_base"] == f"1/{track_timescale(exact)}"
        assert describe(path)["avg_frame_rate"] == f"{exact.numerator}/{exact.denominator}"
        times = packet_times(path)
        assert sorted(pts for pts, *_ in times) == [frame * ticks for frame in wanted]
        assert {duration for _, _, duration, _ in times} == {ticks}
        assert [dts for _, dts, *_ in times] == [times[0][1] + frame * ticks for frame in wanted]
        assert keyframes(path) == [gop * n for n in range(len(keyframes(path)))]
        assert len(keyframes(path)) == -(-len(wanted) // int(gop * exact))


def test_joining_changes_no_picture(tmp_path):
    made = transcode(tmp_path, awkward(), rung(), rung(codec="h265"), preset_h264="veryfast", **SHORT_CHUNKS)
    for output in made.plan.video:
        chunks = [made.workspace.chunk(output.name, chunk.index) for chunk in made.plan.chunks]
        assert len(chunks) == 4
        parts = [digest for chunk in chunks for digest in frame_digests(chunk)]
        assert frame_digests(made.workspace.video(output.name)) == parts
        assert len(parts) == 175


def test_h265_is_tagged_for_apple_before_and_after_joining(tmp_path):
    made = transcode(tmp_path, awkward(), rung(codec="h265"), **SHORT_CHUNKS)
    assert describe(made.workspace.chunk("v0", 0))["codec_tag_string"] == "hvc1"
    assert describe(made.video())["codec_tag_string"] == "hvc1"


def test_one_chunk_is_not_copied(tmp_path):
    made = transcode(tmp_path, awkward(), rung(), chunk_seconds=600)
    assert made.video().samefile(made.workspace.chunk("v0", 0))


@pytest.mark.parametrize(("source", "asked"), [("50", "25"), ("30", "24"), ("24", "30"), ("25", "50"), ("12.5", "25")])
def test_another_frame_rate_picks_the_same_frames_in_chunks_and_whole(tmp_path, source, asked):
    rendition = rung(frame_rate=snap(Fraction(asked)))
    cut = transcode(tmp_path / "cut", awkward(source), rendition, **SHORT_CHUNKS)
    whole = transcode(tmp_path / "whole", awkward(source), rendition, chunk_seconds=600)
    assert len(cut.plan.chunks) > 1
    found = numbers(cut.video())
    assert found == numbers(whole.video())
    assert len(found) == len(numbers(awkward(source))) * Fraction(asked) / Fraction(source)
    step = Fraction(source) / Fraction(asked)
    assert all(abs(number - step * place) <= max(1, step) for place, number in enumerate(found))


def test_two_rates_share_one_grid(tmp_path):
    made = transcode(tmp_path, awkward("50"), rung(), rung(160, 90, frame_rate=Fraction(25)), **SHORT_CHUNKS)
    assert keyframes(made.video(0)) == keyframes(made.video(1))
    assert numbers(made.video(1)) == numbers(made.video(0))[::2]


def test_a_variable_rate_becomes_constant_without_moving_a_picture(tmp_path):
    """Half of the pictures are missing, irregularly: each is shown until the next one comes."""
    kept = "select='gt(random(7),0.5)+eq(n,0)'"
    source = make(".mp4", *numbered(7, "30"), "-vf", kept, "-fps_mode", "vfr", *AWKWARD, "-enc_time_base", "1/90000")
    there = sorted(set(numbers(source)))
    assert 70 < len(there) < 140
    made = transcode(tmp_path / "cut", source, rung(frame_rate=Fraction(30)), **SHORT_CHUNKS)
    found = numbers(made.video())
    assert found == [max(number for number in there if number <= place) for place in range(len(found))]
    assert there[-1] < len(found) <= there[-1] + 6  # the last one lasts as long as the file says
    assert len(made.plan.chunks) >= 3


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".ts"])
def test_other_containers_give_the_same_frames(tmp_path, suffix):
    made = transcode(tmp_path, awkward("24000/1001", suffix=suffix), rung(), **SHORT_CHUNKS)
    assert len(made.plan.chunks) == (1 if suffix == ".ts" else 4)
    found = numbers(made.video())
    assert found == list(range(len(found)))
    assert len(found) == len(numbers(awkward("24000/1001")))


def test_a_file_whose_index_lies_is_read_from_its_start(tmp_path):
    """Every frame is called a keyframe, so seeking lands on pictures that cannot be decoded."""
    content = awkward().read_bytes()
    assert content.count(b"stss") == 1
    source = tmp_path / "lying.mp4"
    source.write_bytes(content.replace(b"stss", b"free"))
    made = transcode(tmp_path / "job", source, rung(), **SHORT_CHUNKS)
    assert numbers(made.video()) == list(range(175))


def test_bitrates_are_kept(tmp_path):
    noise = make(".mp4", "-f", "lavfi", "-i", "nullsrc=s=160x90:r=25:d=8,geq=random(1)*255:128:128", "-crf", "30")
    rates = (rung(rate=Cbr(bitrate=200_000)), rung(rate=Vbr(bitrate=150_000, peak=220_000)))
    made = transcode(tmp_path, noise, *rates)
    constant, variable = (made.video(number).stat().st_size * 8 / 8 for number in range(2))
    assert constant < 200_000 * 1.2
    assert variable < 150_000 * 1.2


# what is done when things go wrong


def test_finished_chunks_are_found_again_and_missing_ones_made(tmp_path):
    made = transcode(tmp_path, awkward(), rung(), **SHORT_CHUNKS)
    ticks: list[Tick] = []
    no_tools = Context(tools().__class__(Path("/none"), Path("/none"), Path("/none")), MediaLimits(), ticks.append)
    encode_chunk(made.plan, 1, made.workspace, no_tools)
    join(made.plan, made.workspace, no_tools)
    assert [tick.fraction for tick in ticks] == [1.0, 1.0]
    made.workspace.chunk("v0", 1).unlink()
    encode_chunk(made.plan, 1, made.workspace, CONTEXT)
    assert made.workspace.chunk("v0", 1).exists()


def test_stopping_leaves_no_file_behind(tmp_path):
    made = prepare(tmp_path, [awkward()], rung(), rung(codec="h265"))

    def stop(_tick: Tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        encode_chunk(made.plan, 0, made.workspace, Context(tools(), MediaLimits(), stop))
    assert not list(made.workspace.temporaries())
    assert not made.workspace.chunk("v0", 0).exists()


def test_progress_is_told_in_media_seconds(tmp_path):
    made = prepare(tmp_path, [make(".mp4", *picture(8), *AWKWARD)], rung(codec="h265"))
    ticks: list[Tick] = []
    encode_chunk(made.plan, 0, made.workspace, Context(tools(), MediaLimits(), ticks.append))
    assert ticks[-1] == Tick(8, 8)
    assert all(tick.total == 8 for tick in ticks)
    assert [tick.done for tick in ticks] == sorted(tick.done for tick in ticks)


def test_a_picture_that_ends_far_too_early_is_an_error_not_a_still(tmp_path):
    made = prepare(tmp_path, [awkward()], rung())
    longer = made.plan.model_copy(
        update={"chunks": (made.plan.chunks[0].model_copy(update={"end": Fraction(20)}),), "duration": Fraction(20)}
    )
    with pytest.raises(TelecineError) as refused:
        encode_chunk(longer, 0, made.workspace, CONTEXT)
    assert refused.value.kind is ErrorKind.ENCODE_FAILED
    assert "chunk 0 of v0 has 225 of its 500 frames" in refused.value.message
    assert not list(made.workspace.temporaries())


def test_chunks_that_do_not_fit_are_not_joined(tmp_path):
    made = transcode(tmp_path, awkward(), rung(), **SHORT_CHUNKS)
    made.video().unlink()
    first, second = (made.workspace.chunk("v0", number) for number in (0, 3))
    second.write_bytes(first.read_bytes())
    with pytest.raises(TelecineError) as refused:
        join(made.plan, made.workspace, CONTEXT)
    assert "chunk 3 of v0 has 24 of its 55 frames" in refused.value.message
    assert not made.video().exists()
