"""Which key each track gets, how long a programme stays clear, and which manifests there are for some screens."""

from fractions import Fraction

import pytest
from tests import plans

from telecine.core.drm import ContentKey, Label, Ladder, Scheme, TrackType, track_types
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, Protection
from telecine.core.limits import Policy
from telecine.core.plan_protection import (
    check_encrypts,
    clear_until,
    scheme_of,
    transport_stream,
    tree_protection,
)

SEGMENT = Fraction(4004, 1000)
PICTURES = tuple(
    plans.video(f"v{number}", size=(16 * height // 9, height))
    for number, height in enumerate((360, 480, 720, 1080, 2160, 4320))
)
SOUND = (plans.audio("a0"), plans.audio("a1"))


def protect(**wanted):
    return tree_protection(Protection(**wanted), Scheme.CBCS, SEGMENT, "film", PICTURES, SOUND)


def test_one_key_opens_everything_unless_several_are_asked_for():
    assert set(protect().labels.values()) == {Label.ALL}
    assert set(protect().labels) == {"v0", "v1", "v2", "v3", "v4", "v5", "a0", "a1"}


def test_several_keys_go_by_height_and_audio_has_its_own():
    labels = protect(multi_key=True).labels
    assert [labels[f"v{number}"].value for number in range(6)] == ["SD", "SD", "HD", "HD", "UHD1", "UHD2"]
    assert labels["a0"] == labels["a1"] == Label.AUDIO


def test_the_classes_end_where_the_request_says():
    ladder = Ladder(max_sd_height=360, max_hd_height=720, max_uhd1_height=1080)
    labels = protect(multi_key=True, ladder=ladder).labels
    assert [labels[f"v{number}"].value for number in range(5)] == ["SD", "HD", "HD", "UHD1", "UHD2"]


def test_skipped_audio_has_no_key():
    assert set(protect(skip_audio=True).labels) == {video.name for video in PICTURES}


@pytest.mark.parametrize(("asked", "segments"), [(0, 0), (0.1, 1), (4, 1), (4.004, 1), (4.01, 2), (10, 3)])
def test_the_clear_lead_ends_with_a_segment(asked: float, segments: int):
    assert protect(clear_lead=asked).clear_lead == segments * SEGMENT


@pytest.mark.parametrize(("asked", "clear"), [(0, 0), (4, 1), (8, 2)])
@pytest.mark.parametrize("drift", [-0.4, 0, 0.4])
def test_segments_that_begin_a_little_early_or_late_are_clear_or_not_all_the_same(asked, clear, drift):
    until = clear_until(protect(clear_lead=asked), SEGMENT)
    starts = [max(Fraction(0), (number + Fraction(drift) * bool(number)) * SEGMENT) for number in range(6)]
    assert [start < until for start in starts] == [number < clear for number in range(6)]


def encrypts(protection, *, duration=20, last=16):
    places = {"lead_at": "lead", "audio_at": "audio"}
    check_encrypts(protection, SEGMENT, Fraction(duration), Fraction(last), **places)


@pytest.mark.parametrize("lead", [0, 4, 16])
def test_some_of_a_programme_is_encrypted(lead):
    encrypts(protect(clear_lead=lead))


@pytest.mark.parametrize(
    ("lead", "duration", "last"),
    [
        (17, 20, 16),  # rounded up it is 20.02 s
        (16, Fraction(163, 10), 16),  # what is left may have no sound any more
        (12, 20, 8),  # the last segment is longer than others, and begins within the lead
    ],
)
def test_a_clear_lead_that_leaves_nothing_to_encrypt_is_refused(lead, duration, last):
    with pytest.raises(TelecineError) as caught:
        encrypts(protect(clear_lead=lead), duration=duration, last=last)
    assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_OUT_OF_RANGE, "lead")


def test_sound_alone_that_is_to_stay_clear_is_refused():
    nothing = tree_protection(Protection(skip_audio=True), Scheme.CBCS, SEGMENT, "film", (), SOUND)
    with pytest.raises(TelecineError) as caught:
        encrypts(nothing)
    assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_INVALID, "audio")


def test_transport_streams_are_encrypted_in_cbcs_or_not_made():
    house = Policy(drm_hls_transport_stream=True)
    for protected in (True, False):
        assert transport_stream(Format.HLS, PICTURES, house, protected=protected)
        assert not transport_stream(Format.CMAF, PICTURES, house, protected=protected)
    counter = house.model_copy(update={"drm_scheme_hls": Scheme.CENC})
    assert not transport_stream(Format.HLS, PICTURES, counter, protected=True)
    assert transport_stream(Format.HLS, PICTURES, counter, protected=False)


def test_keys_are_those_of_the_content_unless_the_job_names_others():
    assert protect().key_id == "film"
    assert protect(key_id="drmId1").key_id == "drmId1"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((Label.SD, Label.HD, Label.UHD1, Label.UHD2), ("SD_ONLY", "SD_HD", "SD_UHD")),
        ((Label.SD, Label.HD), ("SD_ONLY", "SD_HD")),
        ((Label.SD, Label.UHD1), ("SD_ONLY", "SD_UHD")),
        ((Label.SD,), ("SD_ONLY",)),
        ((Label.HD,), ("SD_HD",)),
        ((Label.UHD2,), ("SD_UHD",)),
        ((Label.AUDIO,), ()),
    ],
)
def test_manifests_for_some_screens_differ_from_each_other_and_are_never_empty(labels, expected):
    assert track_types(labels) == tuple(TrackType(kind) for kind in expected)


def test_manifests_for_some_screens_need_several_keys():
    assert protect(track_type_manifests=True).track_types == ()
    assert protect(track_type_manifests=True, multi_key=True).track_types == tuple(TrackType)


def test_each_format_has_the_scheme_that_its_players_read():
    policy = Policy()
    assert [scheme_of(tree, policy).value for tree in Format] == ["cenc", "cbcs", "cbcs"]


def test_a_key_never_shows_itself():
    key = ContentKey(Label.ALL, b"k" * 16, b"s" * 16)
    assert "ssss" not in repr(key)
    with pytest.raises(ValueError, match="16 bytes"):
        ContentKey(Label.ALL, b"k", b"s" * 16)
