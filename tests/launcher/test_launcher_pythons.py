# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The launcher on every Python of this machine that it is made for."""

import every_python
import pytest

PATHS = every_python.found()


@pytest.mark.parametrize("version", every_python.VERSIONS)
def test_tables_and_calls(version, sandbox, tmp_path):
    path = PATHS[version]
    if not path:
        pytest.skip(f"no Python {version} on this machine")
    for is_well, text in (every_python.tables_hold(path), every_python.calls_work(path, tmp_path / "position", sandbox)):
        assert is_well, text
