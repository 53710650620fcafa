"""Opens a registered bucket as the kind of store that the deployment has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from telecine.core.regions import REGIONS
from telecine.storage.folder import FolderStore
from telecine.storage.names import check_bucket
from telecine.storage.s3 import S3Store
from telecine.storage.store import Store


class StoreFactory:
    """`kind` says what buckets are: folders of `bucket_dir`, or S3 buckets at `s3_endpoint` (empty means AWS)."""

    def __init__(
        self,
        kind: Literal["folder", "s3"],
        bucket_dir: Path,
        s3_endpoint: str = "",
        regions: Mapping[str, str] = REGIONS,
    ) -> None:
        self.kind = kind
        self._bucket_dir = bucket_dir
        self._endpoint = s3_endpoint
        self._regions = regions

    def open(self, bucket: str, region_code: str, access_key_id: str, secret: str, *, patient: bool = True) -> Store:
        """The store of one bucket; nothing is tried yet. Raises STORAGE_REFUSED for an impossible name.

        Folders need no keys. `patient=False` is for somebody who waits: fewer tries, shorter timeouts.
        """
        if self.kind == "folder":
            return FolderStore(self._bucket_dir / check_bucket(bucket))
        region = self._regions.get(region_code, region_code)
        return S3Store(bucket, region, access_key_id, secret, self._endpoint, patient=patient)

    def address(self, bucket: str, region_code: str) -> str:
        """The URL under which S3 itself shows the bucket's objects; empty for folders, which others must show.

        Whether viewers may read there is the bucket's affair.
        """
        if self.kind == "folder":
            return ""
        if self._endpoint:
            return f"{self._endpoint.rstrip('/')}/{bucket}"
        region = self._regions.get(region_code, region_code)
        return f"https://{bucket}.s3.{region}.amazonaws.com"
