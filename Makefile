# What a person does with this checkout. `make` alone lists it.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# The first that is there; another one: make ... PYTHON=/path/to/python3.13
PYTHON ?= $(or $(shell for v in 3.11 3.12 3.13; do python$$v -c "" 2>/dev/null && echo python$$v && break; done),python3)
LOCAL := .local
LOCKS := deploy/requirements
ENV := $(LOCAL)/env
UV := $(ENV)/uv/bin/uv
BIN := .venv/bin

# uv: no Python of its own, no settings from outside this checkout.
export UV_PYTHON_DOWNLOADS := never
export UV_NO_CONFIG := 1
unexport PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-dev browser setup-view up down status demo check test bench bench-cleansing bench-lake bench-annotation bench-conflicts lock

help:  ## This list
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## (.*)/  make \1\t\2/' | expand -t 18

setup:  ## Make the environments (once; later calls are instant)
	@$(MAKE) --silent --no-print-directory --jobs=4 .venv/.platform $(ENV)/ministack/.synced $(ENV)/label-studio/.synced
	@$(BIN)/python -m farmy_assets.local

setup-dev:  ## The same, with the tools for development
	@$(MAKE) --silent --no-print-directory --jobs=4 .venv/.dev $(ENV)/ministack/.synced $(ENV)/label-studio/.synced
	@$(BIN)/python -m farmy_assets.local

browser:  ## Chromium for the tests, if it is missing
	@deploy/install-browser

setup-view: setup $(ENV)/fiftyone/.synced  ## Add FiftyOne, which farmy view opens

up: setup  ## Start the local platform and leave it running
	@$(BIN)/farmy up

down:  ## Stop the local platform; nothing is lost
	@if [ -x $(BIN)/farmy ]; then $(BIN)/farmy down; else echo "nothing to stop: the platform was never set up"; fi

status:  ## How the local platform is
	@if [ -x $(BIN)/farmy ]; then $(BIN)/farmy status; else echo "not set up yet: run make setup"; exit 1; fi

demo: setup  ## The whole loop on this machine (IMAGES=DIR for your own photographs)
	@$(BIN)/python -m farmy_assets.simulation $(if $(IMAGES),--images "$(IMAGES)")

check: .venv/.dev  ## Format, lint, types, import contracts, template, fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/cfn-lint deploy/aws/template.yaml
	@$(BIN)/python -m pytest -q -n 2 -m "not integration"

test: browser  ## All checks and all tests, those with real servers included
	@$(MAKE) --no-print-directory setup-dev check
	@$(BIN)/python -m pytest -q -m integration -n 2 --dist loadfile

bench: setup-dev  ## Measure speed and quality
	@$(BIN)/python -W ignore -m farmy_assets_tests.benchmarks $(if $(IMAGES),--images "$(IMAGES)")

bench-cleansing: setup-dev  ## Measure the checks beside other tools (IMAGES="DIR ...")
	@$(BIN)/python -W ignore -m farmy_assets_tests.benchmarks.cleansing $(IMAGES)

bench-lake: setup-dev  ## Measure import, snapshots, queries and the nightly comparison (IMAGES=DIR)
	@$(BIN)/python -W ignore -m farmy_assets_tests.benchmarks.lake $(IMAGES)

bench-annotation: setup-dev  ## Measure a campaign of 100,000 images: first evaluation, votes, the sensor
	@$(BIN)/python -W ignore -m farmy_assets_tests.benchmarks.annotation

bench-conflicts: setup-dev  ## Measure conflicts and consensus: speed, and how right they are
	@$(BIN)/python -W ignore -m farmy_assets_tests.benchmarks.conflicts

# ---------------------------------------------------------------- environments

# One environment from one lock. An interrupted installation leaves its mark, and is begun anew:
# half a package can look whole. Two installations at the same time wait for each other; the lock
# is held as well by a uv that outlived an interrupted make.
define synced
@mkdir -p $(ENV); exec 9>$(ENV)/$(notdir $(1)).lock; if command -v flock >/dev/null; then flock 9; fi; \
began=$$SECONDS; echo "$(1): installing $$(grep -c == $(2)) packages"; \
if [ -e $(1)/.incomplete ] || [ ! -x $(1)/bin/python ]; then \
  rm -rf $(1); $(UV) venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(1); \
fi; \
touch $(1)/.incomplete; \
$(UV) pip sync --quiet --require-hashes --python $(1)/bin/python $(2); \
$(3) rm $(1)/.incomplete; \
echo "$(1): done in $$((SECONDS - began)) s"
endef

$(UV): $(LOCKS)/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { echo "Python 3.11, 3.12 or 3.13 is needed, and '$(PYTHON)' is none: install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv), or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install it (Debian, Ubuntu: apt-get install python3-venv, or python3.11-venv for that version)" >&2; exit 1; }
	@echo "$(ENV)/uv: installing"
	@$(PYTHON) -m venv --clear $(ENV)/uv
	@$(ENV)/uv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $(LOCKS)/uv.txt
	@touch $(UV)

$(ENV)/%/.synced: $(LOCKS)/%.txt $(UV)
	$(call synced,$(ENV)/$*,$(LOCKS)/$*.txt)
	@touch $@

# What `farmy cleanse` loads is compiled here: its first run is as quick as the others, and so is
# every run where the environment forbids to write bytecode, as containers often do.
QUICK = typer rich pydantic numpy PIL pyarrow jinja2 markupsafe typing_inspection annotated_types
PROJECT = $(UV) pip install --quiet --no-deps --no-build-isolation --offline --python $(BIN)/python --editable .; \
  $(BIN)/python -m compileall -q -x '/tests?/' farmy_assets $(addprefix .venv/lib/python3.*/site-packages/,$(QUICK));

# An environment that has the tools for development keeps them.
.venv/.platform: $(LOCKS)/platform.txt pyproject.toml $(UV)
	$(call synced,.venv,$(LOCKS)/$$([ -e .venv/.dev ] && echo dev || echo platform).txt,$(PROJECT))
	@touch $@

.venv/.dev: $(LOCKS)/dev.txt pyproject.toml $(UV)
	$(call synced,.venv,$(LOCKS)/dev.txt,$(PROJECT))
	@touch .venv/.dev .venv/.platform

# ---------------------------------------------------------------- locks

# For every Python and system of pyproject.toml's tool.uv, which UV_NO_CONFIG would hide.
COMPILE = env -u UV_NO_CONFIG $(UV_AT) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 $(if $(UPGRADE),--upgrade)
UV_AT = ../../$(UV)

lock: $(UV)  ## Lock all dependencies anew (UPGRADE=1 for newer versions)
	@cd $(LOCKS) && for name in uv lambda ministack label-studio fiftyone peer-cleanvision peer-imagededup peer-fastdup peer-datumaro; do echo "$$name.txt"; $(COMPILE) $$name.in --output-file $$name.txt; done
	@cd $(LOCKS) && echo platform.txt && $(COMPILE) ../../pyproject.toml build.in --output-file platform.txt
	@cd $(LOCKS) && echo dev.txt && $(COMPILE) ../../pyproject.toml build.in --group ../../pyproject.toml:dev --constraint platform.txt --output-file dev.txt
