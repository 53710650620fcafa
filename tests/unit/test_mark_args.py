"""The commands that mark, as text: whoever reads a job's log sees these, and they must not tell a variant."""

import re
from fractions import Fraction

from tests.unit.test_encode_args import output, plan

from telecine.core.job import Crf
from telecine.core.limits import MediaLimits
from telecine.core.plan import ChunkSpan
from telecine.media.mark_args import Take, mark_graph, scout_arguments, take_arguments

RATE = Fraction(50)
CHUNK = ChunkSpan(index=0, start=Fraction(0), end=Fraction(10))
WIDE = output("v0", 1280, 720, frame_rate=RATE)
DEEP = output("v1", 640, 360, codec="h265", rate=Crf(crf=22), pixel_format="yuv420p10le", frame_rate=Fraction(25))


def take(made, second: bool, analysis: str = "") -> Take:
    name = f"{made.name}{'-t2' if second else ''}"
    return Take(made, second, f"delta/{made.name}.gray", f"chunk/{name}.mp4", analysis)


def test_both_takes_share_one_picture_and_one_track_and_differ_in_a_sign():
    chains = mark_graph(plan(WIDE), CHUNK, [take(WIDE, False), take(WIDE, True)], ["delta/v0.gray"]).split(";")
    track, picture, first, second = chains[-4:]
    assert track.startswith("[1:v]setparams=range=pc,scale=w=1280:h=720:flags=bilinear")
    assert track.endswith("lutyuv=y=128+round((val-128)/32),split=2[v0_0d][v0_1d]")
    assert picture == "[v0]split=2[v0_0p][v0_1p]"
    assert first == "[v0_0p][v0_0d]blend=c0_mode=grainmerge:c1_mode=normal:c2_mode=normal,trim=end_frame=500[v0_0]"
    assert second == first.replace("merge", "extract").replace("v0_0", "v0_1")


def test_nothing_but_its_name_tells_the_options_of_one_take_from_the_others():
    takes = [take(WIDE, False), take(WIDE, True)]
    line = " ".join(take_arguments(plan(WIDE), CHUNK, "source", RATE, takes, MediaLimits(), cores=2, seek=True))
    _, first, second = line.rsplit("-map ", 2)
    assert first.split()[1:-1] == second.split()[1:-1]


def test_ten_bits_have_four_times_the_steps_and_a_slower_rendition_ends_with_its_own_picture():
    graph = mark_graph(plan(WIDE, DEEP), CHUNK, [take(DEEP, True)], ["delta/v1.gray"])
    assert "format=yuv420p10le,setparams=range=tv,setsar=1,lutyuv=y=512+round((val-512)/32)[v1_1d]" in graph
    assert graph.endswith(
        "[v1][v1_1d]blend=c0_mode=grainextract:c1_mode=normal:c2_mode=normal,trim=end_frame=250[v1_1]"
    )
    assert "1280" not in graph, "of the other rendition nothing is made"


def test_a_take_alone_gets_the_very_picture_that_it_gets_among_others():
    small = output("v1", 640, 360, frame_rate=RATE)
    alone = mark_graph(plan(WIDE, small), CHUNK, [take(small, True)], ["delta/v1.gray"])
    together = mark_graph(
        plan(WIDE, small), CHUNK, [take(WIDE, True), take(small, True)], ["delta/v0.gray", "delta/v1.gray"]
    )
    scaled = "scale=w=640:h=360:flags=bicubic"
    assert f"[p0]{scaled}" in together, "from the larger rendition"
    assert re.search(rf"scale=w=1280:h=720:flags=bicubic[^;\[]*,{scaled}[^;\[]*\[v1\]", alone)
    assert "[v0]" not in alone


def test_an_analysis_is_saved_by_the_first_take_and_loaded_by_the_second():
    for second, word in ((False, "save"), (True, "load")):
        takes = [take(DEEP, second, "analysis/v1.dat")]
        line = " ".join(take_arguments(plan(DEEP), CHUNK, "source", RATE, takes, MediaLimits(), cores=2, seek=True))
        assert f":info=0:analysis-{word}=analysis/v1.dat:analysis-{word}-reuse-level=10" in line
        assert "-video_size 320x180 -framerate 50 -i file:delta/v1.gray" in line
    line = " ".join(
        take_arguments(plan(DEEP), CHUNK, "source", RATE, [take(DEEP, True)], MediaLimits(), cores=2, seek=True)
    )
    assert ":info=0 " in line
    assert "analysis" not in line


def test_the_scout_makes_small_pictures_of_every_frame_and_a_reference_of_some():
    line = " ".join(
        scout_arguments(plan(WIDE), CHUNK, "source", RATE, "reference/0.mp4", MediaLimits(), cores=2, seek=True)
    )
    assert "scale=w=640:h=360:flags=area:out_range=tv" in line
    assert "[every]framestep=step=8[reference]" in line
    assert "-map [look] -fps_mode passthrough -f rawvideo -pix_fmt gray pipe:1" in line
