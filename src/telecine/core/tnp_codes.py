"""The codes of the T&P dialect, as data.

They stand in `core` because two rooms that do not know each other speak them: `apis.tnp` in its answers, and the
workers in the notifications that they write. The document publishes TP100100, TP100200, TP500 and TP700200, E8005
and E9011; the others are ours, in the same pattern. `docs/tnp.md` prints both tables and a test compares them.
"""

from telecine.core.errors import ErrorKind
from telecine.core.states import JobState

SUCCESS = "0000"

STATUS_CODES: dict[JobState, str] = {
    JobState.QUEUED: "TP000",
    JobState.DOWNLOADING: "TP100100",
    JobState.DOWNLOADED: "TP100200",
    JobState.ANALYSING: "TP200100",
    JobState.TRANSCODING: "TP300100",
    JobState.PACKAGING: "TP400100",
    JobState.VERIFYING: "TP400200",
    JobState.UPLOADING: "TP450100",
    JobState.COMPLETE: "TP500",
    JobState.ERROR: "TP600",
    JobState.STOP_REQUESTED: "TP700100",
    JobState.STOPPED: "TP700200",
}
"""`job_status` of every state. In a pair, 100 says that a step has begun and 200 that it has ended."""

ERROR_CODES: dict[ErrorKind, str] = {
    # E1…: the request
    ErrorKind.FIELD_MISSING: "E1001",
    ErrorKind.FIELD_OUT_OF_RANGE: "E1002",
    ErrorKind.FIELD_INVALID: "E1003",
    ErrorKind.BODY_NOT_JSON: "E1004",
    ErrorKind.BODY_TOO_LARGE: "E1005",
    ErrorKind.NOT_SUPPORTED_YET: "E1006",
    ErrorKind.NOT_FOUND: "E1007",
    ErrorKind.METHOD_NOT_ALLOWED: "E1008",
    ErrorKind.CONFLICT: "E1009",
    ErrorKind.IN_USE: "E1010",
    ErrorKind.WRONG_STATE: "E1011",
    ErrorKind.IDEMPOTENCY_MISMATCH: "E1012",
    # E2…: who asks
    ErrorKind.UNAUTHENTICATED: "E2001",
    ErrorKind.TOKEN_INVALID: "E2002",
    ErrorKind.TOKEN_EXPIRED: "E2003",
    ErrorKind.FORBIDDEN: "E2004",
    ErrorKind.TOO_MANY_ATTEMPTS: "E2005",
    ErrorKind.ACCESS_REFUSED: "E2006",
    # E3…: storages and notifications
    ErrorKind.STORAGE_REFUSED: "E3001",
    ErrorKind.STORAGE_UNREACHABLE: "E3002",
    ErrorKind.OBJECT_MISSING: "E3003",
    ErrorKind.TARGET_REFUSED: "E3004",
    ErrorKind.DOWNLOAD_FAILED: "E3005",
    # E4…: the input
    ErrorKind.INPUT_UNSAFE: "E4001",
    ErrorKind.INPUT_UNREADABLE: "E4002",
    ErrorKind.INPUT_OVER_LIMIT: "E4003",
    ErrorKind.TRACK_MISSING: "E4004",
    ErrorKind.AUDIO_NOT_CONVERTIBLE: "E4005",
    ErrorKind.SUBTITLE_INVALID: "E4006",
    ErrorKind.GRID_IMPOSSIBLE: "E4007",
    ErrorKind.ASSET_REFUSED: "E4008",
    ErrorKind.MARK_TOO_SHORT: "E4009",
    ErrorKind.MARK_TOO_NARROW: "E4010",
    ErrorKind.CODEC_REFUSED: "E4011",
    ErrorKind.DURATIONS_DIFFER: "E4012",
    ErrorKind.ASPECTS_DIFFER: "E4013",
    ErrorKind.MASTER_REFUSED: "E4014",
    # E5…: content keys
    ErrorKind.KEYS_REFUSED: "E5001",
    ErrorKind.KEYS_UNREACHABLE: "E5002",
    ErrorKind.LICENCE_REFUSED: "E5003",
    # E6…: detections
    ErrorKind.DETECTION_LIMIT: "E6001",
    ErrorKind.REFERENCE_MISSING: "E6002",
    # E7…: recipients and their copies
    ErrorKind.RECIPIENT_USED: "E7001",
    ErrorKind.COPY_MISSING: "E7002",
    ErrorKind.LINK_REFUSED: "E7003",
    # E8…: the work
    ErrorKind.ENCODE_FAILED: "E8001",
    ErrorKind.OUT_OF_MEMORY: "E8002",
    ErrorKind.STALLED: "E8003",
    ErrorKind.TIMED_OUT: "E8004",
    ErrorKind.PACKAGE_FAILED: "E8005",
    ErrorKind.VERIFY_FAILED: "E8006",
    ErrorKind.PUBLISH_FAILED: "E8007",
    ErrorKind.ENGINE_MISSING: "E8008",
    ErrorKind.STOPPED: "E8009",
    # E9…: the service
    ErrorKind.INTERNAL: "E9001",
    ErrorKind.DATABASE_UNREACHABLE: "E9002",
    ErrorKind.OUT_OF_SERVICE: "E9010",
    ErrorKind.TRIAL_LIMIT: "E9011",
    ErrorKind.SESSION_LIMIT: "E9012",
}
"""`error_code` of every kind of failure."""
