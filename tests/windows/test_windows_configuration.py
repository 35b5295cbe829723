# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Both launchers take the same files for a launcher.ini, whatever an editor made of it, and say the same of the others."""

import os
import subprocess

import powershell
import pytest
from twins import LINUX

pytestmark = pytest.mark.powershell("pwsh")
TEXT = "[portal]\napi_url = https://api.example\nquery_url = https://portal.example/q\nlogin_url = https://portal.example/login\n[site]\nname = K\u00f6ln\n"
FILES = {
    "as the role writes it": TEXT.encode(), "with a byte order mark": TEXT.encode("utf-8-sig"), "with two": b"\xef\xbb\xbf" + TEXT.encode("utf-8-sig"),
    "by an old Notepad": TEXT.encode("cp1252"), "as Unicode": TEXT.encode("utf-16"), "as Unicode, big-endian": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "with halves of characters": TEXT.encode() + b"contact = \xed\xa0\x80\n", "with Windows' ends of lines": TEXT.replace("\n", "\r\n").encode(),
    "with a Mac's": TEXT.replace("\n", "\r").encode(), "with NUL": TEXT.encode() + b"\0", "empty": b"", "as long as it may be": TEXT.encode().ljust(65536),
    "longer": TEXT.encode().ljust(65537)}
SCRIPT = powershell.PROGRAM.read_text(encoding="ascii").partition("$StartSeconds = [")[0] + r"""
function Get-PathProblem { return '' }
foreach ($path in [System.IO.Directory]::GetFiles('PLACE')) {
    $read = Read-Configuration $path
    $said = $read.Values['site name'] + '|' + [System.String]::Join('|', $read.Problems)
    [System.IO.File]::WriteAllText($path + '.read', $said.Replace($path, 'X'))
}
"""


def test_both_programs_read_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr(LINUX, "open_configuration", lambda path: os.open(path, os.O_RDONLY))
    place, expected = tmp_path / "place", {}
    place.mkdir()
    for name, content in FILES.items():
        (place / name).write_bytes(content)
        values, problems = LINUX.read_configuration(str(place / name))
        expected[name] = (values["site_name"] + "|" + "|".join(problems)).replace(str(place / name), "X")
    (tmp_path / "read.ps1").write_text(SCRIPT.replace("PLACE", str(place)), encoding="ascii")
    command = ["pwsh", "-NoProfile", "-NonInteractive", "-File", str(tmp_path / "read.ps1")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert {name: (place / (name + ".read")).read_text(encoding="utf-8") for name in FILES} == expected
