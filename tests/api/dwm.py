"""Requests of the DWM API for tests, and what they need."""

from typing import Any

from sqlalchemy.orm import Session
from tests.api.conftest import Api
from tests.prepared import PLAN, prepare

from telecine.apis.dwm import samples
from telecine.catalog import marks, prepared
from telecine.catalog.models import Job, Storage
from telecine.core.master import Prepared


def call(api: Api, method: str, path: str, site_id: str = "DEMO", **more: Any) -> Any:
    """The answer to a request with a token of `site_id`; `path` is without the dialect's prefix."""
    headers = {"Authorization": api.token_once(site_id), **more.pop("headers", {})}
    return api.client.request(method, f"/dwm{path}", headers=headers, **more)


def register(api: Api, *names: str, site_id: str = "DEMO") -> list[int]:
    """Recipients of these names; their numbers."""
    body = {"recipients": [{"name": name, "description": f"{name} corp."} for name in names]}
    answer = call(api, "POST", f"/api/recipient/{site_id}", site_id, json=body)
    assert answer.status_code == 200, answer.text
    return [line["dwm_id"] for line in answer.json()["data"]]


def request(**fields: Any) -> dict[str, Any]:
    """Our sample of a job, with `fields` in place of those at its top."""
    return samples.JOB_CREATE | fields


def with_storages(api: Api, site_id: str = "DEMO") -> None:
    """The storages that our sample names."""
    for io_type in ("input", "output"):
        with api.database.read() as s:
            known = s.get(Storage, samples.JOB_CREATE[io_type]["storage_id"])
        if known is None:
            api.add_storage(samples.JOB_CREATE[io_type]["storage_id"], io_type, site_id)


def add_job(api: Api, *names: str, **fields: Any) -> int:
    """A job of DEMO for recipients of these names, which are registered where they are new."""
    with_storages(api)
    known = {line["name"] for line in call(api, "GET", "/api/recipient/DEMO?page_unit=1000").json()["data"]}
    new = [name for name in names if name not in known]
    if new:
        register(api, *new)
    answer = call(api, "POST", "/api/job/DEMO", json=request(recipients=list(names), **fields))
    assert answer.status_code == 200, answer.text
    job_id: int = answer.json()["data"]["job_id"]
    return job_id


def prepare_for(api: Api, job_id: int, **sizes: int) -> tuple[Prepared, list[bytes]]:
    """The prepared master of a job, as a worker leaves it; what it is, and the bytes of its two files."""
    with api.database.write() as s:
        job = s.get_one(Job, job_id)
        name = f"DEMO/{job.content_id}/{job_id}"
        marks.secret(s, api.services.sealer, "DEMO")
        prepared.keep(s, job, PLAN, name)
    return prepare(api.services.settings.prepared / name, **sizes)


def secret_of(api: Api, s: Session) -> bytes:
    """The secret of DEMO's marks."""
    return marks.secret(s, api.services.sealer, "DEMO")
