"""Enhancements by name: each can be planned for what it is meant for, and single fields of it can be replaced."""

from fractions import Fraction

import pytest
from tests.found import findings, interlaced

from telecine.core.enhance.planner import plan_request
from telecine.core.enhance.presets import PRESETS, with_preset
from telecine.core.errors import TelecineError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_planned(name: str) -> None:
    for source in (interlaced(), findings()):
        assert plan_request(with_preset(name, {}), source).chunks
    assert PRESETS[name].summary.endswith(".")


def test_what_an_archive_keeps() -> None:
    plan = plan_request(with_preset("archive", {}), interlaced())
    assert (plan.stages, plan.target.codec, plan.target.picture.fields) == ((), "ffv1", "top_first")


def test_tapes_become_hd_at_the_rate_of_their_fields() -> None:
    picture = plan_request(with_preset("vhs_rescue", {}), interlaced()).target.picture
    assert (picture.width, picture.height, picture.rate) == (1440, 1080, 50)


def test_single_fields_are_replaced() -> None:
    asked = with_preset("smooth_motion", {"rate": Fraction(50), "tier": "fast"})
    assert (asked.converter, asked.rate, asked.tier) == ("vfi", 50, "fast")


def test_an_unknown_preset() -> None:
    with pytest.raises(TelecineError, match="'preset' is invalid: there is no 'hollywood', but sd_to_hd"):
        with_preset("hollywood", {})
