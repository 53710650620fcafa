"""The clip that the browser tests play, and the trees that the real engine makes of it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.clips import FAST_H264, make, picture, tone, tools

from telecine.apis.tnp.mapping import translate_job
from telecine.apis.tnp.schema_job import JobRequest
from telecine.core.limits import MediaLimits, Policy
from telecine.jobs.here import Engines, Stores
from telecine.jobs.protection import Ring
from telecine.jobs.transcode_here import run_all
from telecine.storage.folder import FolderStore, create_bucket

SECONDS = 24
FAST = Policy(preset_h264="ultrafast")
HEIGHTS = (360, 270, 180)
TONES = {"en": 440.0, "ko": 880.0}

_SUBTITLES = {
    "en": "WEBVTT\n\n00:00.000 --> 00:10.000\nthe beginning\n\n00:10.000 --> 00:24.000\nthe end\n",
    "ko": "WEBVTT\n\n00:00.000 --> 00:10.000\n시작\n\n00:10.000 --> 00:24.000\n마지막\n",
}


def source() -> Path:
    """A moving picture with a clock, and two audio tracks: `TONES` in the order of their languages."""
    tones = [argument for frequency in TONES.values() for argument in tone(SECONDS, int(frequency))]
    maps = ["-map", "0", "-map", "1", "-map", "2"]
    return make(".mp4", *picture(SECONDS, "25", "640x360"), *tones, *maps, *FAST_H264, "-c:a", "aac", "-ac", "2")


def request(formats: Sequence[str], subtitles: dict[str, str], heights: Sequence[int]) -> dict[str, Any]:
    """A T&P request for the clip: a rendition for each height; `subtitles` are their formats by tree."""
    video = [
        {"track_id": f"v{height}", "track_type": "video", "codec": "h264", "width": height * 16 // 9,
         "height": height, "bitrate": height * 1200}
        for height in heights
    ]  # fmt: skip
    audio = [
        {"track_id": language, "track_type": "audio", "codec": "aac", "language": language,
         "bitrate": 96000, "sources": [{"track": track}]}
        for track, language in enumerate(TONES)
    ]  # fmt: skip
    audios = [{"in": {"track": track}, "remap": {"track": track}} for track in range(len(TONES))]
    return {
        "job_name": "playback",
        "content_id": "show",
        "input": {
            "storage_id": "in",
            "files": [{"file_type": "multi", "file_path": "clip.mp4", "audios": audios}],
            "subtitles": [{"file_path": f"{language}.vtt", "language": language} for language in _SUBTITLES],
        },
        "output": {
            "storage_id": "out",
            "path": "",
            "default_language": "en",
            "transcodings": [*video, *audio],
            "packaging": {tree: tree in formats for tree in ("dash", "hls", "cmaf")}
            | {"option": {"subtitle_format": subtitles}},
        },
    }


def publish(
    buckets: Path,
    bucket: str,
    work: Path,
    formats: Sequence[str],
    subtitles: dict[str, str] | None = None,
    heights: Sequence[int] = HEIGHTS,
    drm: dict[str, Any] | None = None,
    policy: Policy = FAST,
    ring: Ring | None = None,
) -> str:
    """Run the whole job and return where its trees are published, as `bucket/folder`.

    `drm` are the options of protection, whose keys `ring` gives.
    """
    inputs = create_bucket(buckets, "clips")
    if not (inputs / "clip.mp4").exists():
        shutil.copy(source(), inputs / "clip.mp4")
        for language, text in _SUBTITLES.items():
            (inputs / f"{language}.vtt").write_text(text)
    sent = request(formats, subtitles or {}, heights)
    if drm is not None:
        sent["output"]["drm"] = {"enabled": True, "option": drm}
    spec = translate_job(JobRequest.model_validate(sent), sent, Policy()).spec
    stores = Stores(FolderStore(inputs), FolderStore(create_bucket(buckets, bucket)))
    by = Engines(tools(), MediaLimits(), policy, lambda *_: None, lambda _: None, slots=1)
    outcome = run_all(spec, stores, work, by, ring)
    return f"{bucket}/{outcome.published.prefix}"
