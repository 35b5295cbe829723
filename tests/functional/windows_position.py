# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Windows positions for tests: each is a wine prefix with PowerShell 7 for Windows. Access rules that are set have no effect there."""

import os
import pathlib
import shutil
import subprocess

import pytest

PROGRAM = shutil.which("wpwsh")
NEEDS_WINE = pytest.mark.powershell("wpwsh")
WINE_SERVER = next((path for path in map(shutil.which, ("wineserver64", "/usr/lib/wine/wineserver64", "wineserver")) if path), None)


def windows_path(path):
    """Returns how a Windows position names a path of this machine."""
    return "Z:" + str(path).replace("/", "\\")


class WindowsPosition:
    """One position, made by C(start) and ended by C(stop)."""

    def __init__(self, prefix):
        self.prefix = pathlib.Path(prefix)
        #: wine looks for its server below TMPDIR: with two of them a prefix would have two servers, each with a registry of its own.
        self.environment = dict(
            os.environ, WPWSH_PREFIX=str(self.prefix), WINEPREFIX=str(self.prefix), WINEDEBUG="-all", TMPDIR=str(self.prefix.parent))
        #: One line for each command that Ansible runs here.
        self.commands_log = self.prefix.with_name(self.prefix.name + "-commands.log")
        self.shell = windows_path(pathlib.Path(PROGRAM).resolve().parents[1] / "pwsh" / "wpwsh.exe")
        self.variables = {
            "ansible_connection": "wine_powershell", "ansible_shell_type": "powershell", "ansible_wine_prefix": str(self.prefix),
            "ansible_wine_program": PROGRAM, "ansible_wine_log": str(self.commands_log), "ansible_pwsh_interpreter": self.shell, "ansible_pipelining": True}

    def start(self):
        self.run("exit 0")
        return self

    def run(self, script, timeout=180):
        """Returns what a script of PowerShell writes to standard output."""
        done = subprocess.run(
            [PROGRAM, "-NoProfile", "-NonInteractive", "-Command", "-"], input=script, text=True, env=self.environment, capture_output=True,
            timeout=timeout, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def run_file(self, path, script):
        """Returns what a script does as a file, where a block may have more than one line."""
        path.write_text(script, encoding="utf-8")
        return self.run("& '%s'" % windows_path(path))

    def begin_file(self, path, script):
        """Starts a script that is still running when this returns; returns the process."""
        path.write_text(script, encoding="utf-8")
        return subprocess.Popen(
            [PROGRAM, "-NoProfile", "-NonInteractive", "-File", windows_path(path)], stdin=subprocess.DEVNULL, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def path(self, name):
        """Returns the path on this machine of a path on drive C."""
        assert name.startswith("C:\\")
        return self.prefix / "drive_c" / name[3:].replace("\\", "/")

    def copy(self, prefix):
        """Returns another position like this one, which is stopped for that. Both share the files of Windows, which nothing changes in place."""
        self.stop()
        windows = self.prefix / "drive_c" / "windows"

        def copy(source, target):
            return os.link(source, target) if windows in pathlib.Path(source).parents else shutil.copy2(source, target)

        shutil.copytree(self.prefix, prefix, symlinks=True, copy_function=copy)
        return WindowsPosition(prefix)

    def clean(self):
        """Removes what rotations left here, and the log of commands."""
        shutil.rmtree(self.path("C:\\ProgramData\\RapidAuth"), ignore_errors=True)
        self.commands_log.unlink(missing_ok=True)

    def commands(self):
        """Returns how many commands Ansible has run here."""
        return self.commands_log.read_text(encoding="utf-8").count("\n") if self.commands_log.exists() else 0

    def processes(self, word):
        """Returns the ids, on this machine, of the position's processes whose command line holds a word."""
        found = []
        for place in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                is_here = ("WPWSH_PREFIX=%s\0" % self.prefix).encode() in (place / "environ").read_bytes()
                if is_here and word.encode() in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
            except OSError:
                continue  # it ended meanwhile, or is somebody else's
        return found

    def stop(self):
        """Ends every program of this position."""
        subprocess.run([WINE_SERVER, "--kill"], env=self.environment, capture_output=True, timeout=60, check=False)
        subprocess.run([WINE_SERVER, "--wait"], env=self.environment, capture_output=True, timeout=60, check=False)
