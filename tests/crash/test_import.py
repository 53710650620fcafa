"""A worker that is killed while it packages an imported asset: the asset is published once and whole."""

import json
import subprocess
from pathlib import Path

import psutil
import pytest
from tests import clips
from tests.crash.system import SITE, System, kill, running, wait_for
from tests.media import harvests
from tests.media.transcoding import frame_digests

from telecine.catalog import jobs
from telecine.core.job import Format, JobSpec, Packaging, Target
from telecine.core.states import TERMINAL, JobState

pytestmark = pytest.mark.slow

LOOPS = 200
"""How often the short clip is repeated, for packaging to take a while."""


def put_asset(system: System) -> None:
    """Twenty minutes of two renditions in MPEG-TS, joined from a clip that is encoded once."""
    for number, size in enumerate(harvests.SIZES):
        folder = system.settings.buckets / "input" / "film" / f"v{number}"
        folder.mkdir(parents=True)
        hls = ["-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-output_ts_offset", str(harvests.HOURS)]
        source = ["-stream_loop", str(LOOPS), "-i", harvests.rendition(size, audio=False)]
        names = ["-hls_segment_filename", folder / "%d.ts", folder / "index.m3u8"]
        clips.ffmpeg(*source, "-map", "0", "-c", "copy", *hls, *names)
    lines = [f"#EXT-X-STREAM-INF:BANDWIDTH=900000\nv{number}/index.m3u8" for number in range(len(harvests.SIZES))]
    (folder.parent / "master.m3u8").write_text("\n".join(["#EXTM3U", *lines]) + "\n")


def create_job(system: System) -> int:
    source, target = system.storages
    spec = JobSpec(
        name="film",
        content_id="film",
        input_storage=source,
        output_storage=target,
        output_path="vod",
        asset="film/",
        packaging=Packaging(formats=(Format.DASH,)),
        targets=(Target(format=Format.DASH, folder="dash"), Target(format=Format.HLS, folder="hls_2")),
    )
    with system.database.write() as s:
        return jobs.create(s, SITE, jobs.NewJob(spec=spec, request={}, dialect="pri")).id


def packager(system: System, job_id: int) -> psutil.Process:
    """The packager while it writes the first segments of the job's second tree."""
    draft = system.settings.work / f"job-{job_id}" / "package"
    found: list[psutil.Process] = []

    def runs() -> bool:
        assert system.job(job_id).state not in TERMINAL, system.log(job_id)
        found[:] = [p for p in psutil.process_iter() if _is_packager(p, str(draft.parent))]
        return bool(found) and any(draft.glob(".hls_2.*/video/*/*/segment-*.ts"))

    wait_for(runs, lambda: f"nothing is being packaged:\n{system.log(job_id)}")
    return found[0]


def _is_packager(process: psutil.Process, work: str) -> bool:
    try:
        return process.cwd() == work and "packager" in process.cmdline()[0]
    except (psutil.Error, IndexError):
        return False


def test_a_worker_is_killed_while_it_packages_an_imported_asset(tmp_path: Path):
    with running(tmp_path) as system:
        put_asset(system)
        job_id = create_job(system)
        process = packager(system, job_id)
        work = system.settings.work / f"job-{job_id}"
        kill(system.workers[0])
        wait_for(lambda: not process.is_running(), "the packager outlived its worker")
        # Trees are made side by side, so that the first may or may not be finished by now.
        finished = (work / "video" / "v0.mp4", *(work / "tree").glob("*"))
        kept = {path: path.stat().st_mtime_ns for path in finished}
        assert system.published() == {}
        system.start_worker()
        wait_for(lambda: (work / "tree" / "hls_2").exists(), lambda: system.log(job_id))
        assert {path: path.stat().st_mtime_ns for path in kept} == kept, "something finished was made again"
        job = system.wait_for_end(job_id)
        assert job.state is JobState.COMPLETE, system.log(job_id)
        assert "transcoding" not in system.states(job_id)
        assert system.states(job_id).count("packaging") == system.states(job_id).count("complete") == 1
        _check_whole(system, job_id)


def _check_whole(system: System, job_id: int) -> None:
    job = system.job(job_id)
    assert job.outputs
    files = {name: size for name, size in system.published().items() if name.startswith("vod/film/")}
    assert (len(files), sum(files.values())) == (job.outputs["files"], job.outputs["bytes"])
    assert set(job.outputs["manifests"]) == {"vod/film/dash/stream.mpd", "vod/film/hls_2/master.m3u8"}
    place = system.settings.buckets / "output" / "vod" / "film" / "hls_2" / "video" / "avc1" / "1"
    segments = sorted(place.glob("segment-*.ts"), key=lambda path: int(path.stem.partition("-")[2]))
    whole = system.settings.data_dir / "whole.ts"
    whole.write_bytes(b"".join(path.read_bytes() for path in segments))
    probe = [clips.tools().ffprobe, "-v", "error", "-count_packets", "-show_streams", "-of", "json", str(whole)]
    streams = json.loads(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)["streams"]
    frames = len(frame_digests(harvests.rendition(harvests.SIZES[0])))
    assert int(streams[0]["nb_read_packets"]) == frames * (LOOPS + 1)
    wait_for(lambda: system.temporaries(job_id) == [], "temporary files are left")
    wait_for(lambda: not (system.settings.work / f"job-{job_id}").exists(), "the work folder was left")
