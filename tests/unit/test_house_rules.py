"""The rules of the house that a machine can check: who may know whom, who may act, and how long a thing may be."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "telecine"
MODULES = sorted(SOURCE.rglob("*.py"))
MIGRATIONS = "catalog/migrations/"

MAY_START_PROCESSES = {
    "media/sandbox.py": "media tools",
    "media/launcher.py": "the sandbox's other half: becomes the tool",
    "processes.py": "our own servers",
    "jobs/temporal_server.py": "becomes the embedded Temporal server",
}
MAY_OPEN_CLIENTS = ("storage/", "notify/sns.py")
LONG_FUNCTIONS = {"media/sandbox.py:run": "half of it is the promise that it makes"}
"""`file:function` of every function over 50 lines, with the reason. Best left empty. Migrations are lists."""

MAY_CHAIN_BLOCKS = {
    "apis/packaging/sealed.py": "the document's envelope",
    "core/watermark/token_text.py": "the document's token, and Akamai's",
    "keys/cpix_secrets.py": "CPIX documents, with a MAC",
    "keys/widevine.py": "signatures of the key server's protocol",
    "media/sample_aes.py": "SAMPLE-AES, to read it back",
}
"""Who may use AES-CBC, which does not notice changes. What the house seals for itself it seals with AES-GCM."""

FIXED_IV = ("apis/packaging/sealed.py", "core/watermark/token_aes.py")
"""The document's envelope and its token."""

IMPURE = {
    *("asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "signal"),
    *("socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
    *("boto3", "httpx", "obstore", "sqlalchemy", "structlog", "temporalio"),
}
"""What nobody in `core` may import: I/O, clocks, randomness."""


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> set[str]:
    """Full names of everything that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def attributes_of(path: Path) -> set[str]:
    """Every dotted name of two parts in a module, such as `os.execv`."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def roots_of(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    return {name.split(".")[0] for name in imports_of(path)}


def calls_of(path: Path) -> set[str]:
    """Plain names that a module calls, such as `open`."""
    calls = (node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))
    return {called.id for called in calls if isinstance(called, ast.Name)}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_rooms_know_only_whom_they_may(capsys):
    """See [tool.importlinter] in pyproject.toml."""
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_dialects_do_not_know_each_other():
    dialects = {path.name for path in (SOURCE / "apis").iterdir() if (path / "__init__.py").exists()}
    for path in MODULES:
        own = name_of(path).split("/")
        if own[0] == "apis" and own[1] in dialects:
            for other in dialects - {own[1]}:
                known = [name for name in imports_of(path) if name.startswith(f"telecine.apis.{other}")]
                assert not known, f"{name_of(path)} knows {known}"


def test_dialects_translate_and_do_not_act():
    """No Temporal, no media and no object store behind the routes: those are other rooms' work."""
    for path in MODULES:
        if name_of(path).startswith("apis/"):
            assert not roots_of(path) & {"temporalio", "av", "obstore"}, name_of(path)


def test_only_few_may_start_a_process():
    starts = re.compile(r"os\.(exec|spawn|posix_spawn|fork|popen|system)|asyncio\.create_subprocess|pty\.")
    for path in MODULES:
        found = {name for name in imports_of(path) if name.split(".")[0] in ("subprocess", "multiprocessing", "pty")}
        found |= {name for name in attributes_of(path) if starts.match(name)}
        assert not found or name_of(path) in MAY_START_PROCESSES, f"{name_of(path)} uses {sorted(found)}"


def test_only_storage_opens_an_object_store():
    for path in MODULES:
        clients = roots_of(path) & {"boto3", "botocore", "obstore", "aiobotocore"}
        assert not clients or name_of(path).startswith(MAY_OPEN_CLIENTS), f"{name_of(path)} uses {sorted(clients)}"


def test_weak_encryption_stays_where_a_document_asks_for_it():
    """The document's fixed IV is nobody else's either, and nobody outside its dialect opens an envelope."""
    for path in MODULES:
        name, imports = name_of(path), imports_of(path)
        chained = "cryptography.hazmat.primitives.ciphers.modes.CBC" in imports or "modes.CBC" in attributes_of(path)
        assert chained == (name in MAY_CHAIN_BLOCKS), name
        assert name in FIXED_IV or "0123456789abcdef" not in path.read_text(), name
        opens = any(one.startswith("telecine.apis.packaging.sealed") for one in imports)
        assert not opens or name.startswith("apis/packaging/"), name


def test_core_decides_and_never_acts():
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
    for path in (path for path in MODULES if name_of(path).startswith("core/")):
        impure = (
            (roots_of(path) & IMPURE) | (attributes_of(path) & clocks) | (calls_of(path) & {"open", "print", "input"})
        )
        assert not impure, f"{name_of(path)} uses {sorted(impure)}"


def test_every_module_says_why_it_exists():
    silent = [name_of(path) for path in MODULES if path.read_text().strip() and not ast.get_docstring(tree_of(path))]
    assert not silent


def test_no_function_is_long_without_a_reason():
    long = {}
    for path in (path for path in MODULES if not name_of(path).startswith(MIGRATIONS)):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 50:
                    long[f"{name_of(path)}:{node.name}"] = lines
    assert set(long) == set(LONG_FUNCTIONS), f"over 50 lines, or listed and no longer so: {long}"


def test_no_file_is_over_600_lines():
    long = {str(path.relative_to(ROOT)): lines for path in tracked_files() if path.suffix == ".py"
            if (lines := path.read_text().count("\n")) > 600}  # fmt: skip
    assert not long


def test_no_tracked_file_names_a_machine_or_a_registry():
    # Written so that this file does not match itself.
    forbidden = re.compile(
        r"/[w]ork/(?:main|shared|steering|\.library)|/[r]oot/|/[t]mp/bash_jobs"
        r"|[p]ypi\.org|[p]ythonhosted\.org|[r]egistry\.npmjs|[d]eb\.debian\.org"
    )
    found = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in forbidden.finditer(text)]
    assert not found


def test_the_players_lock_file_names_no_registry():
    assert "resolved" not in (ROOT / "web" / "package-lock.json").read_text()
