"""A worker's belongings and a job in its database, for tests that need no server."""

from pathlib import Path

from telecine.catalog import jobs, sites, storages
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer
from telecine.core.job import Format, InputFile, JobSpec, Packaging
from telecine.jobs.services import Services
from telecine.settings import Settings
from telecine.storage.open import StoreFactory

SITE = "DEMO"


def services_in(folder: Path) -> Services:
    """Everything below `folder`, with one site and empty buckets."""
    settings = Settings(_env_file=None, data_dir=folder)
    database = Database(settings.database)
    database.migrate()
    sealer = Sealer(bytes(32))
    with database.write() as s:
        sites.create(s, sealer, SITE)
    for bucket in ("input", "output"):
        (settings.buckets / bucket).mkdir(parents=True)
    return Services(settings, database, sealer, StoreFactory("folder", settings.buckets))


def new_job(services: Services) -> int:
    """Put a job in the queue; its command is not carried out yet."""
    values = [storages.StorageValues(kind, kind, kind, "RG011", "key", "secret") for kind in ("input", "output")]
    with services.database.write() as s:
        source, target = (storages.create(s, services.sealer, SITE, one).storage_id for one in values)
        spec = JobSpec(
            name="Film",
            content_id="film",
            input_storage=source,
            output_storage=target,
            output_path="vod",
            files=(InputFile(path="film.mp4", video=True),),
            packaging=Packaging(formats=(Format.DASH,)),
        )
        return jobs.create(s, SITE, jobs.NewJob(spec=spec, request={}, priority=2)).id
