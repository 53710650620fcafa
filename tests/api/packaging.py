"""What tests of the packaging API do again and again: they seal requests as a client does."""

from telecine.apis.packaging import samples
from telecine.apis.packaging.sealed import seal
from telecine.catalog import jobs, sites, storages
from telecine.catalog.jobs import NewJob
from telecine.core.job import Format, JobSpec, Packaging

INPUT = samples.JOB_REGISTER["storage"]["input"]["storage_id"]
OUTPUT = samples.JOB_REGISTER["storage"]["output"]["storage_id"]
BUCKET = samples.STORAGE_REGISTER["aws_bucket"]


def site_key(api, site_id="DEMO"):
    with api.database.read() as s:
        return sites.site_key(api.services.sealer, sites.get(s, site_id))


def sealed(api, plain, site_id="DEMO", **other):
    """The parameter that carries `plain`; `other` replaces what it is sealed with."""
    own = {"site_id": site_id, "site_key": site_key(api, site_id), "access_key": api.keys[site_id]}
    return seal(plain, **own | {"timestamp": api.clock().strftime("%Y-%m-%dT%H:%M:%SZ")} | other)


def send(api, method, what, text, site_id="DEMO", **more):
    """The answer to `text` in the query, raw as the vendor's samples append it."""
    return api.client.request(method, f"/packaging/api/v2/{what}/{site_id}?pallycon-apidata={text}", **more)


def call(api, method, what, plain, site_id="DEMO", **more):
    """The answer to a request of a client of `site_id` that does everything right."""
    return send(api, method, what, sealed(api, plain, site_id), site_id, **more)


def code(answer):
    return answer.status_code, answer.json()["error_code"]


def fields(answer):
    return [error["field"] for error in answer.json()["errors"]]


def register(api, **changes):
    api.bucket(BUCKET)
    answer = call(api, "POST", "storage", samples.STORAGE_REGISTER | changes)
    assert answer.status_code == 200, answer.text
    return answer.json()["storage_id"]


def both_storages(api, site_id="DEMO"):
    """The storages that the document's job names."""
    api.add_storage(INPUT, "input", site_id)
    api.add_storage(OUTPUT, "output", site_id)


def job_spec(input_storage, output_storage, name="film", content_id="cid-1", formats=("dash", "hls")):
    """What this API makes of a job."""
    return JobSpec(
        name=name,
        content_id=content_id,
        input_storage=input_storage,
        output_storage=output_storage,
        output_path="packaged",
        contents=("film",),
        packaging=Packaging(formats=tuple(Format(tree) for tree in formats)),
    )


def add_job(api, name="film", dialect="packaging", formats=("dash", "hls"), site_id="DEMO", **changes):
    """A job as this API has them, put into the catalog; both storages must be there. `changes` replace its flags."""
    spec = job_spec(INPUT, OUTPUT, name, changes.pop("content_id", "cid-1"), formats)
    request = samples.JOB_REGISTER | changes.pop("request", {})
    now = changes.pop("now", api.clock())
    flags = {"forensic_watermark": True} | changes
    with api.database.write() as s:
        return jobs.create(s, site_id, NewJob(spec=spec, request=request, dialect=dialect, **flags), now=now).id


def kinds(api):
    """Name and kind of every storage of DEMO."""
    with api.database.read() as s:
        return {row.storage_name: row.io_type for row in storages.search(s, "DEMO", storages.StorageFilter())[1]}


def job_count(api):
    with api.database.read() as s:
        return jobs.search(s, "DEMO", jobs.JobFilter())[0]
