"""Verification that decodes a sample of GOPs only: it costs less, and still compares every sample's bytes."""

from pathlib import Path

import pytest
from tests import plans
from tests.media import packaging
from tests.media.packaging import packaged, plan_of

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.verify import verify

PLAN = plan_of(plans.tree("dash")).model_copy(update={"verify_decode": "sampled"})


def test_a_whole_tree_passes(tmp_path: Path):
    programme = packaged(tmp_path, PLAN)
    assert verify(PLAN, programme.workspace, packaging.context(programme)).ok


def test_a_changed_byte_of_a_picture_is_noticed(tmp_path: Path):
    programme = packaged(tmp_path, PLAN)
    segment = sorted((programme.tree / "dash/video").rglob("seg-2.m4s"))[0]
    content = bytearray(segment.read_bytes())
    content[-100] ^= 0x10
    segment.write_bytes(content)
    with pytest.raises(TelecineError) as refused:
        verify(PLAN, programme.workspace, packaging.context(programme))
    assert refused.value.kind is ErrorKind.VERIFY_FAILED
    assert "seg-2.m4s" in refused.value.message
