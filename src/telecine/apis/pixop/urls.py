"""Absolute addresses in answers, as the client itself calls this server: same authority, with or without the prefix.

Clients call them as given, some through a shell, so they hold nothing that a shell would read otherwise.
"""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from telecine.apis.hosts import ADDED
from telecine.apis.pixop import PREFIX
from telecine.apis.services import Wired

_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Urls:
    """Makes addresses below `base`, which ends without a slash."""

    base: str

    def projects(self) -> str:
        """The list of projects."""
        return f"{self.base}/videos/v1/projects"

    def videos(self) -> str:
        """The list of videos."""
        return f"{self.base}/videos/v1/videos"

    def project(self, project_id: str) -> str:
        """One project."""
        return f"{self.base}/videos/v1/project/{project_id}"

    def video(self, video_id: str) -> str:
        """One video."""
        return f"{self.base}/videos/v1/video/{video_id}"

    def upload(self, video_id: str) -> str:
        """Where a video's media is uploaded."""
        return f"{self.base}/media/v1/upload/{video_id}"

    def upload_light(self, video_id: str) -> str:
        """The same for light ingestion."""
        return f"{self.base}/media/v1/upload/light/{video_id}"

    def process(self, video_id: str) -> str:
        """Where a video is asked to be processed."""
        return f"{self.base}/videos/v1/process-video/{video_id}"

    def ingest_progress(self, video_id: str) -> str:
        """How far a video's ingestion is."""
        return f"{self.base}/videos/v1/check-ingest-video-progress/{video_id}"

    def process_progress(self, video_id: str) -> str:
        """How far the making of a processed video is."""
        return f"{self.base}/videos/v1/check-process-video-progress/{video_id}"

    def download_original(self, video_id: str) -> str:
        """The uploaded media."""
        return f"{self.base}/media/v1/download/original/{video_id}"

    def download_processed(self, video_id: str) -> str:
        """The media of a processed video."""
        return f"{self.base}/media/v1/download/processed/{video_id}"


def base_of(request: Request, public_url: str) -> str:
    """Scheme, authority and, where the request came with it, prefix. `public_url` helps where there is no good Host
    header, and with the scheme where a proxy that took TLS off hands on its authority.
    """
    host, public = request.headers.get("host", ""), urlsplit(public_url)
    prefix = "" if request.scope.get(ADDED) == PREFIX else PREFIX
    if not _AUTHORITY.fullmatch(host):
        return public_url + prefix
    scheme = public.scheme if public.netloc.lower() == host.lower() else request.scope.get("scheme", "http")
    return f"{scheme}://{host}{prefix}"


def _urls(request: Request, services: Wired) -> Urls:
    return Urls(base_of(request, services.settings.base_url))


Addressed = Annotated[Urls, Depends(_urls)]
"""Declare a parameter of this type in a route whose answer holds addresses."""
