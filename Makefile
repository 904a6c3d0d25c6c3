# The project's commands. Everything runs in a virtual environment of its own, .venv.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
STAMP := .venv/.stamp-requirements
# The pip that comes with a Python of some years takes twice as long to choose versions.
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --no-compile
# Tests often wait for a server or a clock: three processes keep two cores busy. Whoever has
# finished takes the next file; the order is that of tests/conftest.py.
PROCESSES ?= 3
SHARED := --dist loadfile --no-loadscope-reorder

# Beside each other. Where one fails the whole does, once the others have ended.
AT_ONCE = @$(MAKE) --no-print-directory -j 4
CHECKS := types style format layers

PART ?= core
COUNT ?= 60

# Tests start hundreds of processes: none is to compile what the one before has compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test check lint ui screenshots variants reliability soak demo bench bench-million bench-short mutants docs package constraints clean
.PHONY: types style format layers quick collected

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s%s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv with all that the project needs (PYTHON=python3.12 to choose)

$(STAMP): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "Python 3.10 or later is needed, and '$(PYTHON)' is none." >&2; \
	  echo "Install one, or name it: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "'$(PYTHON)' cannot make a virtual environment." >&2; \
	  echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(INSTALL) --upgrade pip
	$(INSTALL) -r requirements-dev.txt -c constraints.txt
	@$(PY) -c 'open("$(STAMP)", "w").close()'

lint: setup ## check style, types and who imports whom
	$(AT_ONCE) $(CHECKS)

test: setup ## all checks and all tests, with their coverage
	$(AT_ONCE) $(CHECKS) collected
	$(PY) -m pytest -n $(PROCESSES) $(SHARED) --cov --cov-report=term

check: setup ## while one works: all checks, and the tests that start no process
	$(AT_ONCE) $(CHECKS) quick

quick:
	HYPOTHESIS_PROFILE=quick $(PY) -m pytest -n 2 $(SHARED) -q -m "not processes"

types:
	$(PY) -m mypy

style:
	$(PY) -m ruff check .

format:
	$(PY) -m ruff format --check .

layers:
	$(BIN)/lint-imports

# Pytest compiles the tests here, once and beside mypy; else each of its processes would. What goes
# wrong here does so again when the tests are run, and is told there.
collected:
	@$(PY) -m pytest --collect-only -q >/dev/null || true

ui: ## check style and types of the page and run its units (needs npm; fetches its tools once)
	cd ui && npm ci --no-audit --no-fund && npm run check

screenshots: setup ## take the pictures of the page for README and docs (needs a Chromium)
	$(PY) -m tests.ui.screenshots
	test -z "$$STASH_BINARY" || $(PY) -m tests.release.screenshots

variants: setup ## run acceptance tests against other kinds of Plex, one switch turned at a time
	$(PY) -m tests.variants

reliability: setup ## try all faults of both servers, and write the table of docs/reliability.md
	$(PY) -m tests.reliability

soak: setup ## about an hour: 500 kills, random faults, boundless answers; figures to the same page
	$(PY) -m tests.reliability soak

demo: setup ## show it at work between a simulated Stash and a simulated Plex
	$(PY) -m simulators.demo.__main__

bench: setup ## measure it against the simulated servers
	$(PY) -m benchmarks

bench-million: setup ## reconcile a million scenes of generated pages; into the same page of docs
	$(PY) -m benchmarks.million --write

bench-short: setup ## the same for two small libraries; fails where requests or memory are too many
	$(PY) -m benchmarks --short

mutants: ## how many of COUNT small errors in a PART (core, worker/executor) the tests notice
	@test -d .venv-mutants || $(PYTHON) -m venv .venv-mutants
	.venv-mutants/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check \
	  -r requirements-dev.txt 'cosmic-ray>=8.4,<9'
	.venv-mutants/$(notdir $(BIN))/python -m benchmarks.mutants $(PART) --count $(COUNT)

package: setup ## build the release: dist/Stash2Plex.zip and dist/index.yml
	$(PY) -m build_release

docs: setup ## bring the tables of settings up to date and build the docs site into dist/site
	$(PY) -m tests.settings_page
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet -f mkdocs.yaml

constraints: setup ## take over the libraries that are installed for the next release
	$(PY) -m build_release --constraints

clean: ## remove what the commands above have made
	rm -rf .venv .venv-mutants .coverage .coverage.* htmlcov dist
	rm -rf ui/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
