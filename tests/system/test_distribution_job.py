"""A master in, a copy for each recipient out: on the embedded defaults, and on PostgreSQL, S3 and two workers.

A job is put into the queue as the API and the command line do; operators follow it by `telecine jobs`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from tests import clips
from tests.system.test_end_to_end import SITE, Deployment, deployment, embedded, grown

from telecine.catalog import copies, distributions, jobs, prepared, recipients, storages
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.core.distribution import Distribution
from telecine.core.job import InputFile, JobSpec
from telecine.jobs import references
from telecine.jobs.prepared import REFERENCE
from telecine.jobs.supervisor import environment
from telecine.media.detect.reference import Reference

pytestmark = pytest.mark.slow
__all__ = ["deployment", "embedded", "grown"]

SECONDS = 4
RATE = 25
MASTER = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "800k", "-g", "25", "-bf", "2")


def telecine(deployment: Deployment, *arguments: str) -> Any:
    """What a command prints as JSON; it must end well."""
    command = [sys.executable, "-m", "telecine.cli", *arguments, "--json"]
    told = subprocess.run(command, env=environment(deployment.settings), capture_output=True, text=True)
    assert told.returncode == 0, told.stderr + told.stdout
    return json.loads(told.stdout)


class Studio:
    """A site with storages that distributes a master."""

    def __init__(self, deployment: Deployment) -> None:
        settings = deployment.settings
        self.deployment = deployment
        self.database = Database(settings.database)
        self.sealer = Sealer(load_master_key(settings.master_key.get_secret_value(), settings.data_dir / "master.key"))
        master = clips.clip(SECONDS, str(RATE), "640x360", video=MASTER)
        deployment.store("input").upload(master, "masters/film.mp4", "video/mp4")
        keys = (deployment.access_key_id, deployment.secret_key)
        with self.database.write() as s:
            self.storages = [
                storages.create(s, self.sealer, SITE, storages.StorageValues(kind, bucket, kind, "RG011", *keys))
                for kind, bucket in deployment.buckets.items()
            ]

    def distribute(self, names: list[str], **wanted: object) -> int:
        source, target = (row.storage_id for row in self.storages)
        spec = JobSpec(
            name="film", content_id="film", input_storage=source, output_storage=target, output_path="out",
            files=(InputFile(path="masters/film.mp4", video=True),), distribution=Distribution(**wanted),
        )  # fmt: skip
        with self.database.write() as s:
            missing = [name for name in names if recipients.named(s, SITE, [name]) == [None]]
            if missing:
                recipients.register(s, SITE, [recipients.NewRecipient(name) for name in missing])
            numbers = [row.id for row in recipients.named(s, SITE, names) if row]
            new = distributions.NewDistribution(spec, numbers, {})
            return distributions.create(s, SITE, new).id

    def copies(self, job_id: int, folder: Path) -> dict[str, Path]:
        """The copy of each recipient, by name, fetched from the output storage."""
        found = {}
        with self.database.read() as s:
            rows = copies.recipients_of(s, SITE, job_id)
        for task, recipient in rows:
            found[recipient.name] = folder / str(job_id) / recipient.name
            found[recipient.name].parent.mkdir(parents=True, exist_ok=True)
            self.deployment.store("output").download(task.object_key, found[recipient.name])
        return found

    def reference(self, job_id: int) -> Reference:
        """What leaks of the job's copies are laid on."""
        with self.database.read() as s:
            row = prepared.get(s, SITE, job_id)
        return Reference.open(references.place_of(self.deployment.settings.prepared, row.name) / REFERENCE)


def frames(path: Path) -> int:
    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0))


def test_every_recipient_gets_a_copy_of_his_own_spliced_or_encoded(deployment: Deployment, tmp_path: Path):
    studio = Studio(deployment)
    spliced = studio.distribute([f"cinema-{number}" for number in range(20)], group_seconds=0.12)
    own = studio.distribute(["Critic", "Jury"], mode="individual")
    for job_id, count, groups in ((spliced, 20, 34), (own, 2, SECONDS)):
        job = telecine(deployment, "jobs", "watch", str(job_id))
        assert (job["state"], job["outputs"]["copies"]) == ("complete", count)
        found = studio.copies(job_id, tmp_path)
        assert len({path.read_bytes() for path in found.values()}) == count
        assert {frames(path) for path in list(found.values())[:3]} == {SECONDS * RATE}
        facts = studio.reference(job_id).facts
        assert (facts.duration, facts.positions) == (SECONDS, groups)
    first = studio.copies(spliced, tmp_path)
    assert len({path.stat().st_size for path in first.values()}) == 1
    later = studio.distribute(["late", "cinema-7"], group_seconds=0.12)
    telecine(deployment, "jobs", "watch", str(later))
    with studio.database.read() as s:
        told = [event.message for event in jobs.events(s, SITE, later)]
    assert f"The master that job {spliced} has prepared is used." in told
    second = studio.copies(later, tmp_path)
    assert second["cinema-7"].read_bytes() == first["cinema-7"].read_bytes() != second["late"].read_bytes()
    keys = {info.key for info in deployment.store("output").list()}
    assert {"out/film/copies/cinema-7/film_cinema-7.mp4", "out/film/copies/Jury/film_Jury.mp4"} <= keys
    assert len(keys) == 23
    assert {line["id"] for line in telecine(deployment, "jobs", "list", "--state", "complete")} == {spliced, own, later}
    assert telecine(deployment, "jobs", "show", str(own))["progress"] == 100
    assert not list(deployment.settings.work.glob("job-*")), "the work folder was left"
