"""One registry of everything that can be refused or go wrong, with its cure.

Every dialect wraps these in its own envelope and codes (its `mapping.py`); the docs' error tables are made
from here. An entry's message is a template: `{field}` and `{detail}` are filled in by the exception.
"""

from dataclasses import dataclass
from enum import StrEnum


class ErrorKind(StrEnum):
    """Stable names of failures. Dialects map them to their own codes; they never appear as prose."""

    # requests
    FIELD_MISSING = "field_missing"
    FIELD_INVALID = "field_invalid"
    FIELD_OUT_OF_RANGE = "field_out_of_range"
    BODY_NOT_JSON = "body_not_json"
    BODY_TOO_LARGE = "body_too_large"
    NOT_SUPPORTED_YET = "not_supported_yet"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    IN_USE = "in_use"
    WRONG_STATE = "wrong_state"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    TRIAL_LIMIT = "trial_limit"
    SESSION_LIMIT = "session_limit"
    OUT_OF_SERVICE = "out_of_service"
    # identity
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - the name of an error, not a secret
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    FORBIDDEN = "forbidden"
    ACCESS_REFUSED = "access_refused"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    # storages and notifications
    STORAGE_REFUSED = "storage_refused"
    STORAGE_UNREACHABLE = "storage_unreachable"
    OBJECT_MISSING = "object_missing"
    TARGET_REFUSED = "target_refused"
    DOWNLOAD_FAILED = "download_failed"
    # detections
    DETECTION_LIMIT = "detection_limit"
    REFERENCE_MISSING = "reference_missing"
    # recipients and their copies
    RECIPIENT_USED = "recipient_used"
    COPY_MISSING = "copy_missing"
    LINK_REFUSED = "link_refused"
    # content keys
    KEYS_REFUSED = "keys_refused"
    KEYS_UNREACHABLE = "keys_unreachable"
    LICENCE_REFUSED = "licence_refused"
    # the service
    DATABASE_UNREACHABLE = "database_unreachable"
    # media
    INPUT_UNSAFE = "input_unsafe"
    INPUT_UNREADABLE = "input_unreadable"
    INPUT_OVER_LIMIT = "input_over_limit"
    TRACK_MISSING = "track_missing"
    AUDIO_NOT_CONVERTIBLE = "audio_not_convertible"
    SUBTITLE_INVALID = "subtitle_invalid"
    GRID_IMPOSSIBLE = "grid_impossible"
    ASSET_REFUSED = "asset_refused"
    MARK_TOO_SHORT = "mark_too_short"
    MARK_TOO_NARROW = "mark_too_narrow"
    CODEC_REFUSED = "codec_refused"
    MASTER_REFUSED = "master_refused"
    DURATIONS_DIFFER = "durations_differ"
    ASPECTS_DIFFER = "aspects_differ"
    ENCODE_FAILED = "encode_failed"
    PACKAGE_FAILED = "package_failed"
    VERIFY_FAILED = "verify_failed"
    PUBLISH_FAILED = "publish_failed"
    OUT_OF_MEMORY = "out_of_memory"
    STALLED = "stalled"
    TIMED_OUT = "timed_out"
    ENGINE_MISSING = "engine_missing"
    STOPPED = "stopped"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """What a failure means: HTTP status, message template, cure, and whether trying again can help."""

    status: int
    message: str
    cure: str
    retryable: bool = False


REGISTRY: dict[ErrorKind, ErrorEntry] = {
    ErrorKind.FIELD_MISSING: ErrorEntry(400, "'{field}' is missing.", "Send '{field}'. {detail}"),
    ErrorKind.FIELD_INVALID: ErrorEntry(400, "'{field}' is invalid: {detail}", "Correct '{field}'."),
    ErrorKind.FIELD_OUT_OF_RANGE: ErrorEntry(
        400, "'{field}' is out of range: {detail}", "Send a value within the range."
    ),
    ErrorKind.BODY_NOT_JSON: ErrorEntry(
        400, "The body is not a JSON object: {detail}", "Send one JSON object as application/json."
    ),
    ErrorKind.BODY_TOO_LARGE: ErrorEntry(413, "The body is too large: {detail}", "Send a smaller request."),
    ErrorKind.NOT_SUPPORTED_YET: ErrorEntry(
        400,
        "'{field}' asks for something that this server does not do yet: {detail}",
        "Send it without '{field}'.",
    ),
    ErrorKind.NOT_FOUND: ErrorEntry(404, "{detail} was not found.", "Check the id and the site."),
    ErrorKind.METHOD_NOT_ALLOWED: ErrorEntry(405, "{detail}", "See the API document for the methods of this path."),
    ErrorKind.CONFLICT: ErrorEntry(409, "{detail}", "Choose another value for '{field}'."),
    ErrorKind.IN_USE: ErrorEntry(409, "{detail}", "Wait until the work that uses it has finished, or stop it."),
    ErrorKind.WRONG_STATE: ErrorEntry(409, "{detail}", "Look at the job's status first."),
    ErrorKind.IDEMPOTENCY_MISMATCH: ErrorEntry(
        409,
        "The Idempotency-Key was already used for a different request.",
        "Use a new key for a new request.",
    ),
    ErrorKind.TRIAL_LIMIT: ErrorEntry(
        403,
        "The site's trial allows no further job: {detail}",
        "Ask the operator to raise the site's trial limit.",
    ),
    ErrorKind.SESSION_LIMIT: ErrorEntry(
        403,
        "The site's trial allows no further session: {detail}",
        "Ask the operator to raise the site's limit of sessions.",
    ),
    ErrorKind.OUT_OF_SERVICE: ErrorEntry(
        403, "The site is out of service.", "Ask the operator to put the site in service."
    ),
    ErrorKind.UNAUTHENTICATED: ErrorEntry(
        401,
        "The credentials are missing or wrong. {detail}",
        "Send the account's email or id and its access key.",
    ),
    ErrorKind.TOKEN_INVALID: ErrorEntry(401, "The token is not valid. {detail}", "Get a new token."),
    ErrorKind.TOKEN_EXPIRED: ErrorEntry(401, "The token has expired.", "Get a new token."),
    ErrorKind.FORBIDDEN: ErrorEntry(
        403,
        "You do not have permission to use this API for this site.",
        "Use a token of the site in the path.",
    ),
    ErrorKind.ACCESS_REFUSED: ErrorEntry(
        403, "Access is refused. {detail}", "Ask the operator: 'telecine pri access' says who may call."
    ),
    ErrorKind.TOO_MANY_ATTEMPTS: ErrorEntry(
        429, "Too many failed attempts. {detail}", "Wait, then send the right credentials.", retryable=True
    ),
    ErrorKind.STORAGE_REFUSED: ErrorEntry(
        400,
        "The storage cannot be used: {detail}",
        "Check bucket, region, keys and the permissions of the keys.",
    ),
    ErrorKind.STORAGE_UNREACHABLE: ErrorEntry(
        503, "The storage does not answer: {detail}", "Check the endpoint and the network.", retryable=True
    ),
    ErrorKind.OBJECT_MISSING: ErrorEntry(
        400, "'{field}' does not exist in the storage: {detail}", "Upload the file or correct the path."
    ),
    ErrorKind.TARGET_REFUSED: ErrorEntry(
        400,
        "The notification target is refused: {detail}",
        "Use a public HTTPS address or a valid SNS topic ARN.",
    ),
    ErrorKind.DOWNLOAD_FAILED: ErrorEntry(
        422, "The media could not be downloaded: {detail}", "Check that the address is public and leads to the file."
    ),
    ErrorKind.DETECTION_LIMIT: ErrorEntry(
        429,
        "The site has asked for as many detections as it may: {detail}",
        "Wait, or ask the operator to raise the limit.",
        retryable=True,
    ),
    ErrorKind.REFERENCE_MISSING: ErrorEntry(
        409,
        "The title's reference is not there: {detail}",
        "Publish the content again, or restore its reference.",
    ),
    ErrorKind.RECIPIENT_USED: ErrorEntry(
        409, "{detail}", "Register another recipient: what copies were made for stays as it is."
    ),
    ErrorKind.COPY_MISSING: ErrorEntry(
        404, "There is no such copy here: {detail}", "Take it from the output storage, or create the job again."
    ),
    ErrorKind.LINK_REFUSED: ErrorEntry(403, "The link does not work. {detail}", "Ask whoever sent it for a new one."),
    ErrorKind.KEYS_REFUSED: ErrorEntry(
        400, "There are no content keys: {detail}", "Check the site's key source and what it allows."
    ),
    ErrorKind.KEYS_UNREACHABLE: ErrorEntry(
        503, "The key server did not answer: {detail}", "Check its address and the network.", retryable=True
    ),
    ErrorKind.DATABASE_UNREACHABLE: ErrorEntry(
        503, "The database does not answer.", "Try again; ask the operator to look at the server.", retryable=True
    ),
    ErrorKind.LICENCE_REFUSED: ErrorEntry(
        403, "There is no licence: {detail}", "Use a token of this content that allows these tracks."
    ),
    ErrorKind.INPUT_UNSAFE: ErrorEntry(
        422, "The input is refused for safety: {detail}", "Send a plain MP4, MOV, MKV, TS or MXF file."
    ),
    ErrorKind.INPUT_UNREADABLE: ErrorEntry(
        422,
        "The input cannot be read: {detail}",
        "Check that the file plays; export it again if it is damaged.",
    ),
    ErrorKind.INPUT_OVER_LIMIT: ErrorEntry(
        422,
        "The input is over a limit of this server: {detail}",
        "Send a smaller input or have the limit raised.",
    ),
    ErrorKind.TRACK_MISSING: ErrorEntry(
        422, "The input has no such track: {detail}", "Correct the track index in '{field}'."
    ),
    ErrorKind.AUDIO_NOT_CONVERTIBLE: ErrorEntry(
        422,
        "The audio cannot be made: {detail}",
        "Use aac, ac3 or eac3, or a source that already has the codec.",
    ),
    ErrorKind.SUBTITLE_INVALID: ErrorEntry(
        422, "The subtitle cannot be used: {detail}", "Send valid UTF-8 WebVTT or SRT."
    ),
    ErrorKind.GRID_IMPOSSIBLE: ErrorEntry(
        422,
        "The frame rates of the renditions share no keyframe grid: {detail}",
        "Choose frame rates that are simple ratios of each other.",
    ),
    ErrorKind.ASSET_REFUSED: ErrorEntry(
        422, "The asset cannot be packaged: {detail}", "Harvest or encode it again so that this does not hold."
    ),
    ErrorKind.MARK_TOO_SHORT: ErrorEntry(
        422,
        "The programme is too short for a watermark: {detail}",
        "Send a longer one, or have the site's limit lowered.",
    ),
    ErrorKind.MARK_TOO_NARROW: ErrorEntry(
        422,
        "The picture is too narrow for a watermark: {detail}",
        "Choose wider renditions, or have the site's limit lowered.",
    ),
    ErrorKind.CODEC_REFUSED: ErrorEntry(
        422, "The picture's codec cannot be packaged: {detail}", "Send renditions in H.264 or H.265."
    ),
    ErrorKind.MASTER_REFUSED: ErrorEntry(
        422,
        "No copies can be made of the master: {detail}",
        "Export it as MP4 (H.264, H.265), MOV (ProRes, DNxHD) or MXF (XDCAM, DNxHD) so that this does not hold.",
    ),
    ErrorKind.DURATIONS_DIFFER: ErrorEntry(
        422, "The renditions do not last equally long: {detail}", "Send renditions of one programme."
    ),
    ErrorKind.ASPECTS_DIFFER: ErrorEntry(
        422, "The renditions have pictures of different shapes: {detail}", "Send renditions of one programme."
    ),
    ErrorKind.ENCODE_FAILED: ErrorEntry(500, "Encoding failed: {detail}", "See the job's log; restart the job."),
    ErrorKind.PACKAGE_FAILED: ErrorEntry(
        500, "Failed to segmenting and DRM packaging. {detail}", "See the job's log; restart the job."
    ),
    ErrorKind.VERIFY_FAILED: ErrorEntry(
        500,
        "The result did not pass verification and was not published: {detail}",
        "Report it with the job's log; restart the job.",
    ),
    ErrorKind.PUBLISH_FAILED: ErrorEntry(
        500,
        "Uploading the result failed: {detail}",
        "Check the output storage; restart the job.",
        retryable=True,
    ),
    ErrorKind.OUT_OF_MEMORY: ErrorEntry(
        500, "A media process was killed for memory: {detail}", "Give the worker more memory or fewer slots."
    ),
    ErrorKind.STALLED: ErrorEntry(
        500,
        "A media process made no progress and was ended: {detail}",
        "Restart the job; check the input.",
        True,
    ),
    ErrorKind.TIMED_OUT: ErrorEntry(
        500, "A media process ran past its time limit: {detail}", "Raise the limit or send a shorter input."
    ),
    ErrorKind.ENGINE_MISSING: ErrorEntry(
        500, "An engine is missing or wrong: {detail}", "Run 'telecine doctor' on the worker."
    ),
    ErrorKind.STOPPED: ErrorEntry(409, "The job was stopped.", "Restart the job to go on."),
    ErrorKind.INTERNAL: ErrorEntry(500, "Something went wrong on our side. {detail}", "See the server's log."),
}


class TelecineError(Exception):
    """A failure of a registered kind.

    `field` names the request field in the client's own spelling (`input.files[0].file_path`);
    `detail` says what is wrong with it, in one sentence without secrets.
    """

    def __init__(self, kind: ErrorKind, detail: str = "", *, field: str = "") -> None:
        self.kind = kind
        self.detail = detail
        self.field = field
        super().__init__(self.message)

    @property
    def entry(self) -> ErrorEntry:
        """The registry's entry of this failure."""
        return REGISTRY[self.kind]

    @property
    def message(self) -> str:
        """The message, filled in, without the cure."""
        return self._fill(self.entry.message)

    @property
    def cure(self) -> str:
        """What the reader can do about it, filled in."""
        return self._fill(self.entry.cure)

    def _fill(self, template: str) -> str:
        return template.format(field=self.field or "value", detail=self.detail).strip()

    def __str__(self) -> str:
        """Message and cure, as people read it."""
        return f"{self.message} {self.cure}".strip()


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised inside media work when its caller asked it to stop."""
