# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The checks of this collection: "make lint" runs all of them, "nox --list" names them, "nox -Rs galaxy-importer" runs one.

Each tool gets an environment of its own under build/nox, except those that the tests use too and .venv holds.
"""

from __future__ import annotations

import sys

import antsibull_nox
import nox

nox.options.envdir = "build/nox"
nox.options.default_venv_backend = "uv|virtualenv"

antsibull_nox.load_antsibull_nox_toml()


@nox.session(name="changelog")
def changelog(session):
    """antsibull-changelog: the fragments and the file of releases"""
    session.install("antsibull-changelog")
    session.run("antsibull-changelog", "lint")
    session.run("antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml")


@nox.session(name="docs-lint")
def docs_lint(session):
    """antsibull-docs: the documentation of every plugin and role, its links included"""
    session.install("antsibull-docs", "ansible-core")
    session.run("python", "tests/checks/run_antsibull_docs_lint.py")


@nox.session(name="docs")
def docs(session):
    """antsibull-docs and Sphinx: the docs site, without a warning"""
    session.install("-r", "docs/docsite/requirements.txt")
    session.run("python", "docs/docsite/build.py")


@nox.session(name="mypy")
def mypy(session):
    """mypy: plugins, the sandbox and the Linux launcher"""
    session.install("mypy", "ansible-core", "-r", "requirements.txt", "aiohttp")
    session.run("python", "tests/checks/run_mypy.py", *session.posargs)


@nox.session(name="galaxy-importer")
def galaxy_importer(session):
    """galaxy-importer: the built archive, without an error and without a warning"""
    session.install("galaxy-importer", "ansible-core")
    session.run("python", "tests/checks/run_galaxy_importer.py")


@nox.session(name="ansible-lint", venv_backend="none")
def ansible_lint(session):
    """ansible-lint: the production profile"""
    session.run(sys.executable, "tests/checks/run_ansible_lint.py")


@nox.session(name="sanity", venv_backend="none")
def sanity(session):
    """ansible-test sanity, without one line of ignores"""
    session.run(sys.executable, "tests/checks/run_ansible_test.py", "sanity", *session.posargs)


if __name__ == "__main__":
    nox.main()
