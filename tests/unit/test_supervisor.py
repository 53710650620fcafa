"""`telecine serve` keeps its parts running, and hands its settings to them unchanged."""

import json
import sys
import threading
import time
from pathlib import Path

from telecine.core.limits import Policy
from telecine.jobs.supervisor import Supervisor, environment, parts
from telecine.processes import Child
from telecine.settings import Settings

PATIENCE = 60


def test_a_part_that_dies_is_started_again_and_all_stop_together(tmp_path: Path):
    note = tmp_path / "starts"
    code = f"open({str(note)!r}, 'a').write('x')"
    steady = Child("steady", ["sleep", "1000"])
    supervisor = Supervisor([steady, Child("short", [sys.executable, "-c", code], log=tmp_path / "log")])
    ready = threading.Event()

    def stop_after_two_starts() -> None:
        assert ready.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while not (note.exists() and len(note.read_text()) >= 2) and time.monotonic() < deadline:
            time.sleep(0.05)
        supervisor.stop()

    watcher = threading.Thread(target=stop_after_two_starts)
    watcher.start()
    supervisor.run(ready.set)
    watcher.join()
    assert len(note.read_text()) >= 2
    assert not steady.running


def test_a_child_reads_the_very_settings_of_its_parent(tmp_path: Path, monkeypatch):
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        port=1234,
        regions=["RG004"],
        master_key="c2VjcmV0",
        policy=Policy(chunk_seconds=7.5, thumbnails=False),
    )
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None) == settings


def test_a_cluster_of_somebody_elses_is_not_started(tmp_path: Path):
    own = Settings(_env_file=None, data_dir=tmp_path)
    other = own.model_copy(update={"temporal_address": "temporal.example:7233"})
    assert [part.name for part in parts(own)] == ["temporal", "worker", "api"]
    assert [part.name for part in parts(other)] == ["worker", "api"]


def test_lists_travel_as_json(tmp_path: Path):
    settings = Settings(_env_file=None, data_dir=tmp_path, regions=["RG004", "RG011"])
    assert json.loads(environment(settings)["TELECINE_REGIONS"]) == ["RG004", "RG011"]
