"""What a media tool can and cannot do in the sandbox, and that nothing of it is left behind.

The "tools" here are one-line Python programs, so that each can try exactly one thing.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.media import sandbox
from telecine.media.isolation import file_isolation, network_isolation
from telecine.media.tool_endings import Completed

LIMITS = MediaLimits(process_memory_bytes=2**30, process_seconds=60, stall_seconds=30)

LIBRARIES = os.environ.get("LD_LIBRARY_PATH")  # without it some builds of Python do not start
PYTHON = [
    *(["/usr/bin/env", f"LD_LIBRARY_PATH={LIBRARIES}"] if LIBRARIES else []),
    *(str(Path(sys.executable).resolve()), "-I", "-S", "-u", "-c"),
]


def python(code: str, cwd: Path, limits: MediaLimits = LIMITS, **options: Any) -> Completed:
    """Run a Python program as if it were a media tool."""
    command = [*PYTHON, textwrap.dedent(code)]
    return sandbox.run(command, cwd=cwd, limits=limits, readable=[Path(sys.base_prefix)], **options)


def refusal(code: str, cwd: Path, limits: MediaLimits = LIMITS, **options: Any) -> TelecineError:
    with pytest.raises(TelecineError) as caught:
        python(code, cwd, limits, **options)
    return caught.value


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for what must come soon; the limit is generous because the machine may be busy."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


# --- what comes back


def test_output_time_and_memory_come_back(tmp_path: Path) -> None:
    done = python("import sys; print('out'); print('err', file=sys.stderr)", tmp_path)
    assert done.stdout == "out\n"
    assert done.stderr_tail == "err\n"
    assert done.seconds > 0
    assert done.cpu_seconds > 0
    assert done.peak_memory > 2**20


def test_lines_are_handed_on_as_they_come(tmp_path: Path) -> None:
    lines: list[str] = []
    done = python("print('one'); print('two', end='')", tmp_path, on_line=lines.append)
    assert lines == ["one", "two"]
    assert done.stdout == ""


def test_endless_output_is_kept_only_in_part(tmp_path: Path) -> None:
    done = python("import sys; [sys.stderr.write(f'{n:09}\\n') for n in range(50_000)]", tmp_path)
    assert len(done.stderr_tail) <= sandbox.STDERR_KEPT
    assert done.stderr_tail.endswith("000049999\n")


def test_the_command_is_logged_as_it_can_be_pasted(tmp_path: Path) -> None:
    lines: list[str] = []
    sandbox.run(
        ["/bin/echo", "a b", tmp_path / "c", "k3y"], cwd=tmp_path, limits=LIMITS, log=lines.append, secrets=["k3y"]
    )
    assert lines == ["/bin/echo 'a b' c ***"]


def test_a_failing_tool_is_quoted_without_secrets_or_places(tmp_path: Path) -> None:
    code = f"""
        import sys
        for n in range(60): print("line", n, file=sys.stderr)
        sys.exit("cannot read {tmp_path}/in.mp4 nor /home/somebody/secret/x.bin with k3y")
    """
    error = refusal(code, tmp_path, secrets=["k3y"], failure=ErrorKind.PACKAGE_FAILED)
    assert error.kind is ErrorKind.PACKAGE_FAILED
    assert error.detail.endswith("cannot read in.mp4 nor x.bin with ***")
    assert "line 59" in error.detail
    assert "line 10\n" not in error.detail
    assert len(error.detail.splitlines()) == 1 + sandbox.LINES_IN_ERROR


def test_a_crash_is_named(tmp_path: Path) -> None:
    error = refusal("import os; os.kill(os.getpid(), 11)", tmp_path)
    assert error.kind is ErrorKind.ENCODE_FAILED
    assert "SIGSEGV" in error.detail


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    with pytest.raises(TelecineError, match="nothing-here") as caught:
        sandbox.run([tmp_path / "nothing-here"], cwd=tmp_path, limits=LIMITS)
    assert caught.value.kind is ErrorKind.ENGINE_MISSING


def test_a_tool_that_is_no_program_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    with pytest.raises(TelecineError, match="broken does not start") as caught:
        sandbox.run([broken], cwd=tmp_path, limits=LIMITS)
    assert caught.value.kind is ErrorKind.ENGINE_MISSING


def test_it_works_in_any_thread(tmp_path: Path) -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(python("print('here')", tmp_path).stdout))
    thread.start()
    thread.join()
    assert found == ["here\n"]


# --- what a tool cannot reach


def test_our_environment_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELECINE_MASTER_KEY", "very secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@proxy")
    done = python("import json, os; print(json.dumps(dict(os.environ)))", tmp_path)
    libraries = {"LD_LIBRARY_PATH": LIBRARIES} if LIBRARIES else {}  # given back by `PYTHON` above
    assert json.loads(done.stdout) == sandbox.ENVIRONMENT | {"TMPDIR": str(tmp_path)} | libraries
    assert "PATH" not in sandbox.ENVIRONMENT


@pytest.mark.skipif(not file_isolation(), reason="this kernel has no Landlock")
def test_our_environment_cannot_be_read_from_proc_either(tmp_path: Path) -> None:
    error = refusal(f"open('/proc/{os.getpid()}/environ').read()", tmp_path)
    assert "PermissionError" in error.detail


def test_stdin_is_empty_and_inherited_files_are_closed(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        done = python("import os, sys; print(repr(sys.stdin.read()), sorted(os.listdir('/proc/self/fd')))", tmp_path)
    assert done.stdout.startswith("'' ['0', '1', '2', '3']")  # 3 is the listing itself


@pytest.mark.skipif(not network_isolation(), reason="this kernel allows no user namespaces")
def test_a_tool_reads_what_it_is_given_and_no_command_line_shows_it(tmp_path: Path) -> None:
    code = "print(open('/dev/stdin').read(), open('/proc/self/cmdline').read())"
    said = python(code, tmp_path, stdin="a secret").stdout
    assert said.startswith("a secret ")
    assert said.count("a secret") == 1
    assert not list(tmp_path.iterdir()), "it never was a file"


def test_the_network_is_not_there(tmp_path: Path) -> None:
    connect = "import socket; socket.create_connection(('127.0.0.1', {}), 2); print('reached')"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "Error" in refusal(connect.format(port), tmp_path).detail
        assert python(connect.format(port), tmp_path, network=True).stdout == "reached\n"


@pytest.mark.skipif(not file_isolation(), reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "attempt",
    [
        "open('{other}/marker').read()",
        "open('link').read()",
        "open('{other}/marker', 'w')",
        "open('{other}/new', 'w')",
        "import os; os.listdir('{other}')",
        "import os; os.rename('own', '{other}/own')",
        "open('/etc/passwd').read()",
    ],
)
def test_files_elsewhere_cannot_be_touched(tmp_path: Path, attempt: str) -> None:
    own, other = tmp_path / "own-folder", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "marker").write_text("marker")
    (own / "own").write_text("own")
    (own / "link").symlink_to(other / "marker")
    assert "Error" in refusal(attempt.format(other=other), own).detail
    assert [(path.name, path.read_text()) for path in other.iterdir()] == [("marker", "marker")]


def test_the_own_folder_can_be_worked_in(tmp_path: Path) -> None:
    python("import os; os.makedirs('a/b'); open('a/b/c', 'w').write('x'); os.rename('a/b/c', 'a/d')", tmp_path)
    assert (tmp_path / "a" / "d").read_text() == "x"


@pytest.mark.skipif(not file_isolation(), reason="this kernel has no Landlock")
def test_what_a_tool_writes_cannot_be_run(tmp_path: Path) -> None:
    code = "import os, shutil; shutil.copy('/bin/true', 'mine'); os.chmod('mine', 0o755); os.execv('mine', ['mine'])"
    assert "PermissionError" in refusal(code, tmp_path).detail


# --- limits


def test_memory_is_limited(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"process_memory_bytes": 2**28})
    error = refusal("bytearray(2**29)", tmp_path, limits)
    assert error.kind is ErrorKind.OUT_OF_MEMORY
    assert "ran into its memory limit" in error.detail


def test_a_kill_by_the_kernel_is_taken_for_memory(tmp_path: Path) -> None:
    error = refusal("import os; os.kill(os.getpid(), 9)", tmp_path)
    assert error.kind is ErrorKind.OUT_OF_MEMORY
    assert "was killed" in error.detail


def test_files_cannot_grow_without_end(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"input_bytes": 2**20})
    assert refusal("open('big', 'wb').write(bytes(2**22))", tmp_path, limits).kind is ErrorKind.ENCODE_FAILED
    assert (tmp_path / "big").stat().st_size <= 2**20


def test_there_are_no_core_dumps_and_few_files(tmp_path: Path) -> None:
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_CORE), r.getrlimit(r.RLIMIT_NOFILE)[1])"
    core, files = python(code, tmp_path).stdout.rsplit(" ", 1)
    assert core == "(0, 0)"
    assert int(files) <= sandbox.OPEN_FILES


def test_a_tool_that_runs_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "GRACE", 0.1)
    limits = LIMITS.model_copy(update={"process_seconds": 0.5})
    code = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True: print("still here"); time.sleep(0.01)
    """
    assert refusal(code, tmp_path, limits).kind is ErrorKind.TIMED_OUT


def test_a_silent_tool_is_ended(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"stall_seconds": 0.4})
    code = "import sys, time; print('last words', file=sys.stderr); time.sleep(60)"
    error = refusal(code, tmp_path, limits)
    assert error.kind is ErrorKind.STALLED
    assert "last words" in error.detail


def test_progress_seen_elsewhere_keeps_a_silent_tool_alive(tmp_path: Path) -> None:
    limits = LIMITS.model_copy(update={"stall_seconds": 0.4})
    assert python("import time; time.sleep(1)", tmp_path, limits, poll=lambda: True).stdout == ""


def test_the_kernel_would_end_the_tool_before_the_worker(tmp_path: Path) -> None:
    shown = python("print(open('/proc/self/oom_score_adj').read())", tmp_path).stdout
    assert int(shown) > int(Path("/proc/self/oom_score_adj").read_text())


# --- the end


FAMILY = """
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)'])
    print(os.getpid(), child.pid)
    time.sleep(600)
"""


def test_cancelling_from_a_line_kills_the_whole_group(tmp_path: Path) -> None:
    pids: list[int] = []

    def stop(line: str) -> None:
        pids.extend(int(pid) for pid in line.split())
        raise Cancelled

    with pytest.raises(Cancelled):
        python(FAMILY, tmp_path, on_line=stop)
    assert len(pids) == 2
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_cancelling_from_poll_kills_the_whole_group(tmp_path: Path) -> None:
    pids: list[int] = []

    def stop() -> None:
        if pids:
            raise Cancelled

    with pytest.raises(Cancelled):
        python(FAMILY, tmp_path, on_line=lambda line: pids.extend(map(int, line.split())), poll=stop)
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_a_child_left_behind_neither_blocks_nor_survives(tmp_path: Path) -> None:
    code = """
        import subprocess, sys
        print(subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)']).pid)
    """
    pid = int(python(code, tmp_path).stdout)
    wait_until(lambda: not alive(pid))


def test_killing_the_worker_kills_the_tool(tmp_path: Path) -> None:
    worker = f"""
        import sys
        from pathlib import Path
        from telecine.core.limits import MediaLimits
        from telecine.media import sandbox
        code = "import os, time; print(os.getpid()); time.sleep(600)"
        say = lambda line: print(line, flush=True)
        sandbox.run([*{PYTHON!r}, code], cwd=Path({str(tmp_path)!r}), limits=MediaLimits(),
                    readable=[Path(sys.base_prefix)], on_line=say)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(worker)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    pid = int(process.stdout.readline())
    assert alive(pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not alive(pid))


def test_nothing_is_left_open_or_unreaped(tmp_path: Path) -> None:
    def leave() -> None:
        raise Cancelled

    def one_of_each() -> None:
        python("print(1)", tmp_path)
        refusal("raise SystemExit(3)", tmp_path)
        with pytest.raises(Cancelled):
            python("import time; time.sleep(60)", tmp_path, poll=leave)

    one_of_each()
    descriptors, threads = psutil.Process().num_fds(), threading.active_count()
    for _ in range(5):
        one_of_each()
    assert psutil.Process().num_fds() == descriptors
    assert threading.active_count() == threads
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]
