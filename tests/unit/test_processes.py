"""Our own servers as child processes: they start, stop, log, and never outlive whoever started them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from telecine.processes import Child

PYTHON = sys.executable
PATIENCE = 60


def python(code: str) -> list[str]:
    return [PYTHON, "-u", "-c", code]


def wait_for(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_child_runs_and_stops_when_asked():
    child = Child("sleeper", ["sleep", "1000"])
    assert not child.running
    child.start()
    assert child.running
    assert psutil.pid_exists(child.pid)
    child.stop()
    assert not child.running
    assert child.returncode == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path):
    log = tmp_path / "log"
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready'); time.sleep(1000)"
    child = Child("stubborn", python(stubborn), log=log)
    child.start()
    wait_for(lambda: "ready" in child.last_words(), "the child never began")
    child.stop(grace=0.1)
    assert child.returncode == -signal.SIGKILL


def test_what_it_said_last_is_kept_in_its_log(tmp_path: Path):
    child = Child("talker", python("print('\\n'.join(map(str, range(20))))"), log=tmp_path / "logs" / "talker.log")
    child.start()
    assert child.wait(PATIENCE) == 0
    assert child.last_words(3) == "17\n18\n19"
    child.start()
    assert child.wait(PATIENCE) == 0
    assert child.log.read_text().count("19") == 2


def test_it_sees_exactly_the_environment_it_was_given(tmp_path: Path):
    child = Child("env", python("import os; print(sorted(os.environ))"), env={"ONLY": "this"}, log=tmp_path / "log")
    child.start()
    child.wait(PATIENCE)
    assert "ONLY" in child.last_words()
    assert "PATH" not in child.last_words().replace("PYTHONPATH", "")


def test_waiting_for_one_that_goes_on_says_so():
    child = Child("sleeper", ["sleep", "1000"])
    child.start()
    with pytest.raises(TimeoutError):
        child.wait(0.01)
    child.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_parent_however_that_dies(number: signal.Signals):
    code = (
        "import time\nfrom telecine.processes import Child\n"
        "child = Child('sleeper', ['sleep', '1000']); child.start(); print(child.pid, flush=True); time.sleep(1000)"
    )
    parent = subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    wait_for(lambda: psutil.Process(pid).cmdline()[:1] == ["sleep"], "the child never became what it should")
    parent.send_signal(number)
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, "it lives on")


def test_a_program_that_is_not_there_ends_the_child_at_once(tmp_path: Path):
    child = Child("missing", ["/no/such/program"], log=tmp_path / "log")
    child.start()
    assert child.wait(PATIENCE) != 0
    assert "No such file" in child.last_words()
