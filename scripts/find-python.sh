#!/bin/sh
# Prints the path of a Python 3.12 or newer that can make virtual environments, or says what to install.
# A name on the PATH proves nothing (pyenv's shims refuse to run a version that is not selected), so each is tried.
set -u

good() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

try() {
    if good "$1"; then
        "$1" -c 'import sys; print(sys.executable)'
        exit 0
    fi
}

if [ -n "${PYTHON:-}" ]; then
    try "$PYTHON"
    echo "PYTHON=$PYTHON is not a Python 3.12 or newer with its venv module." >&2
    exit 1
fi
for name in python3.14 python3.13 python3.12 python3 python; do
    try "$name"
done
for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python; do
    try "$path"
done
if command -v uv >/dev/null 2>&1; then
    found=$(uv python find --system --no-project '>=3.12' 2>/dev/null) ||
        { uv python install 3.12 >&2 && found=$(uv python find --system --no-project '>=3.12'); }
    [ -n "${found:-}" ] && try "$found"
fi

cat >&2 <<'TEXT'
Telecine needs Python 3.12 or newer, with its venv module, and found none.
Looked at: python3.14, python3.13, python3.12 and python3 on the PATH, pyenv's versions, uv.
Install one of:
  Debian, Ubuntu   apt install python3 python3-venv     (where python3 is 3.12 or newer)
  pyenv            pyenv install 3.12
  uv               uv python install 3.12
  macOS            brew install python@3.12
or name one: make PYTHON=/path/to/python3.12
TEXT
exit 1
