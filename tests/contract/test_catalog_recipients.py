"""Recipients on both databases: what a name may be, who is found, and that what was used stays as it is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.conftest import on_sqlite

from telecine.catalog import copies, recipients, sites
from telecine.catalog.recipients import NewRecipient, RecipientFilter
from telecine.core.errors import ErrorKind, TelecineError

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def register(database):
    """Registers recipients by their names."""

    def make(*names, site_id="DEMO", now=NOW, description=""):
        with database.write() as s:
            return recipients.register(s, site_id, [NewRecipient(name, description) for name in names], now=now)

    return make


@pytest.fixture
def found(database):
    """Searches and gives the total and the names of the page."""

    def search(site_id="DEMO", **wanted):
        with database.read() as s:
            total, rows = recipients.search(s, site_id, RecipientFilter(**wanted))
        return total, [row.name for row in rows]

    return search


@pytest.fixture
def used(database, register, make_job):
    """A recipient for whom a copy was asked."""
    job, (row,) = make_job(dialect="dwm"), register("Used")
    with database.write() as s:
        copies.add(s, job.id, [row.id], NOW)
    return row


def refused(call, kind, field=""):
    with pytest.raises(TelecineError) as caught:
        call()
    assert (caught.value.kind, caught.value.field) == (kind, field)
    return str(caught.value)


def test_the_first_spelling_is_kept_and_found_in_any_case(register, found):
    assert [row.name for row in register("Test", "b-_.9")] == ["Test", "b-_.9"]
    said = refused(lambda: register("new", "TEST"), ErrorKind.CONFLICT, "recipients[1].name")
    assert said.startswith("Recipient Test exists already.")
    assert found() == (2, ["b-_.9", "Test"])


def test_all_are_registered_or_none(register, found):
    refused(lambda: register("a", "b", "A"), ErrorKind.CONFLICT, "recipients[2].name")
    refused(lambda: register("a", "b c"), ErrorKind.FIELD_INVALID, "recipients[1].name")
    refused(lambda: register(*(f"n{n}" for n in range(151))), ErrorKind.FIELD_OUT_OF_RANGE, "recipients")
    refused(lambda: register(), ErrorKind.FIELD_OUT_OF_RANGE, "recipients")
    assert found() == (0, [])
    assert len(register(*(f"n{n}" for n in range(150)))) == 150


@pytest.mark.parametrize("name", ["a b", "a@b", "a#", "$", "50%", "ä", "a/b", "..", ".", "a\n", "\0", "\ud800", "٣"])
def test_a_name_with_other_characters_is_refused(register, name):
    refused(lambda: register(name), ErrorKind.FIELD_INVALID, "recipients[0].name")


def test_how_long_things_may_be(register):
    assert register("n" * 128, description="ü" * 50)[0].description == "ü" * 50
    refused(lambda: register("m" * 129), ErrorKind.FIELD_OUT_OF_RANGE, "recipients[0].name")
    refused(lambda: register(""), ErrorKind.FIELD_OUT_OF_RANGE, "recipients[0].name")
    refused(lambda: register("d", description="x" * 51), ErrorKind.FIELD_OUT_OF_RANGE, "recipients[0].description")
    refused(lambda: register("d", description="\0"), ErrorKind.FIELD_INVALID, "recipients[0].description")


def test_two_sites_may_have_the_same_names_and_do_not_see_each_other(database, sealer, register, found):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
    own, other = register("Test")[0], register("test", site_id="TWO2")[0]
    assert (found(), found("TWO2")) == ((1, ["Test"]), (1, ["test"]))
    with database.write() as s:
        found_ids = [row and row.id for row in recipients.named(s, "DEMO", ["TEST", other.id, own.id])]
        assert found_ids == [own.id, None, own.id]
        for call in (recipients.get, recipients.modify, recipients.delete):
            refused(lambda call=call: call(s, "DEMO", other.id), ErrorKind.NOT_FOUND)


def test_two_requests_at_once_register_a_name_once(register, found):
    def one(_):
        try:
            return register("same").__class__
        except TelecineError as error:
            return error.kind

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(4)))
    assert outcomes.count(ErrorKind.CONFLICT) == 3
    assert found() == (1, ["same"])


def test_any_keyword_matches_literally_and_in_any_case(register, found):
    register("alpha_1", "Beta-2", "gamma.3")
    assert found(keywords=["ALPHA", "beta"]) == (2, ["Beta-2", "alpha_1"])
    assert found(keywords=["_"]) == (1, ["alpha_1"])
    assert found(keywords=["a.3", "nothing"]) == (1, ["gamma.3"])
    assert found(keywords=["%"]) == (0, [])
    assert found(keywords=["\0"]) == (0, [])


def test_time_of_registration_and_pages(register, found):
    for day in range(5):
        register(f"r{day}", now=NOW + timedelta(days=day))
    second = NOW + timedelta(days=1)
    assert found(from_time=second, to_time=second + timedelta(days=2)) == (2, ["r2", "r1"])
    assert found(page_unit=2, page_index=2) == (5, ["r2", "r1"])
    assert found(page_unit=2, page_index=4) == (5, [])


def test_a_recipient_is_modified_and_deleted_while_it_was_never_used(database, register, found):
    one, _ = register("One", "Two", description="old")
    with database.write() as s:
        recipients.modify(s, "DEMO", one.id, name="ONE", now=NOW + timedelta(hours=1))
    with database.read() as s:
        row = recipients.get(s, "DEMO", one.id)
    assert (row.name, row.description, row.update_time) == ("ONE", "old", NOW + timedelta(hours=1))
    with database.write() as s:
        recipients.modify(s, "DEMO", one.id, description="new")
        refused(lambda: recipients.modify(s, "DEMO", one.id, name="two"), ErrorKind.CONFLICT, "name")
        refused(lambda: recipients.modify(s, "DEMO", one.id, name="t w o"), ErrorKind.FIELD_INVALID, "name")
        recipients.delete(s, "DEMO", one.id)
    assert found() == (1, ["Two"])


def test_a_number_is_never_used_again(database, register):
    first = register("one")[0].id
    with database.write() as s:
        recipients.delete(s, "DEMO", first)
    assert register("one")[0].id > first


def test_what_a_copy_was_asked_for_stays_as_it_is(database, used):
    for call in (lambda s: recipients.modify(s, "DEMO", used.id, description="x"),
                 lambda s: recipients.delete(s, "DEMO", used.id)):  # fmt: skip
        with database.write() as s:
            said = refused(lambda: call(s), ErrorKind.RECIPIENT_USED)  # noqa: B023 - called at once
            assert "job 1" in said


def test_numbers_that_no_database_holds_are_not_found(database):
    with database.write() as s:
        for number in (0, -1, 10**30):
            refused(lambda number=number: recipients.get(s, "DEMO", number), ErrorKind.NOT_FOUND)
        assert recipients.named(s, "DEMO", [10**30, "\0"]) == [None, None]


@on_sqlite
def test_every_question_about_recipients_uses_an_index(plans, database, used):
    with database.write() as s:
        recipients.register(s, "DEMO", [NewRecipient("a")])
        recipients.search(s, "DEMO", RecipientFilter(keywords=["a", "b"], from_time=NOW))
        recipients.named(s, "DEMO", ["a", 1])
        recipients.every(s, "DEMO")
        refused(lambda: recipients.delete(s, "DEMO", used.id), ErrorKind.RECIPIENT_USED)
    assert len(plans) >= 6
    for plan in plans:
        assert "SCAN" not in plan, plan
