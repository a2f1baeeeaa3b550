# One entry for each thing that a contributor does. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo serve test lint lock bench clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

setup: $(VENV)/installed  ## virtual environment from the lock file

demo: setup  ## archive a bundled news site, no network needed
	$(BIN)/archiver demo

serve: setup  ## show the demo's archive in a browser (makes it first if there is none)
	@test -e demo-archive/made-by-archiver-demo || $(BIN)/archiver demo
	$(BIN)/archiver --home demo-archive serve

test: setup  ## the whole test suite
	$(BIN)/python -m pytest

lint: setup  ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: setup  ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --output-file requirements.lock pyproject.toml

clean:  ## remove what the other entries made
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
