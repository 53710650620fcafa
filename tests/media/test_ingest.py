"""What an ingestion finds in real uploads of every kind, and what it refuses."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests import clips
from tests.media.ingesting import CONTEXT, bikes, examined, left_behind, scanned, uploaded

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.ingest import Findings, Scanning
from telecine.core.limits import MediaLimits
from telecine.core.progress import Tick
from telecine.media.context import Context
from telecine.media.ingest import pass_args
from telecine.media.ingest.examine import examine
from telecine.media.ingest.look import look
from telecine.media.tools import Tools

PROGRESSIVE = Scanning(type="progressive")
TOP = Scanning(type="interlaced", order="top_first")
BOTTOM = Scanning(type="interlaced", order="bottom_first")
NO_TOOLS = Context(Tools(Path("/nowhere/ffmpeg"), Path("/nowhere/ffprobe"), Path("/nowhere/packager")), MediaLimits())


def looked(path: Path, tmp_path: Path) -> Findings:
    return look(uploaded(path, tmp_path), CONTEXT)


def drawn(suffix: str, *codec: str, size: str = "320x180", rate: str = "25") -> Path:
    """Twelve frames of the test picture in some codec."""
    return clips.make(suffix, *clips.picture(1, rate, size), "-frames:v", "12", *codec)


# --- metadata


def test_everything_that_metadata_says(tmp_path: Path) -> None:
    path = clips.clip(3)
    found = looked(path, tmp_path)
    assert found.container_name == "mov,mp4,m4a,3gp,3g2,mj2"
    assert found.long_container_name == "QuickTime / MOV"
    assert (found.codec_name, found.long_codec_name) == ("h264", "H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10")
    assert (found.average_rate, found.frames, found.chroma) == (25, 75, "4:2:0")
    assert found.declared == PROGRESSIVE
    assert 0 < found.video_bytes < path.stat().st_size == found.media.size
    assert (found.heuristics, found.metrics, found.overall, found.noise) == (None, (), None, None)


@pytest.mark.parametrize(
    ("path", "container", "codec", "pixels", "chroma", "declared"),
    [
        (lambda: drawn(".mov", "-c:v", "prores_ks"), "QuickTime / MOV", "prores", "yuv422p10le", "4:2:2", PROGRESSIVE),
        (lambda: drawn(".mxf", "-c:v", "dnxhd", "-b:v", "120M", "-pix_fmt", "yuv422p", size="1920x1080"),
         "MXF (Material eXchange Format)", "dnxhd", "yuv422p", "4:2:2", PROGRESSIVE),
        (lambda: drawn(".mkv", "-c:v", "ffv1", "-pix_fmt", "yuv410p"),
         "Matroska / WebM", "ffv1", "yuv410p", "4:1:0", PROGRESSIVE),
        (lambda: drawn(".mts", "-vf", "setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme"),
         "MPEG-TS (MPEG-2 Transport Stream)", "mpeg2video", "yuv420p", "4:2:0", TOP),
        (lambda: drawn(".avi", "-c:v", "dvvideo", "-pix_fmt", "yuv411p", size="720x480", rate="30000/1001"),
         "AVI (Audio Video Interleaved)", "dvvideo", "yuv411p", "4:1:1", BOTTOM),
        (lambda: drawn(".mpg", "-c:v", "mpeg2video"),
         "MPEG-PS (MPEG-2 Program Stream)", "mpeg2video", "yuv420p", "4:2:0", PROGRESSIVE),
        (lambda: drawn(".dv", "-c:v", "dvvideo", "-pix_fmt", "yuv420p", size="720x576"),
         "DV (Digital Video)", "dvvideo", "yuv420p", "4:2:0", BOTTOM),
        (lambda: drawn(".mov", "-c:v", "png", "-pix_fmt", "rgb48"),
         "QuickTime / MOV", "png", "rgb48be", "", PROGRESSIVE),
    ],
    ids=["prores", "dnxhd", "ffv1", "mpeg2", "dv-avi", "program-stream", "raw-dv", "rgb"],
)  # fmt: skip
def test_kinds_of_uploads(
    path, container: str, codec: str, pixels: str, chroma: str, declared: Scanning, tmp_path: Path
) -> None:
    found = looked(path(), tmp_path)
    assert found.media.video
    assert (found.long_container_name, found.codec_name) == (container, codec)
    assert (found.media.video.pixel_format, found.chroma, found.declared) == (pixels, chroma, declared)
    assert (found.frames, found.media.audio) == (12, ())


def test_an_avi_that_tells_decoding_times_alone_has_all_its_pictures(tmp_path: Path) -> None:
    found = looked(drawn(".avi", "-c:v", "mpeg4", "-bf", "2"), tmp_path)
    assert (found.frames, found.average_rate) == (12, 25)


def test_a_second_look_reads_nothing(tmp_path: Path) -> None:
    workspace = uploaded(clips.clip(1, audio=""), tmp_path)
    found = look(workspace, CONTEXT)
    assert look(workspace, NO_TOOLS) == found


# --- scanning


@pytest.mark.parametrize(
    ("treatment", "seen"),
    [
        ("progressive", PROGRESSIVE),
        ("top", TOP),
        ("bottom", BOTTOM),
        ("telecine", Scanning(type="telecine", order="top_first")),
    ],
)
def test_the_pictures_tell_what_the_file_conceals(treatment: str, seen: Scanning, tmp_path: Path) -> None:
    found = examined(scanned(treatment), tmp_path)
    assert (found.declared, found.heuristics) == (PROGRESSIVE, seen)
    assert any("they look" in warning for warning in found.warnings) == (treatment != "progressive")


def test_a_film_with_an_interlaced_half_is_mixed(tmp_path: Path) -> None:
    halves = [scanned(treatment) for treatment in ("progressive", "bottom")]
    joined = "[0:v]fps=25[a];[1:v]fps=25[b];[a][b]concat=n=2"
    path = clips.make(
        ".mp4", "-i", halves[0], "-i", halves[1], "-filter_complex", joined, "-c:v", "libx264", "-crf", "18",
        "-preset", "ultrafast", inputs=tuple(halves),
    )  # fmt: skip
    found = examined(path, tmp_path)
    assert found.heuristics == Scanning(type="mixed", order="bottom_first")
    assert found.warnings == (
        "The file says that its pictures are progressive, but they look of more than one kind, lower field first.",
    )


def test_of_a_long_programme_parts_are_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pass_args, "LONGEST_WHOLE", 3)
    monkeypatch.setattr(pass_args, "WINDOWS", 3)
    monkeypatch.setattr(pass_args, "WINDOW_SECONDS", 1)
    ticks: list[Tick] = []
    workspace = uploaded(scanned("bottom", 100), tmp_path)
    found = examine(look(workspace, CONTEXT), workspace, replace(CONTEXT, report=ticks.append))
    assert found.heuristics == BOTTOM
    assert found.warnings[-1] == "The programme is long: 3 parts of it were examined, not the whole."
    assert [metric.name for metric in found.metrics] == ["noise", "details", "blocking", "colors"]
    assert (ticks[-1].done, ticks[-1].total) == (3, 3)


def test_windows_cover_a_long_programme_from_its_beginning_to_its_end() -> None:
    parts = pass_args.windows(Fraction(7200))
    assert (len(parts), parts[0].start, parts[-1].start + parts[-1].length) == (60, 0, 7200)
    assert pass_args.windows(Fraction(3600)) == [pass_args.Window(Fraction(0), Fraction(3600))]


# --- retries and ends


def test_a_second_examination_decodes_nothing(tmp_path: Path) -> None:
    workspace = uploaded(scanned("progressive", 25), tmp_path)
    found = examine(look(workspace, CONTEXT), workspace, CONTEXT)
    assert examine(look(workspace, NO_TOOLS), workspace, NO_TOOLS) == found
    assert left_behind(workspace) == ["examined.json", "looked.json"]


def test_who_cancels_leaves_nothing(tmp_path: Path) -> None:
    workspace = uploaded(scanned("progressive"), tmp_path)
    found = look(workspace, CONTEXT)

    def cancel(_tick: Tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        examine(found, workspace, replace(CONTEXT, report=cancel))
    assert left_behind(workspace) == ["looked.json"]


# --- odd and hostile uploads


def refusal(path: Path, root: Path, limits: MediaLimits = CONTEXT.limits) -> TelecineError:
    """How both steps together refuse an upload, having left nothing but what the first one found."""
    workspace, context = uploaded(path, root), replace(CONTEXT, limits=limits)
    with pytest.raises(TelecineError) as caught:
        examine(look(workspace, context), workspace, context)
    assert left_behind(workspace) in ([], ["looked.json"])
    return caught.value


def test_one_picture_is_enough(tmp_path: Path) -> None:
    found = examined(drawn(".mp4", *clips.FAST_H264, "-frames:v", "1"), tmp_path)
    assert found.frames == 1
    assert found.heuristics
    assert {"noise", "details"} <= {metric.name for metric in found.metrics}


def test_pictures_that_are_too_small_are_not_measured(tmp_path: Path) -> None:
    found = examined(drawn(".mp4", *clips.FAST_H264, size="64x24"), tmp_path)
    assert (found.metrics, found.overall, found.noise) == ((), None, None)


def test_a_black_film_has_no_edge_and_no_noise(tmp_path: Path) -> None:
    black = clips.make(".mp4", "-f", "lavfi", "-i", "color=black:s=320x180:d=1", *clips.FAST_H264)
    found = examined(black, tmp_path)
    assert found.heuristics == Scanning(type="unknown")
    assert {"details", "noise"}.isdisjoint(metric.name for metric in found.metrics)
    assert found.noise is None


def test_a_cut_upload_is_refused(tmp_path: Path) -> None:
    whole = clips.clip(2, extra=("-movflags", "faststart")).read_bytes()
    half = tmp_path / "half"
    half.write_bytes(whole[: len(whole) // 2])
    error = refusal(half, tmp_path / "work")
    assert error.kind is ErrorKind.INPUT_UNREADABLE
    assert "cut off" in error.detail


def test_a_transport_stream_that_is_cut_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = clips.clip(2, audio="", suffix=".ts").read_bytes()
    half = tmp_path / "half"
    half.write_bytes(whole[: len(whole) // 2])
    assert 10 < examined(half, tmp_path / "work").frames < 40


def test_text_and_still_pictures_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a film\n" * 100)
    assert refusal(text, tmp_path / "a").kind is ErrorKind.INPUT_UNREADABLE
    playlist = tmp_path / "playlist"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    assert refusal(playlist, tmp_path / "b").kind is ErrorKind.INPUT_UNSAFE
    still = clips.make(".png", *clips.picture(0.04), "-frames:v", "1")
    assert refusal(still, tmp_path / "c").kind is ErrorKind.INPUT_UNSAFE


def test_a_song_with_its_cover_is_no_film(tmp_path: Path) -> None:
    cover = clips.make(".png", *clips.picture(0.04), "-frames:v", "1")
    maps = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic")
    song = clips.make(".mp4", "-i", clips.sound(".m4a", "aac"), "-i", cover, *maps)
    error = refusal(song, tmp_path)
    assert (error.kind, error.detail) == (ErrorKind.INPUT_UNREADABLE, "it holds no moving picture.")


def test_pictures_over_the_limit_are_refused(tmp_path: Path) -> None:
    error = refusal(clips.clip(1, audio=""), tmp_path, MediaLimits(pixels=320 * 170))
    assert error.kind is ErrorKind.INPUT_OVER_LIMIT


def test_pictures_that_nobody_can_decode_are_refused(tmp_path: Path) -> None:
    """A whole index over noise: every picture has its place, and none has a content."""
    whole = bytearray(drawn(".mp4", *clips.FAST_H264, "-movflags", "faststart").read_bytes())
    begin = whole.index(b"mdat") + 4
    whole[begin:] = os.urandom(len(whole) - begin)
    noise = tmp_path / "noise"
    noise.write_bytes(whole)
    assert refusal(noise, tmp_path / "work").kind is ErrorKind.INPUT_UNREADABLE


def test_a_film_that_is_half_nothing_is_taken_with_a_warning(tmp_path: Path) -> None:
    path = clips.make(".mov", "-i", bikes(), "-frames:v", "20", "-vf", "scale=320:136", "-an", "-c:v", "prores_ks")
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    middle = (begin + content.index(b"moov")) // 2
    content[middle : content.index(b"moov") - 8] = bytes(content.index(b"moov") - 8 - middle)
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(content)
    found = examined(spoilt, tmp_path / "work")
    assert found.warnings == ("Only 10 of 20 pictures can be decoded.",)
