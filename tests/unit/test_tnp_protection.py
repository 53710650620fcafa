"""What a T&P request asks for in `output.drm`, and what is refused or warned of."""

import pytest
from tests.tnp import job, read, refused

from telecine.core.drm import Ladder
from telecine.core.errors import ErrorKind
from telecine.core.job import Protection


def protection(**option):
    return read(job(drm={"enabled": True, "option": option})).spec.protection


class TestProtection:
    @pytest.mark.parametrize("drm", [None, {}, {"enabled": False}, {"enabled": "false", "option": {"clear_lead": 0}}])
    def test_drm_that_is_off_means_none_whatever_its_options_say(self, drm):
        assert read(job(drm=drm)).spec.protection is None

    @pytest.mark.parametrize("enabled", [True, "true"])
    def test_drm_that_is_on_needs_no_options(self, enabled):
        result = read(job(drm={"enabled": enabled}))
        assert result.spec.protection == Protection()
        assert result.spec.protected

    def test_every_option_arrives(self):
        assert protection(
            multi_key=True,
            max_sd_height=360,
            max_hd_height=720,
            max_uhd1_height=1080,
            skip_audio_encryption=True,
            clear_lead=10,
            generate_tracktype_manifests=True,
        ) == Protection(
            multi_key=True,
            ladder=Ladder(max_sd_height=360, max_hd_height=720, max_uhd1_height=1080),
            skip_audio=True,
            clear_lead=10,
            track_type_manifests=True,
        )

    def test_a_height_of_zero_means_the_default(self):
        assert protection(multi_key=True, max_sd_height=0, max_hd_height=720).ladder == Ladder(max_hd_height=720)

    def test_heights_have_no_effect_without_several_keys(self):
        assert protection(max_sd_height=5000).ladder == Ladder()

    @pytest.mark.parametrize(
        ("heights", "field"),
        [
            ({"max_sd_height": 1080}, "max_hd_height"),
            ({"max_hd_height": 400}, "max_hd_height"),
            ({"max_uhd1_height": 1080}, "max_uhd1_height"),
        ],
    )
    def test_classes_that_end_before_they_begin_are_refused(self, heights, field):
        request = job(drm={"enabled": True, "option": {"multi_key": True, **heights}})
        assert refused(request) == {(ErrorKind.FIELD_OUT_OF_RANGE, f"output.drm.option.{field}")}

    def test_manifests_for_some_screens_without_several_keys_are_warned_of(self):
        request = job(drm={"enabled": True, "option": {"generate_tracktype_manifests": True}})
        assert any("generate_tracktype_manifests" in warning for warning in read(request).warnings)

    def test_a_job_of_sound_alone_is_not_published_in_the_clear(self):
        request = job(drm={"enabled": True, "option": {"skip_audio_encryption": True}})
        request["input"]["files"][0]["file_type"] = "audio"
        request["output"]["transcodings"] = [
            track for track in request["output"]["transcodings"] if track["track_type"] == "audio"
        ]
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.drm.option.skip_audio_encryption")}

    @pytest.mark.parametrize("value", [-1, "x", 1e30])
    def test_a_clear_lead_that_is_none(self, value):
        request = job(drm={"enabled": True, "option": {"clear_lead": value}})
        kinds = {kind for kind, _ in refused(request)}
        assert kinds <= {ErrorKind.FIELD_OUT_OF_RANGE, ErrorKind.FIELD_INVALID}
