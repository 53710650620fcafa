"""A copy is the master with the takes that were chosen, group by group, and nothing else of it has changed."""

from dataclasses import replace

import pytest
from tests.media.splicing import (
    MASTERS,
    context,
    copy_of,
    described,
    other_bytes,
    pictures_of,
    prepared_of,
    some_takes,
    studio,
)

from telecine.core.master import TAKES
from telecine.media.copies.movie_boxes import top_boxes
from telecine.media.copies.splice import assemble, prepare_master, prepared_file
from telecine.media.copies.verify_copy import verify_copy, verify_prepared

SAME = (
    *("codec_name", "codec_tag_string", "width", "height", "pix_fmt", "sample_aspect_ratio", "field_order"),
    *("color_space", "color_transfer", "color_primaries", "color_range", "r_frame_rate", "avg_frame_rate"),
    *("start_time", "duration", "nb_frames", "channels", "sample_rate", "bits_per_raw_sample", "disposition"),
)
CLASSES = ("prores", "dnxhd", "mpeg2video")


@pytest.fixture(scope="module", params=MASTERS)
def studios(request, tmp_path_factory):
    """A master of each kind, prepared."""
    plan, workspace = studio(tmp_path_factory.mktemp("studio"), MASTERS[request.param])
    prepare_master(plan, workspace, context())
    return plan, workspace


@pytest.fixture
def copy(studios, tmp_path):
    """A copy, its takes, and all that belongs to it."""
    plan, workspace = studios
    takes = some_takes(plan, seed=7)
    return copy_of(plan, workspace, takes, tmp_path / f"copy.{plan.container}"), takes


def test_every_picture_of_a_copy_is_that_of_the_take_of_its_group(studios, copy):
    plan, workspace = studios
    file, takes = copy
    made = [pictures_of(*(workspace.take(str(take), chunk.index) for chunk in plan.chunks)) for take in TAKES]
    assert all(one != other for one, other in zip(*made, strict=True))
    wanted = [made[takes[number // plan.group]][number] for number in range(plan.frames)]
    assert pictures_of(file) == wanted


def test_everything_but_the_picture_is_the_masters(studios, copy):
    _, workspace = studios
    master, made = described(workspace.input_file(0)), described(copy[0])
    assert len(made["streams"]) == len(master["streams"])
    for old, new in zip(master["streams"], made["streams"], strict=True):
        assert {name: new.get(name) for name in SAME} == {name: old.get(name) for name in SAME}
        assert new.get("codec_name") not in CLASSES or new["profile"] == old["profile"]
        assert new.get("tags", {}).get("timecode") == old.get("tags", {}).get("timecode")
    for name in ("format_name", "nb_streams", "start_time", "duration"):
        assert made["format"].get(name) == master["format"].get(name)
    assert made["format"]["tags"].get("timecode") == master["format"]["tags"].get("timecode")
    assert other_bytes(copy[0]) == other_bytes(workspace.input_file(0))


def test_the_prepared_files_pass_verification_and_so_does_a_copy(studios, copy):
    plan, workspace = studios
    ticks = []
    verify_prepared(plan, workspace, context_with(ticks.append))
    assert ticks[-1].fraction == 1
    file = workspace.root / "copies" / copy[0].name
    file.parent.mkdir(exist_ok=True)
    copy[0].rename(file)
    verify_copy(plan, workspace, context(), file)


def test_both_files_have_one_layout_and_the_borders_are_where_groups_begin(studios):
    plan, workspace = studios
    prepared = prepared_of(workspace)
    assert prepared.groups == plan.groups
    sizes = {prepared_file(workspace.prepared, plan, take).stat().st_size for take in TAKES}
    assert sizes == {prepared.size}
    contents = [prepared_file(workspace.prepared, plan, take).read_bytes() for take in TAKES]
    begin, end = prepared.borders[0], prepared.borders[-1]
    assert contents[0][:begin] == contents[1][:begin]
    assert contents[0][end:] == contents[1][end:]
    assert contents[0] != contents[1]


def test_players_can_begin_at_once_and_seek(studios, copy):
    plan, _ = studios
    file, _ = copy
    if plan.container != "mxf":
        with file.open("rb") as opened:
            kinds = [place.kind for place in top_boxes(opened)]
        assert kinds.index(b"moov") < kinds.index(b"mdat")
    whole = pictures_of(file)
    for number in (plan.group * 2, plan.frames - 2):
        # Half a picture early, so that no rounding of times hides the wanted one.
        seconds = max(0.0, (number - 0.5) / float(plan.rate))
        sought = pictures_of(file, options=("-ss", f"{seconds:.6f}"))
        assert sought == whole[number:]


def test_a_single_take_becomes_a_file_without_padding(studios, tmp_path):
    plan, workspace = studios
    target = workspace.root / "copies" / f"single.{plan.container}"
    target.parent.mkdir(exist_ok=True)
    said = assemble(plan, workspace, context(), ["1"], [target])
    assert said.size == target.stat().st_size <= prepared_of(workspace).size
    verify_copy(plan, workspace, context(), target)
    assert pictures_of(target) == pictures_of(prepared_file(workspace.prepared, plan, 1))


def test_a_prepared_master_is_not_made_again(studios):
    plan, workspace = studios
    before = (workspace.prepared / "prepared.json").stat().st_mtime_ns
    prepare_master(plan, workspace, context())
    assert (workspace.prepared / "prepared.json").stat().st_mtime_ns == before
    assert list(workspace.temporaries()) == []


def context_with(report):
    return replace(context(), report=report)
