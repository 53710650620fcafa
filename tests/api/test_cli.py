"""The command line: what an operator types, what comes back, and the exit code."""

import json
import time
from datetime import UTC, datetime

import pytest

from telecine.catalog import jobs, storages
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer
from telecine.cli.output import Exit, show_record
from telecine.cli.progress import JobProgress, clock
from telecine.cli.system import without_password
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Cbr, Format, InputFile, JobSpec, Packaging, VideoRendition
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.settings import Settings


@pytest.fixture
def database(telecine):
    """The command line's database, with the site DEMO."""
    telecine("site", "create", "DEMO")
    opened = Database(Settings().database)
    yield opened
    opened.close()


@pytest.fixture
def job_id(database):
    """A job in the queue."""
    values = storages.StorageValues("Main", "bucket", "output", "RG011", "key", "secret")
    with database.write() as s:
        storage = storages.create(s, Sealer(bytes(32)), "DEMO", values).storage_id
        spec = JobSpec(
            name="Film",
            content_id="film-1",
            input_storage=storage,
            files=(InputFile(path="in.mp4", video=True),),
            output_storage=storage,
            output_path="out",
            video=(VideoRendition(track_id="v", codec="h264", width=320, height=180, rate=Cbr(bitrate=9)),),
            packaging=Packaging(formats=(Format.DASH,)),
        )
        return jobs.create(s, "DEMO", jobs.NewJob(spec=spec, request={"job_name": "Film"}, warnings=["odd"])).id


def advance(database: Database, job_id: int, state: JobState, error: TelecineError | None = None) -> None:
    with database.write() as s:
        assert jobs.advance(s, job_id, jobs.load(s, job_id).attempt, state, now=datetime.now(UTC), error=error)


def test_help_names_every_command_and_the_exit_codes(telecine):
    said = telecine("--help").output
    for command in (
        "serve",
        "api",
        "worker",
        "edge",
        "temporal",
        "run",
        "probe",
        "verify",
        "doctor",
        "settings",
        "jobs",
    ):
        assert command in said
    assert "Exit codes" in said


class TestMarking:
    def marking(self, telecine, *options, **more):
        return json.loads(telecine("site", "marking", "DEMO", *options, "--json", **more).stdout)

    def test_a_site_begins_with_the_defaults(self, telecine, database):
        assert self.marking(telecine) == {
            "site_id": "DEMO",
            "layout": "unlabeled",
            "strength": 0.5,
            "code": "delivery",
            "pace_info": "renditions",
            "cost": "balanced",
            "draft_claims": False,
            "shortest_seconds": 300.0,
            "narrowest": 640,
        }

    def test_what_is_chosen_stays_chosen_and_the_rest_as_it_is(self, telecine, database):
        self.marking(telecine, "--layout", "prefixed", "--strength", "0.7", "--cost", "lean")
        changed = self.marking(telecine, "--code", "uniform", "--shortest-seconds", "60", "--narrowest", "320")
        assert (changed["layout"], changed["strength"], changed["code"]) == ("prefixed", 0.7, "uniform")
        assert changed["cost"] == "lean"
        assert self.marking(telecine) == changed

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--layout", "upside-down"),
            ("--strength", "2"),
            ("--code", "x"),
            ("--pace-info", "x"),
            ("--cost", "nothing"),
            ("--narrowest", "10"),
        ],
    )
    def test_what_cannot_be_is_refused_by_its_option(self, telecine, database, option, value):
        refused = telecine("site", "marking", "DEMO", option, value, code=Exit.USAGE)
        assert option in refused.output
        assert self.marking(telecine)["strength"] == 0.5

    def test_an_unknown_site_has_none(self, telecine, database):
        telecine("site", "marking", "NONE", code=Exit.NOT_FOUND)


def test_a_new_site_comes_with_an_account_and_its_key(telecine):
    made = json.loads(telecine("site", "create", "DEMO", "--json").stdout)
    assert (made["site_id"], made["region"], made["email"]) == ("DEMO", "RG011", "admin@demo.local")
    assert len(made["access_key"]) > 30
    assert made["access_key"] not in telecine("account", "list", "DEMO", "--json").stdout
    assert telecine("site", "list").stdout.startswith("DEMO\tRG011\tyes")


def test_the_site_key_is_printed_on_demand_only(telecine, database):
    shown = json.loads(telecine("site", "key", "DEMO", "--json").stdout)
    assert list(shown) == ["site_id", "site_key"]
    assert len(shown["site_key"]) == 32
    assert shown["site_key"] not in telecine("site", "show", "DEMO", "--json").stdout
    assert json.loads(telecine("site", "key", "DEMO", "--json").stdout) == shown
    telecine("site", "key", "NONE", code=Exit.NOT_FOUND)


def test_a_failure_comes_with_its_cure_and_an_exit_code(telecine):
    telecine("site", "create", "DEMO")
    again = telecine("site", "create", "DEMO", code=Exit.CONFLICT)
    assert "exists already" in again.stderr
    assert "Choose another value" in again.stderr
    as_json = telecine("site", "create", "DEMO", "--json", code=Exit.CONFLICT)
    assert json.loads(as_json.stdout)["error"]["kind"] == "conflict"
    telecine("site", "create", "much too long", code=Exit.USAGE)
    telecine("site", "create", "MARS", "--region", "RG999", code=Exit.USAGE)
    telecine("site", "show", "NONE", code=Exit.NOT_FOUND)
    telecine("site", "show", code=Exit.USAGE)


def test_a_site_is_changed(telecine):
    telecine("site", "create", "DEMO")
    changed = telecine("site", "set", "DEMO", "--region", "RG004", "--trial", "2", "--no-in-service", "--json")
    assert json.loads(changed.stdout).items() >= {"region": "RG004", "trial_limit": 2, "in_service": False}.items()
    assert json.loads(telecine("site", "set", "DEMO", "--trial", "-1", "--json").stdout)["trial_limit"] is None


def test_a_rotated_key_is_new_and_a_revoked_account_is_marked(telecine):
    telecine("site", "create", "DEMO")
    first = json.loads(telecine("account", "create", "DEMO", "a@b.example", "--json").stdout)["access_key"]
    second = json.loads(telecine("account", "rotate", "DEMO", "a@b.example", "--json").stdout)["access_key"]
    assert first != second
    telecine("account", "revoke", "DEMO", "a@b.example")
    accounts = json.loads(telecine("account", "list", "DEMO", "--json").stdout)
    assert {account["email"]: account["revoked"] for account in accounts} == {
        "admin@demo.local": False,
        "a@b.example": True,
    }
    telecine("account", "rotate", "DEMO", "nobody@b.example", code=Exit.NOT_FOUND)


def test_a_bucket_is_a_folder(telecine, tmp_path, monkeypatch):
    telecine("bucket", "create", "films")
    assert (tmp_path / "data" / "buckets" / "films").is_dir()
    assert telecine("bucket", "list").stdout.startswith("films\t")
    telecine("bucket", "create", "../films", code=Exit.FAILED)
    monkeypatch.setenv("TELECINE_STORAGE_KIND", "s3")
    assert "make the bucket there" in telecine("bucket", "create", "films", code=Exit.FAILED).stderr


def test_jobs_are_listed_and_shown(telecine, job_id):
    assert telecine("jobs", "list").stdout.startswith(f"{job_id}\tDEMO\tqueued\tFilm\tfilm-1\th264")
    assert telecine("jobs", "list", "--state", "complete").stdout == ""
    assert telecine("jobs", "list", "--site", "NONE", code=Exit.NOT_FOUND)
    shown = json.loads(telecine("jobs", "show", str(job_id), "--json").stdout)
    assert shown.items() >= {"status": "queued", "progress": 0.0, "warnings": ["odd"]}.items()
    assert "Warning: odd" in telecine("jobs", "show", str(job_id)).stderr
    telecine("jobs", "show", "999", code=Exit.NOT_FOUND)


def test_a_job_is_stopped_and_restarted(telecine, database, job_id):
    assert "stop_requested" in telecine("jobs", "stop", str(job_id)).stdout
    assert "cannot be stopped" in telecine("jobs", "stop", str(job_id), code=Exit.CONFLICT).stderr
    advance(database, job_id, JobState.STOPPED)
    telecine("jobs", "watch", str(job_id), code=Exit.JOB_STOPPED)
    again = json.loads(telecine("jobs", "restart", str(job_id), "--json").stdout)
    assert again == {"id": job_id, "state": "queued", "attempt": 2}


def test_watching_ends_with_the_job_and_tells_why_it_failed(telecine, database, job_id):
    advance(database, job_id, JobState.ERROR, TelecineError(ErrorKind.ENCODE_FAILED, "no more disk."))
    watched = telecine("jobs", "watch", str(job_id), code=Exit.JOB_ERROR)
    assert "Encoding failed: no more disk." in watched.stderr
    assert "restart the job" in watched.stderr


def test_the_log_of_a_job_is_printed(telecine, database, job_id):
    advance(database, job_id, JobState.COMPLETE)
    assert "Job was queued." in telecine("jobs", "logs", str(job_id), "--follow").stdout
    lines = telecine("jobs", "logs", str(job_id), "--json").stdout.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["Job was queued.", "Job is complete."]


def test_settings_in_force_are_shown_without_secrets(telecine, monkeypatch):
    monkeypatch.setenv("TELECINE_MASTER_KEY", "c2VjcmV0")
    monkeypatch.setenv("TELECINE_DATABASE_URL", "postgresql://user:sesame@host/db")
    monkeypatch.setenv("TELECINE_POLICY__CHUNK_SECONDS", "30")
    shown = telecine("settings", "--json").stdout
    assert json.loads(shown)["TELECINE_POLICY__CHUNK_SECONDS"] == 30
    assert json.loads(shown)["TELECINE_DATABASE_URL"] == "postgresql://user:********@host/db"
    assert "c2VjcmV0" not in shown
    assert "sesame" not in shown


def test_a_worker_of_a_region_that_nobody_has_is_refused(telecine):
    assert "RG004, RG011, RG013" in telecine("worker", "--region", "RG999", code=Exit.USAGE).stderr


def test_a_wrong_setting_is_named(telecine, monkeypatch):
    monkeypatch.setenv("TELECINE_PORT", "eighty")
    assert "TELECINE_PORT" in telecine("settings", code=Exit.USAGE).stderr


def test_passwords_in_urls_are_masked():
    assert without_password("postgresql://u:p@h:1/d?x=1") == "postgresql://u:********@h:1/d?x=1"
    assert without_password("sqlite:////data/telecine.db") == "sqlite:////data/telecine.db"


def test_the_doctor_finds_what_is_wrong_and_says_the_cure(telecine, monkeypatch):
    monkeypatch.setenv("TELECINE_FFMPEG", "/nowhere/ffmpeg")
    monkeypatch.setenv("TELECINE_DATABASE_URL", "postgresql://u:sesame@127.0.0.1:1/none")
    monkeypatch.setenv("TELECINE_TEMPORAL_ADDRESS", "127.0.0.1:1")
    said = telecine("doctor", "--json", code=Exit.JOB_ERROR).stdout
    checks = {check["name"]: check for check in json.loads(said)}
    for wrong in ("engines", "database", "Temporal cluster"):
        assert not checks[wrong]["ok"]
        assert "TELECINE_" in checks[wrong]["cure"]
    assert checks["data folder"]["ok"]
    assert "sesame" not in said


def test_progress_outside_a_terminal_is_a_line_now_and_then(capsys):
    with JobProgress("Film", time.monotonic()) as shown:
        shown.title("transcoding")
        for done in range(101):
            shown.update([(Phase.ENCODE, 0, Tick(done, 100, 2.0))])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("Film: transcoding")
    assert [line.split("Film: ")[1].split(" %")[0][:1] for line in lines[1:]] == list("1234567")


def test_what_clients_called_things_is_no_markup(capsys):
    show_record({"name": "Film [red] [/b]"}, as_json=False)
    assert capsys.readouterr().out == "name  Film [red] [/b]\n"


def test_times_are_written_as_clocks():
    assert [clock(None), clock(5), clock(125.4), clock(3725)] == ["-:--", "0:05", "2:05", "1:02:05"]
