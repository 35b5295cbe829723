# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is said of many positions at once."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._text import describe_unreachable, join_reasons


def test_a_reason_that_several_positions_have_is_said_once():
    assert join_reasons({"north-01": "no way to collect", "north-02": "cannot be reached", "north-03": "no way to collect"}) == (
        "north-01, north-03: no way to collect | north-02: cannot be reached")
    same = {"p%d" % number: "no way to collect" for number in range(2000)}
    assert join_reasons(same, 20, 12).endswith("p11 and 1,988 more: no way to collect") and join_reasons(same).count("p") == 2000
    many = join_reasons({"p%d" % number: "reason %d" % number for number in range(25)}, 20, 12)
    assert many.endswith("p19: reason 19 | and 5 more positions") and join_reasons({}) == ""


@pytest.mark.parametrize("said, cause", [
    ("Make sure this host can be reached over ssh: ssh: connect to host 192.0.2.7 port 22: Connection refused\r\n", "Connection refused"),
    ("via ssh: Warning: Permanently added '192.0.2.7' to the list of known hosts.\r\nops@192.0.2.7: Permission denied (publickey,password).\r\n",
     "Permission denied (publickey,password)"),
    ("Max retries exceeded (Caused by NewConnectionError('<object at 0x7f>: [Errno 111] Connection refused'))", "[Errno 111] Connection refused"),
    ("psrp: ", "psrp"), (None, "no reason was given"), ("\n", "no reason was given"), ("a\x1b[2K: b\x1b[2K", "b\\u001b[2K")])
def test_why_a_host_cannot_be_reached_is_said_without_its_wrapping(said, cause):
    assert describe_unreachable(said) == "it cannot be reached (%s); switch it on, or correct how Ansible connects to it" % cause
