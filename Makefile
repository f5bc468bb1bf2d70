# Everything there is to run. `make help` lists it.
# Programs are started as `python -m …`: a console script's first line cannot hold a path with a space.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run test check bench proto env-run env-dev env-frameworks browser

PYTHON ?= python3
# Most of the suite's time is waiting for processes. A file stays on one worker, and the browser's file, which leaves an
# event loop behind, is the last of its worker: hence the order is kept. `make test PARALLEL=` runs one after the other.
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder
PY := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
export UV_LINK_MODE := copy
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

help: ## list what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

run: env-run ## set up what is missing, then start AgentX (ARGS="--port 9000" passes options)
	@exec $(PY) -m agentx_site.up $(ARGS)

test: env-dev browser env-frameworks ## set up what is missing, then the whole test suite (ARGS="tests/unit" narrows it)
	@$(PY) -m pytest $(PARALLEL) $(ARGS)

check: env-dev ## format, lint, types, import contracts, Django's own checks
	@export AGENTX_SECRET_KEY=for-checks-only AGENTX_LOG_LEVEL=ERROR
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	$(PY) -m tests.services manage.py check --fail-level WARNING
	$(PY) -m tests.services manage.py makemigrations --check --dry-run

bench: env-dev ## measure; writes benchmarks/results/*.json
	@$(PY) -m benchmarks $(ARGS)

proto: env-run ## generate the code of proto/*.proto again
	@$(PY) -m uv run --isolated --no-project --python $(PY) --with grpcio-tools==1.71.2 \
	  --with 'setuptools<81' --with googleapis-common-protos==1.70.0 python proto/generate.py

env-run:
	@.ci/environment run "$(PYTHON)"

env-dev:
	@.ci/environment dev "$(PYTHON)"

# One environment for each framework plugin, from its lock, below .frameworks.
env-frameworks: env-dev
	@$(PY) -m tests.frameworks.environments all

browser:
	@.ci/browser
