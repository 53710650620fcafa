"""The integration setting."""

import pytest

from telecine.apis.tnp import samples
from telecine.catalog import sites


def test_the_documents_sample(api):
    assert api.call("GET", "/api/setting/DEMO").json() == {
        "error_code": "0000",
        "error_message": "Success.",
        "data": {
            "site_id": "DEMO",
            "region": "RG011",
            "service_status": "SE000",
            "trial_pack_cnt": 0,
            "site_key": None,
            "access_key": None,
        },
    }


def test_the_documents_sample_of_an_update(api):
    answer = api.call("PUT", "/api/setting/DEMO", json=samples.SETTING_UPDATE)
    assert answer.json() == {
        "error_code": "0000",
        "error_message": "Success.",
        "data": {"site_id": "DEMO", "region": "RG004"},
    }
    assert api.call("GET", "/api/setting/DEMO").json()["data"]["region"] == "RG004"


@pytest.mark.parametrize("more", [{}, {"siteId": "DEMO"}, {"site_id": "EVIL"}, {"siteId": None}])
def test_the_site_is_the_paths_whatever_the_body_calls_it(api, more):
    api.add_site("EVIL")
    assert api.call("PUT", "/api/setting/DEMO", json={"region": "rg013"} | more).status_code == 200
    assert api.call("GET", "/api/setting/EVIL", "EVIL").json()["data"]["region"] == "RG011"


@pytest.mark.parametrize(("body", "code"), [({}, "E1001"), ({"region": None}, "E1001"), ({"region": "RG999"}, "E1003")])
def test_a_region_must_be_one(api, body, code):
    answer = api.call("PUT", "/api/setting/DEMO", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert "'region'" in answer.json()["error_message"]


def test_keys_are_shown_where_the_operator_allows_it(api):
    with api.database.write() as s:
        site = sites.configure(s, "DEMO", show_storage_secrets=True)
        site_key = sites.site_key(api.services.sealer, site)
    data = api.call("GET", "/api/setting/DEMO").json()["data"]
    assert data["site_key"] == site_key
    assert data["access_key"] == api.keys["DEMO"]


def test_out_of_service_and_on_trial(api):
    with api.database.write() as s:
        sites.configure(s, "DEMO", trial_limit=2)
    api.add_job()
    with api.database.write() as s:
        sites.configure(s, "DEMO", in_service=False)
    data = api.call("GET", "/api/setting/DEMO").json()["data"]
    assert (data["service_status"], data["trial_pack_cnt"]) == ("SE001", 1)


def test_new_jobs_run_in_the_sites_region(api):
    api.call("PUT", "/api/setting/DEMO", json={"region": "RG013"})
    job_id = api.add_job()
    assert api.call("GET", f"/api/job/DEMO/{job_id}").json()["data"]["region"] == "RG013"
