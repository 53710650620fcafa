"""What is known of marked titles: the row follows what is published, in whatever order jobs end."""

from fractions import Fraction

import pytest
from tests import plans

from telecine.catalog import jobs, marked_titles
from telecine.catalog.mark_models import MarkedTitle

VIDEO = (plans.video("v0"),)
BOTH = (plans.tree("dash"), plans.tree("hls"))


def marked(*trees, layout="unlabeled"):
    return plans.marked(plans.plan(*(trees or BOTH), video=VIDEO), layout)


@pytest.fixture
def publish(database, new_job):
    """Has a new job say that it has published `plan`; returns the job's id."""

    def done(plan, reference="", path="out", **values):
        with database.write() as s:
            job = jobs.create(s, "DEMO", new_job(**values))
            spec = jobs.spec_of(job).model_copy(update={"output_path": path})
            marked_titles.published(s, job, spec, plan, reference)
            return job.id

    return done


@pytest.fixture
def title(database):
    def look(content="cid"):
        with database.read() as s:
            return s.get(MarkedTitle, ("DEMO", content))

    return look


def test_a_marked_title_is_known_by_its_grid_and_its_place(publish, title, storage):
    job_id = publish(marked(layout="prefixed"), "DEMO/cid/1")
    row = title()
    assert (row.job_id, row.layout, row.strength, row.formats) == (job_id, "prefixed", 0.5, ["dash", "hls"])
    assert Fraction(row.segment_ticks, row.segment_scale) == Fraction(2002, 1000)
    assert row.positions == 6, "the last one is not a whole one"
    assert (row.output_storage, row.output_path, row.reference) == (storage.storage_id, "out", "DEMO/cid/1")


def test_what_is_not_marked_is_no_title(publish, title):
    publish(plans.plan(*BOTH, video=VIDEO))
    assert title() is None


def test_a_later_marked_job_takes_the_row_over(publish, title):
    publish(marked(), "first")
    later = publish(marked(plans.tree("cmaf"), layout="prefixed"), "second")
    row = title()
    assert (row.job_id, row.layout, row.formats, row.reference) == (later, "prefixed", ["cmaf"], "second")


@pytest.mark.parametrize(
    ("layout", "path", "left"),
    [("unlabeled", "out", ["hls"]), ("unlabeled", "elsewhere", ["dash", "hls"]), ("prefixed", "out", ["dash", "hls"])],
)
def test_unmarked_trees_end_a_title_only_where_they_take_its_place(publish, title, layout, path, left):
    """Sessions must not be opened for trees without marks; leaks of the old ones can still be traced."""
    job_id = publish(marked(layout=layout), "kept")
    publish(plans.plan(plans.tree("dash"), video=VIDEO), path=path)
    row = title()
    assert (row.formats, row.job_id, row.reference) == (left, job_id, "kept")


def test_titles_of_other_contents_are_not_touched(publish, title):
    publish(marked(), content_id="one")
    publish(plans.plan(plans.tree("dash"), video=VIDEO), content_id="two")
    assert title("one").formats == ["dash", "hls"]
    assert title("two") is None


def test_what_was_taken_back_is_no_longer_there(publish, title, database):
    first, second = publish(marked()), publish(marked(plans.tree("cmaf")))
    for job_id, left in ((first, ["cmaf"]), (second, [])):
        with database.write() as s:
            marked_titles.withdrawn(s, jobs.load(s, job_id))
        assert title().formats == left, "a later job's trees are not the earlier one's to take back"
