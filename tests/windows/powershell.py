# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The launcher for Windows, and a PowerShell that answers calls of its functions, one line for each: see calls.psm1 for the form of a line."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROLES = HERE.parents[1] / "roles"
FILES = ROLES / "portal_launcher" / "files" / "windows"
PROGRAM = FILES / "portal-launcher.ps1"


def utf16(text: str) -> str:
    """Returns the text as both programs may have it: what is written as two halves of a pair is one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def call_text(value: object) -> str:
    if isinstance(value, str):
        units = value.encode("utf-16-be", "surrogatepass")
        codes = [units[index] << 8 | units[index + 1] for index in range(0, len(units), 2)]
        return '"=%s"' % "".join(chr(code) if 0x20 <= code < 0x7f and chr(code) not in '"%\\' else "%%%04x" % code for code in codes)
    if isinstance(value, bytes):
        return '{"bytes":%s}' % call_text(value.decode("latin-1"))
    if isinstance(value, dict):
        return '{"table":[%s]}' % ",".join(f"[{call_text(key)},{call_text(each)}]" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(map(call_text, value))
    return json.dumps(value)


def expand(value: object) -> object:
    if isinstance(value, str):
        units = re.sub("%([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), value[1:])
        return utf16(units)
    if isinstance(value, list):
        return [expand(each) for each in value]
    if isinstance(value, dict):
        return {expand(key): expand(each) for key, each in value["table"]}
    return value


class PowerShell:
    """One process, in one culture, that answers for the launcher or another script or module."""

    def __init__(self, culture: str, path: pathlib.Path = PROGRAM):
        self.culture = culture
        command = [shutil.which("pwsh"), "-NoProfile", "-NonInteractive", "-File", str(HERE / "answer.ps1"), str(path), culture]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii")

    def ask(self, name: str, given: list) -> None:
        self.process.stdin.write(call_text({"Name": name, "Given": given}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict:
        """Returns {"gives"}, or {"raises", "says"}."""
        return expand(json.loads(self.process.stdout.readline()))

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
