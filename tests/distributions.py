"""A distribution in the queue of a worker's database, for tests that need no server."""

from tests.jobs import SITE

from telecine.catalog import copies, distributions, recipients, storages
from telecine.catalog.distribution_models import CopyTask
from telecine.catalog.models import Job
from telecine.core.distribution import Distribution
from telecine.core.job import InputFile, JobSpec
from telecine.jobs.services import Services


def new_distribution(
    services: Services, *names: str, master: str = "film.mov", after: Job | None = None, **wanted: object
) -> Job:
    """Put a distribution to recipients of these names in the queue; `wanted` are fields of `Distribution`.

    It has the storages of the job `after`, or new ones.
    """
    values = [storages.StorageValues(kind, kind, kind, "RG011", "key", "secret") for kind in ("input", "output")]
    with services.database.write() as s:
        if after:
            source, target = after.input_storage, after.output_storage
        else:
            source, target = (storages.create(s, services.sealer, SITE, one).storage_id for one in values)
        numbers = []
        for first in range(0, len(names), 150):
            new = [recipients.NewRecipient(name) for name in names[first : first + 150]]
            numbers += [row.id for row in recipients.register(s, SITE, new)]
        spec = JobSpec(
            name="Film",
            content_id="film",
            input_storage=source,
            output_storage=target,
            output_path="copies",
            files=(InputFile(path=master, video=True),),
            distribution=Distribution(**wanted),
        )
        return distributions.create(s, SITE, distributions.NewDistribution(spec, numbers, {}))


def tasks(services: Services, job_id: int) -> list[CopyTask]:
    """The rows of a job's copies, in the order in which recipients were named."""
    with services.database.read() as s:
        return list(copies.tasks_of(s, job_id))
