"""Buckets on AWS S3 or any server that speaks its protocol, over boto3.

boto3 and not a quicker library, because a bucket of a customer's is not tidy: it holds keys with empty parts and
trailing slashes, and a wrong key must be answered with the reason that S3 gives. See docs/decisions/0009.
"""

import io
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import structlog
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.config import Config

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.names import check_bucket, check_key
from telecine.storage.parts import whole
from telecine.storage.ranges import RangeFile
from telecine.storage.s3_errors import FAILURES, MISSING, PAST_END, code_of, explain, refused
from telecine.storage.s3_writing import S3Writing
from telecine.storage.store import STREAMED, ObjectInfo, Position, Report, Source, no_report

PART = 16 * 2**20
"""Bytes of one part of a large transfer; files below it go in one request."""

_TICK = 0.25
"""Seconds between two reports of a transfer."""

_DELETE_AT_ONCE = 1000
_TRANSFERS = TransferConfig(
    multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=6, preferred_transfer_client="classic"
)
_log = structlog.get_logger()
_session_lock = threading.Lock()


class S3Store:
    """One bucket. `endpoint` is empty for AWS; `region` is an S3 region name.

    A call is tried six times with growing pauses; with `patient=False` twice and with short timeouts, for
    somebody who waits for the answer.
    """

    def __init__(
        self,
        bucket: str,
        region: str,
        access_key_id: str,
        secret_key: str,
        endpoint: str = "",
        *,
        patient: bool = True,
    ) -> None:
        self._bucket = check_bucket(bucket)
        self._client = _client(region, access_key_id, secret_key, endpoint, patient)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Store.list`. Fetched a thousand at a time, as the iterator is read."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with self._told():
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield _info(str(entry["Key"]), int(entry["Size"]), entry)

    def head(self, key: str) -> ObjectInfo | None:
        """See `Store.head`."""
        try:
            with self._told(check_key(key)):
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except TelecineError as error:
            if error.kind is ErrorKind.OBJECT_MISSING:
                return None
            raise
        return _info(key, int(answer["ContentLength"]), answer)

    def download(self, key: str, target: Path, report: Report = no_report) -> None:
        """See `Store.download`. Large objects come in parts side by side, all of the same version."""
        found = self.head(key)
        if found is None:
            raise TelecineError(ErrorKind.OBJECT_MISSING, f"there is no such object in {self._bucket!r}.", field=key)
        with whole(target) as file, self._told(key), create_transfer_manager(self._client, _TRANSFERS) as manager:
            report(0, found.size)
            progress = _Progress()
            transfer = manager.download(self._bucket, key, file, subscribers=[progress])
            progress.watch(found.size, report)
            transfer.result()

    def upload(self, source: Source, key: str, content_type: str, report: Report = no_report) -> None:
        """See `Store.upload`. A large file is one multipart upload, which is aborted where anything fails."""
        check_key(key)
        # Where the block raises, leaving the manager cancels what is under way and waits until it has ended.
        with (
            _opened(source) as (file, size),
            self._told(key),
            create_transfer_manager(self._client, _TRANSFERS) as manager,
        ):
            report(0, size)
            progress = _Progress()
            headers = {"ContentType": content_type}
            transfer = manager.upload(file, self._bucket, key, extra_args=headers, subscribers=[progress])
            progress.watch(size, report)
            transfer.result()

    def delete(self, keys: Iterable[str]) -> None:
        """See `Store.delete`."""
        for some in batched((check_key(key) for key in keys), _DELETE_AT_ONCE):
            what = {"Objects": [{"Key": key} for key in some], "Quiet": True}
            with self._told():
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=what)
            for failure in answer.get("Errors", ()):
                if failure["Code"] not in MISSING:
                    raise refused(str(failure["Code"]), "DeleteObjects", self._bucket)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Store.read`."""
        check_key(key)
        if length == 0:
            return b""
        end = "" if length is None else start + length - 1
        try:
            with self._told(key):
                # Without a range S3 does not refuse an empty object.
                extra = {} if not start and length is None else {"Range": f"bytes={start}-{end}"}
                body = self._client.get_object(Bucket=self._bucket, Key=key, **extra)["Body"]
                return bytes(body.read())
        except TelecineError as error:
            if isinstance(error.__cause__, FAILURES) and code_of(error.__cause__) in PAST_END:
                return b""
            raise

    def clear_unfinished(self, prefix: str) -> None:
        """See `Store.clear_unfinished`: aborts multipart uploads, whose parts cost money though nobody sees them."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        try:
            with self._told():
                for upload in (upload for page in pages for upload in page.get("Uploads", ())):
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
        except TelecineError as error:
            # Keys that may write need not have this permission, and publishing works without it.
            _log.info("unfinished uploads were not cleared", bucket=self._bucket, prefix=prefix, why=error.detail)

    def stream(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """See `Store.stream`: one request, and another for the rest where its answer breaks off."""
        version: dict[str, str] = {}
        while start < end:
            begun = start
            try:
                with self._told(check_key(key)):
                    answer = self._client.get_object(
                        Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}", **version
                    )
                    version = {"IfMatch": answer["ETag"]}
                    for piece in answer["Body"].iter_chunks(STREAMED):
                        start += len(piece)
                        yield piece
            except TelecineError as error:
                if start == begun or error.kind is not ErrorKind.STORAGE_UNREACHABLE:
                    raise
            if start == begun:
                raise TelecineError(ErrorKind.OBJECT_MISSING, "it has become shorter.", field=key)

    def begin(self, key: str, content_type: str, most: int) -> S3Writing:
        """See `Store.begin`: a multipart upload."""
        return S3Writing.begin(self._client, self._bucket, check_key(key), content_type, most)

    def resume(self, position: Position) -> S3Writing:
        """See `Store.resume`."""
        check_key(str(position["key"]))
        return S3Writing.resume(self._client, self._bucket, position)

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        """Say what went wrong in the terms of a store."""
        try:
            yield
        except FAILURES as error:
            cause = self._reason(error, key)
            raise explain(cause, self._bucket, key) from cause

    def _reason(self, error: Exception, key: str) -> Exception:
        """The failure itself; for HEAD, whose answers have no body to say why, that of a GET of the same object."""
        if not key or getattr(error, "operation_name", "") != "HeadObject":
            return error
        try:
            self._client.get_object(Bucket=self._bucket, Key=key, Range="bytes=0-0")["Body"].close()
        except FAILURES as told:
            return told if code_of(told) not in PAST_END else error
        return error


class _Progress:
    """Counts the bytes of one transfer, whose threads call it, for the thread that waits for its end."""

    def __init__(self) -> None:
        self._done = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def on_progress(self, bytes_transferred: int, **_: object) -> None:
        """Called by boto3. Negative where a part is sent again."""
        with self._lock:
            self._done += bytes_transferred

    def on_done(self, **_: object) -> None:
        """Called by boto3 at the end, whatever it was."""
        self._ended.set()

    def watch(self, total: int, report: Report) -> None:
        """Report until the transfer has ended, and not after: what has appeared cannot be cancelled."""
        while not self._ended.wait(_TICK):
            report(min(self._done, total), total)


def _client(region: str, access_key_id: str, secret_key: str, endpoint: str, patient: bool) -> Any:  # noqa: ANN401
    config = Config(
        connect_timeout=5 if patient else 3,
        read_timeout=60 if patient else 10,
        retries={"mode": "standard", "total_max_attempts": 6 if patient else 2},
        max_pool_connections=64,
        s3={"addressing_style": "path" if endpoint else "auto"},
        ignore_configured_endpoint_urls=True,  # where a storage is, is our setting and nothing else
        # Only AWS is known to know its newer checksums; others refuse or store them wrongly.
        request_checksum_calculation="when_required" if endpoint else "when_supported",
        response_checksum_validation="when_required" if endpoint else "when_supported",
    )
    with _session_lock:  # a session makes clients in one thread at a time only
        return _session().client(
            "s3",
            region_name=region,
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_key,
            config=config,
        )


@cache
def _session() -> Any:  # noqa: ANN401
    """Our own session, which keeps what it has read of boto3's descriptions of services."""
    return boto3.session.Session()


@contextmanager
def _opened(source: Source) -> Iterator[tuple[BinaryIO | RangeFile, int]]:
    """The source as a file at its beginning, and its bytes. What was opened here is closed."""
    if isinstance(source, RangeFile):
        source.seek(0)
        yield source, source.size
    elif isinstance(source, bytes):
        yield io.BytesIO(source), len(source)
    else:
        with source.open("rb") as file:
            yield file, os.fstat(file.fileno()).st_size


def _info(key: str, size: int, answer: dict[str, Any]) -> ObjectInfo:
    return ObjectInfo(key, size, str(answer.get("ETag", "")).strip('"'))
