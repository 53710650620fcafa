"""Which stages are made, in which order, by whom; what happens to fields and rates on the way."""

from fractions import Fraction
from typing import Any

import pytest
from tests.found import NTSC, findings, interlaced, media, planned, steps, track

from telecine.core.enhance.chain import EVERY_ENGINE
from telecine.core.enhance.engines import CHOICES, ENGINES
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.enhance.planner import plan_enhancement
from telecine.core.enhance.source import SourceFrames, estimated_frames, scanned
from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings, Scanning

EVERYTHING: dict[str, Any] = {
    **{"deinterlacer": "deint", "denoiser": "denoise", "stabilizer": "dejit", "scaler": "pabsr1", "clarity": "high"},
    **{"size": {"tag": "hd_1080p"}, "converter": "vfi", "rate": 60, "post": "filmgrain", "scan": "interlaced_bff"},
}


def planned_with(available: dict[str, str], found: Findings | None = None, **asked: Any) -> EnhancePlan:
    found = found or findings()
    frames = estimated_frames(found.media)
    return plan_enhancement(Enhancement.model_validate(asked), found.media, frames, found, available, 10)


def shape(plan: EnhancePlan) -> list[tuple[str, Fraction, str]]:
    """Option, rate and fields after each stage."""
    return [(stage.option, stage.after.rate, stage.after.fields) for stage in plan.stages]


def test_everything_in_order() -> None:
    plan = planned(interlaced(noise=4.5), **EVERYTHING)
    assert steps(plan) == [
        ("deinterlacer", "qtgmc"),
        ("denoiser", "degrain-wnnm"),
        ("stabilizer", "line-align"),
        ("scaler", "raisr"),
        ("frameRateConverter", "rife"),
        ("postProcessor", "seeded-grain"),
        ("scanning", "weave"),
    ]
    settings = {stage.option: stage.settings for stage in plan.stages}
    assert settings["denoiser"] == {"sigma": 4.5}
    assert settings["scaler"] == {"clarity": 5}
    assert settings["scanning"] == {}
    assert isinstance(settings["postProcessor"]["seed"], int)
    for before, after in zip(plan.stages, plan.stages[1:], strict=False):
        assert before.after == after.before
    assert plan.source.picture == plan.stages[0].before
    assert plan.target.picture.rate == 30


def test_stages_change_sizes_rates_and_fields_alone() -> None:
    plan = planned(interlaced(), **EVERYTHING, codec="prores")
    same = {(stage.after.chroma, stage.after.bits, stage.after.colour) for stage in plan.stages}
    assert len(same) == 1
    assert (plan.source.picture.chroma, plan.source.picture.bits) == ("4:2:2", 10)


@pytest.mark.parametrize(
    ("asked", "found", "chain"),
    [
        # the source's fields pass through where nothing looks at the pictures
        ({}, interlaced(), []),
        ({"post": "filmgrain"}, interlaced(), [("postProcessor", 25, "top_first")]),
        ({"scan": "interlaced_tff"}, interlaced(), []),
        # filters want whole pictures; the output stays interlaced, at its rate
        (
            {"denoiser": "hqdn3d"},
            interlaced("bottom_first"),
            [
                ("deinterlacer", 50, "progressive"),
                ("denoiser", 50, "progressive"),
                ("scanning", 25, "bottom_first"),
            ],
        ),
        # the other order is made of whole pictures, too
        (
            {"scan": "interlaced_bff"},
            interlaced(),
            [("deinterlacer", 50, "progressive"), ("scanning", 25, "bottom_first")],
        ),
        # progressive was asked for, and no deinterlacer: the rate stays
        ({"scan": "progressive"}, interlaced(), [("deinterlacer", 25, "progressive")]),
        # all but yadif double the rate, unless another was asked for
        ({"deinterlacer": "deint"}, interlaced(), [("deinterlacer", 50, "progressive")]),
        ({"deinterlacer": "bwdif"}, interlaced(), [("deinterlacer", 50, "progressive")]),
        ({"deinterlacer": "weston3f"}, interlaced(), [("deinterlacer", 50, "progressive")]),
        ({"deinterlacer": "yadif"}, interlaced(), [("deinterlacer", 25, "progressive")]),
        ({"deinterlacer": "deint", "rate": 25}, interlaced(), [("deinterlacer", 25, "progressive")]),
        (
            {"deinterlacer": "deint", "rate": 24},
            interlaced(),
            [("deinterlacer", 50, "progressive"), ("frameRateConverter", 24, "progressive")],
        ),
        # standards conversion: the rate asked for is that of the pictures
        (
            {"rate": "60000/1001", "converter": "mcinterpolate"},
            interlaced(),
            [
                ("deinterlacer", 50, "progressive"),
                ("frameRateConverter", Fraction(60000, 1001), "progressive"),
                ("scanning", NTSC, "top_first"),
            ],
        ),
        # a rate of film leaves no fields to keep
        (
            {"rate": 24},
            interlaced(),
            [("deinterlacer", 50, "progressive"), ("frameRateConverter", 24, "progressive")],
        ),
        # what has no fields is interlaced by pairs of pictures, whatever their rate
        ({"scan": "interlaced_tff"}, findings(), [("scanning", Fraction(25, 2), "top_first")]),
        (
            {"scan": "interlaced_tff", "rate": 50},
            findings(),
            [("frameRateConverter", 50, "progressive"), ("scanning", 25, "top_first")],
        ),
        # a deinterlacer has nothing to do here
        ({"deinterlacer": "deint"}, findings(), []),
        # the codec has no fields
        ({"codec": "dnxhd", "dnx": "dnxhr_sq"}, interlaced(), [("deinterlacer", 25, "progressive")]),
    ],
)
def test_fields_and_rates(asked: dict[str, Any], found: Findings, chain: list[Any]) -> None:
    plan = planned(found, **asked)
    assert shape(plan) == chain
    last = chain[-1] if chain else (None, 25, plan.source.picture.fields)
    assert (plan.target.picture.rate, plan.target.picture.fields) == last[1:]
    assert abs(plan.target.picture.seconds - 10) <= 1 / plan.target.picture.rate


def test_a_deinterlacer_that_was_put_in_is_said() -> None:
    plan = planned(interlaced(), denoiser="hqdn3d")
    assert plan.stages[0].engine == "bwdif-znedi3"
    assert any("taken apart into whole pictures" in line for line in plan.substitutions)
    assert any("interlaced again" in line for line in plan.substitutions)


def test_a_deinterlacer_without_work_is_said() -> None:
    assert "deint: the source is progressive already, so it is left as it is." in (
        planned(deinterlacer="deint").substitutions
    )


@pytest.mark.parametrize(
    ("seen", "declared", "order", "fields"),
    [
        (None, Scanning(type="progressive"), "progressive", "progressive"),
        (None, Scanning(type="interlaced", order="bottom_first"), "progressive", "bottom_first"),
        (None, Scanning(type="unknown"), "top_first", "top_first"),
        (None, Scanning(type="unknown"), "unknown", "progressive"),
        (Scanning(type="progressive"), Scanning(type="interlaced", order="top_first"), "top_first", "progressive"),
        (Scanning(type="interlaced", order="bottom_first"), Scanning(type="progressive"), "top_first", "bottom_first"),
        (
            Scanning(type="interlaced"),
            Scanning(type="interlaced", order="bottom_first"),
            "progressive",
            "bottom_first",
        ),
        (Scanning(type="mixed"), Scanning(type="progressive"), "progressive", "top_first"),
        (Scanning(type="telecine", order="top_first"), Scanning(type="progressive"), "progressive", "top_first"),
        (
            Scanning(type="unknown"),
            Scanning(type="interlaced", order="top_first"),
            "progressive",
            "top_first",
        ),
    ],
)
def test_pictures_are_believed_before_metadata(
    seen: Scanning | None, declared: Scanning, order: Any, fields: str
) -> None:
    found = findings(media(track(field_order=order)), seen, declared)
    assert scanned(found.media, found).fields == fields


def test_dv_has_its_lower_field_first() -> None:
    found = findings(media(track(codec="dvvideo")), Scanning(type="interlaced"))
    assert scanned(found.media, found).fields == "bottom_first"


def test_who_asks_for_a_deinterlacer_knows_better_than_missing_metadata() -> None:
    found = findings(media(track(field_order="unknown")), declared=Scanning(type="unknown"))
    assert planned(found, deinterlacer="bwdif").stages[0].before.fields == "top_first"


@pytest.mark.parametrize(("kind", "word"), [("telecine", "telecine"), ("mixed", "in parts")])
def test_odd_scanning_is_warned_of(kind: Any, word: str) -> None:
    plan = planned(findings(seen=Scanning(type=kind, order="top_first")))
    assert any(word in line for line in plan.warnings)


@pytest.mark.parametrize(("option", "value"), CHOICES)
@pytest.mark.parametrize("tier", ["fast", "quality"])
def test_every_value_has_an_engine(option: str, value: str, tier: Any) -> None:
    for names in CHOICES[option, value].values():
        assert names
        assert all(name in ENGINES for name in names)


VALUES = {
    "denoiser": ("denoise", "hqdn3d"),
    "stabilizer": ("dejit", "steady"),
    "scaler": ("pabsr1", "dvres", "dvres2", "scale", "generative"),
    "deinterlacer": ("deint", "yadif", "bwdif", "weston3f"),
    "converter": ("fps", "fblend", "mcinterpolate", "vfi"),
    "post": ("filmgrain",),
}


@pytest.mark.parametrize(("option", "value"), [(option, value) for option, many in VALUES.items() for value in many])
@pytest.mark.parametrize("tier", ["fast", "quality"])
def test_every_option_in_both_tiers(option: str, value: str, tier: str) -> None:
    more = {"scaler": {"size": {"tag": "hd_1080p"}}, "converter": {"rate": 50}}.get(option, {})
    plan = planned(interlaced() if option == "deinterlacer" else None, **{option: value}, **more, tier=tier)
    stage = plan.stages[0]
    assert stage.value == value
    choices = CHOICES[stage.option, value]
    assert stage.engine == choices.get(stage.tier, ())[0]
    assert stage.tier == (tier if tier in choices else "quality")
    assert plan.generative == (value == "generative")
    assert (stage.host, stage.entry, stage.radius) == (
        ENGINES[stage.engine].host,
        ENGINES[stage.engine].entry,
        ENGINES[stage.engine].radius,
    )


def test_a_missing_engine_is_stood_in_for_and_said() -> None:
    available = {"ffmpeg-nlmeans": "9.0.2", "degrain": "24"}
    plan = planned_with(available, denoiser="denoise")
    assert (plan.stages[0].engine, plan.stages[0].version) == ("degrain", "24")
    assert "denoise: degrain-wnnm is missing on this machine; degrain does it." in plan.substitutions


def test_no_engine_at_all() -> None:
    with pytest.raises(TelecineError) as refused:
        planned_with({}, scaler="dvres", size={"tag": "2x"})
    assert refused.value.kind is ErrorKind.ENGINE_MISSING
    assert "telecine[enhance]" in refused.value.detail


def test_a_fast_tier_falls_back_to_what_the_best_one_has() -> None:
    plan = planned_with({"ffmpeg-lanczos": "9"}, scaler="dvres2", size={"tag": "2x"}, tier="fast")
    assert plan.stages[0].engine == "ffmpeg-lanczos"


def test_what_is_not_there_yet_is_not_missed() -> None:
    assert planned_with({}).stages == ()
    assert set(EVERY_ENGINE) == set(ENGINES)


@pytest.mark.parametrize("scaler", ["pabsr1", "dvres", "dvres2", "generative"])
def test_restoring_scalers_make_no_smaller_pictures(scaler: str) -> None:
    plan = planned(scaler=scaler, size={"width": 320, "height": 180})
    assert steps(plan) == [("scaler", "ffmpeg-lanczos")]
    assert any("makes the smaller one" in line for line in plan.substitutions)


@pytest.mark.parametrize(
    ("scaler", "done"), [("pabsr1", True), ("dvres", True), ("dvres2", True), ("scale", False), (None, False)]
)
def test_restoring_scalers_work_at_the_same_size(scaler: str | None, done: bool) -> None:
    assert bool(planned(scaler=scaler, size={"tag": "no_scaling"}).stages) == done


def test_rows_that_were_fields_are_woven_as_they_are() -> None:
    """A filter against flicker is for pictures that have more detail than a field can hold."""
    assert planned(interlaced(), denoiser="hqdn3d").stages[-1].settings == {"prefilter": "none"}
    assert planned(interlaced(), denoiser="hqdn3d", size={"tag": "2x"}).stages[-1].settings == {}
    assert planned(rate=50, scan="interlaced_tff").stages[-1].settings == {}


def test_a_size_alone_is_scaled_by_bicubic() -> None:
    plan = planned(size={"tag": "2x"})
    assert (plan.stages[0].value, plan.stages[0].engine) == ("scale", "ffmpeg-bicubic")


def test_variable_rates_become_standard_ones() -> None:
    found = findings(media(track(frame_rate=Fraction(2950, 100), variable_rate=True)))
    plan = planned(found)
    assert (plan.target.picture.rate, plan.source.resampled) == (NTSC, True)


def test_clips_begin_and_end_with_a_frame() -> None:
    frames = SourceFrames(frames=300, rate=NTSC)
    asked = Enhancement.model_validate({"clip": {"start": 1000, "end": 2000}})
    plan = plan_enhancement(asked, media(track(frame_rate=NTSC)), frames, None, EVERY_ENGINE, 10)
    # Frame 30 is shown at 1.001 s, frame 59 at 1.9686 s and frame 60 at 2.002 s.
    assert (plan.source.first, plan.source.picture.frames) == (30, 30)
    assert plan.start == Fraction(1001, 1000)
    assert not plan.whole


def test_a_clip_behind_the_last_decoded_frame() -> None:
    asked = Enhancement.model_validate({"clip": {"start": 9990}})
    frames = SourceFrames(frames=249, rate=Fraction(25))
    with pytest.raises(TelecineError) as refused:
        plan_enhancement(asked, media(), frames, None, EVERY_ENGINE, 10)
    assert refused.value.field == "range.startPositionMilliseconds"
