"""A distribution as rows: recipients, their job, and the master that it has prepared, for tests of what works on it."""

import numpy as np
from sqlalchemy.orm import Session
from tests.prepared import PLAN

from telecine.catalog import distributions, jobs, prepared, recipients
from telecine.catalog.distributions import NewDistribution
from telecine.catalog.recipients import NewRecipient
from telecine.core.distribution import Distribution
from telecine.core.job import InputFile, JobSpec
from telecine.core.watermark.recipients import RecipientKeys, words_of
from telecine.core.watermark.report import Footage
from telecine.jobs import references

GROUPS = 160
GROUP = 3
SECONDS = GROUP / 25


def plan_json(content_id: str = "film", groups: int = GROUPS, code: str = "uniform") -> dict:
    """The plan of a master of so many groups."""
    frames = groups * GROUP
    chunk = {"index": 0, "first": 0, "frames": frames, "bitrate": 1000}
    return PLAN | {"content_id": content_id, "frames": frames, "code": code, "chunks": [chunk]}


def add_recipients(s: Session, *names: str, site_id: str = "DEMO") -> list[int]:
    """Register recipients; returns their numbers."""
    return [row.id for row in recipients.register(s, site_id, [NewRecipient(name) for name in names])]


def add_distribution(
    s: Session, storage_id: str, numbers: list[int], *, site_id: str = "DEMO", content_id: str = "film",
    has_prepared: bool = True,
) -> int:  # fmt: skip
    """A job that makes copies for these recipients, and has prepared its master; returns its id."""
    spec = JobSpec(
        name="Film",
        content_id=content_id,
        input_storage=storage_id,
        files=(InputFile(path="in.mov", video=True),),
        output_storage=storage_id,
        output_path="copies",
        distribution=Distribution(),
    )
    job = distributions.create(s, site_id, NewDistribution(spec, numbers, {"content_id": content_id}))
    if has_prepared:
        name = references.name_of(site_id, content_id, job.id)
        prepared.keep(s, jobs.load(s, job.id), plan_json(content_id), name)
    return job.id


def copy_of(keys: RecipientKeys, *numbers: int, groups: int = GROUPS) -> Footage:
    """What reading a whole copy gives; of several recipients, one that is cut together of their copies by groups."""
    words = words_of(keys, list(numbers), groups)
    word = words[np.arange(groups) % len(numbers), np.arange(groups)]
    z = np.where(word == 1, -8.0, 8.0) + np.random.default_rng(sum(numbers)).standard_normal(groups)
    return Footage(z, SECONDS)


def noise(groups: int = GROUPS) -> Footage:
    """What reading gives of something without a mark."""
    return Footage(np.random.default_rng(3).standard_normal(groups), SECONDS)
