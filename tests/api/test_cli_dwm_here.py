"""`telecine dwm … --here` and `--keep`: who gets which number, and whose a leak was, with files alone."""

import hashlib
import json

import numpy as np
import pytest
from tests.distributed import GROUPS, SECONDS, copy_of, noise, plan_json

from telecine.cli.output import Exit
from telecine.core.master import MasterPlan
from telecine.core.watermark.bias import Family
from telecine.core.watermark.recipients import derive_recipient_keys
from telecine.core.watermark.report import Footage
from telecine.jobs import distribution_here
from telecine.jobs.distribution_here import Copy, Outcome
from telecine.media.detect import read

SECRET = bytes(range(32))
PLAN = MasterPlan.model_validate(plan_json())


@pytest.fixture
def files(tmp_path):
    (tmp_path / "film.mov").write_bytes(b"moving pictures")
    (tmp_path / "secret").write_bytes(SECRET)
    return tmp_path


@pytest.fixture
def made(monkeypatch):
    """What the engine was asked for; it makes nothing but what a detection finds later."""
    asked = []

    def run_all(spec, stores, work, kept, names, keys, by):
        asked.append((spec, dict(names), keys, kept))
        (kept / "reference").mkdir(parents=True, exist_ok=True)
        (kept / "master.json").write_text(PLAN.model_dump_json())
        copies = [Copy(number, name, f"film/copies/{name}/film_{name}.mov", 99) for number, name in names.items()]
        return Outcome(PLAN, tuple(copies), {"encode": 1.0})

    monkeypatch.setattr(distribution_here, "run_all", run_all)
    return asked


@pytest.fixture
def pre_embed(telecine, files):
    def run(*more, code=Exit.DONE, **changed):
        options = {
            "content": "film", "recipients": "Airline,Festival", "secret": str(files / "secret"),
            "output": str(files / "copies"), "keep": str(files / "keep"),
        } | changed  # fmt: skip
        given = [word for name, value in options.items() if value for word in (f"--{name}", str(value))]
        return telecine("dwm", "pre-embed", str(files / "film.mov"), "--here", *given, *more, code=code)

    return run


@pytest.fixture
def detect(telecine, files):
    def run(*more, code=Exit.DONE, **changed):
        options = {"content": "film", "secret": str(files / "secret"), "keep": str(files / "keep")} | changed
        given = [word for name, value in options.items() if value for word in (f"--{name}", str(value))]
        return telecine("dwm", "detect", str(files / "film.mov"), *given, *more, code=code)

    return run


def keys(content="film", site="DEMO"):
    return derive_recipient_keys(SECRET, site, content, Family.UNIFORM)


def roster(files):
    return json.loads((files / "keep/recipients.json").read_text())


def test_numbers_follow_the_list_which_only_grows(pre_embed, files, made):
    said = json.loads(pre_embed("--json").stdout)
    assert [(one["dwm_id"], one["recipient"]) for one in said["copies"]] == [(1, "Airline"), (2, "Festival")]
    assert said["copies"][0]["file"] == str(files / "copies/film/copies/Airline/film_Airline.mov")
    pre_embed(recipients="Dubbing,FESTIVAL")
    pre_embed(recipients="all")
    assert roster(files)["recipients"] == ["Airline", "Festival", "Dubbing"]
    assert [names for _, names, _, _ in made] == [
        {1: "Airline", 2: "Festival"}, {2: "Festival", 3: "Dubbing"}, {1: "Airline", 2: "Festival", 3: "Dubbing"},
    ]  # fmt: skip
    spec, _, given, _ = made[0]
    assert given == keys()
    assert (spec.content_id, spec.distribution.code, spec.files[0].path) == ("film", "uniform", "film.mov")
    assert SECRET.hex() not in (files / "keep/recipients.json").read_text()


def test_what_is_kept_lies_beside_the_copies_and_never_among_them(pre_embed, files, made):
    pre_embed(keep="")
    assert made[0][3] == files / "copies-keep"
    assert (files / "copies-keep/recipients.json").exists()
    assert list((files / "copies").iterdir()) == []


def test_a_file_names_recipients_too(pre_embed, files, made):
    (files / "houses").write_text("Airline, in the air\nFestival\n")
    pre_embed(recipients=str(files / "houses"))
    assert made[0][1] == {1: "Airline", 2: "Festival"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"secret": "/nowhere"}, "--secret"),
        ({"output": ""}, "--output"),
        ({"recipients": "a b"}, "--recipients"),
        ({"recipients": "all"}, "nobody yet"),
        ({"content": "a/b"}, "--content"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(pre_embed, files, made, changed, told):
    assert told in pre_embed(code=Exit.USAGE, **changed).output
    assert made == []
    assert not (files / "keep").exists()


def test_a_short_secret_is_refused(pre_embed, files, made):
    (files / "secret").write_bytes(b"short")
    assert "--secret" in pre_embed(code=Exit.USAGE).output


def test_no_more_recipients_than_a_content_may_have(pre_embed, files, made):
    (files / "houses").write_text("\n".join(f"house-{number}" for number in range(4096)))
    assert "4095" in pre_embed(recipients=str(files / "houses"), code=Exit.USAGE).output


@pytest.mark.parametrize(("option", "value"), [("content", "else"), ("site", "ELSE")])
def test_what_is_kept_is_of_one_content_and_site(pre_embed, made, option, value):
    pre_embed()
    assert f"--{option}" in pre_embed(code=Exit.USAGE, **{option: value}).output


def test_another_secret_is_noticed_before_anything_is_made_with_it(pre_embed, detect, files, made):
    pre_embed()
    (files / "secret").write_bytes(bytes(32))
    assert "another secret" in pre_embed(code=Exit.USAGE).output
    assert "another secret" in detect(code=Exit.USAGE).output
    assert len(made) == 1


def shows(monkeypatch, footage, seen=None):
    def read_leak(leak, reference, key, context):
        if seen is not None:
            seen.append((leak.read_bytes(), reference, key))
        return footage

    monkeypatch.setattr(read, "read_leak", read_leak)


def test_a_leak_is_traced_to_the_recipient_with_the_kept_files_and_the_secret(
    pre_embed, detect, files, made, monkeypatch
):
    pre_embed(recipients="Airline,Festival,Dubbing")
    seen = []
    shows(monkeypatch, copy_of(keys(), 2), seen)
    said = detect("--png", str(files / "evidence.png"))
    assert "Festival (recipient 2, uniform)" in said.output
    assert "compared with 3 recipients (uniform)" in said.output
    assert (files / "evidence.png").read_bytes().startswith(b"\x89PNG")
    assert seen == [(b"moving pictures", files / "keep/reference", keys().mark)]
    result = json.loads(detect("--json").stdout)["result"]
    assert result["leak"] == {"bytes": 15, "sha256": hashlib.sha256(b"moving pictures").hexdigest()}
    assert result["leak"]["sha256"] in said.output
    (one,) = result["accused"]
    assert (one["recipient"], one["dwm_id"], one["agreeing"], one["compared"]) == ("Festival", 2, GROUPS, GROUPS)


@pytest.mark.parametrize(
    ("footage", "told"),
    [
        (noise(), "not enough to name anybody"),
        (Footage(np.full(GROUPS, np.nan), SECONDS, ("nothing of it is of this master",)), "cannot be trusted"),
    ],
)
def test_nobody_is_an_exit_code_of_its_own(pre_embed, detect, made, monkeypatch, footage, told):
    pre_embed()
    shows(monkeypatch, footage)
    assert told in detect(code=Exit.JOB_ERROR).output


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"keep": "/nowhere"}, "--keep"),
        ({"keep": ""}, "--keep"),
        ({"secret": ""}, "--secret"),
        ({"secret": "/nowhere"}, "--secret"),
        ({"content": "else"}, "--content"),
    ],
)
def test_what_a_detection_lacks_is_named(pre_embed, detect, made, changed, told):
    pre_embed()
    assert told in detect(code=Exit.USAGE, **changed).output


@pytest.mark.parametrize("name", ["recipients.json", "master.json"])
def test_damaged_files_are_named(pre_embed, detect, files, made, name):
    pre_embed()
    (files / "keep" / name).write_text("{")
    assert name in detect(code=Exit.USAGE).output
