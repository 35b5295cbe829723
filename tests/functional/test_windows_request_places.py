# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What only Windows positions have: drives, devices, long paths, names on a PATH with backslashes, and batch files that split arguments."""

import pytest
from powershell_modules import ModuleProcess
from windows_position import NEEDS_WINE

pytestmark = [pytest.mark.slow, NEEDS_WINE]
ID = "00000000-0000-4000-8000-000000000001"
CMD = ("cmd", "/d", "/c", "exit 0")
BATCH, PLACE = "C:\\Tools (x86)\\collect.cmd", "C:\\places"


def options(name, argv=CMD, state="collected"):
    return {"request_path": name, "request_id": ID, "anon_id": "mine", "argv": list(argv), "state": state, "timeout_seconds": 30}


def test_a_place_and_a_command_of_windows(windows_position, tmp_path):
    batch = windows_position.path(BATCH)
    batch.parent.mkdir()
    batch.write_text('@echo [%~1] [%~2]> "C:\\said.txt"\r\n', encoding="ascii")
    long = PLACE + "\\" + "r" * 240
    steps = {
        "no drive, ready": (options("Q:\\no\\drive\\r.json", state="ready"), False), "no drive": (options("Q:\\no\\drive\\r.json"), False),
        "a device": (options(PLACE + "\\nul.json"), False), "an argument with NUL": (options(PLACE + "\\r.json", [*CMD, "a\0b"]), True),
        "too long, ready": (options(long, state="ready"), False), "too long": (options(long), False),
        "a batch file": (options(PLACE + "\\b.json", [BATCH, "--file={request_path}", "a;b,c"]), False),
        "what it was given": "[IO.File]::ReadAllText('C:\\said.txt').Trim()",
        "an argument that a batch file would read": (options(PLACE + "\\b.json", [BATCH, "(a)"], "ready"), False),
        "the PATH": "$env:PATH = 'C:\\no-such\\;C:\\windows\\system32\\'", "a name on it": (options(PLACE + "\\p.json", state="ready"), False)}
    found = dict(zip(steps, ModuleProcess(windows_position, "win_rapidauth_collection", tmp_path).run(list(steps.values()))))
    kinds = {name: each["error_kind"] for name, each in found.items() if "error_kind" in each}
    assert kinds == {
        "no drive, ready": "not_ready", "no drive": "not_collected", "a device": "invalid_input", "an argument with NUL": "invalid_input",
        "too long, ready": "not_ready", "too long": "not_collected", "an argument that a batch file would read": "invalid_input"}, found
    assert all("there is no drive Q: on this position" in found[name]["msg"] for name in ("no drive, ready", "no drive"))
    assert found["too long"]["is_delivered"] is False and "argv contains a character" in found["an argument with NUL"]["msg"]
    assert found["a batch file"]["is_collected"] and found["what it was given"]["says"] == "[--file=%s\\b.json] [a;b,c]" % PLACE
    assert windows_position.path(PLACE + "\\.b.json.collected").exists()
