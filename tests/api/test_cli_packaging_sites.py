"""What an operator does for sites of the packaging API: callback, trial limit, stopping and restarting jobs."""

import json
from datetime import UTC, datetime

import pytest
from tests.api.packaging import job_spec

from telecine.catalog import deliveries, jobs, storages
from telecine.catalog.database import Database
from telecine.catalog.models import CALLBACK
from telecine.catalog.seal import Sealer
from telecine.cli.output import Exit
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.core.wm_codes import status_code
from telecine.settings import Settings

URL = "https://93.184.216.34/packaged"


@pytest.fixture
def telecine(telecine):
    """Runs a command line on a data folder of its own, in which there is the site DEMO."""
    telecine("site", "create", "DEMO")
    return telecine


@pytest.fixture
def database(telecine):
    opened = Database(Settings().database)
    yield opened
    opened.close()


@pytest.fixture
def job_id(telecine, database):
    """A packaging job of DEMO in the queue, whose end the site wants to hear of."""
    telecine("site", "packaging", "DEMO", "--callback-url", URL)
    values = storages.StorageValues("Main", "bucket", "both", "RG011", "key", "secret")
    places = {"input": {"contents_path": "film"}, "output": {"path": "out"}}
    with database.write() as s:
        storage = storages.create(s, Sealer(bytes(32)), "DEMO", values).storage_id
        new = jobs.NewJob(spec=job_spec(storage, storage), request={"storage": places}, dialect="packaging")
        return jobs.create(s, "DEMO", new).id


def as_json(result):
    return json.loads(result.stdout)


def advance(database, job_id, state, **how):
    with database.write() as s:
        assert jobs.advance(s, job_id, jobs.load(s, job_id).attempt, state, now=datetime.now(UTC), **how)


def test_callback_and_trial_limit(telecine):
    shown = as_json(telecine("site", "packaging", "DEMO", "--json"))
    assert shown == {"site_id": "DEMO", "callback_url": "", "trial_bytes": None, "trial_sessions": None}
    telecine("site", "packaging", "DEMO", "--callback-url", URL)
    telecine("site", "packaging", "DEMO", "--trial-bytes", "1000")
    shown = as_json(telecine("site", "packaging", "DEMO", "--json"))
    assert shown == {"site_id": "DEMO", "callback_url": URL, "trial_bytes": 1000, "trial_sessions": None}
    telecine("site", "packaging", "DEMO", "--callback-url", "", "--trial-bytes", "0")
    shown = as_json(telecine("site", "packaging", "DEMO", "--json"))
    assert shown == {"site_id": "DEMO", "callback_url": "", "trial_bytes": None, "trial_sessions": None}


@pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1/", "https://u:p@example.com/", "nonsense"])
def test_a_callback_must_be_a_public_https_address(telecine, url):
    told = telecine("site", "packaging", "DEMO", "--callback-url", url, "--json", code=Exit.FAILED)
    assert as_json(told)["error"]["kind"] == "target_refused"
    assert as_json(telecine("site", "packaging", "DEMO", "--json"))["callback_url"] == ""


def test_a_site_that_is_not_there(telecine):
    for command in ("packaging", "callbacks"):
        assert "not found" in telecine("site", command, "NONE", code=Exit.NOT_FOUND).stderr


def test_a_job_is_stopped_and_restarted(telecine, database, job_id):
    advance(database, job_id, JobState.DOWNLOADING)
    assert as_json(telecine("jobs", "stop", str(job_id), "--json"))["state"] == "stop_requested"
    assert status_code(JobState.STOP_REQUESTED, drm=True) == "WM100"
    advance(database, job_id, JobState.STOPPED)
    assert as_json(telecine("site", "callbacks", "DEMO", "--json"))[0]["error_code"] == "WM200"
    telecine("jobs", "restart", str(job_id))
    shown = as_json(telecine("jobs", "show", str(job_id), "--json"))
    assert (shown["state"], shown["attempt"]) == ("queued", 2)


def test_results_that_were_told_are_listed_and_sent_again(telecine, database, job_id):
    telecine("site", "callbacks", "DEMO")
    advance(database, job_id, JobState.ERROR, error=TelecineError(ErrorKind.INTERNAL), error_code="WM900006")
    now = datetime.now(UTC)
    with database.write() as s:
        deliveries.failed(s, 1, now, 404, "who are you", None)
    (line,) = as_json(telecine("site", "callbacks", "DEMO", "--json"))
    assert (line["job_id"], line["error_code"], line["state"]) == (job_id, "WM900006", "dead")
    assert (line["status"], line["answer"], line["attempts"]) == (404, "who are you", 1)
    (line,) = as_json(telecine("site", "callbacks", "DEMO", "--resend", str(line["id"]), "--json"))
    assert (line["state"], line["attempts"]) == ("pending", 0)
    with database.read() as s:
        assert deliveries.log(s, "DEMO", noti_id=CALLBACK)[1][0].next_try >= now
    telecine("site", "callbacks", "DEMO", "--resend", "99", code=Exit.NOT_FOUND)
