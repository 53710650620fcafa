"""An object of an S3 bucket that comes piece by piece: a multipart upload, of which one part is held in memory.

Parts cannot be read again and must not be small, so a position in the middle of a part keeps that part's beginning in
an object of its own, the tail, whose key ends with the size at that position. Parts that were sent after a position
are sent again under the same numbers by whoever resumes there; S3 keeps the newer.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.s3_errors import FAILURES, MISSING, code_of, explain
from telecine.storage.store import ObjectInfo, Position

LEAST_PART = 16 * 2**20
"""Bytes of one part, unless the object may need more than `MOST_PARTS` of them."""
MOST_PARTS = 10_000
"""By S3."""
_MIB = 2**20
_GONE = "NoSuchUpload"


def part_size(most: int) -> int:
    """Bytes of each part, but the last, of an object of `most` bytes at most: whole MiB, for all parts the same."""
    return max(LEAST_PART, -(-most // MOST_PARTS // _MIB) * _MIB)


class S3Writing:
    """See `Writing`. `etags` are those of the parts that were sent; `tails` the keys of objects that go at the end."""

    def __init__(self, client: Any, bucket: str, key: str, upload_id: str, part: int) -> None:  # noqa: ANN401 - boto3's
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._upload = self._where | {"UploadId": upload_id}
        self._part = part
        self._etags: list[str] = []
        self._tails: list[str] = []
        self._buffer = io.BytesIO()

    @classmethod
    def begin(cls, client: Any, bucket: str, key: str, content_type: str, most: int) -> Self:  # noqa: ANN401
        """A new one."""
        with _told(bucket, key):
            answer = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type)
        return cls(client, bucket, key, str(answer["UploadId"]), part_size(most))

    @classmethod
    def resume(cls, client: Any, bucket: str, position: Position) -> Self:  # noqa: ANN401
        """One that was begun before; the tail of the position before this one goes. Raises OBJECT_MISSING."""
        writing = cls(client, bucket, str(position["key"]), str(position["upload"]), int(position["part"]))
        writing._etags = [str(etag) for etag in position["etags"]]
        writing._drop([str(key) for key in position["older"]])
        if position["tail"]:
            writing._tails = [str(position["tail"])]
            with _told(bucket, str(position["tail"])):
                body = client.get_object(Bucket=bucket, Key=position["tail"])["Body"]
                writing._buffer.write(body.read())
        return writing

    @property
    def size(self) -> int:
        """See `Writing.size`."""
        return len(self._etags) * self._part + self._buffer.tell()

    def write(self, data: bytes | memoryview) -> None:
        """See `Writing.write`."""
        with memoryview(data) as view:
            done = 0
            while done < len(view):
                done += self._buffer.write(view[done : done + self._part - self._buffer.tell()])
                if self._buffer.tell() == self._part:
                    self._send()

    def position(self) -> Position:
        """See `Writing.position`."""
        self._drop(self._tails[:-1])
        older, tail = self._tails[-1:], ""
        if self._buffer.tell():
            tail = f"{self._where['Key']}.tail-{self.size}"
            with _told(self._where["Bucket"], tail):
                self._client.put_object(Bucket=self._where["Bucket"], Key=tail, Body=self._buffer.getvalue())
        self._tails = [*older, tail] if tail and tail not in older else older
        return {
            "key": self._where["Key"],
            "upload": self._upload["UploadId"],
            "part": self._part,
            "etags": list(self._etags),
            "tail": tail,
            "older": [key for key in older if key != tail],
        }

    def finish(self) -> ObjectInfo:
        """See `Writing.finish`. An upload that S3 does not know any more may be one whose answer was lost."""
        size = self.size
        if self._buffer.tell() or not self._etags:
            self._send()
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(self._etags, 1)]
        try:
            self._client.complete_multipart_upload(**self._upload, MultipartUpload={"Parts": parts})
        except FAILURES as error:
            if code_of(error) != _GONE:
                raise explain(error, **_named(self._where)) from error
        with _told(**_named(self._where)):
            there = self._client.head_object(**self._where)
        if there["ContentLength"] != size:
            raise TelecineError(ErrorKind.STORAGE_UNREACHABLE, f"of {size} bytes it kept {there['ContentLength']}.")
        self._drop(self._tails)
        return ObjectInfo(self._where["Key"], size, str(there.get("ETag", "")).strip('"'))

    def abort(self) -> None:
        """See `Writing.abort`."""
        try:
            self._client.abort_multipart_upload(**self._upload)
        except FAILURES as error:
            if code_of(error) != _GONE:
                raise explain(error, **_named(self._where)) from error
        self._drop(self._tails)
        self.close()

    def close(self) -> None:
        """See `Writing.close`."""
        self._buffer = io.BytesIO()

    def _send(self) -> None:
        """Send what has been gathered as the next part."""
        self._buffer.seek(0)
        with _told(**_named(self._where)):
            answer = self._client.upload_part(**self._upload, PartNumber=len(self._etags) + 1, Body=self._buffer)
        self._etags.append(str(answer["ETag"]))
        self._buffer = io.BytesIO()

    def _drop(self, tails: list[str]) -> None:
        for key in tails:
            with _told(self._where["Bucket"], key):
                self._client.delete_object(Bucket=self._where["Bucket"], Key=key)


@contextmanager
def _told(bucket: str, key: str) -> Iterator[None]:
    """Say what went wrong in the terms of a store."""
    try:
        yield
    except FAILURES as error:
        if code_of(error) == _GONE or code_of(error) in MISSING:
            raise TelecineError(ErrorKind.OBJECT_MISSING, "what had come of it is gone.", field=key) from error
        raise explain(error, bucket, key) from error


def _named(where: dict[str, str]) -> dict[str, str]:
    return {"bucket": where["Bucket"], "key": where["Key"]}
