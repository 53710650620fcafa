"""From what a leaked copy of a master shows to a recipient's name, with the rows of a database and no media."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.distributed import GROUPS, SECONDS, add_distribution, add_recipients, copy_of, noise
from tests.jobs import SITE, services_in

from telecine.catalog import detections, notifications, prepared, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.deliveries import log
from telecine.catalog.detections import NewDetection, Source
from telecine.cli.leak_report import report_lines
from telecine.core.detection_codes import Subject
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.watermark.bias import Family
from telecine.core.watermark.report import Footage
from telecine.jobs import leak_reading, references
from telecine.jobs.detection_activities import close
from telecine.jobs.detection_naming import name_leaker
from telecine.jobs.leak_staging import leak_of
from telecine.jobs.messages import Ending
from telecine.jobs.services import Services
from telecine.media.context import Context
from telecine.media.tools import Tools
from telecine.media.workspace import Workspace

NAMES = [f"house-{number}" for number in range(40)]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """A site with forty recipients of `film`, which two jobs have distributed, and ten who have nothing."""
    made = services_in(tmp_path)
    with made.database.write() as s:
        values = storages.StorageValues("Main", "input", "input", "RG011", "key", "secret")
        storage = storages.create(s, made.sealer, SITE, values).storage_id
        numbers = add_recipients(s, *NAMES)
        add_recipients(s, *(f"nobody-{number}" for number in range(10)))
        add_distribution(s, storage, numbers[:20])
        add_distribution(s, storage, numbers[20:])
    return made


@pytest.fixture
def detection(services: Services):
    """A detection of `film`, by its row."""
    alarms = {"complete": True, "error": True}
    with services.database.write() as s:
        values = notifications.NotificationValues("n", "SNS", "arn:aws:sns:us-west-2:1:topic", "AK", "sk", alarms)
        told = notifications.create(s, services.sealer, SITE, values).id
        source = Source(upload="upload-0123456789abcdef")
        new = NewDetection("film", "a case", source, 1e-6, told, subject=Subject.RECIPIENTS)
        return detections.create(s, services.sealer, SITE, new)


def keys(services: Services):
    return services.recipient_keys(SITE, "film", Family.UNIFORM)


def settle(services: Services, row, footage: Footage) -> str:
    named = name_leaker(services, row, footage)
    with services.database.write() as s:
        detections.begin(s, row.id, 1, utcnow())
        assert detections.keep_result(s, row.id, 1, named.result, named.png)
    return close(services, row.id, 1, Ending("complete"))


def result(services: Services, row):
    with services.database.read() as s:
        return detections.load(s, row.id).result


def messages(services: Services):
    with services.database.read() as s:
        return [line.payload for line in log(s, SITE, page_unit=10)[1]]


@pytest.mark.parametrize("number", [7, 33])
def test_a_recipient_of_any_job_of_the_content_is_named(services, detection, number):
    assert settle(services, detection, copy_of(keys(services), number)) == "complete"
    found = result(services, detection)
    (one,) = found["accused"]
    assert (one["recipient"], one["dwm_id"]) == (NAMES[number - 1], number)
    assert (one["strength"], one["method"], one["code"]) == ("evidence", "alone", "uniform")
    assert one["agreeing"] == one["compared"] == GROUPS
    assert one["log10_bound"] < -9
    assert found["population"] == 40, "those who have no copy cannot have leaked one"
    with services.database.read() as s:
        assert detections.picture(s, SITE, detection.id, Subject.RECIPIENTS).startswith(b"\x89PNG")
    (message,) = messages(services)
    assert (message["detection_status"], message["forensic_mark"]) == ("FD004", NAMES[number - 1])


def test_two_who_cut_their_copies_together_are_both_named(services, detection):
    settle(services, detection, copy_of(keys(services), 4, 29))
    named = {one["recipient"] for one in result(services, detection)["accused"]}
    assert named
    assert named <= {NAMES[3], NAMES[28]}


def test_something_without_a_mark_names_nobody(services, detection):
    assert settle(services, detection, noise()) == "failed"
    assert (result(services, detection)["outcome"], result(services, detection)["accused"]) == ("not_enough", [])
    (message,) = messages(services)
    assert (message["detection_status"], message["error_code"]) == ("FD007", "D3001")


def test_a_reading_that_is_not_to_be_trusted_names_nobody_though_it_fits_somebody(services, detection):
    seen = copy_of(keys(services), 7)
    assert settle(services, detection, Footage(seen.z, SECONDS, ("it is of something else",))) == "failed"
    assert result(services, detection)["outcome"] == "unreliable"


def test_a_copy_of_another_content_or_site_names_nobody(services, detection):
    for site, content in ((SITE, "else"), ("ELSE", "film")):
        from telecine.core.watermark.recipients import derive_recipient_keys

        foreign = derive_recipient_keys(bytes(32), site, content, Family.UNIFORM)
        named = name_leaker(services, detection, copy_of(foreign, 7))
        assert named.result["accused"] == []


def test_the_report_in_words_names_the_recipient_and_the_bound(services, detection):
    settle(services, detection, copy_of(keys(services), 7))
    lines = "\n".join(report_lines("It", result(services, detection), Subject.RECIPIENTS))
    assert "house-6 (recipient 7, uniform)" in lines
    assert "evidence: bound 1e-" in lines
    assert f"{GROUPS} of {GROUPS} clear marks agree" in lines
    assert f"Used {GROUPS} of {GROUPS} marks (19.2 s) of the master, compared with 40 recipients (uniform)." in lines


@pytest.fixture
def step(services, detection, tmp_path):
    """What an activity has that reads a leak."""
    context = Context(Tools(Path("ffmpeg"), Path("ffprobe"), Path("packager")), MediaLimits())
    return SimpleNamespace(
        services=services, row=detection, workspace=Workspace(tmp_path / "detection-1"), context=context,
        pulse=SimpleNamespace(alive=lambda: None),
    )  # fmt: skip


def reference_of(services, detection) -> Path:
    with services.database.read() as s:
        name = prepared.get(s, SITE, detection.of_job).name
    return references.place_of(services.settings.prepared, name) / "reference"


def test_a_leak_is_read_with_the_reference_and_the_key_of_the_masters_copies(services, detection, step, monkeypatch):
    place = reference_of(services, detection)
    place.mkdir(parents=True)
    seen = []
    footage = Footage(np.zeros(3), 2.0)
    monkeypatch.setattr(leak_reading, "read_leak", lambda *given: seen.append(given) or footage)
    assert leak_reading.read_copy(step) is footage
    ((leak, reference, key, _),) = seen
    assert (leak, reference, key) == (leak_of(step.workspace), place, keys(services).mark)
    assert key != services.mark_key(SITE, "film"), "viewers' marks are other ones"


def test_a_master_whose_reference_is_gone_is_an_error_of_its_own(services, detection, step, monkeypatch):
    with pytest.raises(TelecineError) as caught:
        leak_reading.read_copy(step)
    assert caught.value.kind is ErrorKind.REFERENCE_MISSING
    assert "'film'" in str(caught.value)


def test_stopping_while_a_leak_is_read_stays_what_it_is(services, detection, step, monkeypatch):
    reference_of(services, detection).mkdir(parents=True)

    def stop(*_):
        raise Cancelled

    monkeypatch.setattr(leak_reading, "read_leak", stop)
    with pytest.raises(Cancelled):
        leak_reading.read_copy(step)
