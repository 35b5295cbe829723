# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is said of many positions at once."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._text import join_reasons


def test_a_reason_that_several_positions_have_is_said_once():
    assert join_reasons({"north-01": "no way to collect", "north-02": "cannot be reached", "north-03": "no way to collect"}) == (
        "north-01, north-03: no way to collect | north-02: cannot be reached")
    assert join_reasons({"p%d" % number: "no way to collect" for number in range(2000)}).endswith("p11 and 1,988 more: no way to collect")
    many = join_reasons({"p%d" % number: "reason %d" % number for number in range(25)})
    assert many.endswith("p19: reason 19 | and 5 more positions") and join_reasons({}) == ""
