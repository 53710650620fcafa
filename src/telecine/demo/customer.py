"""A customer of the T&P API, and a viewer of what it publishes. Neither knows how the server works."""

import base64
import re
from pathlib import Path
from typing import Any

import httpx

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.manifests import resolve
from telecine.media.read_hls import read_hls
from telecine.media.read_mpd import read_mpd
from telecine.storage.content_types import content_type

_PLAYLIST = re.compile(r'(?:^|URI=")([^"#\s]+\.m3u8)', re.MULTILINE)
"""Playlists that a playlist names, on a line of their own or in an attribute."""


class Customer:
    """Calls of one site; `base` is the server's URL, `login` and `key` are an account's."""

    def __init__(self, base: str, site: str, login: str, key: str) -> None:
        self.http = httpx.Client(base_url=base, timeout=60)
        self._site = site
        basic = base64.b64encode(f"{login}:{key}".encode()).decode()
        self.http.headers["Authorization"] = f"Basic {basic}"
        self.http.headers["Authorization"] = self._call("GET", "token")["token"]

    def register(self, io_type: str, bucket: str) -> str:
        """Register a bucket as `input` or `output`; gives its storage id."""
        body = {"storage_name": f"demo {io_type}", "aws_bucket": bucket, "io_type": io_type, "region": "RG011"}
        keys = {"access_key_id": "not-needed", "secret_key": "by-a-folder"}
        return str(self._call("POST", "storage", json=body | keys)["storage_id"])

    def create_job(self, request: dict[str, Any]) -> int:
        """Create a job; gives its id."""
        return int(self._call("POST", "job", json=request)["job_id"])

    def job(self, job_id: int) -> dict[str, Any]:
        """The job's details."""
        return dict(self._call("GET", "job", f"/{job_id}"))

    def _call(self, method: str, what: str, rest: str = "", **more: Any) -> Any:  # noqa: ANN401 - any JSON
        """The data of one call. Raises INTERNAL with what the server said."""
        answer = self.http.request(method, f"/tnp/api/{what}/{self._site}{rest}", **more)
        body = answer.json()
        if answer.status_code != 200 or body["error_code"] != "0000":
            said = f"{method} {what}: {answer.status_code} {body['error_code']} {body['error_message']}"
            raise TelecineError(ErrorKind.INTERNAL, said)
        return body["data"]


class Mirror:
    """Fetches manifests and everything that they lead to into a folder, as a player would ask for it."""

    def __init__(self, http: httpx.Client, base: str, folder: Path) -> None:
        self.files = 0
        self.bytes = 0
        self._http = http
        self._base = base
        self._folder = folder

    def fetch(self, manifest: str) -> None:
        """Fetch one main manifest (a name below `base`) and what it names.

        Raises PUBLISH_FAILED for what the server does not give, or gives as something else than media.
        """
        text = self._get(manifest)
        if manifest.endswith(".m3u8"):
            for reference in set(_PLAYLIST.findall(text.decode())):
                self._get(resolve(manifest, reference))
            read = read_hls(self._folder, manifest)
        else:
            read = read_mpd(self._folder, manifest)
        for name in sorted(read.pieces()):
            if not (self._folder / name).exists():
                self._get(name)

    def _get(self, name: str) -> bytes:
        answer = self._http.get(f"{self._base}/{name}")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code != 200 or kind != content_type(name).partition(";")[0]:
            raise TelecineError(ErrorKind.PUBLISH_FAILED, f"{name}: {answer.status_code}, {kind} over HTTP.")
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer.content)
        self.files += 1
        self.bytes += len(answer.content)
        return answer.content
