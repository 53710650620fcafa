"""`telecine dwm`: what an operator types and reads, over a database without a server."""

import json

import pytest
from tests.distributed import add_distribution, add_recipients
from tests.prepared import prepare

from telecine.catalog import copies, distributions, jobs, prepared, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer, load_master_key
from telecine.cli.output import Exit
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState
from telecine.jobs import references
from telecine.jobs.services import Services
from telecine.settings import Settings
from telecine.storage.open import StoreFactory


@pytest.fixture
def services(telecine):
    """This installation, with a site that has a storage for input and one for output."""
    telecine("site", "create", "DEMO")
    settings = Settings()
    database = Database(settings.database)
    sealer = Sealer(load_master_key("", settings.data_dir / "master.key"))
    with database.write() as s:
        for kind in ("input", "output"):
            storages.create(s, sealer, "DEMO", storages.StorageValues(kind, kind, kind, "RG011", "key", "secret"))
    yield Services(settings, database, sealer, StoreFactory("folder", settings.buckets))
    database.close()


def storage_id(services: Services, kind: str) -> str:
    with services.database.read() as s:
        rows = storages.search(s, "DEMO", storages.StorageFilter())[1]
    return next(row.storage_id for row in rows if row.io_type == kind)


def said(result):
    return json.loads(result.stdout)


def test_recipients_are_registered_by_name_and_by_file_and_listed(telecine, services, tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("# our houses\nAirline, in the air\n\nFestival\n")
    telecine("dwm", "recipients", "add", "dubbing.1", "dubbing-2", "--description", "voices")
    made = said(telecine("dwm", "recipients", "add", "--file", str(file), "--json"))
    assert [(one["dwm_id"], one["name"], one["description"]) for one in made] == [
        (3, "Airline", "in the air"), (4, "Festival", ""),
    ]  # fmt: skip
    assert [one["name"] for one in said(telecine("dwm", "recipients", "list", "DUB", "--json"))] == [
        "dubbing-2", "dubbing.1",
    ]  # fmt: skip
    assert "Airline" in telecine("dwm", "recipients", "list").output


def test_more_recipients_than_one_request_may_have_are_registered_from_a_file(telecine, services, tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("\n".join(f"house-{number}" for number in range(320)))
    assert len(said(telecine("dwm", "recipients", "add", "--file", str(file), "--json"))) == 320


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["add"], Exit.USAGE, "NAMES"),
        (["add", "a/b"], Exit.USAGE, "English letters"),
        (["add", "x" * 129], Exit.USAGE, "128"),
        (["add", "new", "TAKEN"], Exit.CONFLICT, "taken"),
        (["add", "new", "NEW"], Exit.CONFLICT, "same name"),
        (["add", "--file", "missing.csv"], Exit.USAGE, "missing.csv"),
        (["add", "new", "--site", "ELSE"], Exit.NOT_FOUND, "site"),
        (["remove", "nobody"], Exit.NOT_FOUND, "nobody"),
        (["remove", "#99"], Exit.NOT_FOUND, "99"),
    ],
)
def test_what_is_wrong_with_recipients_is_said_and_changes_nothing(telecine, services, arguments, code, told):
    telecine("dwm", "recipients", "add", "taken")
    assert told.lower() in telecine("dwm", "recipients", *arguments, code=code).output.lower()
    assert [one["name"] for one in said(telecine("dwm", "recipients", "list", "--json"))] == ["taken"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("a b\n", "line 1"), ("one\nONE\n", "line 2"), (f"one, {'x' * 51}\n", "line 1"), ("# nobody\n", "names nobody")],
)
def test_a_wrong_line_of_a_file_is_named(telecine, services, tmp_path, text, told):
    (tmp_path / "houses.csv").write_text(text)
    output = telecine("dwm", "recipients", "add", "--file", str(tmp_path / "houses.csv"), code=Exit.USAGE).output
    assert told in output
    assert "--file" in output


def test_a_recipient_is_forgotten_by_name_or_number_until_a_copy_was_asked_for(telecine, services):
    with services.database.write() as s:
        numbers = add_recipients(s, "first", "second", "third")
        add_distribution(s, storage_id(services, "output"), numbers[:1])
    telecine("dwm", "recipients", "remove", "SECOND")
    telecine("dwm", "recipients", "remove", f"#{numbers[2]}")
    assert "job 1" in telecine("dwm", "recipients", "remove", "first", code=Exit.CONFLICT).output
    assert [one["name"] for one in said(telecine("dwm", "recipients", "list", "--json"))] == ["first"]


def job_of(services: Services, job_id: int):
    with services.database.read() as s:
        return distributions.get(s, "DEMO", job_id), [task.recipient_id for task in copies.tasks_of(s, job_id)]


PRE_EMBED = ("dwm", "pre-embed", "masters/film.mov", "--content", "film", "--no-wait", "--json")


def test_a_distribution_is_put_into_the_queue_with_the_only_storages_there_are(telecine, services):
    telecine("dwm", "recipients", "add", "Airline", "Festival", "Dubbing")
    made = said(telecine(*PRE_EMBED, "--recipients", "airline,#3", "--path", "/a//b/", "--group-seconds", "0.5"))
    assert (made["job_id"], made["state"], made["recipients"]) == (1, "queued", 2)
    job, numbers = job_of(services, 1)
    assert numbers == [1, 3]
    assert (job.content_id, job.dialect, job.spec["files"][0]["path"]) == ("film", "dwm", "masters/film.mov")
    assert (job.spec["input_storage"], job.spec["output_storage"]) == (
        storage_id(services, "input"), storage_id(services, "output"),
    )  # fmt: skip
    assert job.spec["output_path"] == "a/b"
    assert job.spec["distribution"] == {"mode": "pool", "code": "uniform", "strength": 0.5, "group_seconds": 0.5}


def test_all_means_every_recipient_and_mode_and_code_are_as_asked(telecine, services):
    telecine("dwm", "recipients", "add", "Airline", "Festival", "Dubbing")
    telecine(*PRE_EMBED, "--recipients", "all", "--mode", "individual", "--code", "up_to_6", "--strength", "0.7")
    job, numbers = job_of(services, 1)
    assert numbers == [1, 2, 3]
    assert job.spec["distribution"] == {
        "mode": "individual", "code": "up_to_6", "strength": 0.7, "group_seconds": None,
    }  # fmt: skip


def test_recipients_come_from_a_file_too(telecine, services, tmp_path):
    telecine("dwm", "recipients", "add", "Airline", "Festival", "Dubbing")
    (tmp_path / "list").write_text("dubbing, of voices\nAIRLINE\n")
    telecine(*PRE_EMBED, "--recipients", str(tmp_path / "list"))
    assert job_of(services, 1)[1] == [3, 1]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--recipients", "airline,nobody,none"], Exit.USAGE, "nobody, none"),
        (["--recipients", ","], Exit.USAGE, "--recipients"),
        (["--recipients", "airline", "--input", "unknown"], Exit.USAGE, "--input"),
        (["--recipients", "airline", "--output", "unknown"], Exit.USAGE, "--output"),
        (["--recipients", "airline", "--path", "a/../b"], Exit.USAGE, "--path"),
        (["--recipients", "airline", "--content", "a/b"], Exit.USAGE, "--content"),
        (["--recipients", "airline", "--group-seconds", "11"], Exit.USAGE, "--group-seconds"),
        (["--recipients", "airline", "--strength", "2"], Exit.USAGE, "--strength"),
        (["--recipients", "airline", "--keep", "folder"], Exit.USAGE, "--here"),
        (["--recipients", "airline", "--site", "ELSE"], Exit.NOT_FOUND, "site"),
        (["--recipients", "airline", "--here"], Exit.USAGE, "--output"),
        (["--recipients", "airline", "--here", "--output", "folder"], Exit.USAGE, "--secret"),
    ],
)
def test_a_distribution_that_cannot_be_is_refused_naming_the_option(telecine, services, arguments, code, told):
    telecine("dwm", "recipients", "add", "Airline")
    assert told in telecine(*PRE_EMBED[:-1], *arguments, code=code).output
    with services.database.read() as s:
        assert jobs.search(s, "DEMO", jobs.JobFilter())[0] == 0


def test_of_several_storages_one_must_be_named(telecine, services):
    telecine("dwm", "recipients", "add", "Airline")
    with services.database.write() as s:
        values = storages.StorageValues("more", "more", "output", "RG011", "key", "secret")
        other = storages.create(s, services.sealer, "DEMO", values).storage_id
    output = telecine(*PRE_EMBED[:-1], "--recipients", "airline", code=Exit.USAGE).output
    assert "--output" in output
    assert other in output
    telecine(*PRE_EMBED, "--recipients", "airline", "--output", other)
    assert job_of(services, 1)[0].spec["output_storage"] == other


@pytest.fixture
def job(services):
    """A distribution that made two copies of three, and has its prepared files."""
    with services.database.write() as s:
        numbers = add_recipients(s, "Airline", "Festival", "Dubbing")
        job_id = add_distribution(s, storage_id(services, "output"), numbers)
        jobs.advance(s, job_id, 1, JobState.UPLOADING, now=utcnow())
        for number, name in zip(numbers[:2], ("Airline", "Festival"), strict=True):
            copies.complete(s, job_id, 1, number, f"copies/film/{name}/film_{name}.mov", 1234)
        copies.fail(s, job_id, 1, numbers[2], TelecineError(ErrorKind.STORAGE_UNREACHABLE, "it is away."))
        name = prepared.get(s, "DEMO", job_id).name
    entry = references.place_of(services.settings.prepared, name)
    prepare(entry)
    (entry / "reference").mkdir()
    return job_id


def end(services: Services, job_id: int, state: JobState) -> None:
    with services.database.write() as s:
        jobs.advance(s, job_id, 1, state, now=utcnow())


def test_distributions_are_listed_and_shown_with_their_copies(telecine, services, job):
    assert [line["id"] for line in said(telecine("dwm", "jobs", "list", "--json"))] == [job]
    assert said(telecine("dwm", "jobs", "list", "--content", "else", "--json")) == []
    shown = said(telecine("dwm", "jobs", "show", str(job), "--json"))
    assert (shown["mode"], shown["copies.complete"], shown["copies.failed"]) == ("pool", 2, 1)
    assert (shown["groups"], shown["files_kept"]) == (160, True)
    telecine("dwm", "jobs", "show", "99", code=Exit.NOT_FOUND)


def test_copies_say_where_they_are_and_why_one_is_not(telecine, services, job):
    lines = said(telecine("dwm", "copies", str(job), "--json"))
    assert [(one["recipient"], one["task_status"], one["cli_error_code"]) for one in lines][:2] == [
        ("Airline", "TK002", "0"), ("Festival", "TK002", "0"),
    ]  # fmt: skip
    assert (lines[0]["object_key"], lines[0]["size"]) == ("copies/film/Airline/film_Airline.mov", 1234)
    assert (lines[2]["task_status"], lines[2]["object_key"]) == ("TK005", "")
    assert "it is away" in lines[2]["error_message"]
    assert "it is away" in telecine("dwm", "copies", str(job)).output
    telecine("dwm", "copies", "99", code=Exit.NOT_FOUND)


def test_dropping_frees_the_files_and_keeps_what_leaks_are_compared_with(telecine, services, job):
    assert "needs them" in telecine("dwm", "drop", str(job), code=Exit.CONFLICT).output
    end(services, job, JobState.COMPLETE)
    with services.database.read() as s:
        entry = references.place_of(services.settings.prepared, prepared.get(s, "DEMO", job).name)
    assert said(telecine("dwm", "drop", str(job), "--json"))["freed_bytes"] == 2 * 12500
    assert [path.name for path in entry.iterdir()] == ["reference"]
    assert said(telecine("dwm", "jobs", "show", str(job), "--json"))["files_kept"] is False
    assert said(telecine("dwm", "drop", str(job), "--json"))["freed_bytes"] == 0
    telecine("dwm", "drop", "99", code=Exit.NOT_FOUND)


def test_a_link_opens_one_recipients_copy_until_the_files_are_dropped(telecine, services, job):
    from telecine.apis.copy_links import CopyLink, CopyLinks

    given = said(telecine("dwm", "link", str(job), "FESTIVAL", "--seconds", "60", "--json"))
    assert (given["size"], given["file_name"]) == (12500, "film_Festival.mov")
    base, _, token = given["url"].removesuffix(f"/{given['file_name']}").rpartition("/")
    assert base == "http://127.0.0.1:8787/dwm/copy"
    key = load_master_key("", services.settings.data_dir / "master.key")
    assert CopyLinks(key).read(token, utcnow()) == CopyLink("DEMO", job, 2)
    assert "nobody" in telecine("dwm", "link", str(job), "nobody", code=Exit.NOT_FOUND).output
    assert "seconds" in telecine("dwm", "link", str(job), "#2", "--seconds", "999999", code=Exit.USAGE).output
    end(services, job, JobState.COMPLETE)
    telecine("dwm", "drop", str(job))
    assert "removed" in telecine("dwm", "link", str(job), "festival", code=Exit.FAILED).output
