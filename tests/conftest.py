# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes this checkout importable as the collection eccops.rapid, and keeps what tools remember under build/."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
COLLECTIONS = ROOT / "build" / "collections"


def _make_importable():
    """Puts the link that the Makefile makes too on sys.path, unless the collection is importable already."""
    try:
        if importlib.util.find_spec("ansible_collections.eccops.rapid.plugins") is not None:
            return
    except ModuleNotFoundError:
        pass
    link = COLLECTIONS / "ansible_collections" / "eccops" / "rapid"
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to("../../../..")
    except FileExistsError:
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


_make_importable()
_tame_hypothesis()
