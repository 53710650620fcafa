"""Takes of real masters: the same pictures, one to one, that differ in nothing but what a key explains."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests import clips
from tests.media import masters
from tests.media.masters import KEYS, Made, described, group_scores, lumas, prepare, psnr, takes
from tests.media.test_mark import hdr10, moving
from tests.media.transcoding import first_frame

from telecine.core.distribution import CopyMode, Distribution
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import TAKES
from telecine.core.watermark.pattern import field_of
from telecine.core.watermark.recipients import CHIPS, individual_field
from telecine.media.copies import master_encode
from telecine.media.copies.master_check import fault_of_take
from telecine.media.copies.master_encode import encode_copy, encode_takes
from telecine.media.copies.master_probe import load_master_plan
from telecine.media.copies.master_reference import make_master_reference
from telecine.media.detect.reference import Reference

CERTAIN = 5
"""A correlation, in deviations of decoys, that chance does not make."""

KINDS: dict[str, tuple[Callable[[], Path], int]] = {
    "h264 in mp4": (masters.h264, 25),
    "h265 HDR in mp4": (hdr10, 25),
    "intra h264 in mov": (masters.h264_intra, 3),
    "interlaced h264 in mov": (masters.h264_fields, 25),
    "prores in mov": (masters.prores, 3),
    "interlaced prores in mov": (masters.prores_fields, 3),
    "xdcam in mxf": (masters.xdcam, 24),
    "dnxhd in mxf": (masters.dnxhd, 3),
    "dnxhd in mov": (lambda: masters.dnxhd(".mov"), 3),
    "dnxhr in mov": (masters.dnxhr, 3),
}
"""Masters with the pictures of their groups."""


def check_pictures(made: Made, names: tuple[str, ...] = ("0", "1")) -> list[list]:
    """Every picture is that of the master with its number, not that of a neighbour; luma of all takes' chunks."""
    originals = list(lumas(made.master))
    assert len(originals) == made.plan.frames
    found = []
    for name in names:
        seen = [luma for chunk in made.plan.chunks for luma in lumas(made.take(name, chunk.index))]
        assert len(seen) == made.plan.frames
        for number in range(1, len(seen) - 1):
            near = [psnr(seen[number], originals[other]) for other in (number - 1, number, number + 1)]
            assert near[1] == max(near), (name, number, near)
            assert near[1] > 36, (name, number, near)
        found.append(seen)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_takes_are_the_master_again_but_for_the_mark(tmp_path: Path, kind: str):
    source, group = KINDS[kind]
    made = takes(prepare(tmp_path, source()))
    assert made.plan.group == group
    first, second = check_pictures(made)
    scores = group_scores(made, first, second)
    assert len(scores) == made.plan.groups
    assert all(score > CERTAIN for score in scores), scores
    master = described(made.master)
    for take in TAKES:
        assert fault_of_take(made.plan, made.plan.chunks[0], made.take(str(take))) is None
        assert described(made.take(str(take))) == master
    sizes = [made.take(str(take)).stat().st_size for take in TAKES]
    assert 0.95 < sizes[0] / sizes[1] < 1.05


def test_takes_of_large_pictures_are_encoded_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(master_encode, "MOST_TOGETHER", 640 * 360 - 1)
    made = takes(prepare(tmp_path, masters.h264(2)))
    assert [command.count(" -map [t") + command.count(" -map '[t") for command in made.commands] == [0, 1, 1]
    first, second = check_pictures(made)
    assert all(score > CERTAIN for score in group_scores(made, first, second))


def test_a_copy_of_hdr_says_what_a_display_must_know(tmp_path: Path):
    made = takes(prepare(tmp_path, hdr10()))
    for take in TAKES:
        told = first_frame(made.take(str(take)))
        assert "color_transfer=smpte2084" in told
        assert "max_content=1000" in told
    assert any("analysis-load" in command for command in made.commands)


@pytest.mark.parametrize("source", [lambda: masters.h264(4), lambda: masters.xdcam(4)], ids=["mp4", "mxf"])
def test_the_mark_goes_on_from_chunk_to_chunk_and_no_picture_is_lost_between(tmp_path: Path, source):
    made = takes(prepare(tmp_path, source(), chunk_seconds=1.5))
    assert len(made.plan.chunks) == 2
    assert all(chunk.first % made.plan.group == 0 for chunk in made.plan.chunks)
    assert sum("-ss" in command for command in made.commands) == 2, "scout and takes of the second"
    first, second = check_pictures(made)
    assert all(score > CERTAIN for score in group_scores(made, first, second))


def test_an_individual_copy_has_the_chips_of_its_recipient(tmp_path: Path):
    made = prepare(tmp_path, masters.h264(), Distribution(mode=CopyMode.INDIVIDUAL))
    assert made.plan.chips == CHIPS
    for recipient in (1, 2):
        encode_copy(made.plan, 0, made.workspace, made.context, KEYS, recipient)
    one, other = check_pictures(made, ("r1", "r2"))
    assert made.workspace.reference(0).exists()
    difference = individual_field(KEYS, 1, 0) - individual_field(KEYS, 2, 0)
    seen = np.mean([a - b for a, b in zip(one[: made.plan.group], other, strict=False)], axis=0)
    small = masters.shrunk(seen, difference.shape)
    assert np.corrcoef(small.ravel(), difference.ravel())[0, 1] > 0.5
    assert abs(np.corrcoef(small.ravel(), field_of(KEYS.mark, 1).ravel())[0, 1]) < 0.1


@pytest.mark.parametrize(("source", "step"), [(masters.h264, 4), (masters.prores, 1)], ids=["a second", "3 pictures"])
def test_the_reference_has_enough_pictures_of_every_group(tmp_path: Path, source, step: int):
    made = takes(prepare(tmp_path / "work", source(), chunk_seconds=1))
    make_master_reference(made.plan, made.workspace, tmp_path / "reference")
    reference = Reference.open(tmp_path / "reference")
    plan = made.plan
    assert reference.facts.segment == plan.group_duration
    assert (reference.facts.positions, reference.facts.chips) == (plan.groups, 1)
    assert reference.facts.duration == plan.frames / plan.rate
    wanted = [(chunk.first + number) / plan.rate for chunk in plan.chunks for number in range(0, chunk.frames, step)]
    assert np.allclose(reference.times, [float(time) for time in wanted], atol=1e-4)


def test_what_is_there_is_left_and_what_a_broken_off_attempt_left_is_made_whole(tmp_path: Path):
    made = takes(prepare(tmp_path, masters.h264()))
    commands = len(made.commands)
    before = made.take("0").read_bytes()
    encode_takes(made.plan, 0, made.workspace, made.context, KEYS.mark)
    assert len(made.commands) == commands, "all was there"
    made.take("1").unlink()
    encode_takes(made.plan, 0, made.workspace, made.context, KEYS.mark)
    assert made.take("0").read_bytes() == before
    assert fault_of_take(made.plan, made.plan.chunks[0], made.take("1")) is None
    assert not list(made.workspace.temporaries())
    assert not [path for folder in ("delta", "analysis") for path in tmp_path.glob(f"{folder}/*")]


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        pytest.param(["-g", "25", "-bf", "0", "-frames:v", "70"], "70 of its 75 pictures", id="too few pictures"),
        pytest.param(
            ["-g", "40", "-bf", "0"], "at picture 25 does not begin with a keyframe", id="keyframes elsewhere"
        ),
        pytest.param(["-g", "75", "-sc_threshold", "0", "-b_strategy", "0"], "is not closed", id="leaning groups"),
    ],
)
def test_a_take_whose_groups_cannot_be_switched_is_found_out(tmp_path: Path, encoder: list[str], words: str):
    made = prepare(tmp_path, masters.h264())
    take = clips.make(".mov", "-i", moving(3), "-c:v", "libx264", "-preset", "veryfast", *encoder)
    assert words in str(fault_of_take(made.plan, made.plan.chunks[0], take))


def test_another_plan_drops_what_the_first_one_made(tmp_path: Path):
    source = masters.prores()
    made = takes(prepare(tmp_path, source))
    assert load_master_plan(made.workspace) == made.plan
    made.workspace.input_file(0).unlink()
    made.workspace.input_dir(0).rmdir()
    again = prepare(tmp_path, source)
    assert made.take("0").exists(), "the same plan keeps it"
    again.workspace.input_file(0).unlink()
    again.workspace.input_dir(0).rmdir()
    prepare(tmp_path, source, Distribution(strength=0.7))
    assert not made.take("0").exists()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(clips.variable_rate, "frame rate varies", id="variable rate"),
        pytest.param(
            lambda: clips.make(".mkv", "-i", moving(2), "-c", "copy"), "it is matroska", id="another container"
        ),
        pytest.param(
            lambda: clips.make(".mp4", "-i", moving(2), "-c", "copy", "-movflags", "frag_keyframe+empty_moov"),
            "fragmented",
            id="fragments",
        ),
        pytest.param(
            lambda: clips.make(".mov", "-i", moving(1), "-c:v", "prores_ks", "-pix_fmt", "yuv444p10le"),
            "prores 4444",
            id="ProRes 4444",
        ),
        pytest.param(
            lambda: clips.make(".mov", "-i", moving(1), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), "mjpeg", id="mjpeg"
        ),
        pytest.param(
            lambda: clips.make(".mp4", "-ss", "0.6", "-i", moving(3), "-c", "copy"), "edit list", id="cut by a list"
        ),
    ],
)
def test_masters_that_copies_cannot_be_like_are_refused_by_name(tmp_path: Path, source, words: str):
    with pytest.raises(TelecineError, match=words) as caught:
        prepare(tmp_path, source(), master_narrowest=0)
    assert caught.value.kind is ErrorKind.MASTER_REFUSED


def test_a_picture_that_players_turn_is_marked_as_they_show_it(tmp_path: Path):
    lying = clips.make(".mp4", "-display_rotation", "-90", "-i", masters.h264(2), "-c", "copy")
    made = takes(prepare(tmp_path, lying))
    assert made.plan.rotation == 90
    upright = [[np.rot90(luma, -1) for luma in lumas(made.take(str(take)))] for take in TAKES]
    assert all(score > CERTAIN for score in group_scores(made, *upright))
