"""A real API with a site, its key vault and its ClearKey licence server, and encrypted trees that the engine makes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from tests.play.trees import FAST, HEIGHTS, publish
from tests.servers import free_port

from telecine.apis.app import assemble, open_services, server_config
from telecine.apis.playback import Playback
from telecine.apis.services import Services
from telecine.catalog import sites
from telecine.console import files, player
from telecine.core.drm import PlaybackTracks
from telecine.keys.ring import KeyRing
from telecine.settings import Settings

SITE = "DEMO"


@dataclass
class Studio:
    """The API at `url` and what it has published, each tree once for the whole session."""

    folder: Path
    services: Services
    url: str
    _published: dict[str, str] = field(default_factory=dict)

    def tree(
        self, name: str, formats: list[str], drm: dict[str, Any], heights: tuple[int, ...] = HEIGHTS, **policy: Any
    ) -> str:
        """`bucket/folder` of the clip, encrypted as `drm` says by the site's own keys."""
        if name not in self._published:
            ring = KeyRing(self.services.database, self.services.sealer, SITE)
            work = self.folder / "work" / name
            in_force = FAST.model_copy(update=policy)
            buckets = self.services.settings.buckets
            place = publish(buckets, name, work, formats, None, HEIGHTS, drm, in_force, ring)
            self._published[name] = place
        return self._published[name]

    def token(self, tracks: str = "ALL", content_id: str = "show", seconds: int = 3600) -> str:
        """A playback token, as `telecine token` prints it."""
        playback = Playback(SITE, content_id, PlaybackTracks(tracks))
        return self.services.playback_tokens.issue(playback, datetime.now(UTC), seconds)


@contextmanager
def running(folder: Path) -> Iterator[Studio]:
    """The whole API on a port of its own, with player page and published files."""
    port = free_port()
    settings = Settings(data_dir=folder / "data", port=port, _env_file=None)
    services = open_services(settings, lambda: datetime.now(UTC))
    with services.database.write() as s:
        sites.create(s, services.sealer, SITE)
    app = assemble(services)
    app.include_router(player.router())
    app.include_router(files.router(settings.buckets, lambda _bucket: True, ["*"]))
    server = uvicorn.Server(server_config(app, settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Studio(folder, services, f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join(10)
