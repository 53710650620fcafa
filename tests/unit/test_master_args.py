"""The commands that make takes, as text: pictures one to one, the master's own class, nothing that tells a variant."""

import re
from fractions import Fraction
from typing import Any

import pytest
from tests.unit.test_plan_master import pictures, plan, prores

from telecine.core.distribution import Distribution
from telecine.core.limits import MediaLimits, Policy
from telecine.core.master import MasterPlan
from telecine.core.plan_master import MasterPictures
from telecine.media.copies.master_args import (
    MasterTake,
    master_scout_arguments,
    master_take_arguments,
    reference_step,
    take_graph,
)
from telecine.media.copies.master_encoders import encoder_options

BOTH = [MasterTake("take/0.mov"), MasterTake("take/1.mov", second=True)]


def takes(made: MasterPlan, index: int = 0, wanted: list[MasterTake] | None = None, seek: bool = True) -> str:
    arguments = master_take_arguments(
        made, made.chunks[index], "source", "delta.gray", wanted or BOTH, MediaLimits(), seek=seek
    )
    return " ".join(arguments)


def options(made: MasterPlan, index: int = 0) -> str:
    return " ".join(encoder_options(made, made.chunks[index]))


def mpeg2(**values: Any) -> MasterPlan:
    about = {"codec": "mpeg2video", "profile": "4:2:2", "pixel_format": "yuv422p", "container": "mxf"}
    return plan(pictures(gop=12, size=250_000), **about | values)


def test_nothing_but_its_name_and_sign_tells_one_take_from_the_other():
    line = takes(plan())
    _, first, second = line.rsplit("-map ", 2)
    assert first.split()[1:-1] == second.split()[1:-1]
    chains = take_graph(plan(), plan().chunks[0], BOTH).split(";")
    assert chains[-2].replace("t0", "t1").replace("merge", "extract") == chains[-1]


def test_pictures_are_picked_by_their_own_times_and_none_is_made_or_lost():
    made = plan(start=Fraction(1), frame_rate=Fraction(30000, 1001), policy=Policy(chunk_seconds=20))
    chain = take_graph(made, made.chunks[1], BOTH).split(";")[0]
    first, frames = made.chunks[1].first, made.chunks[1].frames
    begin, end = (int(edge) for edge in re.findall(r"=(\d+)us", chain))
    assert begin == pytest.approx(1_000_000 + (first - 0.5) * 1_001_000 / 30, abs=1)
    assert end - begin == pytest.approx(frames * 1_001_000 / 30, abs=1)
    assert f"settb=expr=1001/30000,setpts=N,fps=30000/1001,trim=end_frame={frames},setfield=mode=prog" in chain
    assert "scale" not in chain
    assert "format=" not in chain


def test_a_later_chunk_is_found_by_seeking_unless_that_was_wrong():
    made = plan(policy=Policy(chunk_seconds=20))
    assert "-ss " not in takes(made)
    assert f"-seek_timestamp 1 -noaccurate_seek -ss {made.chunks[1].first * 40_000 - 500_000}us" in takes(made, 1)
    assert "-ss " not in takes(made, 1, seek=False)


def test_the_mark_is_laid_over_the_masters_own_pixels():
    graph = take_graph(plan(pictures(gop=1), **prores()), plan(pictures(gop=1), **prores()).chunks[0], BOTH)
    assert "format=yuv422p10le,setparams=range=unknown,setsar=1,lutyuv=y=512+round((val-512)/32)" in graph


def test_a_picture_that_players_turn_is_looked_at_upright_and_stays_as_it_lies():
    made = plan(rotation=90)
    scout = " ".join(master_scout_arguments(made, made.chunks[0], "source", "r.mp4", MediaLimits(), seek=True))
    assert "transpose=clock,scale=w=640:h=360:flags=area" in scout
    picture, track, *_ = take_graph(made, made.chunks[0], BOTH).split(";")
    assert "transpose" not in picture
    assert "scale=w=1080:h=1920:flags=bilinear:in_range=pc:out_range=pc,transpose=cclock," in track


@pytest.mark.parametrize(("group", "step"), [(1, 1), (3, 1), (7, 1), (8, 4), (24, 4), (50, 4)])
def test_a_reference_has_every_picture_of_short_groups_and_two_of_any(group: int, step: int):
    assert reference_step(plan().model_copy(update={"group": group})) == step


def test_a_reference_has_every_picture_where_one_of_them_may_name_somebody():
    assert reference_step(plan().model_copy(update={"group": 25, "chips": 72})) == 1


def test_headers_do_not_follow_the_bitrate_of_a_chunk():
    coded = MasterPictures([1000] * 1500 + [3000] * 1500, [number % 25 == 0 for number in range(3000)])
    for codec, profile in (("h264", "High"), ("hevc", "Main")):
        made = plan(coded, codec=codec, profile=profile)
        first, second = (options(made, index) for index in (0, 1))
        assert "-b:v 200000 -maxrate 900000 -bufsize 1800000" in first
        assert first.replace("-b:v 200000", "-b:v 600000") == second


def test_what_the_master_spends_on_a_second_may_be_spent_again():
    sizes = [1000] * 1490 + [9000] * 25 + [1000] * 985
    made = plan(MasterPictures(sizes, [number % 25 == 0 for number in range(2500)]))
    assert "-maxrate 1800000 -bufsize 3600000" in options(made)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        pytest.param({"profile": "Main", "level": 31}, "-profile:v main -level:v 31 ", id="profile and level"),
        pytest.param({"profile": "High", "field_order": "bottom_first"}, ":stitchable=1:bff=1 -b:v", id="interlaced"),
        pytest.param(
            {"profile": "High 10", "pixel_format": "yuv420p10le"}, "-profile:v high10 -x264-params keyint=25", id="deep"
        ),
    ],
)
def test_h264_stays_in_its_profile(values: dict[str, Any], wanted: str):
    assert wanted in options(plan(**values))


def test_a_master_without_pictures_that_lean_on_later_ones_gets_none():
    made = plan(pictures(reordered=False))
    assert " -bf 0 -b:v" in options(made)
    assert "-bf" not in options(plan())
    assert " -bf 0 -flags" in options(mpeg2().model_copy(update={"reordered": False}))


def test_all_intra_h264_is_all_keyframes():
    made = plan(pictures(gop=1), profile="High 4:2:2 Intra", pixel_format="yuv422p10le")
    assert "-profile:v high422 -x264-params keyint=1:min-keyint=1:" in options(made)


def test_no_encoder_chooses_kinds_of_pictures_by_what_they_show():
    """Takes differ, and would then have different kinds, and so no common layout."""
    for codec, profile in (("h264", "High"), ("hevc", "Main")):
        assert "scenecut=0:open-gop=0:b-adapt=0:" in options(plan(codec=codec, profile=profile))


def test_h265_carries_what_a_display_must_know_and_names_no_encoder():
    made = plan(
        codec="hevc",
        profile="Main 10",
        pixel_format="yuv420p10le",
        color_transfer="smpte2084",
        mastering_display="G(1,2)",
        content_light="1000,400",
    )
    line = options(made)
    assert "-profile:v main10" in line
    assert ":repeat-headers=0:log-level=1:info=0:master-display=G(1,2):max-cll=1000,400" in line
    assert "-color_trc smpte2084" in line
    assert "-color_primaries" not in line, "what the master does not say stays unsaid"


def test_a_second_h265_take_follows_the_analysis_of_the_first():
    made = plan(codec="hevc", profile="Main")
    for second, word in ((False, "save"), (True, "load")):
        line = takes(made, wanted=[MasterTake("t.mov", second, "a.dat")])
        assert f":analysis-{word}=a.dat:analysis-{word}-reuse-level=10" in line


def test_prores_has_its_profile_and_as_many_bits_as_the_master():
    made = plan(pictures(gop=1, size=918_000), **prores(profile="LT", field_order="top_first"))
    assert options(made) == "-c:v prores_ks -profile:v 1 -vendor apl0 -bits_per_mb 900 -flags +ildct"
    assert "setfield=mode=tff" in take_graph(made, made.chunks[0], BOTH)


def test_mpeg2_is_as_xdcam_has_it():
    line = options(mpeg2(field_order="top_first"))
    assert "-c:v mpeg2video -g 12 -bf 2 -flags +cgop+ilme+ildct" in line
    assert "-b:v 49250000 -maxrate 50000000 -minrate 49250000 -bufsize 36408333" in line
    assert "-intra_dc_precision 2 -intra_vlc 1 -non_linear_quant 1" in line
    assert "-minrate" not in options(
        plan(
            MasterPictures([1000] * 1500 + [3000] * 1500, [number % 12 == 0 for number in range(3000)]),
            codec="mpeg2video",
            profile="Main",
        )
    )


def test_the_time_code_in_mpeg2_goes_on_from_chunk_to_chunk():
    made = mpeg2(policy=Policy(chunk_seconds=20))
    first, frame = divmod(made.chunks[1].first, 25)
    assert f"-gop_timecode 00:00:{first:02}:{frame:02}" in options(made, 1)


@pytest.mark.parametrize(
    ("size", "rate", "wanted"),
    [(606_208, 25, "120M"), (917_504, 25, "185M"), (188_416, 25, "36M"), (458_752, 50, "180M"), (303_104, 30, "60M")],
)
def test_dnxhd_is_of_its_masters_class(size: int, rate: int, wanted: str):
    values = {"codec": "dnxhd", "profile": "DNXHD", "pixel_format": "yuv422p", "frame_rate": Fraction(rate)}
    made = plan(pictures(gop=1, size=size), Distribution(), **values)
    assert options(made) == f"-c:v dnxhd -b:v {wanted}"
    assert options(plan(pictures(gop=1), **values | {"profile": "DNXHR HQ"})) == "-c:v dnxhd -profile:v dnxhr_hq"
