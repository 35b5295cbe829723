# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A Windows of wine's, as far as wine is honest: cmd.exe, the registry, URL schemes, .url files. Its powershell.exe is a stub that does
nothing; here it is replaced by a program of ours that writes down how it was called, or by one that ends with a code that is chosen."""

import json
import os
import shutil
import struct
import subprocess
import time

PROGRAM_DIRECTORY = "C:\\Program Files\\PortalLauncher"
RECORDER = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["PORTAL_LAUNCHER_RECORD"], "a", encoding="utf-8") as record:
    record.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def program_ending_with(code):
    """Returns a console program for 64-bit Windows of two instructions: mov eax, code; ret."""
    instructions = struct.pack("<BIB", 0xB8, code, 0xC3)
    head = struct.pack("<2s58xI", b"MZ", 64) + struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 240, 0x22)
    head += struct.pack("<HBBIIIII", 0x20B, 14, 0, 512, 0, 0, 0x1000, 0x1000)  # code: its size, the entry and the base of it
    head += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 512, 6, 0, 0, 0, 6, 0, 0, 0x2000, 512, 0, 3, 0)
    head += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16) + bytes(128)
    head += struct.pack("<8sIIIIIIHHI", b".text", len(instructions), 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
    return head.ljust(512, b"\0") + instructions.ljust(512, b"\0")


class Wine:
    """One prefix; stop() ends its server."""

    def __init__(self, directory):
        self.record, self.drive = directory / "record.jsonl", directory / "prefix" / "drive_c"
        for name in ("home", "runtime"):
            (directory / name).mkdir(mode=0o700)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(directory / "home"), "WINEPREFIX": str(directory / "prefix"), "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "winemenubuilder.exe=d;mscoree,mshtml=", "PORTAL_LAUNCHER_RECORD": str(self.record), "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(directory / "runtime"), "TMPDIR": str(directory / "runtime")}  # its server's socket
        subprocess.run(["wineserver", "--persistent"], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        self.run("wineboot", "--init", timeout=180)
        self.powershell = self.drive / "windows" / "system32" / "WindowsPowerShell" / "v1.0" / "powershell.exe"
        self.recorder = directory / "recorder"
        self.recorder.write_text(RECORDER, encoding="utf-8")
        self.recorder.chmod(0o755)
        self.run("reg", "add", "HKCU\\Software\\Wine\\WineBrowser", "/v", "Browsers", "/d", str(self.recorder), "/f")

    def run(self, *command, timeout=60, **options):
        """Returns the finished process."""
        return subprocess.run(
            ["wine", *command], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, **options)

    def use_recorder(self):
        """From now on powershell.exe writes down how it is called (and its code is lost: it is no program of Windows')."""
        self.powershell.unlink(missing_ok=True)
        shutil.copy(self.recorder, self.powershell)
        self.record.unlink(missing_ok=True)

    def use_code(self, code):
        """From now on powershell.exe ends with this code and does nothing else."""
        self.powershell.unlink(missing_ok=True)
        self.powershell.write_bytes(program_ending_with(code))
        self.record.unlink(missing_ok=True)

    def recorded(self, count=1, seconds=20):
        """Returns the argument lists that were written down, once there are so many."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.record.exists():
                lines = self.record.read_text(encoding="utf-8").splitlines()
                if len(lines) >= count:
                    return [json.loads(line) for line in lines]
            time.sleep(0.02)
        raise AssertionError("nothing was called")

    def stop(self):
        for option in ("-k", "-w"):
            subprocess.run(["wineserver", option], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
