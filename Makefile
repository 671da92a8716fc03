# Every target works in a fresh clone: the environment in .venv is made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help record test quick lint format bench conformance scenarios pictures clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/drivesim: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "drivesim needs Python 3.11 or later: apt-get install python3"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 2; }
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/.dev: pyproject.toml $(BIN)/drivesim
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

record: $(BIN)/drivesim ## record the child crossing into recordings/child_crossing
	$(BIN)/drivesim record child_crossing --out recordings/child_crossing --overwrite

test: $(BIN)/.dev ## install what tests need, check style and types, run every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

quick: $(BIN)/.dev ## the fast tests only
	$(BIN)/pytest -m 'not slow'

lint: $(BIN)/.dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(BIN)/.dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BIN)/.dev ## the speed table
	$(BIN)/drivesim bench

conformance: $(BIN)/.dev ## play other people's scenarios (DRIVESIM_SHARED or ../shared) and compare with references
	$(BIN)/python tests/conformance/report.py --list

scenarios: $(BIN)/.dev ## build the shipped maps and scenarios again
	$(BIN)/python scenarios/build_maps.py
	$(BIN)/python scenarios/build_scenarios.py

pictures: $(BIN)/.dev ## take the pictures in docs/images again: scenarios and the studio's sheets
	$(BIN)/python tools/build_pictures.py

clean: ## remove the environment and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
