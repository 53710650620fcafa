"""How much of the picture verification decodes: what a sample finds, and what only decoding all of it finds."""

from pathlib import Path

import av
import pytest
from tests import plans
from tests.media import packaging
from tests.media.packaging import Programme, packaged, plan_of, workspace_of

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import Policy
from telecine.media.package import package
from telecine.media.verify import judge, verify

PLAN = plan_of(plans.tree("dash"))


def test_a_sample_is_the_default():
    assert PLAN.verify_decode == Policy().verify_decode == "sampled"


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


@pytest.mark.parametrize(
    ("frame", "by_sample"),
    [pytest.param(12, True, id="in the first GOP"), pytest.param(48, True, id="a keyframe"), (60, False)],
)
def test_what_the_encoder_wrote_wrongly_is_found_in_the_sample_or_by_decoding_all(
    tmp_path: Path, frame: int, by_sample: bool
):
    """The damage is in the encoder's file, so the trees hold the same bytes, and only a decoder can tell."""
    programme = workspace_of(tmp_path, PLAN)
    spoil(programme.workspace.video("v1"), frame)
    package(PLAN, programme.workspace, packaging.context(programme))
    assert found(programme, "sampled") is by_sample
    assert found(programme, "all")


def found(programme: Programme, decode: str) -> bool:
    report = judge(programme.tree, PLAN, programme.workspace, packaging.context(programme), decode)
    assert report.check("samples").outcome == "passed"
    return any("dash/video/avc1/2" in str(fault) for fault in report.check("decoding").faults)


def spoil(path: Path, frame: int) -> None:
    """Overwrite one sample with zeros, by its place in the file; its length and the beginning of its NAL unit stay."""
    with av.open(path) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    begin, size = packets[frame].pos, packets[frame].size
    content = bytearray(path.read_bytes())
    content[begin + 6 : begin + size] = bytes(size - 6)
    path.write_bytes(content)
