# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests of the playbooks make a fleet of Linux and Windows positions."""

import shutil

from harness import REPOSITORY
from playbook_fleet import Fleet

COLLECTOR = REPOSITORY / "roles" / "sandbox" / "files" / "collect_credential.ps1"
#: Where docs/rotate_credentials.md has the collector and the sandbox's CA be for a rehearsal.
REHEARSAL = "C:\\ProgramData\\RapidSandbox"
REQUEST_PATH = "C:\\ProgramData\\RapidAuth\\request.json"


class MixedFleet(Fleet):
    """Linux positions, then Windows ones; C(windows) is {name: its WindowsPosition}."""

    def __init__(self, sandbox, directory, windows, linux=2):
        super().__init__(sandbox, directory, size=linux + len(windows))
        self.windows = dict(zip(list(self.positions)[linux:], windows))
        for name, position in self.windows.items():
            del self.positions[name]["rotation_request_path"]
            self.positions[name].update(position.variables, sandbox_powershell=position.shell, own_collect_argv="{{ sandbox_windows_collect_argv }}")
            place = position.path(REHEARSAL)
            place.mkdir(parents=True, exist_ok=True)
            for source in (COLLECTOR, sandbox.values["rapidauth_ca_path"]):
                shutil.copy(source, place)

    def place(self, position):
        if position in self.windows:
            return self.windows[position].path(REQUEST_PATH).parent
        return super().place(position)

    def commands(self):
        """Returns {Windows position: how many commands Ansible has run there}."""
        return {name: position.commands() for name, position in self.windows.items()}
