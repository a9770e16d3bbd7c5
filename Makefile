# The door of the project: `make` explains itself.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9
# The project's own environment, whatever else is active.
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_PYTHON := $(CURDIR)/$(PY)
unexport DJANGO_SETTINGS_MODULE PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help demo test bench bundle bundle-test lint types contracts docs clean

help: ## Say what can be done here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20
	@echo '  Arguments go in ARGS, for instance: make demo ARGS=--no-serve'

demo: $(VENV)/.ready ## Build everything, make a demonstration bank and serve it
	@$(VENV)/bin/creditbank demo $(ARGS)

test: $(VENV)/.ready ## Run the whole suite
	@$(PY) -m pytest -n 2 $(ARGS)

bench: $(VENV)/.ready ## Measure, each figure beside its baseline in one run
	@$(PY) -m tests.perf.bench $(ARGS)

bundle: $(VENV)/.ready ## Build the archive that installs and upgrades offline
	@$(PY) deploy/bundle.py $(ARGS)

bundle-test: $(VENV)/.ready ## Build it for this Python; install, upgrade and roll back without a network
	@rm -f build/bundle/*.tar.gz
	@$(PY) deploy/bundle.py --pythons "$$($(PY) -c 'import sys; print("%d.%d" % sys.version_info[:2])')" --out build/bundle
	@BUNDLE="$$(ls $(CURDIR)/build/bundle/*.tar.gz)" $(PY) -m pytest tests/bundle/test_bundle_offline.py $(ARGS)

lint: $(VENV)/.ready ## Read the code as the linters do
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready ## Check the types
	@$(VENV)/bin/mypy

contracts: $(VENV)/.ready ## Check that the floors know only those below
	@$(VENV)/bin/lint-imports --no-cache

docs: $(VENV)/.ready ## Generate the reference documentation again
	@$(PY) -m creditbank.cli.main reference --write

clean: ## Remove the environment and what was built; banks are kept
	@rm -rf $(VENV) build dist

$(PY):
	@command -v python3 >/dev/null || { echo 'Python 3.11 or newer is needed: python3 was not found.'; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed; python3 is older.'; exit 1; }
	@echo 'Making the environment in $(VENV)'
	@python3 -m venv $(VENV) || { echo 'python3 cannot make environments; on Debian: apt-get install python3-venv'; exit 1; }

$(VENV)/bin/uv: | $(PY)
	@echo 'Bringing uv $(UV_VERSION) into it'
	@$(PY) -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'

$(VENV)/.ready: pyproject.toml uv.lock $(wildcard creditbank/locale/*/zh_Hans/LC_MESSAGES/*.po) | $(VENV)/bin/uv
	@echo 'Installing what the lock file names'
	@$(VENV)/bin/uv sync --quiet --locked --inexact
	@echo 'Compiling the translations'
	@$(PY) -m creditbank.web.design.assets
	@touch $@
