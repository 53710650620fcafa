"""What becomes of a master, decided before any work: groups, chunks, bitrates, and what is refused by which words."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.test_planner import video

from telecine.core.distribution import CopyMode, Distribution
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import Policy
from telecine.core.master import MasterPlan
from telecine.core.media_info import MediaInfo
from telecine.core.plan_master import MasterPictures, master_plan
from telecine.core.watermark.recipients import CHIPS

NTSC_FILM = Fraction(24000, 1001)


def pictures(frames: int = 2500, size: int = 10_000, gop: int = 50, **values: Any) -> MasterPictures:
    return MasterPictures([size] * frames, [number % gop == 0 for number in range(frames)], **values)


def plan(
    coded: MasterPictures | None = None,
    distribution: Distribution | None = None,
    container: str = "mp4",
    policy: Policy | None = None,
    **track: Any,
) -> MasterPlan:
    coded = coded or pictures()
    base = {"profile": "High", "frames": len(coded.sizes), "duration": Fraction(len(coded.sizes), 25)}
    about = video(**base | track)
    info = MediaInfo(demuxer="mov", duration=about.duration, size=1, video=about)
    return master_plan(distribution or Distribution(), "film", info, container, coded, policy or Policy())


def prores(**values: Any) -> dict[str, Any]:
    return {"codec": "prores", "profile": "HQ", "pixel_format": "yuv422p10le"} | values


def refusal(*arguments: Any, **values: Any) -> TelecineError:
    with pytest.raises(TelecineError) as caught:
        plan(*arguments, **values)
    return caught.value


def test_a_group_is_a_second_of_one_gop_where_pictures_lean_on_each_other():
    made = plan(frame_rate=NTSC_FILM)
    assert (made.group, made.gop, made.chips) == (24, 24, 1)
    assert made.positions == made.groups == 105, "the last one is shorter"
    assert made.group_duration == Fraction(1001, 1000)


def test_pictures_that_stand_alone_are_switched_three_by_three():
    made = plan(pictures(gop=1), **prores())
    assert (made.group, made.gop, made.intra) == (3, 1, True)
    assert plan(pictures(gop=1), profile="High 4:2:2 Intra", pixel_format="yuv422p10le").group == 3
    one = Distribution(group_seconds=0.04)
    assert plan(pictures(gop=1), one, **prores()).group == 1


def test_mpeg2_keeps_the_gop_of_its_master_and_a_group_is_whole_gops():
    made = plan(pictures(gop=12), codec="mpeg2video", profile="4:2:2", pixel_format="yuv422p", container="mxf")
    assert (made.gop, made.group) == (12, 24)


def test_an_individual_copy_has_many_chips_a_group_and_switches_nothing():
    made = plan(pictures(gop=1), Distribution(mode=CopyMode.INDIVIDUAL), **prores())
    assert (made.group, made.chips) == (25, CHIPS)
    assert made.positions == 100 * CHIPS


def test_each_chunk_has_the_bitrate_that_the_master_has_there():
    coded = MasterPictures([1000] * 1500 + [3000] * 1500, [number % 25 == 0 for number in range(3000)])
    made = plan(coded, policy=Policy(chunk_seconds=60))
    assert [(chunk.first, chunk.frames, chunk.bitrate) for chunk in made.chunks] == [
        (0, 1500, 200_000),
        (1500, 1500, 600_000),
    ]


def test_a_bitrate_is_constant_where_nearly_all_gops_weigh_the_same():
    assert plan().constant_bitrate
    sizes = [10_000] * 2500
    sizes[:50] = [2_000] * 50
    keys = [number % 50 == 0 for number in range(2500)]
    assert plan(MasterPictures(sizes, keys)).constant_bitrate, "the first GOP fills the buffer"
    assert not plan(MasterPictures([9_000, 10_000, 11_000, 12_000, 13_000] * 500, [True] * 2500)).constant_bitrate


def test_a_file_that_cannot_be_cut_by_seeking_is_one_chunk():
    assert len(plan(pictures(5000, seekable=False)).chunks) == 1


@given(
    frames=st.integers(60, 20_000),
    rate=st.sampled_from([NTSC_FILM, Fraction(25), Fraction(30000, 1001), Fraction(60)]),
    seconds=st.floats(1, 120),
)
def test_chunks_are_whole_groups_and_leave_nothing_out(frames: int, rate: Fraction, seconds: float):
    coded = pictures(max(frames, 120))
    made = plan(coded, policy=Policy(chunk_seconds=seconds), frame_rate=rate)
    places = [0]
    for chunk in made.chunks:
        assert chunk.first == places[-1]
        assert chunk.first % made.group == 0
        assert chunk.frames >= made.group
        places.append(chunk.first + chunk.frames)
    assert places[-1] == made.frames


def test_what_the_file_says_of_its_colours_is_kept_and_nothing_is_added():
    assert plan().colour.primaries == ""
    hdr = {"codec": "hevc", "profile": "Main 10", "pixel_format": "yuv420p10le", "color_transfer": "smpte2084"}
    made = plan(mastering_display="G(1,1)", content_light="1000,400", **hdr)
    assert (made.codec, made.colour.transfer, made.colour.content_light) == ("h265", "smpte2084", "1000,400")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"codec": "vp9", "profile": ""}, "vp9", id="codec"),
        pytest.param(prores(profile="4444", pixel_format="yuv444p12le"), "prores 4444", id="ProRes 4444"),
        pytest.param(prores(pixel_format="yuva444p10le"), "yuva444p10le", id="alpha"),
        pytest.param({"profile": "High 4:4:4 Predictive", "pixel_format": "yuv444p"}, "4:4:4", id="4:4:4"),
        pytest.param({"codec": "hevc", "profile": "Rext", "pixel_format": "yuv420p12le"}, "12", id="12 bits"),
        pytest.param({"codec": "hevc", "profile": "Main", "field_order": "top_first"}, "interlaced", id="fields"),
        pytest.param({"dolby_vision": 8}, "Dolby Vision", id="Dolby Vision"),
        pytest.param({"variable_rate": True}, "frame rate varies", id="variable rate"),
        pytest.param({"container": "mxf", "codec": "hevc", "profile": "Main"}, "hevc in MXF", id="no muxer"),
    ],
)
def test_what_cannot_be_made_again_is_refused_by_name(values: dict[str, Any], words: str):
    error = refusal(**values)
    assert error.kind is ErrorKind.MASTER_REFUSED
    assert words in error.message


def test_pictures_that_nobody_sees_are_refused():
    assert "edit list" in refusal(pictures(hidden=3)).message
    assert "99 of its 100 pictures" in refusal(pictures(100), frames=99).message


def test_a_picture_too_narrow_or_too_short_for_a_mark_is_refused():
    error = refusal(width=320, height=180)
    assert error.kind is ErrorKind.MARK_TOO_NARROW
    assert "320x180" in error.message
    assert plan(width=320, height=180, policy=Policy(master_narrowest=320)).width == 320
    error = refusal(pictures(49))
    assert error.kind is ErrorKind.MARK_TOO_SHORT
    assert "49 pictures" in error.message


def test_dnxhd_of_several_sizes_or_an_unknown_one_is_refused():
    coded = MasterPictures([100] * 50 + [101] * 50, [True] * 100)
    error = refusal(coded, codec="dnxhd", profile="DNXHD", pixel_format="yuv422p")
    assert "several sizes" in error.message
    assert (
        "99 bytes" in refusal(pictures(gop=1, size=99), codec="dnxhd", profile="DNXHD", pixel_format="yuv422p").message
    )
