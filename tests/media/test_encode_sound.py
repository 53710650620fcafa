"""Sound keeps its place beside the picture, its channels and, where nothing must change, its every bit."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from tests import clips
from tests.clips import FAST_H264, make, tools
from tests.media.transcoding import (
    beep,
    beep_time,
    describe,
    describe_audio,
    flash,
    flash_time,
    packet_times,
    pitch,
    prepare,
    rung,
    samples,
    track,
    transcode,
)

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.audio import encode_audio
from telecine.media.context import Context

AAC_FRAME = 1024 / 48_000
AC3_FRAME = 1536 / 48_000
SHORT_CHUNKS = {"gop_seconds": 0.5, "gops_per_segment": 2, "chunk_seconds": 1}


def flash_and_beep(suffix: str, codec: str, late: float = 0.0, rate: int = 48_000) -> Path:
    """White pictures and a beep from 1.0 s; the sound comes `late` seconds after that."""
    sound = make(".wav", *beep(rate), "-c:a", "pcm_s16le")
    delay = ["-itsoffset", str(late), "-i", sound, "-map", "0", "-map", "1"]
    return make(suffix, *flash(), *delay, *FAST_H264, "-g", "40", "-c:a", codec, "-ac", "2", inputs=(sound,))


# in sync


@pytest.mark.parametrize("late", [0.0, 0.35, -0.27])
@pytest.mark.parametrize(
    ("suffix", "source", "codec", "frame"),
    [
        (".mp4", "aac", "aac", AAC_FRAME),  # passes through
        (".ts", "aac", "aac", AAC_FRAME),
        (".mkv", "aac", "aac", AAC_FRAME),
        (".ts", "ac3", "ac3", AC3_FRAME),
        (".mp4", "aac", "ac3", 0.001),  # is encoded
        (".ts", "ac3", "eac3", 0.001),
        (".mov", "pcm_s16le", "aac", 0.001),
    ],
)
def test_a_beep_stays_at_its_flash(tmp_path, suffix, source, codec, frame, late):
    clip = flash_and_beep(suffix, source, late)
    made = transcode(tmp_path, clip, rung(), track(codec=codec), **SHORT_CHUNKS)
    assert made.plan.audio[0].copy_stream == (source == codec)
    assert flash_time(made.video()) == pytest.approx(1.0, abs=0.001)
    assert beep_time(made.audio()) == pytest.approx(1.0 + late, abs=frame)


@pytest.mark.parametrize("codec", ["aac", "ac3", "eac3"])
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_every_frame_lasts_as_long_as_the_next_without_an_edit_list(tmp_path, codec, rate):
    made = transcode(tmp_path, flash_and_beep(".mov", "pcm_s16le", rate=rate), rung(), track(codec=codec))
    times = packet_times(made.audio())
    length = 1024 if codec == "aac" else 1536
    assert [pts for pts, *_ in times] == [length * number for number in range(len(times))]
    assert b"elst" not in made.audio().read_bytes()
    assert describe(made.audio())["sample_rate"] == str(rate)
    assert beep_time(made.audio()) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("extension", ["mp4", "ts"])
@pytest.mark.parametrize("codec", ["aac", "ac3"])
def test_the_packager_keeps_beep_and_flash_together(tmp_path, codec, extension):
    """What players get: B frames in the picture, priming in the sound, and the packager's own clock."""
    made = transcode(
        tmp_path / "job", flash_and_beep(".mov", "pcm_s16le"), rung(), track(codec=codec), preset_h264="veryfast"
    )
    streams = []
    for kind, path in (("video", made.video()), ("audio", made.audio())):
        output = f"init_segment={kind}.init.mp4," if extension == "mp4" else ""
        streams.append(f"in={path},stream={kind},{output}segment_template={kind}.$Number$.{extension}")
    sandbox.run(
        [tools().packager, *streams, "--segment_duration", "20", "--hls_master_playlist_output", "m.m3u8"],
        cwd=tmp_path,
        limits=MediaLimits(),
    )
    for kind in ("video", "audio"):
        initial = tmp_path / f"{kind}.init.mp4"
        content = (initial.read_bytes() if initial.exists() else b"") + (
            tmp_path / f"{kind}.1.{extension}"
        ).read_bytes()
        (tmp_path / f"{kind}.{extension}").write_bytes(content)
    seen, heard = flash_time(tmp_path / f"video.{extension}"), beep_time(tmp_path / f"audio.{extension}")
    start = float(describe_audio(tmp_path / f"audio.{extension}")["start_time"])  # from which `beep_time` counts
    assert start + heard == pytest.approx(seen, abs=0.002)


# how long


@pytest.mark.parametrize("codec", ["aac", "ac3"])
@pytest.mark.parametrize("seconds", [2, 6])
def test_sound_ends_with_the_picture(tmp_path, codec, seconds):
    tone = make(".m4a", *clips.tone(seconds), "-c:a", "aac")
    silent = make(".mp4", *clips.picture(4), *FAST_H264)
    made = transcode(tmp_path, [silent, tone], rung(), track(codec=codec))
    rate, (channel, *_) = samples(made.audio())
    assert 0 <= len(channel) / rate - 4 < AC3_FRAME
    heard = max(number for number, sample in enumerate(channel) if abs(sample) > 0.01) / rate
    assert heard == pytest.approx(min(seconds, 4), abs=0.05)
    assert any("after the last" in told or "filled with silence" in told for told in made.plan.warnings)


def test_a_job_of_sound_alone(tmp_path):
    made = transcode(tmp_path, clips.sound(".wav", "pcm_s16le"), track(codec="aac"))
    assert made.plan.chunks == ()
    rate, (left, right) = samples(made.audio())
    assert rate == 48_000
    assert [round(pitch(channel, rate), -1) for channel in (left, right)] == [440, 440]
    assert len(left) / rate == pytest.approx(3, abs=AAC_FRAME)


# untouched


def packets(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("suffix", "codec", "channels"), [(".mp4", "aac", 2), (".mkv", "ac3", 6), (".ts", "eac3", 2), (".mp4", "eac3", 6)]
)
def test_sound_that_passes_through_is_not_changed(tmp_path, suffix, codec, channels):
    source = make(suffix, *clips.picture(3), *clips.tone(3), *FAST_H264, "-c:a", codec, "-ac", str(channels))
    made = transcode(tmp_path, source, rung(), track(codec=codec))
    before, after = packets(source), packets(made.audio())
    begun = before.index(after[0])
    assert begun <= 1  # priming
    assert after == before[begun : begun + len(after)]
    assert describe(made.audio())["channels"] == str(channels)
    assert len(after) >= len(before) - 2


def test_adts_of_a_transport_stream_loses_its_headers_only(tmp_path):
    source = make(".ts", *clips.picture(3), *clips.tone(3), *FAST_H264, "-c:a", "aac")
    made = transcode(tmp_path, source, rung(), track())
    before = [packet[7:] for packet in packets(source)]
    after = packets(made.audio())
    assert set(after) <= set(before) | {after[-1]}


def said_to_be_he_aac_v2(folder: Path, seconds: float) -> Path:
    """AAC of 24 kHz mono whose header says HE-AAC v2 at 48 kHz: no free encoder makes the real thing."""
    plain = make(".m4a", *clips.tone(seconds, sample_rate=24_000), "-c:a", "aac").read_bytes()
    # Object type 29 (parametric stereo), 24 kHz, mono; extended to 48 kHz; inside it object type 2 (LC).
    setup = int("11101" + "0110" + "0001" + "0011" + "00010" + "000" + "0" * 15, 2).to_bytes(5)
    lc = bytes.fromhex("130856e500")
    assert plain.count(lc) == 1
    target = folder / "he.mp4"
    target.write_bytes(plain.replace(lc, setup))
    return target


def test_he_aac_passes_through_with_its_header_and_gets_no_silence(tmp_path):
    source = said_to_be_he_aac_v2(tmp_path, 3)
    made = transcode(tmp_path / "job", [make(".mp4", *clips.picture(4), *FAST_H264), source], rung(), track())
    with av.open(source) as before, av.open(made.audio()) as after:
        assert after.streams.audio[0].codec_context.extradata == before.streams.audio[0].codec_context.extradata
    assert packets(made.audio()) == packets(source)[1:]
    assert float(describe(made.audio())["duration"]) == pytest.approx(3, abs=0.1)


def test_he_aac_v2_is_never_made(tmp_path):
    with pytest.raises(TelecineError) as refused:
        prepare(tmp_path, [clips.sound(".wav", "pcm_s16le")], track(codec="heaac_v2"))
    assert refused.value.kind is ErrorKind.AUDIO_NOT_CONVERTIBLE


# channels


def monos(count: int) -> list[Path]:
    return [make(".wav", *clips.tone(2, 300 + 100 * number), "-c:a", "pcm_s16le") for number in range(count)]


def test_two_mono_files_become_left_and_right(tmp_path):
    made = transcode(tmp_path, monos(2), track(0, 1))
    rate, channels = samples(made.audio())
    assert [round(pitch(channel, rate), -1) for channel in channels] == [300, 400]


def test_six_monos_become_surround_in_order(tmp_path):
    made = transcode(tmp_path, monos(6), track(0, 1, 2, 3, 4, 5, codec="ac3"))
    rate, channels = samples(made.audio())
    pitches = [round(pitch(channel, rate), -1) for channel in channels]
    assert pitches[:3] + pitches[4:] == [300, 400, 500, 700, 800]  # the fourth carries low tones only
    assert describe(made.audio())["channel_layout"].startswith("5.1")


def test_eight_monos_become_seven_one(tmp_path):
    made = transcode(tmp_path, monos(8), track(*range(8)))
    assert describe(made.audio())["channel_layout"] == "7.1"
    rate, channels = samples(made.audio())
    assert round(pitch(channels[7], rate), -1) == 1000


@pytest.mark.parametrize(("codec", "layout"), [("aac", "5.1"), ("ac3", "5.1"), ("eac3", "5.1")])
def test_surround_stays_surround(tmp_path, codec, layout):
    source = make(".mka", *clips.tone(2), "-af", "aformat=channel_layouts=5.1(side)", "-c:a", "flac")
    made = transcode(tmp_path, source, track(codec=codec))
    assert describe(made.audio())["channel_layout"].startswith(layout)


def test_seven_one_is_mixed_down_for_ac3(tmp_path):
    source = make(".mka", *clips.tone(2), "-af", "aformat=channel_layouts=7.1", "-c:a", "flac")
    made = transcode(tmp_path, source, track(codec="ac3"))
    assert describe(made.audio())["channels"] == "6"
    assert made.plan.warnings == ("audio-ac3: 8 channels are mixed down to 6 for ac3.",)


def test_several_tracks_come_out_of_one_reading(tmp_path):
    made = transcode(tmp_path, clips.two_languages(), rung(), track(0), track(1, track_id="b"), track(1, codec="ac3"))
    pitches = []
    for number in range(3):
        rate, (left, _) = samples(made.audio(number))
        pitches.append(round(pitch(left, rate), -1))
    assert pitches == [440, 880, 880]
    assert [output.language for output in made.plan.audio] == ["en", "ko", "ko"]
    assert sum("audio/" in command and "anullsrc" not in command for command in made.commands) == 1


# holes and drift


def test_a_hole_in_the_sound_is_silence_and_what_follows_is_in_place(tmp_path):
    """A second of packets is missing, as after lost reception."""
    whole = flash_and_beep(".ts", "aac")
    source = make(".ts", "-i", whole, "-c", "copy", "-bsf:a", "noise=drop='between(n,5,35)'", inputs=(whole,))
    for number, codec in enumerate(("aac", "ac3")):
        made = transcode(tmp_path / str(number), source, rung(), track(codec=codec))
        assert beep_time(made.audio()) == pytest.approx(1.0, abs=AAC_FRAME)
        times = [pts for pts, *_ in packet_times(made.audio())]
        assert {after - before for before, after in pairwise(times)} in ({1024}, {1536})


# retries


def test_finished_tracks_are_found_again_and_stopping_leaves_nothing(tmp_path):
    made = transcode(tmp_path / "done", clips.sound(".wav", "pcm_s16le"), track())
    ticks: list[Tick] = []
    nothing = tools().__class__(Path("/none"), Path("/none"), Path("/none"))
    encode_audio(made.plan, made.workspace, Context(nothing, MediaLimits(), ticks.append))
    assert ticks == [Tick(float(made.plan.duration), float(made.plan.duration))]

    def stop(_tick: Tick) -> None:
        raise Cancelled

    fresh = prepare(tmp_path / "stopped", [clips.sound(".wav", "pcm_s16le", 60)], track(codec="ac3"))
    with pytest.raises(Cancelled):
        encode_audio(fresh.plan, fresh.workspace, Context(tools(), MediaLimits(), stop))
    assert not list(fresh.workspace.temporaries())
    assert not fresh.audio().exists()


def test_separate_sound_files_begin_with_the_picture(tmp_path):
    silent = make(".ts", *flash(), *FAST_H264)
    sound = make(".ts", *beep(), "-c:a", "ac3", "-ac", "2")
    made = transcode(tmp_path, [silent, sound], rung(), track(codec="aac"))
    assert made.plan.audio[0].sources[0].origin > Fraction(1)
    assert beep_time(made.audio()) - flash_time(made.video()) == pytest.approx(0, abs=0.01)
