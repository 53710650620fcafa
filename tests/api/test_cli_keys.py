"""The command line for content keys: what an operator sees, and that nobody sees a key by accident."""

import json
import re
from datetime import UTC, datetime

import pytest

from telecine.apis.playback import Playback, PlaybackTokens
from telecine.catalog.content_keys import Actor
from telecine.cli import rooms
from telecine.cli.output import Exit
from telecine.core.drm import Label, PlaybackTracks, Scheme
from telecine.keys.fixed import FixedKeys
from telecine.keys.ring import KeyRing


@pytest.fixture
def telecine(telecine):
    """Runs a command line on a data folder of its own, with the site DEMO."""
    telecine("site", "create", "DEMO")
    return telecine


@pytest.fixture
def ring(telecine):
    in_force = rooms.settings()
    database = rooms.database(in_force)
    yield KeyRing(database, rooms.sealer(in_force), "DEMO")
    database.close()


@pytest.fixture
def keys(ring):
    return ring.keys_for("film", [Label.SD, Label.HD], Scheme.CENC)


def test_help_names_the_commands(telecine):
    said = telecine("keys", "--help").output
    for command in ("list", "show", "rotate", "export", "make", "audit", "source"):
        assert command in said
    assert "token" in telecine("--help").output


def test_keys_are_listed_without_the_keys(telecine, keys):
    for command in (["list"], ["list", "--json"], ["show", "film"], ["show", "film", "--json"]):
        said = telecine("keys", *command).stdout
        for key in keys.values():
            assert key.kid.hex() in said
            assert key.key.hex() not in said
    shown = json.loads(telecine("keys", "show", "film", "--json").stdout)
    assert [(row["label"], row["version"], row["source"], row["state"]) for row in shown] == [
        ("SD", 1, "vault", "current"),
        ("HD", 1, "vault", "current"),
    ]
    assert shown[0]["iv"] == keys[Label.SD].iv.hex()
    telecine("keys", "show", "nothing", code=Exit.NOT_FOUND)


def test_a_rotation_makes_new_keys_and_is_written_down(telecine, keys, ring):
    rows = json.loads(telecine("keys", "rotate", "film", "--json").stdout)
    new = ring.keys_for("film", [Label.SD, Label.HD], Scheme.CENC)
    assert {row["label"]: row["kid"] for row in rows} == {label.value: key.kid.hex() for label, key in new.items()}
    states = [(row["version"], row["state"]) for row in json.loads(telecine("keys", "show", "film", "--json").stdout)]
    assert states == [(1, "retired"), (1, "retired"), (2, "current"), (2, "current")]
    (entry,) = json.loads(telecine("keys", "audit", "--json").stdout)
    assert (entry["action"], entry["content_id"]) == ("rotate", "film")
    assert entry["who"]
    assert entry["origin"].startswith("command line on ")
    telecine("keys", "rotate", "nothing", code=Exit.NOT_FOUND)


def test_an_export_is_a_cpix_document_and_is_written_down(telecine, keys):
    document = telecine("keys", "export", "--cpix", "film").stdout
    found = FixedKeys.from_cpix(document.encode()).keys_for("film", list(keys), Scheme.CENC)
    assert found == keys
    assert "export" in telecine("keys", "audit").stdout
    telecine("keys", "export", "--cpix", "nothing", code=Exit.NOT_FOUND)
    telecine("keys", "export", code=Exit.USAGE)


def test_keys_for_a_job_without_a_server_are_made_and_not_kept(telecine):
    made = telecine("keys", "make", "--label", "SD", "--label", "AUDIO", "--content-id", "film").stdout
    source = FixedKeys.from_cpix(made.encode())
    assert set(source.keys_for("film", [Label.SD, Label.AUDIO], Scheme.CBCS)) == {Label.SD, Label.AUDIO}
    single = FixedKeys.from_cpix(telecine("keys", "make").stdout.encode())
    assert set(single.keys_for("x", [Label.ALL], Scheme.CENC)) == {Label.ALL}
    assert "no keys yet" in telecine("keys", "list").stderr
    telecine("keys", "make", "--label", "SD", "--label", "SD", code=Exit.USAGE)
    telecine("keys", "make", "--label", "ALL", "--label", "SD", code=Exit.USAGE)


def test_a_site_must_be_named_where_there_are_several(telecine, keys):
    telecine("site", "create", "ELSE")
    assert "DEMO, ELSE" in telecine("keys", "list", code=Exit.USAGE).stderr
    assert keys[Label.SD].kid.hex() in telecine("keys", "list", "--site", "DEMO").stdout
    assert telecine("keys", "list", "--site", "ELSE").stdout == ""
    telecine("keys", "export", "--site", "ELSE", "--cpix", "film", code=Exit.NOT_FOUND)
    telecine("keys", "list", "--site", "NONE", code=Exit.NOT_FOUND)


class TestSources:
    def test_the_vault_is_the_default(self, telecine):
        assert json.loads(telecine("keys", "source", "show", "--json").stdout) == {"kind": "vault"}

    def test_a_speke_server_is_chosen_and_its_secrets_are_not_shown(self, telecine, ring):
        url = "https://keys.example/speke?enc-token=sesame"
        given = ["--header", "X-Api-Key: open sesame", "--speke-version", "2.1", "--system", "widevine", "--encrypted"]
        said = telecine("keys", "source", "set", "speke", url, *given).output
        said += telecine("keys", "source", "show").output + telecine("keys", "audit", "--json").output
        assert "sesame" not in said
        assert "PRIVATE KEY" not in said
        assert "BEGIN CERTIFICATE" in said
        choice = ring.choice()
        assert (choice.url, choice.version, choice.systems) == (url, "2.1", ("widevine",))
        assert choice.headers == {"X-Api-Key": "open sesame"}

    def test_secrets_come_from_a_file_that_no_command_line_shows(self, telecine, ring, tmp_path):
        (tmp_path / "headers").write_text("Authorization: Bearer open:sesame\n\nX-Tenant: film\n")
        start = ["keys", "source", "set", "speke", "https://k.example/"]
        telecine(*start, "--header", f"@{tmp_path / 'headers'}", "--header", "X-More: 1")
        assert ring.choice().headers == {"Authorization": "Bearer open:sesame", "X-Tenant": "film", "X-More": "1"}
        assert "cannot be read" in telecine(*start, "--header", "@/nowhere", code=Exit.USAGE).stderr

    def test_a_key_pair_of_ones_own_is_taken_if_it_is_a_pair(self, telecine, tmp_path):
        from telecine.keys.cpix_secrets import new_key_pair

        (private, certificate), (_, other) = new_key_pair("a"), new_key_pair("b")
        files = {"key": private, "certificate": certificate, "other": other}
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        start = ["keys", "source", "set", "speke", "https://k.example/", "--private-key", str(tmp_path / "key")]
        telecine(*start, "--certificate", str(tmp_path / "certificate"))
        assert "another key" in telecine(*start, "--certificate", str(tmp_path / "other"), code=Exit.USAGE).stderr
        assert "come together" in telecine(*start, code=Exit.USAGE).stderr

    def test_a_widevine_server_is_chosen(self, telecine, ring):
        secret = ["--signing-key", "1a" * 32, "--signing-iv", "2b" * 16]
        telecine("keys", "source", "set", "widevine", "https://k.example/cenc", "--signer", "studio", *secret)
        said = telecine("keys", "source", "show").output
        assert "1a1a" not in said
        assert "2b2b" not in said
        assert "studio" in said
        assert ring.choice().signing_key == "1a" * 32
        telecine("keys", "source", "set", "vault")
        assert ring.choice().kind == "vault"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["speke", "ftp://k.example/"], "http or https"),
            (["speke", "no url"], "http or https"),
            (["speke", "https://user:sesame@k.example/"], "without a user name"),
            (["speke", "https://k.example/", "--header", "nothing"], "Name: value"),
            (["speke", "https://k.example/", "--header", "A B: x"], "a name that cannot be"),
            (["speke", "https://k.example/", "--header", "X: a\nHost: b"], "odd characters"),
            (["speke", "https://k.example/", "--header", "Content-Type: x"], "ours to set"),
            (["speke", "https://k.example/", "--system", "widevine", "--system", "widevine"], "each once"),
            (["widevine", "https://k.example/", "--signer", "s", "--signing-key", "00", "--signing-iv", "00"], "bytes"),
            (["widevine", "https://k.example/", "--signer", "s", "--signing-key", "%", "--signing-iv", "00"], "hex"),
        ],
    )
    def test_what_cannot_be_is_refused_and_changes_nothing(self, telecine, ring, arguments, said):
        refused = telecine("keys", "source", "set", *arguments, code=Exit.USAGE)
        assert said in refused.stderr
        assert "sesame" not in refused.output
        assert ring.choice().kind == "vault"
        assert "Nothing was done" in telecine("keys", "audit").stderr


def test_a_playback_token_opens_what_was_asked_for(telecine):
    made = telecine("token", "--content", "film", "--tracks", "SD_ONLY", "--seconds", "60").stdout.strip()
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", made)
    tokens = PlaybackTokens(rooms.master_key(rooms.settings()))
    assert tokens.read(made, datetime.now(UTC)) == Playback("DEMO", "film", PlaybackTracks.SD_ONLY)
    as_json = json.loads(telecine("token", "--site", "DEMO", "--content", "film", "--json").stdout)
    assert as_json["licence_url"] == "http://127.0.0.1:8787/licence/clearkey"
    assert tokens.read(as_json["token"], datetime.now(UTC)).tracks is PlaybackTracks.ALL
    for wrong in (["--seconds", "0"], ["--seconds", "90000"], ["--tracks", "8K"]):
        telecine("token", "--content", "film", *wrong, code=Exit.USAGE)
    telecine("token", "--site", "NONE", "--content", "film", code=Exit.NOT_FOUND)


def test_what_is_written_down_names_who(ring, keys):
    ring.rotate("film", Actor("x" * 300, "y" * 300))  # longer names than the book's columns are cut
