"""`telecine detect`: what an operator types and reads; a thread does what a worker would."""

import json
import threading
import time

import numpy as np
import pytest
from sqlalchemy import select
from tests.marked import add_sessions, add_title

from telecine.catalog import detections, jobs, marks, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.database import Database
from telecine.catalog.mark_models import Detection
from telecine.catalog.seal import Sealer, load_master_key
from telecine.cli.output import Exit
from telecine.core.job import Format, InputFile, JobSpec, Packaging
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import Footage, bits_of
from telecine.core.watermark.sequence import derive_key
from telecine.jobs.detection_activities import close
from telecine.jobs.detection_naming import name_leaker
from telecine.jobs.messages import Ending
from telecine.jobs.services import Services
from telecine.settings import Settings
from telecine.storage.open import StoreFactory

POSITIONS = 120


@pytest.fixture
def services(telecine):
    """What a worker of this installation has; the title `film` is marked and has fifty sessions."""
    telecine("site", "create", "DEMO")
    settings = Settings()
    database = Database(settings.database)
    sealer = Sealer(load_master_key("", settings.data_dir / "master.key"))
    with database.write() as s:
        values = storages.StorageValues("Main", "bucket", "output", "RG011", "key", "secret")
        storage = storages.create(s, sealer, "DEMO", values).storage_id
        spec = JobSpec(
            name="Film", content_id="film", input_storage=storage, files=(InputFile(path="in.mp4", video=True),),
            output_storage=storage, output_path="out", packaging=Packaging(formats=(Format.DASH,)),
        )  # fmt: skip
        job_id = jobs.create(s, "DEMO", jobs.NewJob(spec=spec, request={})).id
        add_title(s, job_id, positions=POSITIONS)
        add_sessions(s, "uniform", 50)
    yield Services(settings, database, sealer, StoreFactory("folder", settings.buckets))
    database.close()


@pytest.fixture
def leak(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"moving pictures")
    return path


def work(services: Services, seen) -> threading.Thread:
    """Carry out the next detection as a worker does; `seen` gives what its leak shows."""

    def run():
        while True:
            with services.database.read() as s:
                row = s.scalars(select(Detection)).first()
            if row is not None:
                break
            time.sleep(0.05)
        with services.database.write() as s:
            detections.begin(s, row.id, 1, utcnow())
            detections.report_progress(s, row.id, 1, 40.0, utcnow())
        named = name_leaker(services, row, seen(services))
        with services.database.write() as s:
            detections.keep_result(s, row.id, 1, named.result, named.png)
        close(services, row.id, 1, Ending("complete"))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def copy_of_twelve(services: Services) -> Footage:
    with services.database.write() as s:
        secret = marks.secret(s, services.sealer, "DEMO")
    with services.database.read() as s:
        names, payloads = next(iter(detections.session_blocks(s, "DEMO", "film", SessionCode.UNIFORM)))
    keys = lambda family: derive_key(secret, "DEMO", "film", family)  # noqa: E731
    bits = bits_of(SessionCode.UNIFORM, names[12], payloads[12], POSITIONS, keys)
    return Footage(np.where(bits == 1, -8.0, 8.0), 2.0)


def noise(_services: Services) -> Footage:
    return Footage(np.random.default_rng(3).standard_normal(POSITIONS), 2.0)


def test_a_leak_is_traced_and_the_picture_written(telecine, services, leak, tmp_path):
    thread = work(services, copy_of_twelve)
    said = telecine("detect", str(leak), "--content", "film", "--png", str(tmp_path / "evidence.png"))
    thread.join(30)
    assert "'uniform-12'" in said.output
    assert (tmp_path / "evidence.png").read_bytes().startswith(b"\x89PNG")


def test_json_holds_the_whole_report(telecine, services, leak):
    work(services, copy_of_twelve)
    said = json.loads(telecine("detect", str(leak), "--content", "film", "--json").stdout)
    assert said["state"] == "complete"
    assert said["title"] == "clip.mp4"
    assert said["result"]["accused"][0]["forensic_mark"] == "uniform-12"
    assert len(said["result"]["z"]) == POSITIONS


def test_nobody_is_an_exit_code_of_its_own(telecine, services, leak):
    work(services, noise)
    said = telecine("detect", str(leak), "--content", "film", code=Exit.JOB_ERROR)
    assert "not enough to name anybody" in said.output


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["missing.mp4", "--content", "film"], Exit.USAGE, "missing.mp4"),
        (["LEAK", "--content", "else"], Exit.USAGE, "content_id"),
        (["LEAK", "--content", "film", "--site", "ELSE"], Exit.NOT_FOUND, "site"),
        (["LEAK", "--content", "film", "--limit", "0.5"], Exit.USAGE, "limit"),
        (["https://127.0.0.1/a.mp4", "--content", "film"], Exit.USAGE, "input.url"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_nothing(telecine, services, leak, arguments, code, told):
    said = telecine("detect", *(str(leak) if one == "LEAK" else one for one in arguments), code=code)
    assert told in said.output
    work_dir = services.settings.work
    assert not work_dir.exists() or list(work_dir.iterdir()) == []
    with services.database.read() as s:
        assert s.scalars(select(Detection)).all() == []
