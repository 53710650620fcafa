"""What a worker process owns and every activity borrows: database, secrets, stores, engines, slots."""

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore

from telecine.catalog import marks, storages
from telecine.catalog.database import Database
from telecine.catalog.mark_models import Detection
from telecine.catalog.models import Job
from telecine.catalog.seal import Sealer, load_master_key
from telecine.core.watermark.bias import Family
from telecine.core.watermark.pattern import MarkKey, derive_mark_key
from telecine.core.watermark.recipients import RecipientKeys, derive_recipient_keys
from telecine.keys.http import Patience
from telecine.keys.ring import KeyRing
from telecine.media.tools import Tools, find_tools
from telecine.media.workspace import Workspace
from telecine.notify.pump import DeliveryOptions
from telecine.settings import Settings
from telecine.storage.open import StoreFactory
from telecine.storage.store import Store


@dataclass
class Services:
    """One worker's belongings. `identity` is new at every process start: a host name would outlive its worker."""

    settings: Settings
    database: Database
    sealer: Sealer
    stores: StoreFactory
    identity: str = field(default_factory=lambda: f"{socket.gethostname()}-{secrets.token_hex(4)}")

    @classmethod
    def of(cls, settings: Settings) -> "Services":
        """Open what `settings` name. Brings the database up to date; makes the master key on first use."""
        database = Database(settings.database)
        database.migrate()
        key = load_master_key(settings.master_key.get_secret_value(), settings.data_dir / "master.key")
        stores = StoreFactory(settings.storage_kind, settings.buckets, settings.s3_endpoint)
        return cls(settings, database, Sealer(key), stores)

    @cached_property
    def tools(self) -> Tools:
        """The engines; looked for when first needed, so that a missing one fails a job with its name."""
        return find_tools(self.settings.ffmpeg, self.settings.ffprobe, self.settings.packager)

    @cached_property
    def delivery(self) -> DeliveryOptions:
        """How notifications reach their targets."""
        return DeliveryOptions(self.settings.sns_endpoint, tuple(self.settings.private_targets))

    @cached_property
    def cpu_slots(self) -> int:
        """Encodes at once."""
        return self.settings.encodes

    @cached_property
    def cpu_gate(self) -> BoundedSemaphore:
        """Shared by the queues of every region that this worker serves: each queue may hand out `cpu_slots`."""
        return BoundedSemaphore(self.cpu_slots)

    def workspace(self, job_id: int) -> Workspace:
        """The job's work folder; all attempts share it, so that a restart finds finished chunks."""
        return Workspace(work_folder(self.settings.work, job_id))

    def detection_workspace(self, detection_id: int) -> Workspace:
        """The work folder of a detection."""
        return Workspace(self.settings.work / f"detection-{detection_id}")

    def key_ring(self, site_id: str, poll: Callable[[], None]) -> KeyRing:
        """The content keys of a site. `poll` is called between tries at a key server, and may raise to end them."""
        return KeyRing(self.database, self.sealer, site_id, Patience(poll=poll))

    def mark_key(self, site_id: str, content_id: str) -> MarkKey:
        """The key of a title's marks, from its site's secret, which is made at first use."""
        with self.database.write() as s:
            return derive_mark_key(marks.secret(s, self.sealer, site_id), site_id, content_id)

    def recipient_keys(self, site_id: str, content_id: str, family: Family) -> RecipientKeys:
        """The keys of a content's copies, from its site's secret, which is made at first use."""
        with self.database.write() as s:
            return derive_recipient_keys(marks.secret(s, self.sealer, site_id), site_id, content_id, family)

    def store(self, job: Job | Detection, storage_id: str) -> Store:
        """Open a storage of the job's, or detection's, site. Raises NOT_FOUND."""
        with self.database.read() as s:
            row = storages.get(s, job.site_id, storage_id)
        secret = storages.secret(self.sealer, row)
        return self.stores.open(row.aws_bucket, row.region, row.access_key_id, secret)


def work_folder(work: Path, job_id: int) -> Path:
    """The folder of a job below the work folder."""
    return work / f"job-{job_id}"
