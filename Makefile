# The project's commands. Everything runs in a virtual environment of its own, .venv.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
STAMP := .venv/.stamp-requirements

# Tests start hundreds of processes: none is to compile what the one before has compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test lint variants demo bench clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s%s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv with all that the project needs (PYTHON=python3.12 to choose)

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "Python 3.10 or later is needed, and '$(PYTHON)' is none." >&2; \
	  echo "Install one, or name it: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "'$(PYTHON)' cannot make a virtual environment." >&2; \
	  echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(PY) -c 'open("$(STAMP)", "w").close()'

lint: setup ## check style, types and who imports whom
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(BIN)/lint-imports

test: lint ## all checks and all tests, with their coverage
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

variants: setup ## run acceptance tests against other kinds of Plex, one switch turned at a time
	$(PY) -m tests.variants

demo: setup ## show it at work between a simulated Stash and a simulated Plex
	$(PY) -m simulators.demo.__main__

bench: setup ## measure it against the simulated servers
	$(PY) -m benchmarks

clean: ## remove what the commands above have made
	rm -rf .venv .coverage .coverage.* htmlcov dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
