"""Tools that feed each other: what arrives, whose failure is told, and that all of them end together."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.pipeline import Process, python_process, run_pipe

LIMITS = MediaLimits(process_memory_bytes=2**30, process_seconds=60, stall_seconds=30)

LIBRARIES = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
SOURCE = "import sys; [sys.stdout.buffer.write(bytes(100_000)) for _ in range(100)]"
PASS = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
COUNT = "import sys; print(len(sys.stdin.buffer.read()))"
WAIT = "import os, time; print(os.getpid(), file=sys.stderr, flush=True); time.sleep(600)"


def tool(name: str, code: str, limits: MediaLimits | None = None) -> Process:
    interpreter = [str(Path(sys.executable).resolve()), "-I", "-S", "-c", textwrap.dedent(code)]
    command = ["/usr/bin/env", *(f"{name}={value}" for name, value in LIBRARIES.items()), *interpreter]
    return Process(name, command, [Path(sys.base_prefix)], limits=limits)


def refusal(processes: list[Process], cwd: Path, limits: MediaLimits = LIMITS, **options: Any) -> TelecineError:
    with pytest.raises(TelecineError) as caught:
        run_pipe(processes, cwd=cwd, limits=limits, **options)
    return caught.value


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_everything_that_the_first_writes_arrives_at_the_last(tmp_path: Path) -> None:
    done = run_pipe([tool("a", SOURCE), tool("b", PASS), tool("c", COUNT)], cwd=tmp_path, limits=LIMITS)
    assert [one.stdout for one in done] == ["", "", "10000000\n"]
    assert all(one.cpu_seconds > 0 for one in done)


def test_one_alone_is_a_pipeline_too(tmp_path: Path) -> None:
    assert run_pipe([tool("a", "print('out')")], cwd=tmp_path, limits=LIMITS)[0].stdout == "out\n"


def test_the_command_is_logged_as_one_line(tmp_path: Path) -> None:
    lines: list[str] = []
    words = [Process("echo", ["/bin/echo", "a b"]), Process("cat", ["/bin/cat"])]
    run_pipe(words, cwd=tmp_path, limits=LIMITS, log=lines.append)
    assert lines == ["/bin/echo 'a b' | /bin/cat"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_one_that_fails_is_named_and_not_its_neighbours(tmp_path: Path, place: int) -> None:
    chain = [tool("first", SOURCE + PASS[PASS.index(";") :].replace("sys.stdin.buffer", "open('/dev/zero', 'rb')"))]
    chain += [tool("second", PASS), tool("third", COUNT)]
    chain[place] = tool(chain[place].name, "import sys; sys.exit('no such thing')")
    error = refusal(chain, tmp_path)
    assert error.kind is ErrorKind.ENCODE_FAILED
    assert error.detail.startswith(("first", "second", "third")[place])
    assert "no such thing" in error.detail


def test_a_neighbour_that_notices_first_does_not_hide_the_cause(tmp_path: Path) -> None:
    """The middle one closes its input, so its neighbour breaks at once; why, it says only a moment later."""
    broken = "import os, sys, time; os.close(0); time.sleep(0.5); sys.exit('the true cause')"
    zeros = PASS.replace("sys.stdin.buffer", "open('/dev/zero', 'rb')")
    error = refusal([tool("first", zeros), tool("second", broken), tool("third", COUNT)], tmp_path)
    assert error.detail.startswith("second")
    assert "the true cause" in error.detail


def test_a_reader_that_needs_no_more_is_no_failure(tmp_path: Path) -> None:
    """The last goes on long after the second has ended, and the first has written more than anybody wanted."""
    zeros = PASS.replace("sys.stdin.buffer", "open('/dev/zero', 'rb')")
    second = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read(5000))"
    slow = "import sys, time; print(len(sys.stdin.buffer.read())); time.sleep(2.5)"
    done = run_pipe([tool("a", zeros), tool("b", second), tool("c", slow)], cwd=tmp_path, limits=LIMITS)
    assert done[-1].stdout == "5000\n"


def test_memory_is_limited_for_each(tmp_path: Path) -> None:
    small = LIMITS.model_copy(update={"process_memory_bytes": 2**28})
    greedy = tool("greedy", "bytearray(2**29)", small)
    error = refusal([tool("a", SOURCE), greedy, tool("c", COUNT)], tmp_path)
    assert error.kind is ErrorKind.OUT_OF_MEMORY
    assert error.detail.startswith("greedy")


def test_a_silent_pipeline_is_ended(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"stall_seconds": 0.4})
    assert refusal([tool("a", "import time; time.sleep(60)"), tool("b", COUNT)], tmp_path, limits).kind is (
        ErrorKind.STALLED
    )


def test_a_missing_tool_is_named_before_anything_runs(tmp_path: Path) -> None:
    missing = Process("nothing-here", [tmp_path / "nothing-here"])
    marks = tool("a", "open('begun', 'w')")
    assert refusal([marks, missing], tmp_path).kind is ErrorKind.ENGINE_MISSING
    assert not (tmp_path / "begun").exists()


def test_cancelling_kills_all_of_them(tmp_path: Path) -> None:
    code = "import os, time; open(f'{os.getpid()}.pid', 'w'); time.sleep(600)"

    def pids() -> list[int]:
        return [int(path.stem) for path in tmp_path.glob("*.pid")]

    def stop() -> None:
        if len(pids()) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_pipe([tool(name, code) for name in "abc"], cwd=tmp_path, limits=LIMITS, poll=stop)
    assert len(pids()) == 3
    wait_until(lambda: not any(alive(pid) for pid in pids()))


def test_killing_the_worker_kills_all_of_them(tmp_path: Path) -> None:
    code = "import os, time; open(f'{os.getpid()}.pid', 'w'); time.sleep(600)"
    worker = f"""
        import sys
        from pathlib import Path
        from tests.unit.test_pipeline import LIMITS, tool
        from telecine.media.pipeline import run_pipe
        run_pipe([tool(name, {code!r}) for name in "ab"], cwd=Path({str(tmp_path)!r}), limits=LIMITS)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(worker)])
    wait_until(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_a_python_stage_has_our_packages_and_a_home(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(
        "import av, numpy, os, telecine.core.enhance.plan; from pathlib import Path; print(Path.home() == Path.cwd())"
    )
    process = python_process("stage", "runpy", ["probe"], tmp_path)
    process = Process("stage", [*process.argv[:2], "probe.py"], process.readable, process.environment)
    assert (
        run_pipe([process], cwd=tmp_path, limits=LIMITS.model_copy(update={"process_memory_bytes": 2**33}))[0].stdout
        == "True\n"
    )


def test_nothing_is_left_open_or_unreaped(tmp_path: Path) -> None:
    def once() -> None:
        run_pipe([tool("a", SOURCE), tool("b", COUNT)], cwd=tmp_path, limits=LIMITS)
        refusal([tool("a", SOURCE), tool("b", "raise SystemExit(3)")], tmp_path)

    once()
    descriptors = psutil.Process().num_fds()
    for _ in range(3):
        once()
    assert psutil.Process().num_fds() == descriptors
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]
