"""DWM recipients: the document's samples, the rules of names, and that what was used stays."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from tests.api.dwm import add_job, call, register

from telecine.apis.dwm import samples
from telecine.catalog.distribution_models import Recipient


def registered(api, *entries, **more):
    return call(api, "POST", "/api/recipient/DEMO", json={"recipients": list(entries)}, **more)


def faults(answer, status=400):
    """(field, code) of everything that is wrong with a request."""
    assert answer.status_code == status, answer.text
    return [(fault["field"], fault["error_code"]) for fault in answer.json()["data"]["errors"]]


def names(api, query=""):
    body = call(api, "GET", f"/api/recipient/DEMO?{query}").json()
    return body["total_count"], [line["name"] for line in body["data"]]


def as_of(api, dwm_id, **values):
    """Let a recipient have been registered, or changed, at another time."""
    with api.database.write() as s:
        row = s.get_one(Recipient, dwm_id)
        for name, time in values.items():
            setattr(row, name, datetime.fromisoformat(time).replace(tzinfo=UTC))


class TestTheDocumentsSamples:
    def test_register(self, api):
        answer = registered(api, *samples.RECIPIENT_REGISTER["recipients"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        body = answer.json()
        assert list(body) == ["error_code", "error_message", "time_zone", "data"]
        assert (body["error_code"], body["error_message"], body["time_zone"]) == ("0000", "Success.", "+00:00")
        (line,) = body["data"]
        assert list(line) == ["dwm_id", "name", "description", "reg_time"]
        assert (line["dwm_id"], line["name"], line["description"]) == (1, "test", "test corp.")
        assert datetime.fromisoformat(line["reg_time"]).tzinfo is None

    def test_search(self, api):
        (dwm_id,) = register(api, "distributor_1_test")
        as_of(api, dwm_id, reg_time="2023-11-08T13:30:30")
        query = "search_keyword=test&from=2023-11-07&to=2023-11-09&page_unit=10&page_index=1&time_zone=%2B00%3A00"
        body = call(api, "GET", f"/api/recipient/DEMO?{query}").json()
        assert list(body) == ["error_code", "error_message", "time_zone", "total_count", "data"]
        assert body["total_count"] == 1
        assert body["data"] == [
            {
                "dwm_id": dwm_id,
                "name": "distributor_1_test",
                "description": "distributor_1_test corp.",
                "reg_time": "2023-11-08T13:30:30",
            }
        ]

    def test_detail(self, api):
        (dwm_id,) = register(api, "distributor_1")
        as_of(api, dwm_id, reg_time="2023-01-12T13:30:30", update_time="2023-07-22T03:39:11")
        body = call(api, "GET", f"/api/recipient/DEMO/{dwm_id}?time_zone=%2B00%3A00").json()
        assert list(body) == ["error_code", "error_message", "time_zone", "data"]
        assert body["data"] == {
            "dwm_id": dwm_id,
            "name": "distributor_1",
            "description": "distributor_1 corp.",
            "reg_time": "2023-01-12T13:30:30",
            "update_time": "2023-07-22T03:39:11",
        }

    def test_modify(self, api):
        (dwm_id,) = register(api, "test")
        body = call(api, "PUT", f"/api/recipient/DEMO/{dwm_id}", json=samples.RECIPIENT_MODIFY).json()
        assert list(body) == ["error_code", "error_message", "time_zone", "data"]
        assert list(body["data"]) == ["dwm_id", "update_time"]
        assert body["data"]["dwm_id"] == dwm_id
        shown = call(api, "GET", f"/api/recipient/DEMO/{dwm_id}").json()["data"]
        assert (shown["name"], shown["description"]) == ("change_name", "change_name corp.")


class TestNames:
    @pytest.mark.parametrize("name", ["a", "A-z_0.9", "---", "12", "x" * 128])
    def test_letters_digits_and_three_signs_up_to_128(self, api, name):
        assert registered(api, {"name": name}).json()["data"][0]["name"] == name

    @pytest.mark.parametrize("name", ["a b", "a@b", "#", "a$", "50%", "ü", "a/b", "..", ".", "a\n", "a\u0000"])
    def test_anything_else_is_refused(self, api, name):
        answer = registered(api, {"name": name})
        assert answer.status_code == 400
        assert answer.json()["error_code"] in ("DW1003", "DW1004")
        assert names(api) == (0, [])

    def test_what_is_too_long_too_short_or_missing_is_named(self, api):
        entries = [{"name": "x" * 129}, {"name": ""}, {}, {"name": None}, {"name": 7}]
        found = faults(registered(api, *entries, {"name": "ok", "description": "d" * 51}))
        assert found == [
            ("recipients[0].name", "DW1002"),
            ("recipients[1].name", "DW1002"),
            ("recipients[2].name", "DW1001"),
            ("recipients[3].name", "DW1001"),
            ("recipients[4].name", "DW1003"),
            ("recipients[5].description", "DW1002"),
        ]

    def test_a_description_of_50_characters_or_none_at_all(self, api):
        data = registered(
            api, {"name": "a", "description": "ü" * 50}, {"name": "b", "description": None}, {"name": "c"}
        )
        assert [line["description"] for line in data.json()["data"]] == ["ü" * 50, "", ""]

    def test_case_makes_no_difference_and_the_first_spelling_is_kept(self, api):
        register(api, "Test")
        answer = registered(api, {"name": "TEST"})
        assert faults(answer, 409) == [("recipients[0].name", "DW1009")]
        assert answer.json()["error_message"].startswith("Recipient Test exists already.")
        assert names(api) == (1, ["Test"])

    def test_the_same_name_twice_in_one_request_is_refused(self, api):
        answer = registered(api, {"name": "twice"}, {"name": "other"}, {"name": "Twice"})
        assert faults(answer, 409) == [("recipients[2].name", "DW1009")]
        assert "'recipients[0].name' has the same name" in answer.text
        assert names(api) == (0, [])

    def test_every_name_that_is_taken_is_listed(self, api):
        register(api, "a", "b")
        assert faults(registered(api, {"name": "A"}, {"name": "new"}, {"name": "B"}), 409) == [
            ("recipients[0].name", "DW1009"),
            ("recipients[2].name", "DW1009"),
        ]

    def test_150_at_a_time_all_or_nothing(self, api):
        many = [{"name": f"n{number}"} for number in range(151)]
        assert faults(registered(api, *many)) == [("recipients", "DW1002")]
        assert names(api) == (0, [])
        assert len(registered(api, *many[:150]).json()["data"]) == 150
        assert faults(registered(api)) == [("recipients", "DW1002")]

    def test_registering_under_one_key_twice_is_registering_once(self, api):
        key = {"Idempotency-Key": "k"}
        first, again = (registered(api, {"name": "x"}, headers=key) for _ in range(2))
        assert first.json() == again.json()
        assert (first.status_code, again.headers["idempotency-replayed"]) == (200, "true")
        assert registered(api, {"name": "y"}, headers=key).json()["error_code"] == "DW1012"


class TestSearch:
    @pytest.fixture
    def three(self, api):
        ids = register(api, "alpha_1", "Beta-2", "gamma.3")
        for day, dwm_id in enumerate(ids):
            as_of(api, dwm_id, reg_time=f"2023-11-0{day + 7}T20:00:00")
        return api

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["gamma.3", "Beta-2", "alpha_1"]),
            ("search_keyword=ALPHA&search_keyword=beta", ["Beta-2", "alpha_1"]),
            ("search_keyword=ALPHA,beta", ["Beta-2", "alpha_1"]),
            ("search_keyword=", ["gamma.3", "Beta-2", "alpha_1"]),
            ("search_keyword=_", ["alpha_1"]),
            ("search_keyword=%25", []),
            ("from=2023-11-08", ["gamma.3", "Beta-2"]),
            ("to=2023-11-08", ["Beta-2", "alpha_1"]),
            ("from=2023-11-08&to=2023-11-08&time_zone=%2B09:00", ["alpha_1"]),
            ("from=2023-11-08&to=2023-11-08&search_keyword=a", ["Beta-2"]),
        ],
    )
    def test_filters(self, three, query, expected):
        assert names(three, query) == (len(expected), expected)

    def test_pages(self, three):
        assert names(three, "page_unit=2&page_index=2") == (3, ["alpha_1"])

    def test_times_are_of_the_zone(self, three):
        line = call(three, "GET", "/api/recipient/DEMO/1?time_zone=%2B09:00").json()
        assert (line["time_zone"], line["data"]["reg_time"]) == ("+09:00", "2023-11-08T05:00:00")

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("page_unit=1001", "page_unit"),
            ("page_index=0", "page_index"),
            ("from=x", "from"),
            ("from=2023-11-09&to=2023-11-08", "from"),
            ("time_zone=x", "time_zone"),
            ("search_keyword=" + "a," * 101, "search_keyword"),
        ],
    )
    def test_what_is_wrong_is_named(self, three, query, field):
        assert [fault[0] for fault in faults(call(three, "GET", f"/api/recipient/DEMO?{query}"))] == [field]


class TestChanges:
    def test_name_or_description_alone(self, api):
        (dwm_id,) = register(api, "one")
        for body in ({"name": "ONE"}, {"description": ""}):
            assert call(api, "PUT", f"/api/recipient/DEMO/{dwm_id}", json=body).status_code == 200
        shown = call(api, "GET", f"/api/recipient/DEMO/{dwm_id}").json()["data"]
        assert (shown["name"], shown["description"]) == ("ONE", "")

    def test_neither_is_refused(self, api):
        (dwm_id,) = register(api, "one")
        assert faults(call(api, "PUT", f"/api/recipient/DEMO/{dwm_id}", json={})) == [("name", "DW1001")]

    def test_a_name_that_another_one_has_is_refused(self, api):
        register(api, "one", "two")
        assert faults(call(api, "PUT", "/api/recipient/DEMO/1", json={"name": "TWO"}), 409) == [("name", "DW1009")]
        assert faults(call(api, "PUT", "/api/recipient/DEMO/1", json={"name": "t wo"})) == [("name", "DW1003")]

    def test_once_used_it_stays_what_it_is(self, api):
        add_job(api, "used")
        for method, body in (("PUT", {"description": "x"}), ("DELETE", None)):
            answer = call(api, method, "/api/recipient/DEMO/1", **({"json": body} if body else {}))
            assert (answer.status_code, answer.json()["error_code"]) == (409, "DW7001")
            assert "job 1" in answer.json()["error_message"]
        assert names(api) == (1, ["used"])

    def test_one_that_was_never_used_is_deleted_and_its_number_not_used_again(self, api):
        register(api, "a", "b")
        answer = call(api, "DELETE", "/api/recipient/DEMO/2")
        assert answer.json()["data"] == {"dwm_id": 2}
        assert call(api, "DELETE", "/api/recipient/DEMO/2").json()["error_code"] == "DW1007"
        assert register(api, "b") == [3]
        with api.database.read() as s:
            assert list(s.scalars(select(Recipient.name).order_by(Recipient.id))) == ["a", "b"]
