# Two commands do all the set-up: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint types contracts tests bench clean

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py

test: lint types contracts tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

tests: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.recipes
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.executor
	$(BIN)/python -m benchmarks.patches
	$(BIN)/python -m benchmarks.patches.scale

# The bundled pip of Python 3.11 does not know dependency groups.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable '.[embedded]'
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable '.[embedded]' --group dev
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV)
