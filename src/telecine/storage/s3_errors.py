"""What an S3 server or the way to it said, in plain words and without a secret."""

from boto3.s3.transfer import S3TransferRetriesExceededError
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from telecine.core.errors import ErrorKind, TelecineError

FAILURES = (ClientError, BotoCoreError, S3TransferRetriesExceededError)
"""Everything that a call to S3 raises of its own."""

MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
"""Codes that mean that there is no such object."""

PAST_END = frozenset({"InvalidRange", "416"})
"""Codes that mean that a range begins behind the object's end."""

_PASSING = frozenset(
    {
        "InternalError",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestTimeout",
        "OperationAborted",
        "NoSuchUpload",  # the server finished or forgot it while an answer was lost; the next try begins anew
        "PreconditionFailed",  # the object changed between two parts of one download
    }
)

_REASONS = {
    "AccessDenied": "the keys may not {verb} in bucket '{bucket}'.",
    "403": "the keys may not {verb} in bucket '{bucket}'.",
    "InvalidAccessKeyId": "the storage does not know the access key id.",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key id.",
    "NoSuchBucket": "bucket '{bucket}' does not exist.",
    "InvalidBucketName": "'{bucket}' cannot be a bucket.",
    "PermanentRedirect": "bucket '{bucket}' is in another region.",
    "AuthorizationHeaderMalformed": "bucket '{bucket}' is in another region.",
    "RequestTimeTooSkewed": "the clocks of this server and of the storage differ too much.",
    "InvalidObjectState": "the object is archived and must be restored first.",
    "AllAccessDisabled": "all access to bucket '{bucket}' has been disabled.",
    "AccountProblem": "there is a problem with the account that owns the keys.",
    "EntityTooLarge": "the file is larger than the storage takes.",
    "NotImplemented": "the storage cannot {verb} in this way.",
}

_VERBS = {"List": "list", "Head": "read", "Get": "read", "Delete": "delete", "Abort": "delete"}


def code_of(error: Exception) -> str:
    """The error code of an S3 answer; empty where there was no answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def explain(error: Exception, bucket: str, key: str = "") -> TelecineError:
    """The failure of a call that concerned `key` of `bucket` as one of ours."""
    code = code_of(error)
    if code in MISSING and key:
        return TelecineError(ErrorKind.OBJECT_MISSING, f"there is no such object in bucket {bucket!r}.", field=key)
    if isinstance(error, ClientError):
        return _answered(error, code, bucket)
    if isinstance(error, ParamValidationError):
        return TelecineError(ErrorKind.STORAGE_REFUSED, f"bucket {bucket!r} or key {key!r} cannot be.")
    cause = getattr(error, "last_exception", error)
    return TelecineError(ErrorKind.STORAGE_UNREACHABLE, f"no whole answer came ({_spaced(type(cause).__name__)}).")


def refused(code: str, operation: str, bucket: str) -> TelecineError:
    """The refusal that S3 names `code`, on calling its `operation`."""
    reason = _REASONS.get(code, "the storage refused to {verb} in bucket '{bucket}'.")
    detail = reason.format(bucket=bucket, verb=_verb(operation))
    return TelecineError(ErrorKind.STORAGE_REFUSED, f"{code}: {detail}")


def _answered(error: ClientError, code: str, bucket: str) -> TelecineError:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status >= 500 or status == 429 or code in _PASSING:
        return TelecineError(ErrorKind.STORAGE_UNREACHABLE, f"{code} ({status}), again and again.")
    return refused(code, error.operation_name, bucket)


def _verb(operation: str) -> str:
    return next((verb for start, verb in _VERBS.items() if operation.startswith(start)), "write")


def _spaced(name: str) -> str:
    """`ConnectTimeoutError` → `connect timeout error`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
