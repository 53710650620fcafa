"""What a job becomes, decided before any work: sizes, rates, colours, sound, chunks, and what a person is told."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import (
    AudioRemap,
    AudioRendition,
    Crf,
    Format,
    InputFile,
    JobSpec,
    Packaging,
    Protection,
    SubtitleInput,
    Vbr,
    VideoRendition,
)
from telecine.core.limits import Policy
from telecine.core.media_info import AudioTrack, MediaInfo, VideoTrack
from telecine.core.plan import Plan
from telecine.core.plan_picture import fit
from telecine.core.planner import make_plan

NTSC_FILM = Fraction(24000, 1001)


def video(**values: Any) -> VideoTrack:
    base = {
        "index": 0,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "frame_rate": Fraction(25),
        "duration": Fraction(10),
        "frames": 250,
        "pixel_format": "yuv420p",
    }
    return VideoTrack(**(base | values))


def audio(order: int = 0, **values: Any) -> AudioTrack:
    base = {
        "index": order + 1,
        "order": order,
        "codec": "aac",
        "profile": "LC",
        "channels": 2,
        "sample_rate": 48000,
        "bitrate": 128_000,
        "duration": Fraction(10),
    }
    return AudioTrack(**(base | values))


def media(*tracks: VideoTrack | AudioTrack, demuxer: str = "mov", **values: Any) -> MediaInfo:
    pictures = [track for track in tracks if isinstance(track, VideoTrack)]
    sounds = tuple(track for track in tracks if isinstance(track, AudioTrack))
    return MediaInfo(
        demuxer=demuxer,
        duration=Fraction(10),
        size=1000,
        video=pictures[0] if pictures else None,
        audio=sounds,
        **values,
    )


def rung(width: int = 1280, height: int = 720, codec: str = "h264", **values: Any) -> VideoRendition:
    rate = {"rate": Vbr(bitrate=2_000_000, peak=3_000_000)}
    return VideoRendition(
        **({"track_id": f"v{height}", "codec": codec, "width": width, "height": height} | rate | values)
    )


def track(*sources: int, codec: str = "aac", track_id: str = "audio1", **values: Any) -> AudioRendition:
    return AudioRendition(track_id=track_id, codec=codec, sources=sources or (0,), **values)


def spec(*outputs: VideoRendition | AudioRendition, files: tuple[InputFile, ...] = (), **values: Any) -> JobSpec:
    one_file = (InputFile(path="in.mp4", video=True, audio=(AudioRemap(source=0, target=0),)),)
    packaging = {"packaging": Packaging(formats=(Format.DASH, Format.HLS))}
    return JobSpec(
        name="job",
        content_id="content",
        input_storage="i",
        output_storage="o",
        output_path="out",
        files=files or one_file,
        video=tuple(output for output in outputs if isinstance(output, VideoRendition)),
        audio=tuple(output for output in outputs if isinstance(output, AudioRendition)),
        **(packaging | values),
    )


def plan(job: JobSpec, *infos: MediaInfo, **policy: Any) -> Plan:
    return make_plan(job, infos or [media(video(), audio())], Policy(**policy))


def plan_picture(source: VideoTrack, *rungs: VideoRendition, demuxer: str = "mov", **policy: Any) -> Plan:
    return plan(spec(*(rungs or (rung(),))), media(source, audio(), demuxer=demuxer), **policy)


def remaps(*numbers: int) -> tuple[AudioRemap, ...]:
    return tuple(AudioRemap(source=number, target=number) for number in numbers)


# the picture's size


@pytest.mark.parametrize(
    ("source", "asked", "made"),
    [
        ({}, (1280, 720), (1280, 720)),
        ({"width": 1918}, (1280, 720), (1280, 720)),  # off by the rounding to even numbers only
        ({"width": 1440}, (1280, 720), (960, 720)),
        ({"width": 2560}, (1280, 720), (1280, 540)),
        ({"rotation": 90}, (1280, 720), (404, 720)),
        ({"rotation": 90}, (720, 1280), (720, 1280)),
        ({"rotation": 180}, (1280, 720), (1280, 720)),
        ({"width": 720, "height": 576, "sample_aspect": Fraction(64, 45)}, (1024, 576), (1024, 576)),
        ({"width": 1440, "sample_aspect": Fraction(4, 3)}, (640, 360), (640, 360)),
        ({"width": 1, "height": 1000}, (640, 360), (2, 360)),
    ],
)
def test_the_picture_is_fitted_inside_the_request_with_its_own_aspect(source, asked, made):
    output = plan_picture(video(**source), rung(*asked)).video[0]
    assert (output.width, output.height) == made


@given(
    width=st.integers(16, 8000),
    height=st.integers(16, 8000),
    asked_width=st.integers(8, 2000).map(lambda n: 2 * n),
    asked_height=st.integers(8, 2000).map(lambda n: 2 * n),
)
def test_fitted_sizes_are_even_inside_and_true_to_the_aspect(width, height, asked_width, asked_height):
    aspect = Fraction(width, height)
    made_width, made_height = fit(aspect, asked_width, asked_height)
    assert made_width % 2 == made_height % 2 == 0
    assert 2 <= made_width <= asked_width
    assert 2 <= made_height <= asked_height
    assert made_width == asked_width or made_height == asked_height
    assert abs(made_width - made_height * aspect) <= 3 * max(1, aspect)


def test_a_person_is_told_of_a_different_size_and_of_an_enlarged_picture():
    told = plan_picture(video(width=1440), rung(1280, 720)).warnings
    assert told == ("v720: the picture is 960x720, not 1280x720, to keep the source's aspect ratio.",)
    told = plan_picture(video(width=640, height=360)).warnings
    assert told == ("v720: 1280x720 enlarges the source (640x360); that costs bits and adds no detail.",)
    assert plan_picture(video()).warnings == ()


# time


def test_the_source_rate_is_kept_unless_another_is_asked():
    made = plan_picture(video(frame_rate=Fraction(50)), rung(), rung(640, 360, frame_rate=Fraction(25)))
    assert [output.frame_rate for output in made.video] == [50, 25]
    assert made.gop == 2
    assert made.segment == 4


def test_a_loosely_written_rate_is_taken_exactly():
    made = plan_picture(video(frame_rate=Fraction(24)), rung(frame_rate=Fraction("23.98")))
    assert made.video[0].frame_rate == NTSC_FILM


def test_more_frames_than_the_source_has_are_made_with_a_warning():
    told = plan_picture(video(), rung(frame_rate=Fraction(50))).warnings
    assert told == ("v720: 50.000 fps is more than the source's 25.000; frames of 'in.mp4' are repeated.",)


@pytest.mark.parametrize(
    ("average", "variable", "read_as"),
    [
        (Fraction("29.87"), True, Fraction(30000, 1001)),
        (Fraction("15.2"), True, NTSC_FILM),
        (Fraction("59.99"), True, Fraction(60000, 1001)),
        (Fraction(240), False, Fraction(120)),
        (Fraction(25, 2), False, Fraction(25, 2)),
    ],
)
def test_odd_source_rates_become_usable_ones(average, variable, read_as):
    made = plan_picture(video(frame_rate=average, variable_rate=variable, frames=None))
    assert made.video[0].frame_rate == read_as


@pytest.mark.parametrize(
    ("source", "duration"),
    [
        ({"frames": 250, "duration": Fraction("9.99")}, Fraction(10)),
        ({"frames": None, "duration": Fraction("10.013")}, Fraction(10)),
        ({"frames": 500, "duration": Fraction("10.013")}, Fraction(10)),  # fields counted as frames
        ({"frames": 240, "frame_rate": NTSC_FILM, "duration": Fraction("10.01")}, Fraction("10.01")),
        ({"frames": None, "duration": Fraction(0)}, Fraction(1, 25)),
    ],
)
def test_the_programme_lasts_a_whole_number_of_source_frames(source, duration):
    assert plan_picture(video(**source)).duration == duration


def test_long_inputs_are_cut_on_the_segment_grid():
    source = video(duration=Fraction(1001), frames=24000, frame_rate=NTSC_FILM)
    made = plan_picture(source, chunk_seconds=60)
    assert len(made.chunks) == 17
    assert all((chunk.start / made.segment).denominator == 1 for chunk in made.chunks)
    assert made.chunks[-1].end == made.duration == Fraction(1001)


@pytest.mark.parametrize("demuxer", ["mpegts", "mxf", "avi"])
def test_a_file_in_which_seeking_is_not_exact_is_one_chunk(demuxer):
    source = video(duration=Fraction(1000), frames=25000)
    assert len(plan_picture(source, demuxer=demuxer, chunk_seconds=60).chunks) == 1


def test_rates_without_a_common_grid_are_refused():
    with pytest.raises(TelecineError) as refused:
        plan_picture(video(), rung(), rung(640, 360, frame_rate=Fraction("23.976")))
    assert refused.value.kind is ErrorKind.GRID_IMPOSSIBLE


# colour and scanning

PQ = {
    "bit_depth": 10,
    "pixel_format": "yuv420p10le",
    "color_primaries": "bt2020",
    "color_transfer": "smpte2084",
    "color_space": "bt2020nc",
    "mastering_display": "G(1,2)B(3,4)R(5,6)WP(7,8)L(9,10)",
    "content_light": "1000,400",
}


def test_hdr_is_kept_for_h265_and_tone_mapped_for_h264():
    made = plan_picture(video(**PQ), rung(codec="h265"), rung(640, 360))
    kept, mapped = made.video
    assert (kept.pixel_format, kept.tone_map) == ("yuv420p10le", False)
    assert (kept.colour.primaries, kept.colour.transfer, kept.colour.matrix) == ("bt2020", "smpte2084", "bt2020nc")
    assert (kept.colour.mastering_display, kept.colour.content_light) == (PQ["mastering_display"], "1000,400")
    assert (mapped.pixel_format, mapped.tone_map) == ("yuv420p", True)
    assert (mapped.colour.primaries, mapped.colour.transfer, mapped.colour.matrix) == ("bt709",) * 3
    assert mapped.colour.mastering_display == ""
    assert made.picture is not None
    assert made.picture.tone_map


def test_ten_bits_stay_for_h265_and_become_eight_for_h264():
    made = plan_picture(video(bit_depth=10, pixel_format="yuv420p10le"), rung(codec="h265"), rung(640, 360))
    assert [output.pixel_format for output in made.video] == ["yuv420p10le", "yuv420p"]
    assert not any(output.tone_map for output in made.video)


@pytest.mark.parametrize(
    ("source", "matrix"),
    [
        ({}, "bt709"),
        ({"width": 720, "height": 576}, "bt470bg"),
        ({"width": 720, "height": 480, "frame_rate": Fraction(30000, 1001), "frames": None}, "smpte170m"),
        ({"width": 720, "height": 480, "color_space": "bt709"}, "bt709"),
        ({"color_space": "gbr", "pixel_format": "gbrp"}, "bt709"),
    ],
)
def test_every_rendition_signals_the_colour_that_the_source_is_read_with(source, matrix):
    made = plan_picture(video(**source), rung(426, 240))
    assert made.video[0].colour.matrix == matrix
    assert made.video[0].colour.range == "tv"


def test_full_range_is_recognised_and_made_limited():
    made = plan_picture(video(pixel_format="yuvj420p"))
    assert made.picture is not None
    assert (made.picture.colour.range, made.video[0].colour.range) == ("pc", "tv")


@pytest.mark.parametrize(
    ("order", "asked", "deinterlace", "fields"),
    [
        ("progressive", None, "no", False),
        ("progressive", Fraction(50), "no", False),
        ("top_first", None, "top_first", False),
        ("bottom_first", Fraction(50), "bottom_first", True),
        ("unknown", Fraction(50), "auto", False),
    ],
)
def test_interlaced_pictures_keep_their_rate_unless_twice_is_asked(order, asked, deinterlace, fields):
    made = plan_picture(video(field_order=order), rung(frame_rate=asked))
    assert made.picture is not None
    assert (made.picture.deinterlace, made.picture.field_rate) == (deinterlace, fields)
    assert not [told for told in made.warnings if "repeated" in told] or order in ("progressive",)


@pytest.mark.parametrize(
    ("codec", "asked", "made"), [("h264", 60, 51), ("h265", 51.5, 51), ("h264", 0, 1), ("h265", 0, 0), ("h264", 23, 23)]
)
def test_crf_is_kept_within_the_encoders_scale_with_a_warning(codec, asked, made):
    result = plan_picture(video(), rung(codec=codec, rate=Crf(crf=asked)))
    assert result.video[0].rate == Crf(crf=made)
    told = f"v720: crf {asked:g} is not possible for {codec}; {made} is used."
    assert result.warnings == (() if asked == made else (told,))


# sound


def only_sound(rendition: AudioRendition, *tracks: AudioTrack, **values: Any) -> Plan:
    file = InputFile(path="in.mp4", video=True, audio=remaps(*range(len(tracks))))
    return plan(spec(rung(), rendition, files=(file,), **values), media(video(), *tracks))


def test_sound_that_already_has_the_codec_passes_through_untouched():
    made = only_sound(track(), audio(language="en"))
    output = made.audio[0]
    assert (output.copy_stream, output.codec, output.language, output.default) == (True, "aac", "en", True)
    assert made.warnings == ()


def test_a_person_is_told_what_passing_through_cannot_change():
    told = only_sound(track(sample_rate=44100, bitrate=64000), audio()).warnings
    assert told == (
        "audio1: the source already is aac and passes through untouched, "
        "so it keeps its sample rate 48000 Hz and bitrate 128000 bit/s.",
    )


@pytest.mark.parametrize(
    ("codec", "source", "made"),
    [
        ("ac3", {"channels": 6}, (6, 48000, 448_000)),
        ("eac3", {"channels": 2}, (2, 48000, 128_000)),
        ("aac", {"codec": "pcm_s16le", "sample_rate": 44100}, (2, 44100, 128_000)),
        ("aac", {"codec": "pcm_s24le", "sample_rate": 96000, "channels": 1}, (1, 48000, 80_000)),
        ("aac", {"codec": "opus", "channels": 8}, (8, 48000, 512_000)),
    ],
)
def test_other_sound_is_encoded_at_the_usual_values(codec, source, made):
    output = only_sound(track(codec=codec), audio(**source)).audio[0]
    assert not output.copy_stream
    assert (output.channels, output.sample_rate, output.bitrate) == made


@pytest.mark.parametrize(("codec", "channels", "made"), [("ac3", 8, 6), ("eac3", 8, 6), ("aac", 7, 6), ("aac", 4, 2)])
def test_more_channels_than_the_codec_carries_are_mixed_down_with_a_warning(codec, channels, made):
    result = only_sound(track(codec=codec), audio(codec="flac", channels=channels))
    assert result.audio[0].channels == made
    assert result.warnings == (f"audio1: {channels} channels are mixed down to {made} for {codec}.",)


@pytest.mark.parametrize(
    ("asked", "made", "told"),
    [
        ({"bitrate": 96_000}, (48000, 96_000), ""),
        ({"bitrate": 900_000}, (48000, 640_000), "900000 bit/s is not possible for ac3; 640000 is used."),
        ({"bitrate": 128}, (48000, 32_000), "128 bit/s is not possible for ac3; 32000 is used."),
        ({"sample_rate": 96_000}, (48000, 192_000), "ac3 has no sample rate of 96000 Hz; 48000 Hz is used."),
        ({"sample_rate": 32_000}, (32000, 192_000), ""),
    ],
)
def test_impossible_values_become_the_nearest_possible_with_a_warning(asked, made, told):
    result = only_sound(track(codec="ac3", **asked), audio())
    assert (result.audio[0].sample_rate, result.audio[0].bitrate) == made
    assert [text.removeprefix("audio1: ") for text in result.warnings] == ([told] if told else [])


@pytest.mark.parametrize(
    ("channels", "made"), [((1, 1), 2), ((1,) * 6, 6), ((1,) * 8, 8), ((2, 2, 2), 6), ((2, 1, 1, 2), 6)]
)
def test_several_tracks_become_one_of_all_their_channels(channels, made):
    sounds = [audio(order, channels=count) for order, count in enumerate(channels)]
    output = only_sound(track(*range(len(channels))), *sounds).audio[0]
    assert (output.channels, output.copy_stream, len(output.sources)) == (made, False, len(channels))


@pytest.mark.parametrize("channels", [(1, 1, 1), (2, 2), (6, 6), (16,)])
def test_tracks_that_make_no_known_layout_are_refused(channels):
    sounds = [audio(order, channels=count, codec="pcm_s16le") for order, count in enumerate(channels)]
    with pytest.raises(TelecineError) as refused:
        only_sound(track(*range(len(channels))), *sounds)
    assert refused.value.kind is ErrorKind.AUDIO_NOT_CONVERTIBLE
    assert refused.value.field == "output.transcodings[audio1].sources"


def test_he_aac_v2_only_passes_through():
    output = only_sound(track(codec="heaac_v2"), audio(profile="HE-AACv2")).audio[0]
    assert output.copy_stream
    with pytest.raises(TelecineError) as refused:
        only_sound(track(codec="heaac_v2"), audio())
    assert refused.value.kind is ErrorKind.AUDIO_NOT_CONVERTIBLE
    assert "the source is aac LC" in refused.value.message


def test_sound_is_found_across_files_by_its_remapped_number():
    files = (
        InputFile(path="film.mov", video=True, audio=(AudioRemap(source=1, target=0),)),
        InputFile(path="korean.wav", video=False, audio=(AudioRemap(source=0, target=7),)),
    )
    job = spec(rung(), track(0), track(7, track_id="audio2", language="ko"), files=files)
    film = media(video(start=Fraction(1, 2)), audio(0), audio(1, start=Fraction(1)))
    made = plan(job, film, media(audio(0, codec="pcm_s16le", index=0), demuxer="wav"))
    first, second = (output.sources[0] for output in made.audio)
    assert (first.file, first.stream, first.origin, first.offset) == (0, 2, Fraction(1, 2), Fraction(1, 2))
    assert (second.file, second.stream, second.origin, second.offset) == (1, 0, 0, 0)


def test_a_separate_transport_stream_begins_where_its_own_clock_begins():
    files = (InputFile(path="a.mp4", video=True), InputFile(path="b.ts", video=False, audio=remaps(0)))
    sound = media(audio(0, start=Fraction("1.4")), demuxer="mpegts")
    source = plan(spec(rung(), track(), files=files), media(video()), sound).audio[0].sources[0]
    assert (source.origin, source.offset) == (Fraction("1.4"), 0)


def test_a_missing_track_is_named_as_the_client_wrote_it():
    files = (
        InputFile(path="film.mp4", video=True, audio=remaps(0)),
        InputFile(path="more.mp4", video=False, audio=(AudioRemap(source=0, target=1), AudioRemap(source=2, target=2))),
    )
    with pytest.raises(TelecineError) as refused:
        plan(spec(rung(), track(0, 1), files=files), media(video(), audio()), media(audio(), audio(1)))
    assert refused.value.kind is ErrorKind.TRACK_MISSING
    assert refused.value.field == "input.files[1].audios[1].in.track"
    assert "'more.mp4' has no usable audio track 2; it has: 0, 1." in refused.value.message


def test_a_source_that_was_never_remapped_and_a_number_given_twice_are_refused():
    with pytest.raises(TelecineError) as refused:
        only_sound(track(3), audio())
    assert refused.value.field == "output.transcodings[audio1].sources[0].track"
    twice = InputFile(path="in.mp4", video=True, audio=(AudioRemap(source=0, target=0), AudioRemap(source=1, target=0)))
    with pytest.raises(TelecineError) as refused:
        plan(spec(rung(), track(), files=(twice,)), media(video(), audio(), audio(1)))
    assert refused.value.field == "input.files[0].audios[1].remap.track"


def test_a_file_without_a_picture_is_refused_where_one_is_wanted():
    with pytest.raises(TelecineError) as refused:
        plan(spec(rung()), media(audio()))
    assert refused.value.kind is ErrorKind.TRACK_MISSING


def test_the_default_language_marks_one_track_and_labels_differ():
    file = InputFile(path="in.mp4", video=True, audio=remaps(0, 1, 2))
    renditions = [
        track(0, track_id="a", language="en"),
        track(1, track_id="b", language="ko", name="Korean"),
        track(2, track_id="c", language="en"),
    ]
    sounds = [audio(order) for order in range(3)]
    made = plan(spec(*renditions, files=(file,), default_language="ko"), media(*sounds))
    assert [(output.label, output.default) for output in made.audio] == [
        ("en (a)", False),
        ("Korean", True),
        ("en (c)", False),
    ]
    made = plan(spec(*renditions, files=(file,), default_language="fr"), media(*sounds))
    assert [output.default for output in made.audio] == [True, False, False]
    assert made.warnings == ("no audio track is in the default language 'fr'; the first one is the default.",)


def test_a_person_is_told_of_sound_that_does_not_fit_the_picture():
    told = only_sound(track(codec="ac3"), audio(start=Fraction(-1), duration=Fraction(14))).warnings
    assert told == (
        "audio1: 1.000 s of sound before the first picture are cut off.",
        "audio1: 3.000 s of sound after the last picture are cut off.",
    )
    told = only_sound(track(codec="ac3"), audio(duration=Fraction(8))).warnings
    assert told == ("audio1: the sound ends 2.000 s before the picture and is filled with silence.",)
    told = only_sound(track(codec="heaac_v2"), audio(duration=Fraction(8), profile="HE-AACv2")).warnings
    assert told == (
        "audio1: the sound ends 2.000 s before the picture and "
        "stays shorter, because no silence can be added to HE-AAC.",
    )


def test_a_job_of_sound_alone_has_a_grid_of_time():
    file = InputFile(path="in.wav", video=False, audio=remaps(0))
    made = plan(spec(track(), files=(file,)), media(audio(duration=Fraction("7.3"))))
    assert (made.picture, made.chunks, made.video, made.thumbnails) == (None, (), (), False)
    assert (made.duration, made.gop, made.segment) == (Fraction("7.3"), 2, 4)


# the rest


def test_hls_is_a_transport_stream_only_where_every_rendition_can_travel_in_it():
    both = plan_picture(video())
    assert [(tree.format, tree.transport_stream) for tree in both.trees] == [("dash", False), ("hls", True)]
    assert not any(tree.transport_stream for tree in plan_picture(video(), rung(), rung(codec="h265")).trees)
    assert not any(tree.transport_stream for tree in plan_picture(video(), hls_transport_stream=False).trees)


def test_subtitles_are_numbered_within_a_language():
    texts = tuple(
        SubtitleInput(path=path, language=language) for path, language in [("a", "en"), ("b", "ko"), ("c", "en")]
    )
    made = plan(spec(rung(), subtitles=texts))
    assert [(output.name, output.label) for output in made.subtitles] == [("s0", "en 1"), ("s1", "ko"), ("s2", "en 2")]


def test_what_the_probe_noticed_is_kept_and_said_once():
    info = media(video(), audio(), warnings=("odd file", "odd file"))
    assert plan(spec(rung()), info).warnings == ("odd file",)


def test_a_plan_survives_its_json():
    made = plan_picture(video(**PQ), rung(codec="h265"), rung(640, 360, rate=Crf(crf=23, peak=1000)))
    assert Plan.model_validate_json(made.model_dump_json()) == made


# protection


def encrypted(policy: dict[str, Any] | None = None, **wanted: Any) -> Plan:
    return plan(spec(rung(), track(), protection=Protection(**wanted)), **(policy or {}))


def test_every_tree_is_encrypted_in_its_formats_scheme_by_the_contents_keys():
    dash, hls = encrypted(multi_key=True).trees
    assert (dash.protection.scheme.value, hls.protection.scheme.value) == ("cenc", "cbcs")
    assert dash.protection.key_id == hls.protection.key_id == "content"


def test_encrypted_hls_is_fragmented_mp4_unless_the_house_wants_transport_streams():
    assert not encrypted().trees[1].transport_stream
    assert encrypted({"drm_hls_transport_stream": True}).trees[1].transport_stream


def test_a_clear_lead_over_everything_is_refused():
    with pytest.raises(TelecineError) as caught:
        encrypted(clear_lead=10)
    assert caught.value.field == "output.drm.option.clear_lead"
    assert encrypted(clear_lead=5.9).trees[0].protection.clear_lead == 8


def test_sound_alone_that_is_to_stay_clear_is_refused():
    file = InputFile(path="in.wav", video=False, audio=remaps(0))
    with pytest.raises(TelecineError) as caught:
        plan(spec(track(), files=(file,), protection=Protection(skip_audio=True)), media(audio()))
    assert caught.value.field == "output.drm.option.skip_audio_encryption"


def test_encrypted_programmes_have_no_pictures_in_the_clear_unless_the_house_wants_them():
    assert not encrypted().thumbnails
    assert encrypted({"drm_thumbnails": True}).thumbnails
    assert plan(spec(rung(), track())).thumbnails
