# Every target sets up what it needs on a machine that has Python 3.11 or newer and make:
# a virtual environment in .venv, and the packages for that target. The second run is fast.
#
#   make demo        train LeNet-5 on real images, about a minute
#   make demo-studio open the desktop app
#   make test        the whole test suite
#   make test-core   the same, in an environment without Qt, llvmlite and PyTorch
#   make lint        style, types, import rules, generated files
#   make campaigns   the slow tests; make campaigns-studio, those of the desktop app alone
#   make bench       speed, as printed figures
#   make coverage    run the tests of the course notes' rows, and write docs/coverage.md
#   make docs        the documentation, in build/docs
#   make clean       remove the environments and what was built

VENV := .venv
CORE := .venv-core
BIN := $(VENV)/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2
ARGS ?=
# The suite starts Python hundreds of times: each would compile every module again.
export PYTHONDONTWRITEBYTECODE :=

# The desktop app's packages and system libraries are set up once it has tests.
GUI := $(if $(wildcard tests/gui/test_*.py),$(VENV)/.gui)

.DEFAULT_GOAL := help
.PHONY: help demo demo-studio test test-core lint campaigns campaigns-studio bench coverage docs generated clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.package
	@$(BIN)/graphspec train models/lenet5.json $(ARGS)

demo-studio: $(VENV)/.gui
	@$(BIN)/graphspec studio $(ARGS)

test: $(VENV)/.test $(VENV)/.torch $(GUI)
	$(BIN)/python -m pytest -n $(WORKERS) -rs $(ARGS)

test-core: $(CORE)/.test
	@$(CORE)/bin/python -c 'import importlib.util as u; found = [n for n in ("PySide6", "llvmlite", \
		"torch") if u.find_spec(n)]; assert not found, f"not the core alone: {found}"'
	$(CORE)/bin/python -m pytest -n $(WORKERS) $(ARGS)

lint: $(VENV)/.lint $(VENV)/.test $(GUI)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/write_generated.py --check

campaigns: $(VENV)/.test $(VENV)/.torch $(GUI)
	$(BIN)/python -m pytest -n $(WORKERS) -rs -m slow --timeout 0 $(ARGS)

campaigns-studio: $(VENV)/.test $(GUI)
	$(BIN)/python -m pytest tests/gui -n $(WORKERS) -m slow --timeout 0 $(ARGS)

bench: $(VENV)/.test $(VENV)/.torch
	$(BIN)/python -m pytest tests/bench -o python_files='bench_*.py' -p no:xdist -s -q $(ARGS)

coverage: $(VENV)/.test $(VENV)/.torch
	$(BIN)/python scripts/make_coverage.py

docs: $(VENV)/.docs
	$(BIN)/python scripts/write_generated.py --check
	$(BIN)/sphinx-build --fail-on-warning --quiet --builder html docs build/docs
	@echo "The documentation is in build/docs/index.html"

generated: $(VENV)/.package
	$(BIN)/python scripts/write_models.py
	$(BIN)/python scripts/write_generated.py

clean:
	rm -rf $(VENV) $(CORE) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# One stamp a set of packages: older than pyproject.toml means that pip looks again.

$(VENV)/.made: scripts/setup_venv.sh
	@sh scripts/setup_venv.sh $(VENV)
	@touch $@

$(VENV)/.package: $(VENV)/.made pyproject.toml
	@echo "Installing graphspec into $(VENV)"
	@$(BIN)/python $(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: $(VENV)/.package
	@echo "Installing what $* needs"
	@$(BIN)/python $(PIP_INSTALL) --editable '.[$*]'
	@touch $@

$(VENV)/.torch: $(VENV)/.test scripts/setup_torch.py
	@$(BIN)/python scripts/setup_torch.py
	@touch $@

$(VENV)/.gui: $(VENV)/.test scripts/setup_qt_libs.py
	@echo "Installing what the desktop app needs"
	@$(BIN)/python $(PIP_INSTALL) --editable '.[test-gui]'
	@$(BIN)/python scripts/setup_qt_libs.py
	@touch $@

$(CORE)/.made: scripts/setup_venv.sh
	@sh scripts/setup_venv.sh $(CORE)
	@touch $@

$(CORE)/.test: $(CORE)/.made pyproject.toml
	@echo "Installing the core alone into $(CORE)"
	@$(CORE)/bin/python $(PIP_INSTALL) --editable '.[test-core]'
	@$(CORE)/bin/python -m pip uninstall --quiet --yes llvmlite
	@touch $@
