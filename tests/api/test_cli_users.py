"""What an operator does for people of the video API: teams, users, passwords, bans."""

import json

import pytest
from typer.testing import CliRunner

from telecine.catalog import storages, teams, users
from telecine.catalog.database import Database
from telecine.cli import app
from telecine.cli.output import Exit
from telecine.settings import Settings


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
def team_id(telecine):
    return json.loads(telecine("team", "add", "Film club", "--json").stdout)["team_id"]


def matches(database, email, password):
    with database.read() as s:
        return users.matches(users.find(s, email), password)


def test_a_team_gets_a_bucket_of_its_own(telecine, database):
    made = json.loads(telecine("team", "add", " Film club ", "--site", "DEMO", "--json").stdout)
    assert (made["name"], made["site_id"]) == ("Film club", "DEMO")
    with database.read() as s:
        storage = storages.get(s, "DEMO", made["storage_id"])
    assert storage.io_type == storages.BOTH
    assert (Settings().buckets / storage.aws_bucket).is_dir()
    assert "Film club" in telecine("team", "list").stdout
    assert json.loads(telecine("team", "list", "--site", "DEMO", "--json").stdout) == [made]


def test_a_team_may_share_a_storage(telecine):
    telecine("bucket", "create", "shared")
    create = ("storage", "create", "shared", "--site", "DEMO", "--json", "--type")
    storage_id = json.loads(telecine(*create, "both").stdout)["storage_id"]
    made = json.loads(telecine("team", "add", "Archive", "--storage", storage_id, "--json").stdout)
    assert made["storage_id"] == storage_id
    one_way = json.loads(telecine(*create, "output").stdout)["storage_id"]
    telecine("team", "add", "x", "--storage", one_way, code=Exit.USAGE)
    telecine("team", "add", "x", "--storage", "nothing", code=Exit.NOT_FOUND)
    telecine("team", "add", " ", code=Exit.USAGE)
    telecine("team", "list", "--site", "NONE", code=Exit.NOT_FOUND)


def test_a_site_has_to_be_named_where_there_are_several(telecine):
    telecine("site", "create", "MORE")
    assert "--site" in telecine("team", "add", "x", code=Exit.USAGE).output


def test_where_buckets_are_s3s_a_storage_has_to_be_named(telecine, monkeypatch):
    monkeypatch.setenv("TELECINE_STORAGE_KIND", "s3")
    assert "--storage" in telecine("team", "add", "x", code=Exit.USAGE).output


def test_a_user_gets_a_password_that_is_shown_once(telecine, database, team_id):
    shown = json.loads(telecine("user", "add", "ann@example.com", "--name", "Ann", "--team", team_id, "--json").stdout)
    assert (shown["email"], shown["teams"]) == ("ann@example.com", "Film club")
    assert matches(database, "ann@example.com", shown["password"])
    listed = telecine("user", "list", "--json").stdout
    assert shown["user_id"] in listed
    assert shown["password"] not in listed
    telecine("user", "add", "ANN@example.com", "--name", "Ann", "--team", team_id, code=Exit.CONFLICT)
    telecine("user", "add", "x", "--name", "X", "--team", team_id, code=Exit.USAGE)
    telecine("user", "add", "x@y", "--name", "X", "--team", "nothing", code=Exit.NOT_FOUND)


def test_a_password_comes_from_a_pipe(telecine, database, team_id):
    def piped(text, *arguments):
        return CliRunner().invoke(app, arguments, input=text)

    new = ("user", "add", "ann@example.com", "--name", "Ann", "--team", team_id, "--password-stdin")
    assert piped("short\n", *new).exit_code == Exit.USAGE
    made = piped("a good one: ä\nrest\n", *new)
    assert made.exit_code == Exit.DONE
    assert "password" not in made.stdout
    assert matches(database, "ann@example.com", "a good one: ä")
    assert piped("another good one", "user", "password", "ann@example.com", "--password-stdin").exit_code == Exit.DONE
    assert matches(database, "ann@example.com", "another good one")
    made_here = json.loads(telecine("user", "password", "ann@example.com", "--json").stdout)["password"]
    assert matches(database, "ann@example.com", made_here)
    telecine("user", "password", "nobody@example.com", code=Exit.NOT_FOUND)


def test_a_user_is_banned_and_let_in_again(telecine, database, team_id):
    telecine("user", "add", "ann@example.com", "--name", "Ann", "--team", team_id)
    shown = json.loads(telecine("user", "ban", "ann@example.com", "--reason", "spam", "--json").stdout)
    assert (shown["banned"], shown["banned_reason"]) == (True, "spam")
    with database.read() as s:
        assert users.find(s, "ann@example.com").token_version == 2
    assert not json.loads(telecine("user", "unban", shown["user_id"], "--json").stdout)["banned"]
    telecine("user", "ban", "nobody@example.com", code=Exit.NOT_FOUND)


def test_a_user_joins_another_team(telecine, database, team_id):
    telecine("user", "add", "ann@example.com", "--name", "Ann", "--team", team_id)
    other = json.loads(telecine("team", "add", "Archive", "--json").stdout)["team_id"]
    telecine("team", "join", other, "ann@example.com")
    telecine("team", "join", other, "ann@example.com")
    with database.read() as s:
        found = teams.of_user(s, users.find(s, "ann@example.com").id)
    assert [team.name for team in found] == ["Film club", "Archive"]
    telecine("team", "join", "nothing", "ann@example.com", code=Exit.NOT_FOUND)
    telecine("team", "join", other, "nobody@example.com", code=Exit.NOT_FOUND)
