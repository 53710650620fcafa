"""The codes of watermark packaging, as data: complete as the document lists them.

They stand in `core` because two rooms that do not know each other speak them: `apis.packaging` in its answers, and the
workers in the errors that they record. `docs/packaging.md` prints both tables and a test compares them. Of two codes
with one text the document means different places; spelling is mended.
"""

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState

STATUSES: dict[str, str] = {
    "WM000": "Ready",
    "WM010": "Get job list",
    "WM020": "Send agent",
    "WM021100": "File downloading",
    "WM021200": "File download complete",
    "WM022100": "Watermark packaging",
    "WM022200": "Watermark packaging complete",
    "WM023100": "DRM packaging",
    "WM023200": "DRM packaging complete",
    "WM023300": "Akamai convert",
    "WM024100": "File uploading",
    "WM024200": "File uploading complete",
    "WM030": "Packaging complete",
    "WM100": "Request packaging stop",
    "WM200": "Packaging stop complete",
    "WM999": "Packaging error",
}
"""Every status of a job, in the order of a job."""

_CODES: dict[JobState, str] = {
    JobState.QUEUED: "WM000",
    JobState.DOWNLOADING: "WM021100",
    JobState.DOWNLOADED: "WM021200",
    JobState.ANALYSING: "WM021200",
    JobState.TRANSCODING: "WM022100",
    JobState.PACKAGING: "WM023100",
    JobState.VERIFYING: "WM023200",
    JobState.UPLOADING: "WM024100",
    JobState.COMPLETE: "WM030",
    JobState.ERROR: "WM999",
    JobState.STOP_REQUESTED: "WM100",
    JobState.STOPPED: "WM200",
}
_WITHOUT_DRM = {JobState.PACKAGING: "WM022100", JobState.VERIFYING: "WM022200"}


def status_code(state: JobState, *, drm: bool) -> str:
    """The status of a job in `state`; one without DRM never says that it is encrypting."""
    return _CODES[state] if drm else _WITHOUT_DRM.get(state, _CODES[state])


ERRORS: dict[str, str] = {
    "WM900001": "Common site key decrypt fail.",
    "WM900002": "Watermark Job Call API Parameter make fail.",
    "WM900003": "Watermark Job list API call fail.",
    "WM900004": "API Return parser fail.",
    "WM900005": "API error.",
    "WM900006": "Job Executor error.",
    "WM900007": "S3 Bucket Access key and id is invalid.",
    "WM900008": "S3 Bucket connect fail.(key or region is invalid)",
    "WM900009": "S3 Bucket info is invalid.",
    "WM900010": "Contents download failed.",
    "WM900011": "Subtitles download failed.",
    "WM900012": "S3 get Object failed.",
    "WM900013": "Download failed.(File does not exist or size is 0kb.)",
    "WM900014": "The size of the content file is too large. Please switch to commercial.",
    "WM900015": "Codec is invalid.",
    "WM900016": "Contents playback time is too short.(At least 12 minutes)",
    "WM900017": "Video size is invalid.(minimum width 640px)",
    "WM900018": "Temp file delete failed.",
    "WM900019": "Upload process failed.",
    "WM900020": "S3 put object process failed.",
    "WM900021": "Upload file empty.",
    "WM900022": "Media info get failed.",
    "WM900101": "Failed to get Job List.",
    "WM900102": "This Mode does not exist.",
    "WM900103": "This Mode does not exist.",
    "WM900104": "Failed to get site information.",
    "WM900105": "An invalid value from the StoreServer was passed.",
    "WM900106": "Failed to get CID.",
    "WM900107": "Failed to get MetaData Information.",
    "WM900108": "No bucket information or file path.",
    "WM900109": "Failed to update DB status to SEND_AGENT.",
    "WM900110": "Failed to update DB status to END.",
    "WM900111": "Failed to select storage data.",
    "WM900112": "Failed to get mail form.",
    "WM900113": "Failed to set Storage information.",
    "WM900114": "Internal cluster error.",
    "WM900115": "ClusterEvent.UnreachableMember.",
    "WM900116": "Failed to get pack list.",
    "WM900117": "Failed to parse Pack Information.",
    "WM900118": "Failed to update DB status to get pack information.",
    "WM900119": "Failed to update DB status to cancel job",
    "WM900120": "Failed to update DB status.",
    "WM900121": "Job list separate fail.",
    "WM900122": "Failed to call lambda to stop the instance.",
    "WM900123": "Failed to make api data.",
    "WM900124": "Failed to call api.",
    "WM900125": "Failed to parse api response data.",
    "WM900126": "Response API error code is not success.",
    "WM900127": "Watermark status Update Fail to WM010",
    "WM900128": "Watermark status Update Fail to WM030",
    "WM900129": "Watermark status Update Fail to WM02X",
    "WM900130": "Watermark status Update Fail to WM200",
    "WM900131": "Failed to get stop request list.",
    "WM900132": "Failed to parse api response data by WM100.",
    "WM900133": "Watermark status Update Fail to error.",
    "WM900134": "Job information is null.",
    "WM900135": "Failed to decrypt pki key.",
    "WM900136": "Failed to mapping api data to decrypt pki key.",
    "WM900137": "Failed to create job data.",
}
"""Every error of a job."""

OF_KINDS: dict[ErrorKind, str] = {
    ErrorKind.FIELD_MISSING: "WM900117",
    ErrorKind.FIELD_INVALID: "WM900117",
    ErrorKind.FIELD_OUT_OF_RANGE: "WM900117",
    ErrorKind.NOT_FOUND: "WM900111",
    ErrorKind.STORAGE_REFUSED: "WM900009",
    ErrorKind.STORAGE_UNREACHABLE: "WM900008",
    ErrorKind.OBJECT_MISSING: "WM900013",
    ErrorKind.KEYS_REFUSED: "WM900126",
    ErrorKind.KEYS_UNREACHABLE: "WM900124",
    ErrorKind.DATABASE_UNREACHABLE: "WM900120",
    ErrorKind.INPUT_UNSAFE: "WM900022",
    ErrorKind.INPUT_UNREADABLE: "WM900022",
    ErrorKind.INPUT_OVER_LIMIT: "WM900014",
    ErrorKind.TRACK_MISSING: "WM900022",
    ErrorKind.AUDIO_NOT_CONVERTIBLE: "WM900015",
    ErrorKind.SUBTITLE_INVALID: "WM900011",
    ErrorKind.GRID_IMPOSSIBLE: "WM900022",
    ErrorKind.MARK_TOO_SHORT: "WM900016",
    ErrorKind.MARK_TOO_NARROW: "WM900017",
    ErrorKind.CODEC_REFUSED: "WM900015",
    ErrorKind.DURATIONS_DIFFER: "WM900022",
    ErrorKind.ASPECTS_DIFFER: "WM900017",
    ErrorKind.ENCODE_FAILED: "WM900006",
    ErrorKind.PACKAGE_FAILED: "WM900006",
    ErrorKind.VERIFY_FAILED: "WM900006",
    ErrorKind.PUBLISH_FAILED: "WM900019",
    ErrorKind.OUT_OF_MEMORY: "WM900006",
    ErrorKind.STALLED: "WM900006",
    ErrorKind.TIMED_OUT: "WM900006",
    ErrorKind.ENGINE_MISSING: "WM900006",
    ErrorKind.INTERNAL: "WM900006",
}
"""The error of a job that ends by a failure of this kind."""

NOT_OF_JOBS = frozenset(
    {
        *(ErrorKind.BODY_NOT_JSON, ErrorKind.BODY_TOO_LARGE, ErrorKind.NOT_SUPPORTED_YET, ErrorKind.METHOD_NOT_ALLOWED),
        *(ErrorKind.CONFLICT, ErrorKind.IN_USE, ErrorKind.WRONG_STATE, ErrorKind.IDEMPOTENCY_MISMATCH),
        *(ErrorKind.TRIAL_LIMIT, ErrorKind.OUT_OF_SERVICE, ErrorKind.UNAUTHENTICATED, ErrorKind.TOKEN_INVALID),
        *(ErrorKind.TOKEN_EXPIRED, ErrorKind.FORBIDDEN, ErrorKind.ACCESS_REFUSED, ErrorKind.TOO_MANY_ATTEMPTS),
        *(ErrorKind.TARGET_REFUSED, ErrorKind.LICENCE_REFUSED, ErrorKind.ASSET_REFUSED, ErrorKind.STOPPED),
        *(ErrorKind.DETECTION_LIMIT, ErrorKind.REFERENCE_MISSING, ErrorKind.DOWNLOAD_FAILED, ErrorKind.SESSION_LIMIT),
        *(ErrorKind.MASTER_REFUSED, ErrorKind.RECIPIENT_USED, ErrorKind.COPY_MISSING, ErrorKind.LINK_REFUSED),
    }
)
"""Kinds that no job of this API ends by: they are answers to requests, or of packaged assets, sessions,
detections and distributions."""

_OF_STORAGES = {
    "InvalidAccessKeyId": "WM900007",
    "SignatureDoesNotMatch": "WM900007",
    "AccessDenied": "WM900007",
    "PermanentRedirect": "WM900008",
    "AuthorizationHeaderMalformed": "WM900008",
}
"""By the S3 code with which a refusal of a storage begins."""

_OF_SUBTITLES = "WM900011"


def error_code(error: TelecineError) -> str:
    """The error of a job that ends by `error`; its place in the request, and S3's code, count too."""
    if error.kind is ErrorKind.STORAGE_REFUSED:
        return _OF_STORAGES.get(error.detail.partition(":")[0], OF_KINDS[error.kind])
    if error.field.startswith("subtitles[") and error.kind in (ErrorKind.OBJECT_MISSING, ErrorKind.INPUT_OVER_LIMIT):
        return _OF_SUBTITLES
    return OF_KINDS.get(error.kind, OF_KINDS[ErrorKind.INTERNAL])
