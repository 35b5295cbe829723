# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes this checkout the collection eccops.rapid for Python and for Ansible, and keeps what tools remember under build/."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "checks"))

import powershell_programs  # noqa: E402  # pylint: disable=wrong-import-position
import work_sharing  # noqa: E402  # pylint: disable=wrong-import-position

COLLECTIONS = ROOT / "build" / "collections"


def _link():
    """Makes the link that the Makefile makes too: the checkout where Ansible looks for the installed collection."""
    link = COLLECTIONS / "ansible_collections" / "eccops" / "rapid"
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to("../../../..")
    except FileExistsError:
        pass  # of an earlier run, or another process of pytest was faster


def _make_importable():
    """Lets Python find the collection by that link, unless it finds one already, as under ansible-test."""
    try:
        if importlib.util.find_spec("ansible_collections.eccops.rapid.plugins") is not None:
            return
    except ModuleNotFoundError:
        pass
    sys.path.insert(0, str(COLLECTIONS))


def _tame_hypothesis():
    try:
        from hypothesis import configuration, settings
    except ImportError:
        return  # the tests that need it say so
    configuration.set_hypothesis_home_dir(str(ROOT / "build" / "hypothesis"))
    settings.register_profile("collection", database=None, deadline=None, max_examples=200)
    settings.load_profile("collection")


def pytest_configure(config):
    for plugin in (powershell_programs, work_sharing):
        config.pluginmanager.register(plugin)


# A proxy of the machine's cannot reach the sandbox.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"
_link()
_make_importable()
_tame_hypothesis()
