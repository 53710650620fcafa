"""Finding jobs: every documented filter, paging, order, and the index behind each."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.conftest import on_sqlite

from telecine.catalog import jobs, sites
from telecine.catalog.jobs import JobFilter
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format
from telecine.core.states import JobState

START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def found(database):
    """Searches and gives the total and the ids of the page."""

    def search(site_id="DEMO", **wanted):
        with database.read() as s:
            total, rows = jobs.search(s, site_id, JobFilter(**wanted))
        return total, [row.id for row in rows]

    return search


@pytest.fixture
def five(make_job):
    """Five jobs, a day apart, ids 1 to 5."""
    many = [
        {"name": "Alpha", "content_id": "a", "formats": ("dash",), "codecs": ("h264",), "region": "RG011"},
        {"name": "beta 100%", "content_id": "b", "formats": ("hls",), "codecs": ("h265",), "region": "RG011"},
        {"name": "ALPHABET", "content_id": "a", "formats": ("dash", "hls"), "codecs": ("h264", "h265")},
        {"name": "Über_1", "content_id": "c", "formats": ("cmaf",), "codecs": (), "region": "RG004", "drm": True},
        {"name": "Uber-1", "content_id": "A", "formats": ("dash",), "forensic_watermark": True, "drm": True},
    ]
    return [make_job(now=START + timedelta(days=n), **values).id for n, values in enumerate(many)]


def test_all_newest_first(found, five):
    assert found() == (5, [5, 4, 3, 2, 1])


def test_pages(found, five):
    assert found(page_unit=2) == (5, [5, 4])
    assert found(page_unit=2, page_index=2) == (5, [3, 2])
    assert found(page_unit=2, page_index=3) == (5, [1])
    assert found(page_unit=2, page_index=4) == (5, [])
    assert found(page_unit=5) == (5, [5, 4, 3, 2, 1])
    assert found(page_unit=5, page_index=2) == (5, [])
    assert found(name="nothing", page_index=2) == (0, [])


def test_jobs_of_the_same_instant_keep_their_order_across_pages(found, make_job):
    for _ in range(6):
        make_job(now=START)
    pages = [found(page_unit=2, page_index=page)[1] for page in (1, 2, 3)]
    assert pages == [[6, 5], [4, 3], [2, 1]]


def test_time_of_registration(found, five):
    second = START + timedelta(days=1)
    assert found(from_time=second) == (4, [5, 4, 3, 2])
    assert found(to_time=second) == (1, [1])
    assert found(from_time=second, to_time=second + timedelta(days=2)) == (2, [3, 2])


def test_part_of_the_name_in_any_case_and_literally(found, five):
    assert found(name="alpha") == (2, [3, 1])
    assert found(name="PHAB") == (1, [3])
    assert found(name="%") == (1, [2])
    assert found(name="_") == (1, [4])
    assert found(name="ÜBER") == (1, [4])
    assert found(name="\\") == (0, [])


def test_region_and_content_id(found, five):
    assert found(region="RG004") == (1, [4])
    assert found(content_id="a") == (2, [3, 1])
    assert found(content_id="A") == (1, [5])


def test_id_with_operator(found, five):
    assert found(job_id=3) == (1, [3])
    assert found(job_id=3, job_id_operator="gt") == (2, [5, 4])
    assert found(job_id=3, job_id_operator="goe") == (3, [5, 4, 3])
    assert found(job_id=3, job_id_operator="lt") == (2, [2, 1])
    assert found(job_id=3, job_id_operator="loe") == (3, [3, 2, 1])
    assert found(job_id=10**40) == (0, [])
    assert found(job_id=10**40, job_id_operator="lt") == (5, [5, 4, 3, 2, 1])
    assert found(job_id=-(10**40), job_id_operator="lt") == (0, [])


def test_all_of_the_formats_and_codecs(found, five):
    assert found(formats=[Format.DASH]) == (3, [5, 3, 1])
    assert found(formats=[Format.DASH, Format.HLS]) == (1, [3])
    assert found(formats=[Format.CMAF]) == (1, [4])
    assert found(codecs=["h264"]) == (3, [5, 3, 1])
    assert found(codecs=["h265", "h264"]) == (1, [3])
    assert found(codecs=["vp9"]) == (0, [])


def test_one_of_the_states(database, found, five):
    with database.write() as s:
        jobs.advance(s, 2, 1, JobState.ERROR, now=START)
        jobs.advance(s, 4, 1, JobState.COMPLETE, now=START)
    assert found(states=[JobState.ERROR]) == (1, [2])
    assert found(states=[JobState.ERROR, JobState.COMPLETE]) == (2, [4, 2])
    assert found(states=list(JobState)) == (5, [5, 4, 3, 2, 1])


def test_protection(found, five):
    assert found(drm=True) == (2, [5, 4])
    assert found(drm=False) == (3, [3, 2, 1])
    assert found(drm=True, forensic_watermark=True) == (1, [5])
    assert found(drm=True, forensic_watermark=False) == (1, [4])


def test_filters_together(found, five):
    assert found(name="a", content_id="a", formats=[Format.DASH], codecs=["h264"], from_time=START) == (2, [3, 1])
    assert found(name="a", content_id="a", job_id=1, job_id_operator="gt") == (1, [3])


def test_text_that_no_name_can_hold_finds_nothing(found, five):
    for text in ("\0", "\ud800"):
        for field in ("name", "region", "content_id"):
            assert found(**{field: text}) == (0, [])
        assert found(codecs=[text]) == (0, [])


def test_another_sites_jobs_do_not_exist(database, sealer, found, five):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
    assert found("TWO2") == (0, [])
    assert found("TWO2", job_id=1) == (0, [])
    with database.read() as s:
        for job_id in (1, 10**40, -1):
            with pytest.raises(TelecineError) as refused:
                jobs.get(s, "TWO2", job_id)
            assert refused.value.kind is ErrorKind.NOT_FOUND


def test_a_line_shows_what_the_job_is(database, five):
    with database.read() as s:
        line = jobs.search(s, "DEMO", JobFilter(job_id=3))[1][0]
        job = jobs.get(s, "DEMO", 3)
    assert {name: getattr(job, name) for name in line.__slots__} == {n: getattr(line, n) for n in line.__slots__}


FILTERS = {
    "nothing": {},
    "second page": {"page_index": 2, "page_unit": 2},
    "from": {"from_time": START},
    "to": {"to_time": START + timedelta(days=2)},
    "from and to": {"from_time": START, "to_time": START + timedelta(days=2)},
    "name": {"name": "alpha"},
    "region": {"region": "RG011"},
    **{
        f"job_id {operator}": {"job_id": 3, "job_id_operator": operator}
        for operator in ("eq", "gt", "goe", "lt", "loe")
    },
    "content_id": {"content_id": "a"},
    **{f"format {tree}": {"formats": [tree]} for tree in Format},
    "formats": {"formats": [Format.DASH, Format.HLS]},
    "state": {"states": [JobState.ERROR]},
    "states": {"states": [JobState.QUEUED, JobState.COMPLETE]},
    "drm": {"drm": True},
    "forensic watermark": {"forensic_watermark": False},
    "codec": {"codecs": ["h264"]},
    "codecs": {"codecs": ["h264", "h265"]},
    "dialect": {"dialect": "tnp"},
    "dialect and state": {"dialect": "tnp", "states": [JobState.COMPLETE]},
    "dialect and content": {"dialect": "tnp", "content_id": "a"},
    "all": {
        "from_time": START,
        "to_time": START + timedelta(days=9),
        "name": "a",
        "region": "RG011",
        "job_id": 1,
        "job_id_operator": "goe",
        "content_id": "a",
        "formats": [Format.DASH],
        "states": [JobState.QUEUED],
        "drm": False,
        "forensic_watermark": False,
        "codecs": ["h264"],
        "dialect": "tnp",
    },
}


@pytest.fixture
def plans(five, plans):
    """The plans of a test that has five jobs."""
    return plans


@on_sqlite
@pytest.mark.parametrize("name", FILTERS)
def test_no_list_reads_the_whole_table(name, plans, found):
    found(**FILTERS[name] | {"page_unit": 1})
    assert plans
    for plan in plans:
        assert "SCAN" not in plan.replace("SCAN page", ""), plan
        for step in plan.splitlines():
            assert "job" not in step or "COVERING INDEX" in step or "INTEGER PRIMARY KEY" in step or name == "all", plan


@on_sqlite
def test_other_questions_about_jobs_use_an_index_too(plans, database, storage):
    from telecine.catalog import commands, deliveries, storages

    with database.write() as s:
        jobs.unfinished(s)
        jobs.work(s, 1)
        jobs.events(s, "DEMO", 1)
        deliveries.log(s, "DEMO", job_id=1)
        deliveries.log(s, "DEMO", noti_id=1)
        deliveries.due(s, START, 1, 10)
        commands.claim(s, START, 1, 10)
        storages.search(s, "DEMO", storages.StorageFilter(name="x", from_time=START))
        with pytest.raises(TelecineError):
            storages.delete(s, "DEMO", [storage.storage_id])
    assert len(plans) > 8
    for plan in plans:
        for step in plan.splitlines():
            assert not step.startswith("SCAN") or "INDEX" in step, plan


def test_every_filter_agrees_with_a_plain_reading(database, make_job, found):
    """Random jobs and random filters, checked against the definition of each filter."""
    dice = random.Random(3)
    made = []
    for number in range(40):
        values = {
            "name": dice.choice(["one", "Two", "ONE two"]),
            "content_id": dice.choice("xyz"),
            "formats": dice.choice([("dash",), ("hls",), ("dash", "hls"), ("cmaf",)]),
            "codecs": dice.choice([("h264",), ("h265",), ("h264", "h265")]),
            "region": dice.choice(["RG004", "RG011"]),
            "drm": dice.random() < 0.5,
        }
        made.append((make_job(now=START + timedelta(hours=number), **values).id, values))
    for _ in range(60):
        wanted = {
            "name": dice.choice(["", "ONE", "two"]),
            "content_id": dice.choice(["", "x", "y"]),
            "formats": dice.choice([[], [Format.DASH], [Format.DASH, Format.HLS]]),
            "codecs": dice.choice([[], ["h264"], ["h264", "h265"]]),
            "region": dice.choice(["", "RG004"]),
            "drm": dice.choice([None, True, False]),
        }
        expected = [
            job_id
            for job_id, has in reversed(made)
            if wanted["name"].lower() in has["name"].lower()
            and wanted["content_id"] in ("", has["content_id"])
            and set(wanted["formats"]) <= set(has["formats"])
            and set(wanted["codecs"]) <= set(has["codecs"])
            and wanted["region"] in ("", has["region"])
            and wanted["drm"] in (None, has["drm"])
        ]
        assert found(**wanted, page_unit=1000) == (len(expected), expected)


def test_requests_of_a_page_are_those_of_the_site_alone(database, sealer, make_job, make_storage):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
    one, two = make_job(name="one"), make_job(name="two")
    other = make_job("TWO2", name="other", storage_id=make_storage("TWO2").storage_id)
    with database.read() as s:
        assert jobs.requests(s, "DEMO", [one.id, other.id]) == {one.id: {"job_name": "one", "a": 1}}
        assert set(jobs.requests(s, "DEMO", [one.id, two.id])) == {one.id, two.id}
        assert jobs.requests(s, "DEMO", []) == {}
