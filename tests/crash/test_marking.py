"""Whatever is killed while pictures are marked, the title appears once and whole, in both variants."""

from pathlib import Path

import av
import pytest
from tests.crash.system import CHUNKS, RATE, SECONDS, SITE, System, check_whole, kill, running, spec, wait_for

from telecine.catalog import jobs
from telecine.catalog.mark_models import MarkedTitle
from telecine.core.job import Marking

pytestmark = pytest.mark.slow

POSITIONS = SECONDS // 2


def create_marked_job(system: System) -> int:
    made = spec("film", system.put_source(), system.storages)
    marking = Marking(shortest_seconds=0, narrowest=256)
    with system.database.write() as s:
        new = jobs.NewJob(spec=made.model_copy(update={"marking": marking}), request={})
        return jobs.create(s, SITE, new).id


def title(system: System) -> MarkedTitle | None:
    with system.database.read() as s:
        return s.get(MarkedTitle, (SITE, "film"))


def check_both_variants(system: System) -> None:
    """Each segment is there twice and decodes either way; no two are the same."""
    for rung in (1, 2):
        place = system.settings.buckets / f"output/vod/film/dash/video/hvc1/{rung}"
        names = [f"seg-{position}.m4s" for position in range(POSITIONS)]
        assert all((place / name).read_bytes() != (place / f"b.{name}").read_bytes() for name in names)
        for prefix in ("", "b."):
            whole = system.settings.data_dir / f"whole-{rung}{prefix}mp4"
            whole.write_bytes(
                b"".join((place / name).read_bytes() for name in ("init.mp4", *(prefix + n for n in names)))
            )
            with av.open(whole) as container:
                assert sum(1 for _ in container.decode(video=0)) == SECONDS * RATE


def test_a_worker_is_killed_in_the_middle_of_a_take(tmp_path: Path):
    with running(tmp_path) as system:
        job_id = create_marked_job(system)
        encoder = system.wait_for_encode(job_id, finished=1)
        before = system.finished_chunks(job_id)
        kill(system.workers[0])
        wait_for(lambda: not encoder.is_running(), "the encoder outlived its worker")
        assert title(system) is None, "nothing is said before all is done"
        system.start_worker()
        system.wait_for_encode(job_id, finished=2)
        assert before.items() <= system.finished_chunks(job_id).items(), "a finished chunk was made again"
        system.wait_for_end(job_id)
        check_whole(system, job_id)
        check_both_variants(system)
        assert sorted(chunk for _, chunk, _ in system.encoded(job_id)) == list(range(CHUNKS))
        told = [event.data for event in system.events(job_id) if event.message.startswith("Marked:")]
        assert [data["chunks"] for data in told] == [CHUNKS]
        row = title(system)
        assert row is not None
        assert (row.job_id, row.positions) == (job_id, POSITIONS)
