"""What tests of the PRI API do again and again."""

from telecine.apis.pri import samples
from telecine.catalog import jobs, packaged_assets, packaging_groups
from telecine.catalog.packaging_groups import GroupChanges, GroupValues


def create(api, **fields):
    answer = api.pri("POST", json=samples.CREATE | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def faults(api, status=400, **fields):
    answer = api.pri("POST", json=samples.CREATE | fields)
    assert answer.status_code == status, answer.text
    assert answer.json()["statusCode"] == str(status)
    assert api.pri("GET").json()["totalCount"] == 0
    return answer.json()


def fields_of(body):
    return [error["field"] for error in body["errors"]]


def job_of(api, asset_id=samples.CREATE["id"]):
    with api.database.read() as s:
        return jobs.load(s, packaged_assets.get(s, "DEMO", asset_id).job.id)


def spec_of(api):
    return jobs.spec_of(job_of(api))


def advance(api, *states, error=None):
    job = job_of(api)
    with api.database.write() as s:
        for state in states:
            assert jobs.advance(s, job.id, job.attempt, state, now=api.clock(), error=error)


def status(api):
    return api.pri("GET", f"/{samples.CREATE['id']}").json()["status"]


def group(api, **changes):
    with api.database.write() as s:
        packaging_groups.update(s, "DEMO", "PackagingGroup1", GroupChanges(**changes))


def add_group(api, name, **values):
    with api.database.write() as s:
        packaging_groups.create(s, "DEMO", name, GroupValues(**values))
