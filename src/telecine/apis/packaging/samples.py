"""API data as the document prints it, its placeholders filled in; used on the OpenAPI page and in tests."""

import json
from typing import Any

STORAGE_REGISTER: dict[str, Any] = {
    "storage_name": "seoul originals",
    "type": "S3",
    "id": "AKIDEXAMPLE",
    "password": "example-secret-key",
    "aws_bucket": "watermark-input-seoul",
    "description": "where the encoded files are",
    "region": "RG011",
}

STORAGE_UPDATE: dict[str, Any] = {
    "storage_id": "12312312312312312312312312312312",
    "storage_name": "seoul films",
    "description": "films only",
}

STORAGE_LIST: dict[str, Any] = {
    "search_keyword": "seoul",
    "search_keyword_type": "storageName",
    "storage_type": "S3",
    "region": "RG011",
    "from": "2020-07-01T00:00:00Z",
    "to": "2099-07-31T23:59:59Z",
    "page_unit": "25",
    "page_index": "1",
    "time_zone": "09:00",
}

JOB_REGISTER: dict[str, Any] = {
    "job_name": "sample film",
    "storage": {
        "input": {
            "storage_id": "12312312312312312312312312312312",
            "contents_path": ["film/1080p.mp4", "film/720p.mp4"],
        },
        "output": {"storage_id": "32132132132132132132131231232132", "path": "packaged"},
    },
    "content_id": "sample-film",
    "streaming_format": ["dash", "hls"],
    "protect_type": ["drm", "watermark"],
    "subtitles": [{"path": "film/ko.vtt", "language": "ko"}],
    "dash_option": {"min_buffer_time": 2, "enable_average_bandwidth_mpd": False},
    "drm_option": {
        "multi_key": True,
        "skip_audio_encryption": False,
        "max_sd_height": 480,
        "max_hd_height": 1080,
        "max_uhd1_height": 2160,
        "clear_lead": 0,
        "generate_tracktype_manifests": False,
    },
}

JOB_LIST: dict[str, Any] = {
    "search_keyword": "film",
    "search_keyword_type": "jobname",
    "search_type": "watermark",
    "search_status": "ready",
    "search_condition": "dash",
    "from": "2020-07-01T00:00:00Z",
    "to": "2099-07-31T23:59:59Z",
    "page_unit": "25",
    "page_index": "1",
    "time_zone": "09:00",
}

DETECTION: dict[str, Any] = {
    "title": "found on 24 November",
    "url": "https://files.example.com/clip.mp4",
    "cid": "sample-film",
}

DETECTION_LIST: dict[str, Any] = {
    "search_keyword": "sample-film",
    "search_keyword_type": "cid",
    "search_status": "complete",
    "from": "2020-07-01T00:00:00Z",
    "to": "2099-07-31T23:59:59Z",
    "page_unit": "25",
    "page_index": "1",
    "time_zone": "09:00",
}

DETECTION_DETAIL: dict[str, Any] = {"detection_id": 1}


SESSION_URL: dict[str, Any] = {
    "domain": "cdn.service-site.com",
    "output_path": "packaged",
    "cid": "sample-film",
    "streaming_format": "dash",
    "forensic_mark": "testmark.1234567",
}

SESSION_AKAMAI: dict[str, Any] = {**SESSION_URL, "skipbit": 4}

SESSION_DATA: dict[str, Any] = {
    "cid": "sample-film",
    "streaming_format": "hls",
    "forensic_mark": "testmark.1234567",
    "wmt_type": "cwt",
    "code": "up_to_4",
    "expiry": 14400,
}

SESSION_LIST: dict[str, Any] = {
    "search_keyword": "testmark.1234567",
    "search_keyword_type": "forensicMark",
    "search_status": "live",
    "from": "2020-07-01T00:00:00Z",
    "to": "2099-07-31T23:59:59Z",
    "page_unit": "25",
    "page_index": "1",
    "time_zone": "09:00",
}

SESSION_REVOKE: dict[str, Any] = {"forensic_mark": "testmark.1234567"}


def shown(text: str, sample: dict[str, Any]) -> str:
    """`text` for the OpenAPI page, with the API data that goes into the envelope."""
    return f"{text}\n\nAPI data, to be sealed:\n\n```json\n{json.dumps(sample, indent=2)}\n```"
