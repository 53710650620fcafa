"""Registering jobs by the packaging API: a request is checked whole, and a good one becomes a job."""

import copy

import pytest
from sqlalchemy import select
from tests.api.packaging import INPUT, OUTPUT, both_storages, call, code, fields, job_count, sealed

from telecine.apis.packaging import PARAMETER, samples
from telecine.catalog import jobs, marks, packaging_sites, sites
from telecine.catalog.models import Command
from telecine.core.drm import Ladder
from telecine.core.job import Format, JobSpec, Marking, MarkLayout, Packaging, Protection, SubtitleInput
from telecine.core.states import JobState
from telecine.core.watermark.policy import MarkingPolicy


def job(path="", value=None):
    """The document's job with the value at `path` (`drm_option.multi_key`) replaced; None takes it away."""
    request = copy.deepcopy(samples.JOB_REGISTER)
    if path:
        *way, last = path.split(".")
        at = request
        for name in way:
            at = at[int(name)] if isinstance(at, list) else at[name]
        at[last] = value
        if value is None:
            del at[last]
    return request


@pytest.fixture
def ready(api):
    """The site DEMO with the storages that the document's job names."""
    both_storages(api)
    return api


def refused(api, request):
    """The answer, after which there is no job."""
    answer = call(api, "POST", "pack", request)
    assert job_count(api) == 0
    return answer


def registered(api, request, **more):
    """The job that a request without a fault has made."""
    answer = call(api, "POST", "pack", request, **more)
    assert code(answer) == (200, "0000"), answer.text
    with api.database.read() as s:
        return jobs.load(s, answer.json()["job_id"])


def spec_of(row):
    return JobSpec.model_validate(row.spec)


class TestRegistration:
    def test_the_documents_job(self, ready):
        answer = call(ready, "POST", "pack", job())
        assert answer.status_code == 200
        body = answer.json()
        assert list(body) == ["error_code", "error_message", "job_id"]
        assert body["error_code"] == "0000"
        assert isinstance(body["job_id"], int)
        with ready.database.read() as s:
            row = jobs.load(s, body["job_id"])
            (command,) = s.scalars(select(Command))
        assert (row.dialect, row.state, row.drm, row.forensic_watermark) == ("packaging", JobState.QUEUED, True, True)
        assert (row.dash, row.hls, row.cmaf) == (True, True, False)
        assert row.request == samples.JOB_REGISTER
        assert (command.kind, command.job_id) == ("start", row.id)
        assert spec_of(row) == JobSpec(
            name="sample film",
            content_id="sample-film",
            input_storage=INPUT,
            contents=("film/1080p.mp4", "film/720p.mp4"),
            subtitles=(SubtitleInput(path="film/ko.vtt", language="ko"),),
            output_storage=OUTPUT,
            output_path="packaged",
            packaging=Packaging(formats=(Format.DASH, Format.HLS)),
            protection=Protection(multi_key=True),
            marking=Marking(),
        )

    @pytest.mark.parametrize(
        "request_body",
        [
            job("protect_type", "WATERMARK, drm"),
            job("protect_type") | {"protection_type": ["watermark", "DRM"]},
            job() | {"protection_type": ["watermark", "drm"]},
            job("streaming_format", "dash,hls"),
            job("streaming_format", ["dash", "HLS", "dash"]),
            job("drm_option.max_sd_height", "0"),
            job("drm_option.multi_key", "true"),
            job("storage.output.path", ["packaged"]),
            job("storage.output.path", "/packaged/"),
            job("storage.input.contents_path", ["/film/1080p.mp4", "film//720p.mp4"]),
            job("subtitles.0.language", "kor"),
            job("dash_option"),
            job("dash_option.min_buffer_time", "2.0"),
            job() | {"unknown": 1, "region": "RG011"},
        ],
    )
    def test_other_spellings_of_the_same(self, ready, request_body):
        assert spec_of(registered(ready, request_body)) == spec_of(registered(ready, job()))

    @pytest.mark.parametrize(
        ("path", "value", "name", "made"),
        [
            ("protect_type", ["watermark"], "protection", None),
            ("drm_option", None, "protection", Protection()),
            ("drm_option", {}, "protection", Protection()),
            ("drm_option", {"skip_audio_encryption": True, "clear_lead": 4}, "protection",
             Protection(skip_audio=True, clear_lead=4)),
            ("drm_option.generate_tracktype_manifests", True, "protection",
             Protection(multi_key=True, track_type_manifests=True)),
            ("drm_option.max_hd_height", 720, "protection",
             Protection(multi_key=True, ladder=Ladder(max_hd_height=720))),
            ("streaming_format", ["HLS"], "packaging", Packaging(formats=(Format.HLS,))),
            ("dash_option", {"min_buffer_time": "2.5", "enable_average_bandwidth_mpd": "true"}, "packaging",
             Packaging(formats=(Format.DASH, Format.HLS), min_buffer_time=2.5, average_bandwidth=True)),
            ("subtitles", None, "subtitles", ()),
            ("subtitles", [], "subtitles", ()),
            ("subtitles.0.language", None, "subtitles", (SubtitleInput(path="film/ko.vtt", language="und"),)),
            ("storage.input.contents_path", "film/1080p.mp4", "contents", ("film/1080p.mp4",)),
            ("storage.input.contents_path", ["film/"], "contents", ("film",)),
            ("content_id", "k" * 200, "content_id", "k" * 200),
        ],
    )  # fmt: skip
    def test_what_it_asks_for(self, ready, path, value, name, made):
        assert getattr(spec_of(registered(ready, job(path, value))), name) == made

    def test_options_without_effect_are_told(self, ready):
        plain = registered(ready, job("protect_type", ["watermark"]))
        assert plain.warnings == ["'drm_option' has no effect: 'drm' is not among the kinds of protection."]
        one_key = registered(ready, job("drm_option", {"generate_tracktype_manifests": True}))
        assert one_key.warnings == ["'drm_option.generate_tracktype_manifests' has no effect without multi_key."]

    def test_it_is_marked_as_the_site_has_chosen(self, ready):
        chosen = MarkingPolicy(layout=MarkLayout.PREFIXED, strength=0.7, shortest_seconds=2, narrowest=320)
        with ready.database.write() as s:
            marks.set_policy(s, "DEMO", chosen)
        assert spec_of(registered(ready, job())).marking == Marking(
            layout=MarkLayout.PREFIXED, strength=0.7, shortest_seconds=2, narrowest=320
        )

    def test_a_storage_of_this_api_is_good_for_both(self, api):
        api.add_storage(INPUT, "both")
        assert registered(api, job("storage.output.storage_id", INPUT)).output_storage == INPUT

    @pytest.mark.parametrize("method", ["POST"])
    @pytest.mark.parametrize("carrier", ["query", "form", "json"])
    def test_the_envelope_may_be_anywhere(self, ready, method, carrier):
        text = sealed(ready, job())
        body = {"form": {"data": {PARAMETER: text}}, "json": {"json": {PARAMETER: text}}}.get(carrier, {})
        query = {"params": {PARAMETER: text}} if carrier == "query" else {}
        answer = ready.client.request(method, "/packaging/api/v2/pack/DEMO", **body, **query)
        assert code(answer) == (200, "0000")
        assert job_count(ready) == 1

    def test_a_key_makes_sending_twice_harmless(self, ready):
        first = call(ready, "POST", "pack", job(), headers={"Idempotency-Key": "k1"})
        ready.clock.turn(60)
        second = call(ready, "POST", "pack", job(), headers={"Idempotency-Key": "k1"})
        assert first.json() == second.json()
        assert second.headers["Idempotency-Replayed"] == "true"
        assert job_count(ready) == 1
        other = call(ready, "POST", "pack", job("content_id", "other"), headers={"Idempotency-Key": "k1"})
        assert code(other) == (409, "A1000")
        assert job_count(ready) == 1

    def test_without_a_key_sending_twice_makes_two(self, ready):
        assert registered(ready, job()).id != registered(ready, job()).id


class TestFaults:
    @pytest.mark.parametrize(
        "name",
        [
            *("job_name", "storage", "content_id", "streaming_format", "storage.input", "storage.output"),
            *("storage.input.storage_id", "storage.input.contents_path", "storage.output.storage_id"),
            *("storage.output.path", "subtitles.0.path"),
        ],
    )
    def test_what_is_required(self, ready, name):
        answer = refused(ready, job(name))
        assert code(answer) == (400, "A1000")
        assert fields(answer) == [name.replace(".0", "[0]")]
        assert "is missing" in answer.json()["error_message"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("job_name", ""),
            ("job_name", "x" * 256),
            ("job_name", "a\nb"),
            ("content_id", "한" * 67),
            ("content_id", "a/b"),
            ("content_id", ".."),
            ("streaming_format", []),
            ("streaming_format", ["cmaf"]),
            ("streaming_format", {"dash": True}),
            ("storage.input.storage_id", "nobody's"),
            ("storage.input.storage_id", OUTPUT),
            ("storage.output.storage_id", INPUT),
            ("storage.input.contents_path", []),
            ("storage.input.contents_path", [5]),
            ("storage.output.path", ["a", "b"]),
            ("storage.output.path", "../a"),
            ("storage.output.path", "a\\b"),
            ("dash_option.min_buffer_time", 1),
            ("dash_option.enable_average_bandwidth_mpd", 1),
            ("drm_option.multi_key", "yes"),
            ("drm_option.clear_lead", -1),
            ("drm_option.max_sd_height", "tall"),
            ("drm_option.max_hd_height", 480),
            ("drm_option.max_uhd1_height", 1000),
            ("protect_type", ["drm"]),
            ("protect_type", []),
            ("subtitles.0.path", "../x.vtt"),
            ("subtitles.0.path", "film/"),
            ("subtitles.0.language", "Klingonish"),
        ],
    )
    def test_what_is_refused_by_name(self, ready, name, value):
        answer = refused(ready, job(name, value))
        assert code(answer) == (400, "A1000")
        (field,) = {one.split("[")[0] if "[0]." not in one else one for one in fields(answer)}
        assert field == name.replace(".0", "[0]")

    @pytest.mark.parametrize("path", ["", "/", "a/../b", "a\\b", "x" * 513, "a\x00b"])
    def test_a_content_path_that_cannot_be(self, ready, path):
        answer = refused(ready, job("storage.input.contents_path", ["ok.mp4", path]))
        assert code(answer) in ((400, "A1000"), (400, "A7008"))
        if answer.json()["error_code"] == "A1000":
            assert fields(answer) == ["storage.input.contents_path[1]"]

    def test_the_same_content_twice(self, ready):
        answer = refused(ready, job("storage.input.contents_path", ["film/a.mp4", "/film//a.mp4"]))
        assert fields(answer) == ["storage.input.contents_path[1]"]

    def test_no_protection_at_all(self, ready):
        answer = refused(ready, job("protect_type"))
        assert fields(answer) == ["protection_type"]
        assert "watermark" in answer.json()["error_message"]

    def test_two_names_that_disagree(self, ready):
        answer = refused(ready, job() | {"protection_type": ["watermark"]})
        assert fields(answer) == ["protect_type"]

    def test_every_fault_of_the_whole_is_named_at_once(self, ready):
        request = job("storage.input.storage_id", "x") | {"protect_type": ["drm"]}
        request["subtitles"][0]["language"] = "??"
        assert fields(refused(ready, request)) == [
            *("storage.input.storage_id", "protect_type", "subtitles[0].language")
        ]

    def test_a_storage_of_another_site(self, api):
        api.add_site("EVIL")
        both_storages(api, "EVIL")
        answer = refused(api, job())
        assert fields(answer) == ["storage.input.storage_id", "storage.output.storage_id"]

    def test_a_site_that_is_out_of_service(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        assert code(refused(ready, job())) == (403, "A9010")

    def test_drm_heights_that_cross_do_not_matter_without_drm(self, ready):
        request = job("drm_option.max_hd_height", 480)
        assert registered(ready, request | {"protect_type": ["watermark"]}).drm is False


class TestTrial:
    @pytest.fixture
    def trial(self, ready):
        with ready.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=1)
        return ready

    def test_one_mp4_is_allowed_once(self, trial):
        request = job("storage.input.contents_path", ["film/a.MP4"])
        assert registered(trial, request).id
        answer = call(trial, "POST", "pack", request)
        assert code(answer) == (403, "A1000")
        assert "trial" in answer.json()["error_message"]
        assert job_count(trial) == 1

    def test_its_files_are_no_larger_than_the_operator_allows(self, trial):
        with trial.database.write() as s:
            packaging_sites.put(s, "DEMO", packaging_sites.PackagingTerms(trial_bytes=1_000_000))
        assert spec_of(registered(trial, job("storage.input.contents_path", ["a.mp4"]))).input_bytes == 1_000_000
        with trial.database.write() as s:
            sites.configure(s, "DEMO", trial_limit=None)
        assert spec_of(registered(trial, job())).input_bytes is None

    def test_no_adaptive_streaming(self, trial):
        answer = refused(trial, job())
        assert code(answer) == (400, "A1000")
        assert fields(answer) == ["storage.input.contents_path"]

    @pytest.mark.parametrize("path", ["film/a.mov", "film/"])
    def test_mp4_only(self, trial, path):
        assert fields(refused(trial, job("storage.input.contents_path", [path]))) == ["storage.input.contents_path[0]"]
