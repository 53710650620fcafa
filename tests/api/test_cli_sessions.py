"""`telecine sessions`: what an operator types and reads."""

import csv
import io
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.marked import add_title

from telecine.catalog import jobs, storages
from telecine.catalog.database import Database
from telecine.catalog.seal import Sealer
from telecine.cli.output import Exit
from telecine.core.job import Format, InputFile, JobSpec, Packaging
from telecine.core.watermark.token_keys import TokenKeys
from telecine.core.watermark.tokens import read_token
from telecine.settings import Settings


@pytest.fixture
def telecine(telecine):
    """Runs a command line on a data folder in which DEMO has published `film` with marks."""
    telecine("site", "create", "DEMO")
    database = Database(Settings().database)
    with database.write() as s:
        values = storages.StorageValues("Main", "bucket", "output", "RG011", "key", "secret")
        storage = storages.create(s, Sealer(bytes(32)), "DEMO", values).storage_id
        spec = JobSpec(
            name="Film", content_id="film", input_storage=storage, files=(InputFile(path="in.mp4", video=True),),
            output_storage=storage, output_path="out", packaging=Packaging(formats=(Format.DASH,)),
        )  # fmt: skip
        job_id = jobs.create(s, "DEMO", jobs.NewJob(spec=spec, request={})).id
        add_title(s, job_id)
    database.close()
    return telecine


@pytest.fixture
def run(telecine):
    """The JSON that `telecine sessions …` prints."""

    def call(*arguments, code=Exit.DONE):
        return json.loads(telecine("sessions", *arguments, "--json", code=code).stdout)

    return call


def test_a_session_is_opened_shown_revoked(run):
    made = run("open", "ann", "--content", "film")
    assert (made["forensic_mark"], made["code"], made["form"], made["tree"]) == ("ann", "delivery", "aes", "dash")
    assert made["path"] == f"/wm-contents/{made['token']}/vod/film/dash/stream.mpd"
    for named in (made["session"], made["token"]):
        assert run("show", named)["token"] == made["token"]
    assert run("list", "--live")[0]["session"] == made["session"]
    assert run("revoke", made["token"]) == {"revoked": 1}
    assert run("revoke", made["session"]) == {"revoked": 0}
    assert run("list", "--live") == []
    assert run("list", "--ended", "--mark", "ann")[0]["revoked"]


def test_all_sessions_of_a_viewer(run):
    for mark in ("ann", "bob", "ann"):
        run("open", mark, "--content", "film")
    assert run("revoke", "--mark", "ann") == {"revoked": 2}
    assert [row["forensic_mark"] for row in run("list", "--live")] == ["bob"]


def test_another_code_in_a_token_that_another_edge_can_read(run):
    options = ("--form", "jwt", "--code", "UP_TO_4", "--seconds", "60", "--direct")
    made = run("open", "ann", "--content", "film", *options)
    keys = run("keys")
    assert "hs256_key" not in keys
    reader = TokenKeys("DEMO", public=keys["es256_public_key"].encode(), pattern=bytes.fromhex(keys["pattern_key"]))
    ticket = read_token(made["token"], reader)
    assert (ticket.session, ticket.pattern_bits, len(ticket.pattern)) == (made["session"], 300, 38)
    assert len(bytes.fromhex(run("keys", "--shared")["hs256_key"])) == 32


def test_a_file_for_detections_elsewhere(telecine, run, tmp_path):
    made = [run("open", mark, "--content", "film") for mark in ('=cmd|" /C', "bob, the second")]
    path = tmp_path / "sessions.csv"
    result = telecine("sessions", "export", "--content", "film", "--to", str(path))
    assert "2 sessions" in result.stderr
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    for row, one in zip(rows, made, strict=True):
        assert {name: row[name] for name in ("session", "payload", "code", "forensic_mark", "content_id")} == {
            name: one[name] for name in ("session", "payload", "code", "forensic_mark", "content_id")
        }
        assert one["token"] not in row.values()
    assert telecine("sessions", "export").stdout == path.read_text()
    assert [row["session"] for row in run("export")] == [one["session"] for one in made]
    assert telecine("sessions", "export", "--content", "other").stdout.count("\n") == 1


def test_tokens_for_akamai(run, tmp_path):
    refused = run("open", "ann", "--content", "film", "--form", "akamai", code=Exit.FAILED)
    assert refused["error"]["kind"] == "keys_refused"
    path = tmp_path / "key.pem"
    private = rsa.generate_private_key(65537, 2048)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert "PUBLIC KEY" in run("akamai-key", str(path), "--password", "sesame")["public_key"]
    assert run("open", "ann", "--content", "film", "--form", "akamai")["token"].startswith("wmt:ey")
    assert "PUBLIC KEY" in run("keys")["akamai_public_key"]
    path.write_text("nonsense")
    assert run("akamai-key", str(path), "--password", "x", code=Exit.USAGE)["error"]["field"] == "akamai_key"


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        (("open", "ann", "--content", "other"), Exit.USAGE, "content_id"),
        (("open", "ann", "--content", "film", "--format", "hls"), Exit.USAGE, "streaming_format"),
        (("open", " ", "--content", "film"), Exit.USAGE, "forensic_mark"),
        (("open", "ann", "--content", "film", "--code", "best"), Exit.USAGE, "--code"),
        (("open", "ann", "--content", "film", "--form", "saml"), Exit.USAGE, "--form"),
        (("show", "0" * 32), Exit.NOT_FOUND, ""),
        (("show", "no-token"), Exit.NOT_FOUND, ""),
        (("show", "-fPw_V3lI2PNKFXMho7nuA=="), Exit.NOT_FOUND, ""),  # not the options -f, -P, -w …
        (("revoke", "--Pw_V3lI2PNKFXMho7nuA=="), Exit.NOT_FOUND, ""),
        (("revoke",), Exit.USAGE, "SESSION"),
        (("revoke", "x", "--mark", "y"), Exit.USAGE, "SESSION"),
    ],
)
def test_what_is_wrong_is_said(run, arguments, code, field):
    assert run(*arguments, code=code)["error"]["field"] == field
    assert run("list") == []


def test_a_trials_limit(telecine):
    assert "7" in telecine("site", "packaging", "DEMO", "--trial-sessions", "7").stdout
    telecine("site", "packaging", "DEMO", "--trial-bytes", "9")
    shown = json.loads(telecine("site", "packaging", "DEMO", "--json").stdout)
    assert (shown["trial_bytes"], shown["trial_sessions"]) == (9, 7)
    telecine("site", "packaging", "DEMO", "--trial-sessions", "-1")
    assert json.loads(telecine("site", "packaging", "DEMO", "--json").stdout)["trial_sessions"] is None


def test_nothing_to_list(telecine):
    assert "no such session" in telecine("sessions", "list").stderr
