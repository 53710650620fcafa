"""From a master to copies: what the encoder of masters makes is put together, verified, and cut into copies."""

from pathlib import Path

import pytest
from tests.media.masters import KEYS, prepare, takes
from tests.media.splicing import copy_of, other_bytes, pictures_of
from tests.media.test_master import KINDS

from telecine.core.watermark.recipients import takes_of
from telecine.media.copies.splice import prepare_master, prepared_file
from telecine.media.copies.verify_copy import verify_copy, verify_prepared

SOME = ("h264 in mp4", "h265 HDR in mp4", "prores in mov", "xdcam in mxf")


@pytest.mark.parametrize("kind", SOME)
def test_a_recipients_copy_has_the_pictures_of_his_word_and_all_else_of_the_master(tmp_path: Path, kind: str):
    made = takes(prepare(tmp_path / "work", KINDS[kind][0]()))
    plan, workspace = made.plan, made.workspace
    prepare_master(plan, workspace, made.context)
    verify_prepared(plan, workspace, made.context)
    word = [int(take) for take in takes_of(KEYS, 7, plan.groups)]
    copy = copy_of(plan, workspace, word, workspace.root / f"copy.{plan.container}")
    verify_copy(plan, workspace, made.context, copy)
    both = [pictures_of(prepared_file(workspace.prepared, plan, take)) for take in (0, 1)]
    assert pictures_of(copy) == [both[word[number // plan.group]][number] for number in range(plan.frames)]
    assert other_bytes(copy) == other_bytes(made.master)
