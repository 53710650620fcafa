"""What becomes of an asset that is encoded already: which tracks pass, under which names, into which trees."""

from fractions import Fraction
from typing import Any

import pytest
from tests.unit.test_asset_cuts import picture

from telecine.core.asset import Asset, AssetSound, AssetText
from telecine.core.drm import Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Packaging, Protection, Target
from telecine.core.limits import Policy
from telecine.core.media_info import AudioTrack
from telecine.core.plan import Plan
from telecine.core.plan_asset import make_asset_plan


def sound(name: str = "a0", start: float = 0, **values: Any) -> AssetSound:
    known = {"codec": "aac", "channels": 2, "bitrate": 128_000, "profile": "", "duration": Fraction(12)}
    about = {key: values.pop(key, default) for key, default in known.items()}
    track = AudioTrack(index=1, order=0, sample_rate=48_000, start=Fraction(start).limit_denominator(10**6), **about)
    return AssetSound(**({"name": name, "file": 0, "demuxer": "mpegts", "track": track} | values))


def plan(asset: Asset, *targets: Target, policy: Policy = Policy()) -> Plan:
    spec = JobSpec(
        name="film",
        content_id="film",
        input_storage="in",
        output_storage="out",
        output_path="vod",
        asset="film/master.m3u8",
        packaging=Packaging(formats=(Format.DASH,)),
        targets=targets or (Target(format=Format.DASH, folder="dash"),),
    )
    return make_asset_plan(spec, asset, policy)


def refusal(asset: Asset, *targets: Target) -> TelecineError:
    with pytest.raises(TelecineError) as raised:
        plan(asset, *targets)
    return raised.value


def test_nothing_is_encoded_and_every_track_keeps_its_clock():
    late = picture("1080p", [3600, 3602, 3604], end=3606)
    made = plan(Asset(pictures=(late,), sounds=(sound(start=3600.013),)))
    assert made.imported
    assert made.chunks == ()
    assert made.duration == 6
    [video], [audio] = made.video, made.audio
    assert video.rate is None
    assert video.copied
    assert (video.copied.origin, video.copied.timescale) == (3600, 90_000)
    assert audio.copy_stream
    assert audio.exact
    assert (audio.sources[0].origin, audio.sources[0].offset) == (3600, Fraction(13, 1000))


def test_clocks_that_differ_are_put_together():
    """DASH says by how much the media's clock is ahead; packed audio says it in its tags."""
    late = picture("1080p", [3600, 3602], end=3604, shift=Fraction(-3600))
    made = plan(Asset(pictures=(late,), sounds=(sound(start=7200.5, shift=Fraction(-7200)),)))
    assert made.audio[0].sources[0].origin == 7200
    assert made.audio[0].sources[0].offset == Fraction(1, 2)


def test_each_target_is_a_tree_with_a_segment_of_its_own():
    targets = (
        Target(format=Format.DASH, folder="dash"),
        Target(format=Format.HLS, folder="hls", segment_seconds=6),
        Target(format=Format.HLS, folder="hls_2", segment_seconds=2.2),
    )
    made = plan(Asset(pictures=(picture(),)), *targets)
    assert [(tree.folder, made.segment_of(tree)) for tree in made.trees] == [("dash", 4), ("hls", 6), ("hls_2", 2)]
    assert [tree.transport_stream for tree in made.trees] == [False, True, True]


def test_a_target_may_be_encrypted_and_another_not():
    wanted = Protection(multi_key=True, clear_lead=5, key_id="drm1")
    targets = (
        Target(format=Format.DASH, folder="dash", protection=wanted),
        Target(format=Format.HLS, folder="hls", protection=wanted),
        Target(format=Format.HLS, folder="clear"),
    )
    dash, hls, clear = plan(Asset(pictures=(picture(),), sounds=(sound(),)), *targets).trees
    assert dash.protection
    assert (dash.protection.key_id, dash.protection.clear_lead) == ("drm1", 8)
    assert dash.protection.labels == {"v0": Label.SD, "a0": Label.AUDIO}
    assert hls.protection
    assert not hls.transport_stream
    assert clear.protection is None
    assert clear.transport_stream


def test_an_encrypted_asset_has_no_pictures_in_the_clear():
    clear = Target(format=Format.DASH, folder="dash")
    encrypted = clear.model_copy(update={"protection": Protection()})
    film = Asset(pictures=(picture(),))
    assert plan(film, clear).thumbnails
    assert not plan(film, clear.model_copy(update={"folder": "other"}), encrypted).thumbnails
    assert plan(film, encrypted, policy=Policy(drm_thumbnails=True)).thumbnails


def test_h265_in_hls_is_fragmented_mp4():
    made = plan(Asset(pictures=(picture(codec="hevc"),)), Target(format=Format.HLS, folder="hls"))
    assert made.video[0].codec == "h265"
    assert not made.trees[0].transport_stream


def test_of_one_sound_in_several_bitrates_the_best_is_kept():
    low, high = sound("low", bitrate=64_000, language="en"), sound("high", bitrate=192_000, language="en")
    made = plan(Asset(pictures=(picture(),), sounds=(low, high, sound("ko", language="ko"))))
    assert [audio.track_id for audio in made.audio] == ["high", "ko"]
    assert any("'low' is left out" in warning for warning in made.warnings)


def test_a_commentary_in_the_same_language_is_another_sound():
    film, talk = sound("film", language="en", choice="0.0"), sound("talk", language="en", choice="1.0")
    made = plan(Asset(pictures=(picture(),), sounds=(film, talk)))
    assert [audio.label for audio in made.audio] == ["en (film)", "en (talk)"]


def test_sound_in_another_codec_is_another_sound():
    made = plan(Asset(pictures=(picture(),), sounds=(sound("aac"), sound("ac3", codec="ac3"))))
    assert [audio.codec for audio in made.audio] == ["aac", "ac3"]


def test_the_default_is_the_assets_own():
    made = plan(
        Asset(pictures=(picture(),), sounds=(sound("en", language="en"), sound("ko", language="ko", default=True)))
    )
    assert [audio.default for audio in made.audio] == [False, True]


def test_what_cannot_be_packaged_is_left_out_with_a_word():
    made = plan(Asset(pictures=(picture(), picture("av1", codec="av1")), sounds=(sound(), sound("mp2", codec="mp2"))))
    assert [video.track_id for video in made.video] == ["v0"]
    assert [audio.track_id for audio in made.audio] == ["a0"]
    assert any("'av1' is left out" in warning for warning in made.warnings)
    assert any("'mp2' is left out" in warning for warning in made.warnings)


def test_an_asset_of_nothing_that_can_be_packaged_is_refused():
    error = refusal(Asset(pictures=(picture(codec="av1"),), sounds=(sound(codec="mp2"),)))
    assert error.kind is ErrorKind.ASSET_REFUSED
    assert error.field == "sourceUri"


def test_sound_alone_is_an_asset():
    made = plan(Asset(sounds=(sound(start=100),)))
    assert made.duration == 12
    assert made.audio[0].sources[0].offset == 0
    assert not made.thumbnails


def test_sound_outside_the_picture_is_left_out():
    made = plan(Asset(pictures=(picture(),), sounds=(sound("before", -13), sound("after", 12.5), sound("within", 11))))
    assert [audio.track_id for audio in made.audio] == ["within"]


def test_subtitles_of_one_language_have_names_that_differ():
    texts = (AssetText(file=0, language="en"), AssetText(file=1, language="en"), AssetText(file=2, language="ko"))
    made = plan(Asset(pictures=(picture(),), texts=texts))
    assert [subtitle.label for subtitle in made.subtitles] == ["en 1", "en 2", "ko"]


@pytest.mark.parametrize("folder", ["dash", "thumbnails"])
def test_trees_cannot_share_a_folder(folder: str):
    targets = (Target(format=Format.DASH, folder="dash"), Target(format=Format.HLS, folder=folder))
    error = refusal(Asset(pictures=(picture(),)), *targets)
    assert error.kind is ErrorKind.FIELD_INVALID
    assert f"'{folder}'" in error.message


def protected(**wanted: Any) -> Target:
    return Target(format=Format.DASH, folder="dash", protection=Protection(**wanted))


@pytest.mark.parametrize("lead", [12, 8.1, 11.6])
def test_a_clear_lead_over_all_of_it_is_refused(lead: float):
    """Segments of 4 s, of which the lead takes whole ones."""
    error = refusal(Asset(pictures=(picture(),)), protected(clear_lead=lead))
    assert (error.kind, error.field) == (ErrorKind.FIELD_OUT_OF_RANGE, "drm")


def test_a_clear_lead_into_the_last_of_uneven_segments_is_refused():
    uneven = Asset(pictures=(picture(keys=[0, 1, 5]),))
    assert refusal(uneven, protected(clear_lead=8)).kind is ErrorKind.FIELD_OUT_OF_RANGE
    assert plan(uneven, protected(clear_lead=4)).trees[0].protection


def test_sound_alone_that_is_to_stay_clear_is_refused():
    error = refusal(Asset(sounds=(sound(),)), protected(skip_audio=True))
    assert (error.kind, error.field) == (ErrorKind.FIELD_INVALID, "drm")
