"""`output.forensic_watermarking` of a T&P request."""

import pytest
from tests.tnp import job, read, refused

from telecine.apis.tnp.mapping import translate_job
from telecine.apis.tnp.schema_job import JobRequest
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import MarkCost, MarkLayout, PaceInfoFiles
from telecine.core.limits import Policy
from telecine.core.watermark.policy import MarkingPolicy

WANTED = {"enabled": True}


def marking(policy=None, **fields):
    request = job(**fields)
    read_request = JobRequest.model_validate(request)
    return translate_job(read_request, request, Policy(), policy or MarkingPolicy()).spec.marking


def narrow(*widths):
    request = job(forensic_watermarking=WANTED)
    pictures = [track for track in request["output"]["transcodings"] if track["track_type"] == "video"]
    others = [track for track in request["output"]["transcodings"] if track["track_type"] != "video"]
    tracks = [pictures[0] | {"track_id": f"v{n}", "width": width} for n, width in enumerate(widths)]
    request["output"]["transcodings"] = [*tracks, *others]
    return request


@pytest.mark.parametrize("wanted", [None, {}, {"enabled": False}, {"enabled": None}])
def test_who_does_not_ask_for_a_watermark_gets_none(wanted):
    assert marking(forensic_watermarking=wanted) is None


@pytest.mark.parametrize("enabled", [True, "true"])
def test_how_a_job_is_marked_is_its_sites_choice(enabled):
    policy = MarkingPolicy(
        layout=MarkLayout.PREFIXED,
        strength=0.7,
        shortest_seconds=30,
        narrowest=320,
        pace_info=PaceInfoFiles.NONE,
        cost=MarkCost.FULL,
    )
    found = marking(policy, forensic_watermarking={"enabled": enabled})
    assert (found.layout, found.strength, found.pace_info) == (MarkLayout.PREFIXED, 0.7, PaceInfoFiles.NONE)
    assert (found.shortest_seconds, found.narrowest, found.cost) == (30, 320, MarkCost.FULL)


def test_a_job_of_sound_alone_cannot_be_marked():
    request = job(forensic_watermarking=WANTED)
    request["input"]["files"][0]["file_type"] = "audio"
    request["output"]["transcodings"] = [
        track for track in request["output"]["transcodings"] if track["track_type"] == "audio"
    ]
    assert refused(request) == {(ErrorKind.FIELD_INVALID, "output.forensic_watermarking.enabled")}


def test_every_rendition_that_is_too_narrow_is_named():
    assert refused(narrow(640, 426, 256)) == {
        (ErrorKind.FIELD_OUT_OF_RANGE, "output.transcodings[1].width"),
        (ErrorKind.FIELD_OUT_OF_RANGE, "output.transcodings[2].width"),
    }
    assert read(narrow(640, 1920)).spec.marking


def test_the_narrowest_is_the_sites():
    request = narrow(426)
    with pytest.raises(TelecineError, match="480 pixels"):
        translate_job(JobRequest.model_validate(request), request, Policy(), MarkingPolicy(narrowest=480))
    assert translate_job(
        JobRequest.model_validate(request), request, Policy(), MarkingPolicy(narrowest=400)
    ).spec.marking
