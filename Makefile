# `make report` and `make test` set everything up on a fresh machine: they need Python 3.11+, make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Spare workers cost memory, not time; two suit a laptop and CI alike.
WORKERS ?= 2

.PHONY: report test lowest check lint types docs bench dist clean
.DEFAULT_GOAL := report

report: $(VENV)/.core
	$(BIN)/python -m exportlab report --out report

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# The tests on the lowest versions that pyproject.toml allows.
lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt -e ".[test]"
	.venv-lowest/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: lint types docs test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy --allow-untyped-defs --allow-untyped-calls --allow-incomplete-defs --no-warn-return-any examples

docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/run.py

# The wheel and the source archive, tried in a clean environment away from the clone.
dist:
	PYTHON=$(PYTHON) .ci/installed

clean:
	rm -rf $(VENV) dist .venv-lowest report docs/_build docs/gallery docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "exportlab needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -e ".[excel]"
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -e ".[test]"
	@touch $@ $(VENV)/.core

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -e ".[dev]"
	@touch $@ $(VENV)/.test $(VENV)/.core
