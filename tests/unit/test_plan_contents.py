"""Ready renditions: the best of them is the source of all, and each tells what one rung of the ladder is to be."""

from fractions import Fraction

import pytest
from tests.unit.test_planner import audio, media, video

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Marking, Packaging, Protection, Vbr
from telecine.core.limits import Policy
from telecine.core.plan_contents import with_contents
from telecine.core.planner import make_plan

HD = video(bitrate=5_000_000)
SD = video(width=1280, height=720, bitrate=2_000_000)


def spec(**values):
    base = {
        "name": "film",
        "content_id": "film",
        "input_storage": "i",
        "contents": ("film",),
        "output_storage": "o",
        "output_path": "out",
        "packaging": Packaging(formats=(Format.DASH, Format.HLS)),
    }
    return JobSpec(**(base | values))


def made(*infos, **values):
    """The job that these files make of `spec`, their paths being a.mp4, b.mp4, …"""
    return with_contents(spec(**values), paths(infos), infos)[0]


def paths(infos):
    return [f"{chr(97 + place)}.mp4" for place in range(len(infos))]


def refusal(*infos):
    with pytest.raises(TelecineError) as caught:
        made(*infos)
    assert caught.value.field == "storage.input.contents_path"
    return caught.value


class TestLadder:
    def test_each_file_gives_a_rendition_like_it(self):
        job = made(media(SD, audio()), media(HD, audio()))
        assert [(one.track_id, one.codec, one.width, one.height) for one in job.video] == [
            ("a.mp4", "h264", 1280, 720),
            ("b.mp4", "h264", 1920, 1080),
        ]
        assert [one.rate for one in job.video] == [
            Vbr(bitrate=2_000_000, peak=3_000_000),
            Vbr(bitrate=5_000_000, peak=7_500_000),
        ]
        assert [one.frame_rate for one in job.video] == [25, 25]

    @pytest.mark.parametrize(
        ("tracks", "best"),
        [
            ([SD, HD], 1),
            ([HD, SD], 0),
            ([HD, video(bitrate=6_000_000)], 1),
            ([HD, video(bitrate=1, frame_rate=Fraction(50), frames=500)], 1),
            ([HD, HD], 0),
        ],
    )
    def test_the_source_is_that_with_most_pixels_then_frames_then_bits(self, tracks, best):
        job = made(*(media(track) for track in tracks))
        assert job.video_file == best
        assert [file.video for file in job.files].count(True) == 1

    def test_codec_and_rate_are_each_files_own(self):
        job = made(
            media(video(codec="hevc", frame_rate=Fraction(50), frames=500)), media(video(width=1280, height=720))
        )
        assert [(one.codec, one.frame_rate) for one in job.video] == [("h265", 50), ("h264", 25)]

    def test_sizes_are_those_that_are_seen(self):
        wide = video(width=1440, sample_aspect=Fraction(4, 3))
        turned = video(width=1080, height=1920, rotation=90)
        odd = video(width=853, height=480)
        job = made(media(wide), media(turned), media(odd))
        assert [(one.width, one.height) for one in job.video] == [(1920, 1080), (1920, 1080), (852, 480)]

    def test_a_file_of_which_nothing_moves_still_gets_bits(self):
        assert made(media(video(bitrate=0))).video[0].rate.bitrate == 10_000

    def test_the_plan_has_them_all_from_one_source(self):
        infos = [media(SD, audio()), media(HD, audio())]
        job = made(*infos, protection=Protection(multi_key=True))
        plan = make_plan(job, infos, Policy())
        assert plan.picture.file == 1
        assert [(one.width, one.height) for one in plan.video] == [(1280, 720), (1920, 1080)]
        assert plan.warnings == ()
        assert len(plan.trees) == 2

    @pytest.mark.parametrize(("codec", "pixel_format"), [("hevc", "yuv420p10le"), ("h264", "yuv420p")])
    def test_high_dynamic_range_and_ten_bits_go_where_the_codec_takes_them(self, codec, pixel_format):
        hdr = video(codec="hevc", bit_depth=10, pixel_format="yuv420p10le", color_transfer="smpte2084")
        other = {"bit_depth": 10, "pixel_format": "yuv420p10le", "color_transfer": "smpte2084"}
        small = video(codec=codec, width=1280, height=720, **(other if codec == "hevc" else {}))
        infos = [media(hdr), media(small)]
        plan = make_plan(made(*infos), infos, Policy())
        assert [one.pixel_format for one in plan.video] == ["yuv420p10le", pixel_format]
        assert plan.video[1].tone_map == (codec == "h264")

    def test_a_rendition_that_cannot_be_like_its_file_is_told(self):
        hdr = video(codec="hevc", bit_depth=10, pixel_format="yuv420p10le", color_transfer="smpte2084")
        infos = [media(hdr), media(video(codec="hevc", width=1280, height=720))]
        _, notes = with_contents(spec(), paths(infos), infos)
        assert notes == [
            "'b.mp4' has standard dynamic range in 8 bits and becomes high dynamic range in 10 bits, as 'a.mp4' has it."
        ]


class TestSound:
    def test_it_is_that_of_the_first_file_with_any_all_of_it(self):
        sounds = (audio(0, language="en"), audio(1, codec="ac3", channels=6, language="ko"))
        infos = [media(SD), media(HD, *sounds), media(SD, audio())]
        job = made(*infos)
        assert [[(remap.source, remap.target) for remap in file.audio] for file in job.files] == [
            [],
            [(0, 0), (1, 1)],
            [],
        ]
        assert [(one.codec, one.sources, one.language) for one in job.audio] == [
            ("aac", (0,), "en"),
            ("ac3", (1,), "ko"),
        ]
        plan = make_plan(job, infos, Policy())
        assert [(one.copy_stream, one.language) for one in plan.audio] == [(True, "en"), (True, "ko")]

    def test_files_of_sound_alone_are_taken_for_their_sound(self):
        infos = [media(HD, audio(language="en")), media(audio(language="de")), media(audio(language="ko"))]
        assert [one.language for one in made(*infos).audio] == ["de", "ko"]

    @pytest.mark.parametrize(
        ("codec", "profile", "becomes", "copied"),
        [
            ("aac", "LC", "aac", True),
            ("aac", "HE-AACv2", "heaac_v2", True),
            ("eac3", "", "eac3", True),
            ("mp3", "", "aac", False),
            ("pcm_s16le", "", "aac", False),
        ],
    )
    def test_what_players_know_passes_through_and_the_rest_becomes_aac(self, codec, profile, becomes, copied):
        infos = [media(HD, audio(codec=codec, profile=profile))]
        (sound,) = make_plan(made(*infos), infos, Policy()).audio
        assert (sound.codec, sound.copy_stream) == (becomes, copied)

    def test_none_at_all_is_no_fault(self):
        assert make_plan(made(media(HD)), [media(HD)], Policy()).audio == ()

    def test_it_keeps_its_place_beside_the_picture_of_its_own_file(self):
        """The files have clocks of their own; what counts in each is its first picture."""
        late = video(width=1280, height=720, start=Fraction(1, 5))
        infos = [media(late, audio(start=Fraction(1, 5))), media(HD)]
        (sound,) = make_plan(made(*infos), infos, Policy()).audio
        assert (sound.sources[0].origin, sound.sources[0].offset) == (Fraction(1, 5), 0)


class TestRefusals:
    def test_no_picture(self):
        assert refusal(media(audio())).kind is ErrorKind.TRACK_MISSING

    def test_a_codec_that_is_none_of_ours(self):
        error = refusal(media(HD), media(video(codec="vp9")))
        assert error.kind is ErrorKind.CODEC_REFUSED
        assert "'b.mp4' has vp9" in error.message

    @pytest.mark.parametrize(("frames", "fits"), [(250, True), (248, True), (252, True), (247, False), (260, False)])
    def test_durations_may_differ_by_two_frames(self, frames, fits):
        other = media(video(width=1280, height=720, duration=Fraction(frames, 25), frames=frames))
        if fits:
            assert made(media(HD), other)
        else:
            error = refusal(media(HD), other)
            assert error.kind is ErrorKind.DURATIONS_DIFFER
            assert "'b.mp4' lasts" in error.message

    @pytest.mark.parametrize(
        ("size", "fits"),
        [((854, 480), True), ((426, 240), True), ((432, 240), True), ((640, 480), False), ((1920, 800), False)],
    )
    def test_shapes_may_differ_by_rounding(self, size, fits):
        other = media(video(width=size[0], height=size[1]))
        if fits:
            assert made(media(HD), other)
        else:
            error = refusal(media(HD), other)
            assert error.kind is ErrorKind.ASPECTS_DIFFER
            assert f"{size[0]}x{size[1]}" in error.message

    def test_rates_that_never_meet(self):
        infos = [media(HD), media(video(width=1280, height=720, frame_rate=Fraction(24000, 1001), frames=240))]
        with pytest.raises(TelecineError) as caught:
            make_plan(made(*infos), infos, Policy())
        assert caught.value.kind is ErrorKind.GRID_IMPOSSIBLE

    @pytest.mark.parametrize(
        ("marking", "kind"),
        [
            (Marking(), ErrorKind.MARK_TOO_SHORT),
            (Marking(shortest_seconds=10, narrowest=1281), ErrorKind.MARK_TOO_NARROW),
            (Marking(shortest_seconds=10), None),
        ],
    )
    def test_what_the_site_will_not_mark(self, marking, kind):
        infos = [media(HD), media(SD)]
        job = made(*infos, marking=marking)
        if kind is None:
            plan = make_plan(job, infos, Policy())
            assert plan.marking
            assert (plan.preset_h264, plan.preset_h265) == ("faster", "faster"), "h265 pays less: it reuses"
            return
        with pytest.raises(TelecineError) as caught:
            make_plan(job, infos, Policy())
        assert caught.value.kind is kind

    def test_a_clear_lead_as_long_as_the_programme_is_named_as_the_request_does(self):
        infos = [media(HD)]
        job = made(*infos, protection=Protection(clear_lead=1000))
        with pytest.raises(TelecineError) as caught:
            make_plan(job, infos, Policy())
        assert caught.value.field == "drm_option.clear_lead"
