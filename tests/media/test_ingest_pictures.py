"""Screenshots and the small film of an upload: shape, content, and what becomes of fields, bars and black."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests import clips
from tests.media.ingesting import CONTEXT, examined, left_behind, scanned, uploaded

from telecine.core.errors import Cancelled
from telecine.core.media_info import MediaInfo, VideoTrack
from telecine.core.progress import Tick
from telecine.media.ingest.examine import examine
from telecine.media.ingest.look import look
from telecine.media.ingest.picture_args import fitted, moment
from telecine.media.ingest.pictures import make_pictures
from telecine.media.probe import probe
from telecine.media.tools import Tools
from telecine.media.workspace import Workspace


def made(path: Path, root: Path) -> tuple[dict[str, Path], Workspace]:
    workspace = uploaded(path, root)
    findings = examine(look(workspace, CONTEXT), workspace, CONTEXT)
    return make_pictures(findings, workspace, CONTEXT), workspace


def size(path: Path) -> tuple[int, int]:
    with av.open(path) as container:
        return container.streams.video[0].width, container.streams.video[0].height


def luma(path: Path) -> np.ndarray:
    with av.open(path) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray").astype(int)


def film(files: dict[str, Path]) -> MediaInfo:
    return probe(files["web"], CONTEXT.tools, CONTEXT.limits)


def test_pictures_of_a_clip_with_sound(tmp_path: Path) -> None:
    files, workspace = made(clips.clip(1, size="1440x810"), tmp_path)
    web = film(files)
    assert web.video
    assert [size(files[name]) for name in ("small", "large", "web")] == [(320, 180), (1280, 720), (1280, 720)]
    assert (web.video.codec, web.video.pixel_format, web.video.frames) == ("h264", "yuv420p", 25)
    assert [track.codec for track in web.audio] == ["aac"]
    assert abs(web.duration - 1) < Fraction(1, 10)
    content = files["web"].read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert left_behind(workspace) == ["examined.json", "large.jpg", "looked.json", "small.jpg", "web.mp4"]

    broken = replace(CONTEXT, tools=Tools(Path("/nowhere"), Path("/nowhere"), Path("/nowhere")))
    findings = examine(look(workspace, broken), workspace, broken)
    assert make_pictures(findings, workspace, broken) == files


def test_a_turned_picture_with_oblong_pixels_is_shown_as_players_show_it(tmp_path: Path) -> None:
    oblong = clips.clip(1, size="180x144", audio="", extra=("-vf", "setsar=16/15"))
    files, _ = made(clips.make(".mp4", "-display_rotation", "-90", "-i", oblong, "-c", "copy"), tmp_path)
    web = film(files)
    assert web.video
    assert (web.video.rotation, web.video.sample_aspect) == (0, 1)
    assert size(files["web"]) == size(files["large"]) == (144, 192)


def test_fields_become_whole_pictures_and_telecine_becomes_film(tmp_path: Path) -> None:
    frames = {}
    for treatment in ("top", "telecine"):
        files, _ = made(scanned(treatment), tmp_path / treatment)
        again = examined(files["web"], tmp_path / f"{treatment}-again")
        assert again.heuristics
        assert again.heuristics.type == "progressive"
        frames[treatment] = again.frames
    assert frames["top"] == 120
    assert abs(frames["telecine"] - 96) <= 1


@pytest.mark.parametrize("seconds", [2, 24])
def test_a_screenshot_is_not_black_where_the_film_begins_in_black(seconds: int, tmp_path: Path) -> None:
    fade = f"drawbox=c=black:t=fill:enable='lt(t,{seconds / 2})'"
    picture = clips.picture(seconds, "10", "192x108")
    files, _ = made(clips.make(".mp4", *picture, "-vf", fade, *clips.FAST_H264), tmp_path)
    assert luma(files["large"]).mean() > 60
    assert luma(files["small"]).std() > 30


def test_the_picture_of_a_container_that_cannot_be_sought_in_is_whole(tmp_path: Path) -> None:
    """After seeking in AVI a decoder begins in grey, unless it begins at a keyframe by chance."""
    path = clips.make(".avi", *clips.picture(2, "25", "192x108"), "-c:v", "mpeg4", "-bf", "2", "-g", "60")
    files, _ = made(path, tmp_path)
    assert luma(files["large"]).std() > 30


def test_of_an_upload_whose_end_cannot_be_read_there_are_pictures_all_the_same(tmp_path: Path) -> None:
    whole = clips.make(".ts", *clips.picture(4, "25", "192x108"), *clips.tone(4), *clips.FAST_H264, "-c:a", "aac")
    content = whole.read_bytes()
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(content[: len(content) // 4] + bytes(len(content) * 3 // 4))
    files, workspace = made(spoilt, tmp_path / "work")
    assert luma(files["large"]).std() > 30
    assert left_behind(workspace) == ["examined.json", "large.jpg", "looked.json", "small.jpg", "web.mp4"]


def test_the_bright_parts_of_hdr_stay_apart(tmp_path: Path) -> None:
    files, _ = made(clips.hdr10(), tmp_path)
    web = film(files)
    assert web.video
    assert (web.video.hdr, web.video.pixel_format, web.video.color_transfer) == (False, "yuv420p", "bt709")
    assert luma(files["large"]).std() > 30


def test_who_cancels_leaves_nothing(tmp_path: Path) -> None:
    workspace = uploaded(clips.clip(2), tmp_path)
    findings = look(workspace, CONTEXT)

    def cancel(_tick: Tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        make_pictures(findings, workspace, replace(CONTEXT, report=cancel))
    assert left_behind(workspace) == ["looked.json"]


def track(width: int, height: int, aspect: Fraction = Fraction(1), rotation: int = 0) -> VideoTrack:
    return VideoTrack(
        index=0, codec="h264", width=width, height=height, sample_aspect=aspect, rotation=rotation,
        frame_rate=Fraction(25), duration=Fraction(1), pixel_format="yuv420p",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("video", "shown"),
    [
        (track(1920, 1080), (1280, 720)),
        (track(640, 480), (640, 480)),
        (track(720, 576, Fraction(64, 45)), (1024, 576)),
        (track(720, 480, Fraction(8, 9)), (720, 540)),
        (track(1920, 1080, rotation=90), (720, 1280)),
        (track(8000, 2), (1280, 2)),
    ],
)
def test_how_large_a_picture_is_shown(video: VideoTrack, shown: tuple[int, int]) -> None:
    assert fitted(video, 1280) == shown


def test_the_telling_moment() -> None:
    assert moment([(0, 0.9), (3, 0.1), (5, 0.7), (9.5, 0.95)], 10) == 5
    assert moment([(0, 0.4)], 10) == 0
    assert moment([], 10) == 0
