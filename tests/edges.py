"""An edge over a site of its own, with marked titles made of tiny files that say what they are.

Every file of a made-up tree holds its own key, so that a test sees at once which variant was served.
"""

import atexit
import base64
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient
from tests import plans
from tests.jobs import SITE, new_job, services_in
from tests.services import Seaweed

from telecine.catalog import marks, sites, storages
from telecine.catalog.database import Database
from telecine.catalog.mark_models import MarkedTitle, MarkSession
from telecine.catalog.models import Job
from telecine.catalog.seal import Sealer
from telecine.catalog.storages import StorageValues
from telecine.core import layout
from telecine.core.plan import Plan
from telecine.core.watermark.bias import Family
from telecine.core.watermark.pace_info import rendition_sidecar
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.sequence import SequenceKey, derive_key
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.token_aes import write_aes
from telecine.core.watermark.token_keys import TokenKeys, derive_token_keys
from telecine.core.watermark.tokens import token_digest
from telecine.edge.open import create_app
from telecine.jobs.services import Services
from telecine.settings import Settings
from telecine.storage.folder import FolderStore
from telecine.storage.open import StoreFactory
from telecine.storage.store import Store

DOCUMENTED = bytes.fromhex("50b658ee13e133")
SESSION = "00112233445566778899aabbccddeeff"
PREFIX = "wm-contents"
PICTURES = (plans.video("v0"), plans.video("v1", size=(640, 360)))
TREES = (
    plans.tree("dash"),
    plans.tree("hls", transport_stream=True),
    plans.tree("cmaf", "mp4_ttml"),
)


@dataclass
class Clock:
    """A clock that stands until it is turned."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def made_up(kind: str, trees: Sequence[Any] = TREES, positions: int = 80) -> tuple[Plan, dict[str, bytes]]:
    """A plan of marked trees in the layout `kind`, and every file of them below the content's folder."""
    plan = plans.plan(*trees, video=PICTURES, audio=(plans.audio("a0"),), subtitles=(plans.subtitle("s0"),))
    plan = plans.marked(plan, kind)
    names: list[str] = []
    for tree in trees:
        folders = layout.published_folders(plan, tree.folder)
        for track in layout.track_files(plan, tree).values():
            shared = [name for name in (track.init, track.playlist, track.sidecar) if name]
            segments = [track.at(position) for position in range(positions)] if track.segments else []
            names += [f"{folder}/{name}" for folder in folders for name in (*shared, *segments)]
            if track.name.startswith("v") and len(folders) == 1:
                names += [layout.second_variant(f"{folders[0]}/{name}") for name in segments]
        names += [f"{folder}/{layout.MPD if layout.has_mpd(tree) else layout.MASTER}" for folder in folders]
    return plan, {name: name.encode() for name in names}


def sidecars(plan: Plan, positions: int = 80) -> dict[str, bytes]:
    """The files that tell positions, as the packager writes them."""
    made = {}
    for tree in plan.trees:
        for name, track in layout.track_files(plan, tree).items():
            if name.startswith("v"):
                names = [track.at(position).rpartition("/")[2] for position in range(positions)]
                for folder in layout.published_folders(plan, tree.folder):
                    key = f"{folder}/{track.folder}/{layout.PACE_INFO}/{layout.PACE_INFO_SIDECAR}"
                    made[key] = rendition_sidecar(names)
    return made


@dataclass
class Stage:
    """A site with a storage, and the edge over it. `changes` are settings that differ from the defaults."""

    services: Services
    storage_id: str
    job_id: int
    store: Store
    clock: Clock = field(default_factory=Clock)

    def client(self, **changes: Any) -> TestClient:
        """A new edge of the site, which has looked nothing up yet."""
        key = SecretStr(base64.b64encode(bytes(32)).decode())
        settings = self.services.settings.model_copy(update={"master_key": key} | changes)
        return TestClient(create_app(settings, SITE, self.clock), raise_server_exceptions=False)

    def publish(
        self, kind: str = "unlabeled", content: str = "film", path: str = "vod", trees: Sequence[Any] = TREES,
        with_sidecars: bool = True, positions: int = 8,
    ) -> Plan:  # fmt: skip
        """Put a made-up marked title into the storage and into the catalog."""
        plan, files = made_up(kind, trees, positions)
        folder = f"{path}/{content}" if path else content
        for name, body in (files | (sidecars(plan, positions) if with_sidecars else {})).items():
            self.put(f"{folder}/{name}", body)
        self.add_title(kind, content, path, [tree.folder for tree in trees], positions)
        return plan

    def put(self, key: str, body: bytes) -> None:
        """A file of the storage. Folders are written to at once: a store waits for the disk, and here are hundreds."""
        if not isinstance(self.store, FolderStore):
            self.store.upload(body, key, "")
            return
        path = self.services.settings.buckets / "output" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def add_title(self, kind: str, content: str, path: str, formats: list[str], positions: int) -> None:
        """The row of a marked title."""
        with self.services.database.write() as s:
            marks.secret(s, self.services.sealer, SITE)
            s.add(
                MarkedTitle(
                    site_id=SITE, content_id=content, job_id=self.job_id, layout=kind, strength=0.5, segment_ticks=2,
                    segment_scale=1, positions=positions, aspect=16 / 9, formats=formats,
                    output_storage=self.storage_id, output_path=path, reference="", reg_time=self.clock(),
                )
            )  # fmt: skip

    @property
    def secret(self) -> bytes:
        """The site's watermark secret."""
        with self.services.database.write() as s:
            return marks.secret(s, self.services.sealer, SITE)

    def keys(self, content: str = "film") -> Any:
        """The sequence keys of a title, by family."""

        def of(family: Family) -> SequenceKey:
            return derive_key(self.secret, SITE, content, family)

        return of

    def token_keys(self) -> TokenKeys:
        """What the site's tokens are written with."""
        with self.services.database.read() as s:
            site_key = sites.site_key(self.services.sealer, sites.get(s, SITE))
        return derive_token_keys(self.secret, SITE, site_key)

    def ticket(self, **said: Any) -> Ticket:
        """What a token of the documented example says; `said` replaces fields."""
        given: dict[str, Any] = {
            "code": SessionCode.DELIVERY, "payload": DOCUMENTED, "session": "", "site": SITE, "content": "",
            "issued": self.clock(), "expires": None, "streaming_format": "dash", "sync_skip": None,
            "revoke_flag": False, "pattern": None,
        }  # fmt: skip
        return Ticket(**(given | said))

    def aes(self, **said: Any) -> str:
        """A token in the documented form."""
        return write_aes(self.ticket(**said), self.token_keys().site_key)

    def open(self, token: str, content: str = "film", payload: bytes = DOCUMENTED, **values: Any) -> str:
        """The row of a session, whose token this is; returns the token."""
        row: dict[str, Any] = {
            "site_id": SITE, "content_id": content, "session": SESSION, "payload": payload.hex(), "code": "delivery",
            "forensic_mark": "someone", "token_digest": token_digest(token), "reg_time": self.clock(),
        }  # fmt: skip
        with self.services.database.write() as s:
            s.add(MarkSession(**(row | values)))
        return token


@cache
def _prepared() -> Path:
    """A folder with a migrated database, a site and a job in it: quicker to copy than to make."""
    folder = Path(tempfile.mkdtemp(prefix="telecine-edge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    services = services_in(folder)
    new_job(services)
    services.database.close()
    return folder


def stage_in(folder: Path) -> Stage:
    """A site on folders below `folder`."""
    shutil.copytree(_prepared(), folder, dirs_exist_ok=True)
    settings = Settings(_env_file=None, data_dir=folder)
    stores = StoreFactory("folder", settings.buckets)
    services = Services(settings, Database(settings.database), Sealer(bytes(32)), stores)
    with services.database.read() as s:
        job_id = s.scalars(select(Job.id)).one()
        storage_id = s.get_one(Job, job_id).output_storage
    store = services.stores.open("output", "RG011", "", "")
    return Stage(services, storage_id, job_id, store)


def stage_on_s3(folder: Path, server: Seaweed) -> Stage:
    """A site whose storage is a new bucket of an S3 server."""
    stage = stage_in(folder)
    bucket, keys = server.make_bucket(), server.reader
    settings = stage.services.settings.model_copy(update={"storage_kind": "s3", "s3_endpoint": server.endpoint})
    stage.services = replace(
        stage.services, settings=settings, stores=StoreFactory("s3", settings.buckets, server.endpoint)
    )
    values = StorageValues("s3", bucket, "output", "RG011", keys.access_key, keys.secret_key)
    with stage.services.database.write() as s:
        stage.storage_id = storages.create(s, stage.services.sealer, SITE, values).storage_id
    stage.store = stage.services.stores.open(bucket, "RG011", server.keys.access_key, server.keys.secret_key)
    return stage


def url(token: str, name: str, content: str = "film", path: str = "vod") -> str:
    """Where a viewer with `token` finds a file of a title, as a path."""
    folder = f"{path}/{content}" if path else content
    return f"/{PREFIX}/{token}/{folder}/{name}"
