"""The commands behind packaged assets: storages, packaging groups, access."""

import json

import pytest

from telecine.catalog import packaging_groups
from telecine.catalog.database import Database
from telecine.cli.output import Exit
from telecine.core.drm import Ladder
from telecine.core.job import Protection
from telecine.settings import Settings


@pytest.fixture
def telecine(telecine):
    """Runs a command line on a data folder of its own, in which there is the site DEMO with two buckets."""
    telecine("site", "create", "DEMO")
    for bucket in ("harvest", "vod"):
        telecine("bucket", "create", bucket)
    return telecine


@pytest.fixture
def protection(telecine):
    """How a group encrypts, as the catalog has it."""

    def read(name):
        database = Database(Settings().database)
        with database.read() as s:
            found = packaging_groups.protection_of(packaging_groups.get(s, "DEMO", name))
        database.close()
        return found

    return read


def as_json(result):
    return json.loads(result.stdout)


class TestStorages:
    def test_one_is_tried_registered_listed_and_forgotten(self, telecine):
        made = as_json(telecine("storage", "create", "harvest", "--site", "DEMO", "--type", "input", "--json"))
        assert (made["bucket"], made["type"], made["region"]) == ("harvest", "input", "RG011")
        assert telecine("storage", "list", "--site", "DEMO").stdout.startswith(f"{made['storage_id']}\tharvest\tinput")
        telecine("storage", "delete", made["storage_id"], "--site", "DEMO")
        assert telecine("storage", "list", "--site", "DEMO").stdout == ""

    def test_one_that_cannot_be_used_is_not_registered(self, telecine):
        said = telecine("storage", "create", "nowhere", "--site", "DEMO", "--type", "input", code=Exit.FAILED)
        assert "does not exist" in said.stderr
        telecine("storage", "create", "harvest", "--site", "DEMO", "--type", "neither", code=Exit.USAGE)
        telecine("storage", "create", "harvest", "--site", "NONE", "--type", "input", code=Exit.NOT_FOUND)
        telecine("storage", "create", "harvest", "--site", "DEMO", "--type", "input", "--region", "x", code=Exit.USAGE)
        assert telecine("storage", "list", "--site", "DEMO").stdout == ""

    def test_s3_needs_keys(self, telecine, monkeypatch):
        monkeypatch.setenv("TELECINE_STORAGE_KIND", "s3")
        said = telecine("storage", "create", "harvest", "--site", "DEMO", "--type", "input", code=Exit.USAGE)
        assert "secret-key" in said.stderr


class TestGroups:
    @pytest.fixture
    def create(self, telecine):
        def run(*options, code=Exit.DONE):
            return telecine("packaging-group", "create", "g", "--site", "DEMO", "--json", *options, code=code)

        return run

    def update(self, telecine, *options, code=Exit.DONE):
        return telecine("packaging-group", "update", "g", "--site", "DEMO", "--json", *options, code=code)

    def test_a_bare_one_makes_every_format_in_the_clear_and_keeps_it(self, create, protection):
        made = as_json(create())
        assert made.items() >= {"formats": "dash,hls,cmaf", "encryption": "none", "retention": "keep"}.items()
        assert protection("g") is None

    def test_everything_can_be_said(self, telecine, create, protection):
        telecine("storage", "create", "vod", "--site", "DEMO", "--type", "output")
        made = as_json(
            create(
                *("--format", "HLS", "--format", "dash", "--segment-seconds", "6", "--multi-key", "--clear-lead", "10"),
                *("--max-sd-height", "576", "--skip-audio", "--track-type-manifests", "--storage", "vod"),
                *("--path", "films", "--public-url", "https://cdn.example.com", "--retention", "30d"),
            )
        )
        assert (
            made.items()
            >= {
                "formats": "dash,hls",
                "segment_seconds": 6.0,
                "path": "films",
                "public_url": "https://cdn.example.com",
                "retention": "720h",
            }.items()
        )
        assert len(made["storage_id"]) == 32
        ladder = Ladder(max_sd_height=576)
        assert protection("g") == Protection(
            multi_key=True, ladder=ladder, skip_audio=True, clear_lead=10, track_type_manifests=True
        )
        shown = telecine("packaging-group", "show", "g", "--site", "DEMO").stdout
        assert "a key for each size, SD/HD/UHD1 up to 576/1080/2160 lines, audio clear, first 10 s clear" in shown

    def test_an_update_changes_what_is_given(self, telecine, create, protection):
        create("--clear-lead", "10", "--retention", "12h", "--path", "a", "--segment-seconds", "6")
        changed = as_json(self.update(telecine, "--skip-audio", "--path", "b"))
        assert (changed["path"], changed["retention"], changed["segment_seconds"]) == ("b", "12h", 6.0)
        assert protection("g") == Protection(clear_lead=10, skip_audio=True)
        self.update(telecine, "--no-skip-audio", "--max-hd-height", "720")
        assert protection("g") == Protection(clear_lead=10, ladder=Ladder(max_hd_height=720))
        changed = as_json(
            self.update(telecine, "--no-encrypt", "--retention", "keep", "--path", "", "--segment-seconds", "0")
        )
        assert (changed["path"], changed["retention"], changed["segment_seconds"]) == ("", "keep", None)
        assert protection("g") is None
        self.update(telecine, "--encrypt")
        assert protection("g") == Protection()

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--format", "ss"), "it takes hls, dash and cmaf"),
            (("--retention", "3w"), "such as 30d or 12h"),
            (("--retention", "0d"), "'retention' is out of range"),
            (("--max-sd-height", "2000"), "SD must end before HD"),
            (("--track-type-manifests",), "--multi-key"),
            (("--no-encrypt", "--multi-key"), "contradict"),
            (("--public-url", "cdn"), "'public_url' is invalid"),
            (("--path", "a/../b"), "'path' is invalid"),
        ],
    )
    def test_what_cannot_be_is_said_and_nothing_is_made(self, telecine, options, said):
        result = telecine("packaging-group", "create", "g", "--site", "DEMO", *options, code=Exit.USAGE)
        assert said in result.stderr
        assert telecine("packaging-group", "list", "--site", "DEMO").stdout == ""

    def test_names_and_storages_are_looked_up(self, telecine, create):
        create("--storage", "vod", code=Exit.NOT_FOUND)
        create()
        create(code=Exit.CONFLICT)
        telecine("packaging-group", "show", "h", "--site", "DEMO", code=Exit.NOT_FOUND)
        telecine("packaging-group", "list", "--site", "NONE", code=Exit.NOT_FOUND)
        assert telecine("packaging-group", "list", "--site", "DEMO").stdout.startswith(
            "g\tdash,hls,cmaf\tnone\t-\t-\tkeep"
        )
        telecine("packaging-group", "delete", "g", "--site", "DEMO")
        telecine("packaging-group", "delete", "g", "--site", "DEMO", code=Exit.NOT_FOUND)


class TestAccess:
    def test_a_rule_is_shown_set_and_reset(self, telecine):
        shown = as_json(telecine("pri", "access", "--site", "DEMO", "--json"))
        assert shown == {"site_id": "DEMO", "networks": "127.0.0.0/8, ::1/128", "require_credentials": False}
        allowed = ("--allow", "10.0.0.0/8", "--allow", "192.0.2.7", "--require-credentials")
        made = as_json(telecine("pri", "access", "--site", "DEMO", *allowed, "--json"))
        assert made == {"site_id": "DEMO", "networks": "10.0.0.0/8, 192.0.2.7/32", "require_credentials": True}
        assert telecine("pri", "access").stdout == "DEMO\t10.0.0.0/8, 192.0.2.7/32\tyes\n"
        telecine("pri", "access", "--site", "DEMO", "--reset")
        assert telecine("pri", "access").stdout == ""

    def test_the_whole_world_needs_credentials(self, telecine):
        said = telecine("pri", "access", "--site", "DEMO", "--allow", "0.0.0.0/0", code=Exit.USAGE)
        assert "require them as well" in said.stderr
        telecine("pri", "access", "--site", "DEMO", "--allow", "0.0.0.0/0", "--require-credentials")

    def test_wrong_use(self, telecine):
        telecine("pri", "access", "--allow", "10.0.0.0/8", code=Exit.USAGE)
        telecine("pri", "access", "--site", "DEMO", "--allow", "x", code=Exit.USAGE)
        telecine("pri", "access", "--site", "DEMO", "--reset", "--allow", "10.0.0.0/8", code=Exit.USAGE)
        telecine("pri", "access", "--site", "NONE", code=Exit.NOT_FOUND)
