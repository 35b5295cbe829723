# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Connection plugin for tests: one wine prefix is one Windows position, with PowerShell 7 for Windows."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wine_powershell
short_description: A wine prefix as a Windows position, for tests
description:
  - Runs what the shell plugin C(powershell) makes with C(wpwsh), which gives PowerShell for Windows plain pipes and true exit codes.
options:
  prefix:
    description: The wine prefix of this position. It is made on first use.
    type: path
    required: true
    vars: [{name: ansible_wine_prefix}]
  program:
    description: Path of C(wpwsh).
    type: path
    default: wpwsh
    vars: [{name: ansible_wine_program}]
  limit_seconds:
    description: After so many seconds a command is given up.
    type: int
    default: 180
    vars: [{name: ansible_wine_limit_seconds}]
  log:
    description: A file that gets one line for each command.
    type: path
    required: true
    vars: [{name: ansible_wine_log}]
author: [eccops.rapid maintainers]
"""

import os
import shlex
import shutil
import subprocess

from ansible.errors import AnsibleConnectionFailure, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = "wine_powershell"
    module_implementation_preferences = (".ps1", ".exe", "")
    allow_executable = False
    has_pipelining = True
    always_pipeline_modules = True

    def __init__(self, *args, **kwargs):
        self._shell_type = "powershell"
        super().__init__(*args, **kwargs)

    def _connect(self):
        self._connected = True
        return self

    def close(self):
        self._connected = False

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        words = shlex.split(cmd) if "-EncodedCommand" in cmd else ["powershell", "-NoProfile", "-NonInteractive", "-Command", cmd]
        # wine looks for its server below TMPDIR, and a second server would have a registry of its own.
        prefix = self.get_option("prefix")
        environment = {**os.environ, "WPWSH_PREFIX": prefix, "TMPDIR": os.path.dirname(prefix)}
        with open(self.get_option("log"), "a", encoding="utf-8") as log:
            log.write("one\n")
        try:
            done = subprocess.run(
                [self.get_option("program"), *words[1:]],
                input=in_data or b"", capture_output=True, env=environment, timeout=self.get_option("limit_seconds"), check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AnsibleConnectionFailure(f"PowerShell under wine did not end within {error.timeout} s") from error
        if b"Fatal error." in done.stderr or done.returncode in (5, 0xC0000005 & 0xFF) and not done.stdout:
            raise AnsibleConnectionFailure(f"wine or .NET crashed, which says nothing about the module: {done.stderr.decode(errors='replace')[-500:]}")
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        if not os.path.exists(in_path):
            raise AnsibleFileNotFound(f"{in_path} does not exist")
        shutil.copyfile(in_path, self._path(out_path))

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        shutil.copyfile(self._path(in_path), out_path)

    def _path(self, path):
        """Path on this machine of a Windows path such as C:\\Users\\a.txt."""
        drive, rest = path.strip('"').replace("\\", "/").split(":", 1)
        return f"{self.get_option('prefix')}/dosdevices/{drive.lower()}:{rest}"
