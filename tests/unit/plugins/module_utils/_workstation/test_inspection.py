# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A position is looked at without a failure, whatever path the inventory names."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._workstation import inspection


@pytest.mark.parametrize("path", ["/no/such", "/etc/passwd/below", "/a\0b", "/\ud800"])
def test_there_is_nothing_at_such_a_path(path):
    assert inspection.run({"files": [path], "links": [path]}, False) == {"changed": False, "files": {path: ""}, "links": {path: ""}}
