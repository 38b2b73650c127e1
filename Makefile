PYTHON ?= python3
# A CPU build of torch, where the package index offers one: make test TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
BIN := .venv/bin
# Processes that share the tests, file by file, since tests of one file share what is slow to make; each may hold a gigabyte.
# Each computes on one thread: those of two processes would wait for one another on two cores.
WORKERS ?= 2
PORT ?= 8000

.PHONY: run test train mlflow check bench clean

run: .venv/serve
	$(BIN)/framing serve --port $(PORT)

test: .venv/dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

train: .venv/dev
	$(BIN)/framing train --data seeds/passages.jsonl --codebook seeds/codebook.toml --recipe frozen --out runs/frozen

mlflow: .venv/dev
	MLFLOW_DISABLE_TELEMETRY=true $(BIN)/mlflow ui --backend-store-uri $${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db} --port 5000

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_imports.py

# QUICK=1 takes less of everything. To be run alone on the machine.
bench: .venv/bench
	$(BIN)/python -m benchmarks.suite $(if $(QUICK),--quick)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/serve: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: .venv/serve constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .[dev]
	@touch $@

.venv/bench: .venv/dev
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .[bench]
	@touch $@
