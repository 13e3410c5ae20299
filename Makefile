# Every verb sets up what it needs; `make install` runs once and again only when the requirements change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PLUGINS := $(addprefix plugins/tjepa-,finance moe performer text vision weather webtraffic world)
# What the tests of a plugin need beside the plugin.
EXTRAS_vision := [frames,video]
EXTRAS_world := [gymnasium]

.DEFAULT_GOAL := help
.PHONY: help install demo test test-extras check format docs bench clean

help: ## list the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## virtual environment with pinned versions

# constraints.txt also guards against the gigabytes of CUDA that an unpinned torch can bring.
$(STAMP): pyproject.toml constraints.txt $(PLUGINS:%=%/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e ".[sktime,darts,pyod,onnx,parquet,remote,dev]" $(foreach one,$(PLUGINS),-e $(one)$(EXTRAS_$(one:plugins/tjepa-%=%)))
	@touch $(STAMP)

demo: install ## pretrain and forecast on the bundled data, a few minutes on a laptop
	$(BIN)/tjepa demo --output demo_output

test: install ## unit, property, contract and interop tests, doctests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# Where transformers is installed, torchmetrics imports it, and so does everything that trains: twice the time to start.
test-extras: install ## the tests that need Hugging Face's libraries, in an environment of their own
	$(PYTHON) -m venv $(VENV)-extras
	$(VENV)-extras/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e ".[dev]" -e "plugins/tjepa-text[datasets,hugging-face]"
	OMP_NUM_THREADS=1 $(VENV)-extras/bin/python -m pytest -n 2 plugins/tjepa-text

check: install ## format, lint, types, import layers, spelling
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: install ## rewrite the sources in the one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: install ## build the documentation; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: install ## produce the numbers that the documentation shows
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks

clean: ## remove the virtual environment and everything built
	rm -rf $(VENV) $(VENV)-extras build dist docs/_build demo_output .pytest_cache .mypy_cache .ruff_cache
