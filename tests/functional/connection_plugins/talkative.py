# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A local connection that is no "local" one, so that modules are shipped, and that shows at -vvv what ansible's ssh shows."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as LocalConnection
from ansible.utils.display import Display

DOCUMENTATION = r"""
name: talkative
short_description: Local, but as talkative as ssh
description:
  - Shows what a command wrote, as ssh does, unless the task's output is to be hidden.
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(LocalConnection):
    transport = "talkative"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        result = super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if self._play_context.no_log:
            Display().vvv("rc=%s, stdout and stderr censored due to no log" % result[0])
        else:
            Display().vvv("TOLD BY THE CONNECTION: %s" % (result,))
        return result
