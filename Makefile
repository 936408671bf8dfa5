# `make run` and `make test` are all that a fresh clone needs: Python ≥ 3.11 and make.

PYTHON ?= python3
BIN := .venv/bin
TWO := -q -n 2
# It takes 40 s: as the last of two at a time, it would be alone for most of them.
LONGEST := tests/test_two_hosts.py
# Faults on a stage of their own, that one can look at beside something else.
OWN_STAGE := tests/faults/test_more_processes.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-integrations test-js check format drawing bench faults clean

help:
	@echo "make run    start Heimdall Dash: http://127.0.0.1:8001"
	@echo "make test   every test: Python, JavaScript, headless browser"
	@echo "make test-integrations   Lightning, transformers, Keras, XGBoost, Optuna, W&B: the real ones"
	@echo "make check  format, lint, types"
	@echo "make bench  the benchmarks      make faults  the failure table"

run: .venv/.run
	@exec $(BIN)/python -m heimdall_dash run

test: .venv/.dev
	@scripts/test_tools.sh
	@$(BIN)/python -m pytest $(LONGEST) tests --ignore=tests/browser --ignore=tests/faults --ignore=tests/integrations $(TWO)
	@scripts/node.sh --test tests/js/*.test.mjs
	@$(BIN)/python -m pytest $(OWN_STAGE) tests/browser $(TWO) --dist loadfile
	@$(BIN)/python -m pytest tests/faults --ignore=$(OWN_STAGE) $(TWO) --dist loadfile

test-fast: .venv/.dev
	@$(BIN)/python -m pytest tests --ignore=tests/browser --ignore=tests/faults --ignore=tests/integrations -m "not slow" $(TWO)
	@scripts/node.sh --test tests/js/*.test.mjs

test-integrations: .venv-integrations/.made
	@.venv-integrations/bin/python -m pytest tests/integrations $(TWO) --dist loadfile

check: .venv/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@scripts/check_browser.sh

format: .venv/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

drawing: .venv/.dev
	@$(BIN)/python scripts/draw_imports.py

bench: .venv/.dev
	@$(BIN)/python -m bench

faults: .venv/.dev
	@scripts/test_tools.sh
	@$(BIN)/python -m pytest tests/faults -q -s --fault-table bench/results/faults.json

clean:
	rm -rf .venv node_modules .venv-integrations .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.run: requirements.txt constraints.txt
	@scripts/venv.sh "$(PYTHON)" requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt constraints.txt
	@scripts/venv.sh "$(PYTHON)" requirements-dev.txt
	@touch .venv/.run $@

.venv-integrations/.made: requirements-integrations.txt requirements-dev.txt requirements.txt
	@scripts/integrations_venv.sh "$(PYTHON)"
	@touch $@
