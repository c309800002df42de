# Two commands are enough: `make up` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
STEERSMAN := $(VENV)/bin/steersman
PYTEST := $(PY) -m pytest -q
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# Tests that share the host's network and containerd run one after the other; the others on every core.
PARALLEL := -n auto --dist loadscope
FOCUS ?=
ARGS ?=

.PHONY: help up down status reset kubeconfig setup system venv test test-unit test-api test-contract test-simulation test-node test-e2e \
  test-long check format lint types contracts bench conformance clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: setup ## a running cluster with a sample application, from nothing; ARGS="--data-dir D --port N ..."
	$(SUDO) $(abspath $(STEERSMAN)) up --sample $(ARGS)

down: ## stop the cluster; its data stays
	$(SUDO) $(abspath $(STEERSMAN)) down $(ARGS)

status: ## what runs, and what is wrong
	$(SUDO) $(abspath $(STEERSMAN)) status $(ARGS)

reset: ## stop the cluster and delete its data
	$(SUDO) $(abspath $(STEERSMAN)) reset $(ARGS)

kubeconfig: ## print the administrator's kubeconfig
	@$(SUDO) $(abspath $(STEERSMAN)) kubeconfig $(ARGS)

setup: system venv ## what the machine needs: system packages, then the Python environment

system: ## the Debian packages the node uses (asks for sudo when not root)
	@scripts/install-packages

venv: $(VENV)/.installed ## the Python environment, precompiled

$(VENV)/.installed: pyproject.toml scripts/make-venv
	@scripts/make-venv $(VENV)

test: setup test-unit test-contract test-api test-simulation test-node test-e2e ## everything that CI runs

test-unit: venv ## pure functions and architecture
	$(PYTEST) $(PARALLEL) tests/unit tests/architecture

test-api: venv ## the API server in this process
	$(PYTEST) $(PARALLEL) tests/api

test-contract: venv ## one suite per interface, against every implementation
	$(PYTEST) $(PARALLEL) tests/contract

test-simulation: venv ## controllers and scheduler on a seeded loop
	@if [ -d tests/simulation ]; then $(PYTEST) $(PARALLEL) tests/simulation; else echo "no simulations yet"; fi

test-node: setup ## real containers (root)
	$(SUDO) $(abspath $(PY)) -m pytest -q tests/node

test-e2e: setup ## a real cluster and real kubectl (root)
	$(SUDO) $(abspath $(PY)) -m pytest -q tests/e2e

test-long: setup ## the full counts: all rounds of the survival tests
	$(SUDO) env STEERSMAN_TEST_LONG=1 $(abspath $(PY)) -m pytest -q tests

check: venv format lint types contracts ## format, lint, types, import contracts, unit tests; under a minute
	$(PYTEST) $(PARALLEL) tests/unit tests/architecture

format: venv ## is the code formatted
	$(VENV)/bin/ruff format --check .

lint: venv ## ruff
	$(VENV)/bin/ruff check .

types: venv ## mypy, strict
	$(VENV)/bin/mypy

contracts: venv ## what may import what
	$(VENV)/bin/lint-imports

bench: setup ## measured figures of this machine; BENCH='--peer KUBECONFIG' sets upstream's beside them
	$(PY) tests/perf/http_server.py
	$(PY) tests/perf/store.py
	$(PY) tests/perf/protobuf.py
	$(SUDO) $(abspath $(PY)) -m tests.perf.cluster
	$(SUDO) $(abspath $(PY)) -m tests.perf.api $(BENCH)

conformance: setup ## upstream's suite against the running cluster, e.g. make conformance FOCUS=ConfigMap
	FOCUS='$(FOCUS)' scripts/conformance

clean: ## forget the Python environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
