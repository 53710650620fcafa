"""The page about processing tells the tables that the code has, and every plan can be handed to an encoder."""

from pathlib import Path

from hypothesis import given, settings
from tests.unit.test_enhance_plan import plans

from telecine.core.enhance.options import Container
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.enhance.presets import PRESETS
from telecine.core.enhance.targets import CODECS
from telecine.media.enhance.encoders import encoder_command

PAGE = (Path(__file__).parents[2] / "docs" / "processing.md").read_text()


def test_containers_and_codecs() -> None:
    for container in Container:
        assert f"| `{container}` | {', '.join(CODECS[container])} |" in PAGE


def test_presets() -> None:
    assert all(f"`{name}`" in PAGE for name in PRESETS)


@given(plan=plans())
@settings(max_examples=100, deadline=None)
def test_whatever_is_planned_can_be_encoded(plan: EnhancePlan) -> None:
    """The encoder refuses by ValueError what it has not: rules must have refused it before."""
    for chunk in plan.chunks[:1]:
        assert encoder_command(plan, chunk, "made.mov", Path("ffmpeg"))[-1] == "made.mov"
