"""Links and virtual copies: every range is those bytes of the right takes, and a link opens one copy for its time."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.api.dwm import add_job, call, prepare_for
from tests.prepared import GROUPS, PLAN, spliced

from telecine.apis.copy_links import CopyLink
from telecine.apis.dwm import virtual_copy
from telecine.catalog import marks, prepared
from telecine.catalog.models import Job
from telecine.core.watermark.bias import Family
from telecine.core.watermark.recipients import derive_recipient_keys, takes_of


def link_to(api, job_id=1, dwm_id=1, query="", site_id="DEMO"):
    return call(api, "GET", f"/api/job/{site_id}/{job_id}/recipient/{dwm_id}/link{query}", site_id)


def path_of(api, *args, **more):
    answer = link_to(api, *args, **more)
    assert answer.status_code == 200, answer.text
    base = api.services.settings.base_url
    assert answer.json()["data"]["url"].startswith(f"{base}/dwm/copy/")
    return answer.json()["data"]["url"].removeprefix(base)


def fetch(api, path, method="GET", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.client.request(method, path, headers=sent)


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    return answer.json()["error_message"]


@pytest.fixture
def copied(api):
    """A prepared master, for recipients 1 and 2 of job 1; the application, and what the copy of each must be."""
    job_id = add_job(api, "One", "two", content_id="film")
    made, files = prepare_for(api, job_id)
    with api.database.write() as s:
        keys = derive_recipient_keys(marks.secret(s, api.services.sealer, "DEMO"), "DEMO", "film", Family.UP_TO_4)
    whole = {one: spliced(made, files, [int(take) for take in takes_of(keys, one, GROUPS)]) for one in (1, 2)}
    return api, whole


class TestLinks:
    def test_a_link_says_where_how_large_until_when_and_what(self, copied):
        api, whole = copied
        body = link_to(api, query="?seconds=60&time_zone=%2B09:00").json()
        assert (body["error_code"], body["time_zone"]) == ("0000", "+09:00")
        data = body["data"]
        assert list(data) == ["url", "expires", "size", "file_name"]
        assert (data["size"], data["file_name"]) == (len(whole[1]), "film_One.mov")
        assert data["url"].endswith("/film_One.mov")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", data["expires"])

    def test_it_works_for_its_time_and_no_longer(self, copied):
        api, whole = copied
        path = path_of(api, query="?seconds=60")
        assert fetch(api, path).content == whole[1]
        api.clock.turn(61)
        assert "has expired" in refused(fetch(api, path), 403, "DW7003")

    def test_one_that_was_tampered_with_opens_nothing(self, copied):
        api, _ = copied
        path = path_of(api)
        token = path.split("/")[3]
        head, body, signature = token.split(".")
        for other in (f"{head}.{body[:-2]}AA.{signature}", token[:-2], "x", api.token_once().split()[1]):
            refused(fetch(api, path.replace(token, other)), 403, "DW7003")

    def test_it_is_no_token_for_anything_else(self, copied):
        api, _ = copied
        token = path_of(api).split("/")[3]
        answer = api.client.get("/dwm/api/job/DEMO", headers={"Authorization": f"Bearer {token}"})
        refused(answer, 401, "DW2002")

    @pytest.mark.parametrize("seconds", [0, -1, 604801, "x"])
    def test_for_a_second_to_a_week(self, copied, seconds):
        assert link_to(copied[0], query=f"?seconds={seconds}").status_code == 400

    def test_what_is_not_there_has_no_link(self, copied):
        api, _ = copied
        refused(link_to(api, job_id=77), 404, "DW1007")
        refused(link_to(api, dwm_id=77), 404, "DW1007")
        other = api.add_job()
        refused(link_to(api, job_id=other), 404, "DW1007")

    def test_before_the_master_is_prepared_there_is_none(self, copied):
        api, _ = copied
        later = add_job(api, "One", content_id="later")
        assert "not prepared" in refused(link_to(api, job_id=later), 404, "DW7002")

    def test_individual_copies_have_none(self, copied):
        api, _ = copied
        with api.database.write() as s:
            prepared.keep(s, s.get_one(Job, 1), PLAN | {"mode": "individual"}, "DEMO/film/1")
        assert "output storage" in refused(link_to(api), 404, "DW7002")

    def test_once_the_files_are_forgotten_or_gone_a_link_says_so(self, copied):
        api, _ = copied
        path = path_of(api)
        file = api.services.settings.prepared / "DEMO" / "film" / "1" / "1.mov"
        file.rename(file.with_name("hidden"))
        refused(fetch(api, path), 404, "DW7002")
        file.with_name("hidden").rename(file)
        file.write_bytes(file.read_bytes() + b"x")
        assert "not whole" in refused(fetch(api, path), 404, "DW7002")
        file.write_bytes(file.read_bytes()[:-1])
        assert fetch(api, path).status_code == 200
        with api.database.write() as s:
            prepared.forget_files(s, 1)
        assert "create the job again" in refused(fetch(api, path), 404, "DW7002")

    def test_the_log_does_not_show_the_token(self, copied):
        api, _ = copied
        path = path_of(api)
        with capture_logs() as logged:
            assert fetch(api, path).status_code == 200
        assert [line["path"] for line in logged if line["event"] == "request"] == ["/dwm/copy/…/film_One.mov"]
        assert path.split("/")[3] not in str(logged)


class TestBytes:
    def test_the_whole_copy_is_the_recipients_own(self, copied):
        api, whole = copied
        assert whole[1] != whole[2]
        for one in (1, 2):
            answer = fetch(api, path_of(api, dwm_id=one))
            assert (answer.status_code, answer.content) == (200, whole[one])
            assert answer.headers["content-length"] == str(len(whole[one]))
            assert answer.headers["accept-ranges"] == "bytes"
            assert answer.headers["content-type"] == "video/quicktime"
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''film_two.mov"

    def test_any_range_is_those_bytes(self, copied):
        api, whole = copied
        path, size = path_of(api), len(whole[1])

        @settings(max_examples=60, deadline=None, derandomize=True)
        @given(st.integers(0, size - 1), st.integers(0, size + 50))
        def probe(start, length):
            answer = fetch(api, path, Range=f"bytes={start}-{start + length}")
            expected = whole[1][start : start + length + 1]
            assert (answer.status_code, answer.content) == (206, expected)
            assert answer.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{size}"
            assert answer.headers["content-length"] == str(len(expected))

        probe()

    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("bytes=0-0", 0, 1), ("bytes=12000-", 12000, None), ("bytes=-10", -10, None), ("bytes=-999999", 0, None),
         ("Bytes = 5-6", 5, 7), ("bytes=0-99999999", 0, None)],
    )  # fmt: skip
    def test_open_and_suffix_ranges(self, copied, asked, start, end):
        api, whole = copied
        answer = fetch(api, path_of(api), Range=asked)
        assert (answer.status_code, answer.content) == (206, whole[1][start:end])

    @pytest.mark.parametrize(
        "asked", ["bytes=0-1,5-6", "bytes=9-5", "bytes=-", "bytes=x", "items=0-1", "bytes", "bytes=" + "9" * 30 + "-"]
    )
    def test_what_is_no_single_range_is_answered_with_the_whole(self, copied, asked):
        api, whole = copied
        answer = fetch(api, path_of(api), Range=asked)
        assert (answer.status_code, answer.content) == (200, whole[1])

    @pytest.mark.parametrize("asked", ["bytes=12500-", "bytes=999999-9999999", "bytes=-0"])
    def test_behind_the_end_there_is_nothing(self, copied, asked):
        api, whole = copied
        assert len(whole[1]) == 12500
        answer = fetch(api, path_of(api), Range=asked)
        refused(answer, 416, "DW1002")
        assert answer.headers["content-range"] == "bytes */12500"

    def test_head_tells_the_same_without_bytes(self, copied):
        api, _ = copied
        path = path_of(api)
        head, whole_answer = fetch(api, path, "HEAD", Range="bytes=0-1"), fetch(api, path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
            assert head.headers[name] == whole_answer.headers[name]

    def test_a_client_that_has_it_is_told_so(self, copied):
        api, whole = copied
        path = path_of(api)
        etag = fetch(api, path, "HEAD").headers["etag"]
        for known in (etag, f'"other", W/{etag}', "*"):
            answer = fetch(api, path, If_None_Match=known)
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert fetch(api, path, If_None_Match='"other"').content == whole[1]
        assert fetch(api, path_of(api, dwm_id=2), "HEAD").headers["etag"] != etag

    def test_a_broken_off_download_goes_on_only_in_the_same_copy(self, copied):
        api, whole = copied
        path = path_of(api)
        etag = fetch(api, path, "HEAD").headers["etag"]
        assert fetch(api, path, Range="bytes=9-", If_Range=etag).status_code == 206
        for other in ('"other"', f"W/{etag}", "Tue, 01 Dec 2026 00:00:00 GMT"):
            answer = fetch(api, path, Range="bytes=9-", If_Range=other)
            assert (answer.status_code, answer.content) == (200, whole[1])

    def test_it_is_read_block_by_block(self, api):
        job_id = add_job(api, "One", content_id="film")
        made, _ = prepare_for(api, job_id, group_bytes=300_000)
        copy = virtual_copy.open_copy(api.services, CopyLink("DEMO", job_id, 1))
        blocks = [len(block) for block in copy.read(0, made.size)]
        assert sum(blocks) == made.size
        assert set(blocks[:-1]) == {virtual_copy.BLOCK}
        assert all(file.closed for file in copy.files)

    def test_a_file_that_has_become_shorter_breaks_the_answer_off(self, api):
        job_id = add_job(api, "One", content_id="film")
        made, _ = prepare_for(api, job_id)
        copy = virtual_copy.open_copy(api.services, CopyLink("DEMO", job_id, 1))
        for take in ("0.mov", "1.mov"):
            (api.services.settings.prepared / "DEMO/film/1" / take).write_bytes(b"short")
        with pytest.raises(EOFError):
            list(copy.read(0, made.size))
