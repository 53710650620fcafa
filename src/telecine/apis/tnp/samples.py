"""The sample requests of the T&P document, its typos mended, as examples for the OpenAPI pages and as tests.

Mended: missing commas and braces. Kept: what the samples say, also where it contradicts the text (`bitrate` of
10000 for 1080p, an audio codec of `h264`, a numeric `job_noti_id`).
"""

from copy import deepcopy
from typing import Any

SETTING_UPDATE: dict[str, Any] = {"site_id": "DEMO", "region": "RG004"}

JOB_CREATE: dict[str, Any] = {
    "job_name": "jobName",
    "content_id": "test-cid",
    "input": {
        "storage_id": "input-storage-id",
        "files": [
            {
                "file_type": "multi",
                "file_path": "input/input-file1.mp4",
                "audios": [{"in": {"track": 0}, "remap": {"track": 0}}],
            }
        ],
        "subtitles": [{"file_path": "input/subtitle/en.vtt", "language": "eng"}],
    },
    "output": {
        "storage_id": "output-storage-id",
        "path": "output",
        "transcodings": [
            {
                "track_id": "video1",
                "track_type": "video",
                "codec": "h264",
                "height": 1080,
                "width": 1920,
                "bitrate_mode": "cbr",
                "bitrate": 10000,
                "frame_rate": 23.98,
            },
            {
                "track_id": "audio1",
                "track_type": "audio",
                "track_name": "english",
                "codec": "h264",
                "bitrate_mode": "cbr",
                "bitrate": 128000,
                "language": "en",
                "sources": [{"track": 0}],
            },
        ],
        "packaging": {
            "dash": True,
            "hls": False,
            "cmaf": False,
            "option": {
                "min_buffer_time": 2,
                "enable_average_bandwidth_mpd": False,
                "subtitle_format": {"dash": "text_vtt"},
            },
        },
        "drm": {
            "enabled": True,
            "option": {
                "multi_key": False,
                "max_sd_height": 0,
                "max_hd_height": 0,
                "max_uhd1_height": 0,
                "skip_audio_encryption": False,
                "clear_lead": 0,
                "generate_tracktype_manifests": False,
            },
        },
        "forensic_watermarking": {"enabled": True},
        "job_noti_id": 1,
    },
}

JOB_DETAIL: dict[str, Any] = {
    "job_name": "jobName",
    "content_id": "test-cid",
    "input": {
        "storage_id": "12312312312312312312312312312312",
        "files": [
            {
                "file_type": "multi",
                "file_path": "del-short-hevc.mp4",
                "audios": [{"in": {"track": 0}, "remap": {"track": 0}}],
            }
        ],
    },
    "output": {
        "storage_id": "32132132132132132132131231232132",
        "path": "saas-pack",
        "transcodings": [
            {
                "track_id": "video1",
                "track_type": "video",
                "codec": "H265",
                "height": 1080,
                "width": 1920,
                "bitrate": 2500,
                "frame_rate": 23.98,
            },
            {
                "track_id": "video2",
                "track_type": "video",
                "codec": "H264",
                "height": 720,
                "width": 1080,
                "bitrate": 1500,
                "frame_rate": 23.98,
            },
            {"track_id": "audio1", "track_type": "audio", "codec": "aac", "sources": [{"track": 0}]},
        ],
        "packaging": {"dash": True, "hls": True, "cmaf": False},
        "drm": {"enabled": True},
        "forensic_watermarking": {"enabled": True},
        "job_noti_id": 1,
    },
}
"""The request inside the document's sample of a job's details."""

STORAGE_CREATE: dict[str, Any] = {
    "storage_name": "test-input-storage",
    "aws_bucket": "watermark-input-seoul",
    "io_type": "input",
    "access_key_id": "valid-test-storage-access-key-id",
    "secret_key": "valid-in-test-storage-secret-key",
    "region": "RG011",
    "description": "This storage is test input bucket.",
}

STORAGE_UPDATE: dict[str, Any] = {
    "storage_name": "test-input-storage",
    "aws_bucket": "watermark-input-seoul",
    "io_type": "input",
    "access_key_id": "valid-test-storage-access-key-id",
    "secret_key": "valid-in-test-storage-secret-key",
}

STORAGE_DELETE: dict[str, Any] = {
    "site_id": "DEMO",
    "storage_ids": ["12312312312312312312312312312312", "12312312312312312312312312312313"],
}

NOTIFICATION: dict[str, Any] = {
    "noti_name": "noti_test",
    "noti_type": "SNS",
    "url_end_point": "arn:aws:sns:us-west-2:73041xxxxx:PallyCon_TNP_SNS",
    "aws_access": {"access_key": "AK1252GDTP5xxxxx", "secret_key": "WwMma1EVkcMBhlCmXxxxxxxx1"},
    "alarm_status": {"queued": False, "progressing": False, "stopped": True, "error": True, "complete": True},
}
"""Create and update send the same."""


DETECTION: dict[str, Any] = {
    "content_id": "test-cid",
    "title": "Found on 24 November",
    "input": {"storage_id": "input-storage-id", "path": "leaks/clip.mp4"},
    "limit": 1e-6,
    "noti_id": 1,
}

DETECTION_BY_URL: dict[str, Any] = {
    "content_id": "test-cid",
    "title": "Found on 24 November",
    "input": {"url": "https://files.example.com/clip.mp4"},
}
"""Ours: the document has no samples of detections."""


def without_watermark(job: dict[str, Any]) -> dict[str, Any]:
    """A job request like `job` that asks for no forensic watermark."""
    plain = deepcopy(job)
    plain["output"]["forensic_watermarking"] = {"enabled": False}
    return plain


def without_protection(job: dict[str, Any]) -> dict[str, Any]:
    """A job request like `job` that asks for neither DRM nor a forensic watermark."""
    plain = deepcopy(job)
    for name in ("drm", "forensic_watermarking"):
        if name in plain["output"]:
            plain["output"][name]["enabled"] = False
    return plain
