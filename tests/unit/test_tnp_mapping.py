"""What a T&P request means: every rule of the vendor's client, every contradiction of the document, every refusal."""

from copy import deepcopy
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.tnp import job, read, refused

from telecine.apis.tnp import samples
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import AudioRemap, Cbr, Crf, Format, Protection, SubtitleFormat, Vbr
from telecine.core.watermark.policy import MarkingPolicy

VIDEO, AUDIO = 0, 1


def with_video(**fields):
    request = job()
    track = request["output"]["transcodings"][VIDEO]
    for name, value in fields.items():
        if value is None:
            track.pop(name, None)
        else:
            track[name] = value
    return request


def with_audio(**fields):
    request = job()
    track = request["output"]["transcodings"][AUDIO]
    track["codec"] = "aac"
    for name, value in fields.items():
        if value is None:
            track.pop(name, None)
        else:
            track[name] = value
    return request


class TestDocumentSamples:
    def test_the_create_sample_asks_for_a_watermark_beside_encryption(self):
        spec = read(samples.JOB_CREATE).spec
        assert spec.marking == MarkingPolicy().marking()
        assert spec.protection == Protection()

    def test_without_a_watermark_it_is_encrypted_by_one_key_whatever_its_heights(self):
        protection = read(samples.without_watermark(samples.JOB_CREATE)).spec.protection
        assert protection == Protection()

    def test_without_protection_it_means_what_it_says(self):
        request = samples.without_protection(samples.JOB_CREATE)
        result = read(request)
        spec = result.spec
        assert (spec.name, spec.content_id) == ("jobName", "test-cid")
        assert spec.files[0].path == "input/input-file1.mp4"
        assert spec.files[0].video
        assert spec.files[0].audio == (AudioRemap(source=0, target=0),)
        assert [(s.path, s.language) for s in spec.subtitles] == [("input/subtitle/en.vtt", "en")]
        assert spec.output_path == "output"
        video, audio = spec.video[0], spec.audio[0]
        assert (video.codec, video.width, video.height) == ("h264", 1920, 1080)
        assert video.rate == Cbr(bitrate=10_000_000)
        assert video.frame_rate == Fraction(24000, 1001)
        assert (audio.codec, audio.language, audio.name, audio.bitrate) == ("aac", "en", "english", 128_000)
        assert spec.packaging.formats == (Format.DASH,)
        assert spec.packaging.subtitles == {Format.DASH: SubtitleFormat.TEXT_VTT}
        assert result.noti_id == 1
        assert result.echo == request

    def test_its_odd_values_are_taken_with_a_warning_each(self):
        warnings = read(job()).warnings
        assert len(warnings) == 2
        assert "'output.transcodings[0].bitrate' of 10000 was read as 10000 kbit/s" in warnings[0]
        assert "'output.transcodings[1].codec' of h264" in warnings[1]

    def test_the_request_in_the_detail_sample_is_a_job_too(self):
        spec = read(samples.without_protection(samples.JOB_DETAIL)).spec
        assert [track.codec for track in spec.video] == ["h265", "h264"]
        assert [track.rate.bitrate for track in spec.video] == [2_500_000, 1_500_000]
        assert spec.packaging.formats == (Format.DASH, Format.HLS)


class TestNumbersAndWords:
    @pytest.mark.parametrize("noti_id", [7, "7", 7.0])
    def test_a_notification_id_may_be_text(self, noti_id):
        assert read(job(job_noti_id=noti_id)).noti_id == 7

    def test_numbers_may_be_text_everywhere(self):
        request = with_video(width="1280", height="720", bitrate="2500000", frame_rate="29.97")
        request["input"]["files"][0]["audios"] = [{"in": {"track": "1"}, "remap": {"track": "0"}}]
        spec = read(request).spec
        assert (spec.video[0].width, spec.video[0].height) == (1280, 720)
        assert spec.video[0].frame_rate == Fraction(30000, 1001)
        assert spec.files[0].audio == (AudioRemap(source=1, target=0),)

    @pytest.mark.parametrize("value", [True, "12x", "", [], 1280.5, "1e3"])
    def test_what_is_no_number_is_refused_by_name(self, value):
        assert refused(with_video(width=value)) == {(ErrorKind.FIELD_INVALID, "output.transcodings[0].width")}

    @pytest.mark.parametrize("value", [0, 1, "yes", "on", [], {}])
    def test_a_flag_is_true_or_false(self, value):
        request = job()
        request["output"]["packaging"]["hls"] = value
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.packaging.hls")}

    def test_a_flag_may_be_text(self):
        request = job()
        request["output"]["packaging"]["hls"] = "True"
        assert read(request).spec.packaging.formats == (Format.DASH, Format.HLS)

    def test_null_means_not_given(self):
        request = with_video(crf=None)
        request["output"]["transcodings"][VIDEO] |= {"crf": None, "min_bitrate": None, "bandwidth": None}
        request["output"] |= {"default_language": None, "drm": None, "job_noti_id": None}
        request["input"]["subtitles"] = None
        assert read(request).spec.subtitles == ()

    def test_null_for_a_required_field_is_a_missing_field(self):
        request = job()
        request["input"]["storage_id"] = None
        assert refused(request) == {(ErrorKind.FIELD_MISSING, "input.storage_id")}

    @pytest.mark.parametrize("word", ["h264", "H264", "h265", "H265"])
    def test_video_codecs_in_any_case(self, word):
        assert read(with_video(codec=word)).spec.video[0].codec == word.lower()

    @pytest.mark.parametrize(
        ("word", "codec"),
        [("aac", "aac"), ("AAC", "aac"), ("aac_lc", "aac"), ("ac3", "ac3"), ("EAC3", "eac3"), ("heaac_v2", "heaac_v2")],
    )
    def test_audio_codecs_in_any_case(self, word, codec):
        result = read(with_audio(codec=word))
        assert result.spec.audio[0].codec == codec

    @pytest.mark.parametrize("fields", [{"codec": "av1"}, {"codec": "aac"}, {"codec": "vp9"}])
    def test_other_video_codecs_are_refused(self, fields):
        assert refused(with_video(**fields)) == {(ErrorKind.FIELD_INVALID, "output.transcodings[0].codec")}

    @pytest.mark.parametrize("codec", ["opus", "h265", "mp3"])
    def test_other_audio_codecs_are_refused(self, codec):
        assert refused(with_audio(codec=codec)) == {(ErrorKind.FIELD_INVALID, "output.transcodings[1].codec")}

    @pytest.mark.parametrize(
        ("rate", "exact"),
        [(23.98, Fraction(24000, 1001)), (23.976, Fraction(24000, 1001)), (59.94, Fraction(60000, 1001)), (25, 25)],
    )
    def test_frame_rates_mean_their_exact_fractions(self, rate, exact):
        assert read(with_video(frame_rate=rate)).spec.video[0].frame_rate == exact

    @pytest.mark.parametrize("rate", [-1, 0.5, 121, 1000])
    def test_frame_rates_have_a_range(self, rate):
        assert refused(with_video(frame_rate=rate)) == {
            (ErrorKind.FIELD_OUT_OF_RANGE, "output.transcodings[0].frame_rate")
        }

    @pytest.mark.parametrize(
        ("code", "shortest"),
        [("eng", "en"), ("EN", "en"), ("ger", "de"), ("deu", "de"), ("fil", "fil"), ("und", "und")],
    )
    def test_languages_in_every_form(self, code, shortest):
        request = with_audio(language=code)
        request["input"]["subtitles"][0]["language"] = code
        spec = read(request).spec
        assert spec.audio[0].language == shortest
        assert spec.subtitles[0].language == shortest

    @pytest.mark.parametrize("code", ["english", "e", "xx", "zz1"])
    def test_unknown_languages_are_refused_wherever_they_stand(self, code):
        request = with_audio(language=code)
        request["input"]["subtitles"][0]["language"] = code
        request["output"]["default_language"] = code
        assert refused(request) == {
            (ErrorKind.FIELD_INVALID, "output.transcodings[1].language"),
            (ErrorKind.FIELD_INVALID, "input.subtitles[0].language"),
            (ErrorKind.FIELD_INVALID, "output.default_language"),
        }

    def test_a_default_language_that_no_track_has_is_warned_of(self):
        request = with_audio()
        request["output"]["default_language"] = "ko"
        assert any("output.default_language" in warning for warning in read(request).warnings)


class TestBitrates:
    @pytest.mark.parametrize(("sent", "bits"), [(64_000, 64_000), (63_999, 63_999_000), (2_500_000, 2_500_000)])
    def test_small_video_bitrates_are_kilobits(self, sent, bits):
        assert read(with_video(bitrate=sent)).spec.video[0].rate == Cbr(bitrate=bits)

    def test_small_audio_bitrates_are_not(self):
        assert read(with_audio(bitrate=48_000)).spec.audio[0].bitrate == 48_000
        assert refused(with_audio(bitrate=128)) == {(ErrorKind.FIELD_OUT_OF_RANGE, "output.transcodings[1].bitrate")}

    def test_vbr_by_average(self):
        rate = read(with_video(bitrate_mode="vbr", bitrate=2_000_000)).spec.video[0].rate
        assert rate == Vbr(bitrate=2_000_000, peak=3_000_000)

    def test_vbr_between_two(self):
        request = with_video(bitrate_mode="VBR", bitrate=None, min_bitrate=1_000_000, max_bitrate=3_000_000)
        assert read(request).spec.video[0].rate == Vbr(bitrate=2_000_000, peak=3_000_000, floor=1_000_000)

    def test_vbr_between_two_in_kilobits(self):
        request = with_video(bitrate_mode="vbr", bitrate=None, min_bitrate=1000, max_bitrate=3000)
        assert read(request).spec.video[0].rate == Vbr(bitrate=2_000_000, peak=3_000_000, floor=1_000_000)

    def test_a_low_minimum_alone_does_not_make_it_kilobits(self):
        request = with_video(bitrate_mode="vbr", bitrate=None, min_bitrate=50_000, max_bitrate=1_000_000)
        assert read(request).spec.video[0].rate == Vbr(bitrate=525_000, peak=1_000_000, floor=50_000)

    @pytest.mark.parametrize("crf", [0, 23, 23.5, 63])
    def test_vbr_by_quality(self, crf):
        request = with_video(bitrate_mode="vbr", bitrate=None, crf=crf)
        assert read(request).spec.video[0].rate == Crf(crf=crf)

    def test_quality_has_a_range(self):
        request = with_video(bitrate_mode="vbr", bitrate=None, crf=64)
        assert refused(request) == {(ErrorKind.FIELD_OUT_OF_RANGE, "output.transcodings[0].crf")}

    @pytest.mark.parametrize(
        "more",
        [{"crf": 20}, {"min_bitrate": 1_000_000, "max_bitrate": 2_000_000}, {"max_bitrate": 2_000_000}],
    )
    def test_vbr_takes_only_one_way(self, more):
        request = with_video(bitrate_mode="vbr", bitrate=2_000_000, **more)
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.transcodings[0].bitrate_mode")}

    def test_vbr_needs_one_way(self):
        request = with_video(bitrate_mode="vbr", bitrate=None)
        assert refused(request) == {(ErrorKind.FIELD_MISSING, "output.transcodings[0].bitrate")}

    @pytest.mark.parametrize(("given", "absent"), [("min_bitrate", "max_bitrate"), ("max_bitrate", "min_bitrate")])
    def test_minimum_and_maximum_belong_together(self, given, absent):
        request = with_video(bitrate_mode="vbr", bitrate=None, **{given: 1_000_000})
        assert refused(request) == {(ErrorKind.FIELD_MISSING, f"output.transcodings[0].{absent}")}

    def test_minimum_above_maximum(self):
        request = with_video(bitrate_mode="vbr", bitrate=None, min_bitrate=3_000_000, max_bitrate=1_000_000)
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.transcodings[0].min_bitrate")}

    @pytest.mark.parametrize("mode", ["cbr", None])
    def test_constant_bitrate_needs_a_bitrate(self, mode):
        request = with_video(bitrate_mode=mode, bitrate=None)
        assert refused(request) == {(ErrorKind.FIELD_MISSING, "output.transcodings[0].bitrate")}

    @pytest.mark.parametrize("field", ["crf", "min_bitrate", "max_bitrate"])
    def test_constant_bitrate_takes_nothing_of_vbr(self, field):
        assert refused(with_video(**{field: 20})) == {(ErrorKind.FIELD_INVALID, f"output.transcodings[0].{field}")}

    @pytest.mark.parametrize("bitrate", [0, 9, 900_000_000, -1, 10**12])
    def test_bitrates_have_a_range(self, bitrate):
        assert refused(with_video(bitrate=bitrate)) == {
            (ErrorKind.FIELD_OUT_OF_RANGE, "output.transcodings[0].bitrate")
        }

    def test_an_unknown_mode(self):
        assert refused(with_video(bitrate_mode="abr")) == {
            (ErrorKind.FIELD_INVALID, "output.transcodings[0].bitrate_mode")
        }


class TestTracks:
    @pytest.mark.parametrize("side", ["width", "height"])
    def test_sides_are_required_even_and_bounded(self, side):
        at = f"output.transcodings[0].{side}"
        assert refused(with_video(**{side: None})) == {(ErrorKind.FIELD_MISSING, at)}
        assert refused(with_video(**{side: 721})) == {(ErrorKind.FIELD_INVALID, at)}
        assert refused(with_video(**{side: 0})) == {(ErrorKind.FIELD_OUT_OF_RANGE, at)}
        assert refused(with_video(**{side: 100_000})) == {(ErrorKind.FIELD_OUT_OF_RANGE, at)}

    def test_two_tracks_with_one_id(self):
        request = with_audio(track_id="video1")
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.transcodings[1].track_id")}

    @pytest.mark.parametrize("sources", [None, []])
    def test_audio_needs_sources(self, sources):
        request = with_audio(sources=None)
        if sources is not None:
            request["output"]["transcodings"][AUDIO]["sources"] = sources
        assert refused(request) == {(ErrorKind.FIELD_MISSING, "output.transcodings[1].sources")}

    def test_a_source_that_nothing_is_remapped_to(self):
        at = "output.transcodings[1].sources[0].track"
        assert refused(with_audio(sources=[{"track": 1}])) == {(ErrorKind.FIELD_INVALID, at)}
        assert refused(with_audio(sources=[{}])) == {(ErrorKind.FIELD_MISSING, at)}

    def test_a_source_named_twice(self):
        at = "output.transcodings[1].sources[1].track"
        assert refused(with_audio(sources=[{"track": 0}, {"track": 0}])) == {(ErrorKind.FIELD_INVALID, at)}

    def test_a_negative_track(self):
        request = job()
        request["input"]["files"][0]["audios"][0]["in"]["track"] = -1
        assert refused(request) == {(ErrorKind.FIELD_OUT_OF_RANGE, "input.files[0].audios[0].in.track")}

    def test_track_indexes_default_to_zero(self):
        request = job()
        request["input"]["files"][0]["audios"] = [{"in": {}, "remap": {}}]
        assert read(request).spec.files[0].audio == (AudioRemap(source=0, target=0),)

    def test_in_and_remap_are_required(self):
        request = job()
        request["input"]["files"][0]["audios"] = [{}]
        assert refused(request) == {
            (ErrorKind.FIELD_MISSING, "input.files[0].audios[0].in"),
            (ErrorKind.FIELD_MISSING, "input.files[0].audios[0].remap"),
        }

    def test_two_tracks_remapped_to_one(self):
        request = job()
        request["input"]["files"][0]["audios"] *= 2
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "input.files[0].audios[1].remap.track")}

    @pytest.mark.parametrize(
        ("codec", "rate", "good"), [("aac", 44100, True), ("ac3", 44100, True), ("ac3", 96000, False)]
    )
    def test_sample_rates_that_the_codec_has(self, codec, rate, good):
        request = with_audio(codec=codec, sample_rate=rate)
        if good:
            assert read(request).spec.audio[0].sample_rate == rate
        else:
            assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.transcodings[1].sample_rate")}

    def test_what_has_no_effect_is_warned_of(self):
        request = with_video(bandwidth=3_000_000, sample_rate=48000, track_name="main")
        request["output"]["transcodings"][AUDIO] |= {"width": 2, "bandwidth": 3}
        warnings = " ".join(read(request).warnings)
        for place in ("[0].bandwidth", "[0].sample_rate", "[1].width", "[1].bandwidth"):
            assert place in warnings
        assert "track_name" not in warnings


class TestInputsAndOutputs:
    def test_multi_and_video_exclude_each_other(self):
        request = job()
        request["input"]["files"].append({"file_type": "video", "file_path": "b.mp4"})
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "input.files[1].file_type")}

    def test_any_number_of_audio_files(self):
        request = with_audio()
        for number in (1, 2):
            audio = {"in": {"track": 0}, "remap": {"track": number}}
            request["input"]["files"].append({"file_type": "audio", "file_path": f"{number}.mp4", "audios": [audio]})
            track = request["output"]["transcodings"][AUDIO] | {
                "track_id": f"a{number}",
                "sources": [{"track": number}],
            }
            request["output"]["transcodings"].append(track)
        assert [track.sources for track in read(request).spec.audio] == [(0,), (1,), (2,)]

    @pytest.mark.parametrize("file_type", ["multi", "audio"])
    def test_audios_are_required_where_audio_is_used(self, file_type):
        request = job()
        request["input"]["files"][0] = {"file_type": file_type, "file_path": "a.mp4"}
        assert (ErrorKind.FIELD_MISSING, "input.files[0].audios") in refused(request)

    def test_audios_of_a_video_file_are_ignored_with_a_warning(self):
        request = job()
        request["input"]["files"][0]["file_type"] = "video"
        del request["output"]["transcodings"][AUDIO]
        result = read(request)
        assert result.spec.files[0].audio == ()
        assert any("input.files[0].audios" in warning for warning in result.warnings)

    def test_audio_in_without_audio_out(self):
        request = job()
        del request["output"]["transcodings"][AUDIO]
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.transcodings")}

    def test_audio_out_without_audio_in(self):
        request = with_audio()
        request["input"]["files"][0] = {"file_type": "video", "file_path": "a.mp4"}
        assert (ErrorKind.FIELD_INVALID, "input.files") in refused(request)

    def test_a_picture_needs_a_video_track_and_the_other_way_round(self):
        request = job()
        del request["output"]["transcodings"][VIDEO]
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.transcodings")}
        request = job()
        request["input"]["files"][0]["file_type"] = "audio"
        assert refused(request) == {(ErrorKind.FIELD_INVALID, "input.files")}

    def test_an_audio_only_job_is_a_job(self):
        request = job()
        request["input"]["files"][0]["file_type"] = "audio"
        del request["output"]["transcodings"][VIDEO]
        spec = read(request).spec
        assert spec.video == ()
        assert spec.video_file is None

    @pytest.mark.parametrize(
        ("sent", "path"),
        [("output", "output"), ("output/", "output"), ("/a//b/", "a/b"), ("/", ""), ("", ""), ("영상/a b", "영상/a b")],
    )
    def test_output_paths_lose_their_odd_slashes(self, sent, path):
        assert read(job(path=sent)).spec.output_path == path

    @pytest.mark.parametrize("path", ["../x", "a/../b", "a/./b", "..", "a\\b", "a\nb", "a\x00b", "a\u202eb"])
    def test_output_paths_stay_where_they_are(self, path):
        assert refused(job(path=path)) == {(ErrorKind.FIELD_INVALID, "output.path")}

    @pytest.mark.parametrize("path", ["../x", "a/../b", ".", "/", "a/", "a\nb", "", "  "])
    def test_input_paths_name_files(self, path):
        request = job()
        request["input"]["files"][0]["file_path"] = path
        request["input"]["subtitles"][0]["file_path"] = path
        assert refused(request) == {
            (ErrorKind.FIELD_INVALID, "input.files[0].file_path"),
            (ErrorKind.FIELD_INVALID, "input.subtitles[0].file_path"),
        }

    def test_an_input_path_may_begin_with_a_slash(self):
        request = job()
        request["input"]["files"][0]["file_path"] = "/in/a.mp4"
        assert read(request).spec.files[0].path == "in/a.mp4"

    @pytest.mark.parametrize("content_id", ["a/b", "a\\b", ".", "..", "a\tb", "", " ", "x" * 201, "é" * 101])
    def test_content_ids_are_names_of_folders(self, content_id):
        assert refused(job() | {"content_id": content_id}) == {(ErrorKind.FIELD_INVALID, "content_id")}

    @pytest.mark.parametrize("content_id", ["test cid 1", "x" * 200, "é" * 100, "콘텐츠-1"])
    def test_content_ids_have_200_bytes_of_room(self, content_id):
        assert read(job() | {"content_id": content_id}).spec.content_id == content_id

    def test_job_names_have_50_bytes_of_room(self):
        assert read(job() | {"job_name": "x" * 50}).spec.name == "x" * 50
        assert refused(job() | {"job_name": "x" * 51}) == {(ErrorKind.FIELD_INVALID, "job_name")}

    def test_user_data_is_an_object(self):
        request = job() | {"user_data": {"a": [1, None]}}
        assert read(request).echo["user_data"] == {"a": [1, None]}
        assert refused(job() | {"user_data": "text"}) == {(ErrorKind.FIELD_INVALID, "user_data")}

    @pytest.mark.parametrize(("priority", "good"), [(1, True), ("5", True), (0, False), (6, False)])
    def test_priorities_are_1_to_5(self, priority, good):
        request = job() | {"priority": priority}
        if good:
            assert read(request)
        else:
            assert refused(request) == {(ErrorKind.FIELD_OUT_OF_RANGE, "priority")}

    def test_the_notification_may_stand_outside_the_output(self):
        assert read(job() | {"job_noti_id": "3"}).noti_id == 3
        both = job(job_noti_id=3) | {"job_noti_id": 4}
        assert refused(both) == {(ErrorKind.FIELD_INVALID, "job_noti_id")}

    def test_everything_that_is_missing_is_named_at_once(self):
        assert refused({"input": {}, "output": {}}) == {
            (ErrorKind.FIELD_MISSING, name)
            for name in (
                *("job_name", "content_id", "input.storage_id", "input.files"),
                *("output.storage_id", "output.path", "output.transcodings", "output.packaging"),
            )
        }

    def test_subtitles_need_path_and_language(self):
        request = job()
        request["input"]["subtitles"] = [{}]
        assert refused(request) == {
            (ErrorKind.FIELD_MISSING, "input.subtitles[0].file_path"),
            (ErrorKind.FIELD_MISSING, "input.subtitles[0].language"),
        }


class TestPackaging:
    @pytest.mark.parametrize("packaging", [{}, {"dash": False, "hls": False, "cmaf": False}, {"dash": None}])
    def test_one_format_is_needed(self, packaging):
        assert refused(job(packaging=packaging)) == {(ErrorKind.FIELD_INVALID, "output.packaging")}

    @pytest.mark.parametrize("other", ["dash", "hls"])
    def test_cmaf_stands_alone(self, other):
        packaging = {"cmaf": True, other: True}
        assert refused(job(packaging=packaging)) == {(ErrorKind.FIELD_INVALID, "output.packaging.cmaf")}

    @pytest.mark.parametrize("seconds", [1, 1.99, 0, -1])
    def test_the_buffer_time_is_two_seconds_or_more(self, seconds):
        packaging = {"dash": True, "option": {"min_buffer_time": seconds}}
        at = "output.packaging.option.min_buffer_time"
        assert refused(job(packaging=packaging)) == {(ErrorKind.FIELD_OUT_OF_RANGE, at)}

    @pytest.mark.parametrize("word", ["text_vtt", "mp4_vtt", "MP4_TTML"])
    def test_subtitle_formats_of_dash_and_hls(self, word):
        packaging = {"dash": True, "hls": True, "option": {"subtitle_format": {"dash": word, "hls": word}}}
        wanted = SubtitleFormat(word.lower())
        assert read(job(packaging=packaging)).spec.packaging.subtitles == {Format.DASH: wanted, Format.HLS: wanted}

    @pytest.mark.parametrize(("word", "good"), [("text_vtt", True), ("mp4_ttml", True), ("mp4_vtt", False)])
    def test_subtitle_formats_of_cmaf(self, word, good):
        request = job(packaging={"cmaf": True, "option": {"subtitle_format": {"cmaf": word}}})
        if good:
            assert read(request).spec.packaging.subtitle_format(Format.CMAF) == word
        else:
            at = "output.packaging.option.subtitle_format.cmaf"
            assert refused(request) == {(ErrorKind.FIELD_INVALID, at)}

    def test_a_subtitle_format_that_is_none(self):
        packaging = {"dash": True, "option": {"subtitle_format": {"dash": "text.vtt"}}}
        at = "output.packaging.option.subtitle_format.dash"
        assert refused(job(packaging=packaging)) == {(ErrorKind.FIELD_INVALID, at)}

    def test_a_subtitle_format_of_a_tree_that_is_not_asked_for(self):
        packaging = {"dash": True, "option": {"subtitle_format": {"hls": "mp4_vtt"}}}
        result = read(job(packaging=packaging))
        assert result.spec.packaging.subtitles == {}
        assert any("subtitle_format.hls" in warning for warning in result.warnings)


class TestUnknownFields:
    def test_they_are_ignored_with_a_warning_each(self):
        request = job() | {"extra": 1}
        request["input"]["files"][0]["audios"][0]["in"]["index"] = 3
        request["output"]["transcodings"][VIDEO]["profile"] = "high"
        warnings = " ".join(read(request).warnings)
        for place in ("'extra'", "'input.files[0].audios[0].in.index'", "'output.transcodings[0].profile'"):
            assert place in warnings

    def test_the_deprecated_switch_for_embedded_subtitles_says_what_to_use(self):
        packaging = {"dash": True, "option": {"embedded_mp4_subtitle": True}}
        assert any("use 'subtitle_format'" in warning for warning in read(job(packaging=packaging)).warnings)

    def test_ten_thousand_of_them_do_not_make_ten_thousand_warnings(self):
        request = job() | {f"x{number}": 1 for number in range(10_000)}
        assert len(read(request).warnings) <= 50

    def test_unknown_fields_at_the_top_are_not_given_back(self):
        """They could pass for fields of the answer: `job_status`."""
        assert "job_status" not in read(job() | {"job_status": "TP500"}).echo


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _places(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _places(item, (*at, key))


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from([place for place in _places(job()) if place]), value=_JSON)
def test_whatever_one_field_holds_the_request_is_read_or_refused_by_name(place, value):
    request = deepcopy(job())
    inner = request
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    try:
        read(request)
    except (ValidationError, TelecineError):
        assert all(field for _, field in refused(request))
