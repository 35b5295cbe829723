# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

PYTHON ?= python3
# As many as cores: with more, tests that wait for a program would wait longer.
TEST_JOBS ?= 2
CRASH_INSTANTS ?= 400
DIFFERENTIAL_ROWS ?= 10000
VENV ?= .venv
SANDBOX_DIRECTORY ?= build/sandbox
SANDBOX_HOST_NAME ?= localhost
SANDBOX_LISTEN_ADDRESS ?= 127.0.0.1
SANDBOX_RAPIDAUTH_PORT ?= 8443
SANDBOX_PORTAL_PORT ?= 8444
SANDBOX_DEVICE_PORT ?= 8445
SANDBOX_ADMIN_PORT ?= 8446

# Folders, separated by colons, with PowerShell 7 (pwsh) and with PowerShell 7 for Windows under wine (wpwsh), where they are not on the PATH.
POWERSHELL_BIN ?=

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := $(CURDIR)/$(VENV)/bin
COLLECTIONS := build/collections
HERE := $(COLLECTIONS)/ansible_collections/eccops/rapid

# What the machine's own configuration says must not change what is shown or proved here.
export ANSIBLE_CONFIG := $(CURDIR)/tests/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(COLLECTIONS)
export PATH := $(BIN):$(PATH)
# What Python and pytest compile is kept for the next process, whatever the machine's environment says.
unexport PYTHONDONTWRITEBYTECODE
# A proxy of the machine's cannot reach the sandbox.
export NO_PROXY := localhost,127.0.0.1
export no_proxy := $(NO_PROXY)

.PHONY: help demo test test-fast test-targets test-crash test-differential test-siblings test-oldest test-hosts molecule lint docs matrix sandbox bench build clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: $(VENV)/.run-installed $(HERE) ## Rotate a demo fleet against the sandbox, and show it (needs no root)
	@PYTHONPATH=$(HERE)/roles/sandbox/files exec $(BIN)/python -m rapid_demo --directory build/demo

# Each of the first three keeps one core busy, or waits for hosts; what one prints is shown when it has ended.
test: $(VENV)/.test-installed $(HERE) ## Prove everything: lint, sanity, unit, sandbox, functional and crash tests
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target lint test-targets test-hosts
	PATH="$$PATH:$(POWERSHELL_BIN)" $(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile tests/unit tests/sandbox tests/functional tests/launcher tests/windows tests/end_to_end tests/crash
	@echo "make test: everything passed but what is named as skipped above"

test-fast: $(VENV)/.test-installed $(HERE) ## The tests for your own loop: no lint, no slow ones
	PATH="$$PATH:$(POWERSHELL_BIN)" $(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile -m "not slow" tests/unit tests/sandbox tests/functional tests/launcher tests/windows

test-targets: $(VENV)/.test-installed ## Run each module once with ansible-test integration, against the sandbox; TARGETS=rapidauth_request runs that one
	$(BIN)/python tests/checks/run_ansible_test.py integration $(TARGETS)

test-crash: $(VENV)/.test-installed $(HERE) ## Kill a rotation at CRASH_INSTANTS instants, and compare ledger and service each time
	$(BIN)/python -m pytest tests/crash --crash-instants $(CRASH_INSTANTS)

test-differential: $(VENV)/.test-installed $(HERE) ## Have both launchers answer DIFFERENTIAL_ROWS drawn rows in each of three cultures, and compare
	PATH="$$PATH:$(POWERSHELL_BIN)" $(BIN)/python -m pytest tests/windows/test_windows_differential.py --differential-rows $(DIFFERENTIAL_ROWS)

test-siblings: $(VENV)/.test-installed $(HERE) ## Run the cases of the Windows launcher under wine that make test leaves out
	PATH="$$PATH:$(POWERSHELL_BIN)" $(BIN)/python -m pytest tests/windows -m sibling --siblings

test-oldest: $(VENV)/.test-installed $(HERE) ## Prove the sender with the oldest requests that is allowed, and a urllib3 before 2
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/oldest
	$(BIN)/uv pip install --quiet --python build/oldest/bin/python requests==2.28.0 urllib3==1.26.12 -r tests/unit/requirements.txt ansible-core pytest
	nice build/oldest/bin/python -m pytest -q tests/unit/plugins/module_utils/_http tests/unit/plugins/module_utils/_rapidauth/test_connect.py

molecule: $(VENV)/.test-installed $(HERE) ## Deploy to real Debian hosts with systemd, and verify (needs root; installs podman, runc, mmdebstrap)
	$(BIN)/python tests/hosts/hosts.py build bookworm trixie
	$(BIN)/molecule test --all

# Part of "make test" where the machine can have real hosts; where it cannot, that is said, and only that is no failure.
test-hosts: $(VENV)/.test-installed $(HERE)
	@status=0; reason=$$($(BIN)/python tests/hosts/hosts.py possible 2>&1) || status=$$?; \
	case $$status in \
	  0) $(MAKE) molecule ;; \
	  3) printf '\n=== SKIPPED: make molecule. Nothing was deployed to real hosts: %s\n\n' "$$reason" >&2 ;; \
	  *) printf '%s\n' "$$reason" >&2; exit $$status ;; \
	esac

lint: $(VENV)/.test-installed $(HERE) build/nox/.current ## Every checker that noxfile.py names: ansible-lint, sanity, galaxy-importer, mypy, REUSE ...
	$(BIN)/nox -R

docs: $(VENV)/.test-installed $(HERE) build/nox/.current ## Build the docs site into build/docs/html; write docs/errors.md and docs/playbook_variables.md
	PYTHONPATH=$(COLLECTIONS) $(BIN)/python tests/checks/error_handbook.py
	PYTHONPATH=$(COLLECTIONS) $(BIN)/python tests/checks/variable_reference.py
	$(BIN)/nox -Rs docs

matrix: $(VENV)/.test-installed $(HERE) ## Try every ansible-core with every Python this machine can have, and write docs/support_matrix.md; TRY="2.16/3.10 2.19/units positions" tries those again
	PATH="$$PATH:$(POWERSHELL_BIN)" nice $(BIN)/python tests/matrix/run.py $(TRY)

sandbox: $(VENV)/.run-installed ## Run the sandbox in the foreground; INVENTORY=fleet.yml serves your positions; see SANDBOX_* in Makefile
	@mkdir -p $(dir $(SANDBOX_DIRECTORY))
	@PYTHONPATH=roles/sandbox/files exec $(BIN)/python -m rapid_sandbox --data-directory $(SANDBOX_DIRECTORY) \
	  --host-name $(SANDBOX_HOST_NAME) --listen-address $(SANDBOX_LISTEN_ADDRESS) \
	  $(if $(INVENTORY),--inventory <($(BIN)/ansible-inventory -i $(INVENTORY) --list)) \
	  --rapidauth-port $(SANDBOX_RAPIDAUTH_PORT) --portal-port $(SANDBOX_PORTAL_PORT) \
	  --device-port $(SANDBOX_DEVICE_PORT) --admin-port $(SANDBOX_ADMIN_PORT)

bench: $(VENV)/.run-installed $(HERE) ## Measure modules, sandbox, launcher and provisioning (as root, on real hosts), as ratios
	$(BIN)/python tests/bench/run.py
	$(BIN)/python tests/bench/launcher_start.py
	$(BIN)/python tests/bench/provisioning.py --sac

build: $(VENV)/.run-installed ## Build the collection's archive into build/
	@mkdir -p build
	$(BIN)/ansible-galaxy collection build --force --output-path build

clean: ## Remove everything that was made here
	@! [ -d build/hosts ] || $(PYTHON) tests/hosts/hosts.py down
	rm -rf build $(VENV)

# The checkers' environments are made anew when what they hold may have changed.
build/nox/.current: noxfile.py antsibull-nox.toml requirements.txt tests/requirements.txt docs/docsite/requirements.txt
	@rm -rf build/nox
	@mkdir -p build/nox
	@touch $@

# The checkout itself is the installed collection: a link puts it where Ansible looks for eccops.rapid.
$(HERE):
	@mkdir -p $(dir $@)
	@ln -sfn ../../../.. $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it with make PYTHON=...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing: apt-get install python3-venv, as root" >&2; exit 1; }

$(VENV)/.run-installed: requirements.txt tests/run-requirements.txt | $(VENV)/bin/python
	@echo "Installing what the demo needs into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r tests/run-requirements.txt
	@touch $@

$(VENV)/.test-installed: tests/requirements.txt $(VENV)/.run-installed
	@echo "Installing what the tests need into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@
