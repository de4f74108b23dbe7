# `make demo` and `make test` are all a fresh clone needs: each makes .venv and installs what it uses.
# Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.installed-base
SERVER := $(VENV)/.installed-server
DEV := $(VENV)/.installed-dev
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo plugin test ranks check host-test screenshots snapshots bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

demo: $(BASE) ## remember your newest sessions (or a sample) in a temporary folder and show what a session would be told
	@$(BIN)/claude-mem demo

plugin: $(SERVER) ## what this checkout needs to be a Claude Code plugin: hooks and the MCP server

test: $(DEV) ## every test but the ones that need the real client
	$(BIN)/python -m pytest --ignore=tests/host -n $(WORKERS)

ranks: $(DEV) ## the twenty worst pains of users, with the results of the tests that say not here
	@$(BIN)/python -m tests.ranks.table --run

check: $(DEV) ## lint, format, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

host-test: $(DEV) ## the tests that run the real Claude Code client; skipped where there is none
	$(BIN)/python -m pytest tests/host -m host

screenshots: $(DEV) ## pictures for README and docs; with ALL=1 every screen in every size and theme, into build/screenshots
	@$(BIN)/python -m tests.tui.pictures $(if $(ALL),build/screenshots all,docs/images)

snapshots: $(DEV) ## write anew what the terminal interface's screens are compared with
	@RENEW_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/tui/test_snapshots.py

bench: $(DEV) ## print the benchmarks; nothing fails for being slow
	@for script in $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean: ## remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

# Some systems ship venv without its pip: then the pip beside $(PYTHON) puts one in.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("claude-mem needs Python 3.11 or newer, not %d.%d: make PYTHON=python3.12 ..." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(BASE): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(SERVER): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[server]'
	@touch $(BASE) $@

$(DEV): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(BASE) $(SERVER) $@
