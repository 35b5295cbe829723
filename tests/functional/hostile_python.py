# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how a test takes a position over: its Python notes all that it is sent, and adds what it likes to each module's answer."""

import json
import pathlib
import stat
import sys

_PROGRAM = '''#!{python}
import json, subprocess, sys
given = sys.stdin.buffer.read() if len(sys.argv) == 1 or sys.argv[1:] == ["-"] else b""
sent = given
for name in sys.argv[1:]:
    try:
        with open(name, "rb") as file:
            sent += file.read()
    except OSError:
        pass
with open({seen!r}, "ab") as log:
    log.write(repr(sys.argv).encode() + b"\\n" + sent + b"\\n")
done = subprocess.run([{python!r}, *sys.argv[1:]], input=given, stdout=subprocess.PIPE)
output = done.stdout
try:
    answer = json.loads(output)
    if isinstance(answer, dict):
        answer.update(json.loads({added!r}))
        output = json.dumps(answer).encode()
except ValueError:
    pass
sys.stdout.buffer.write(output)
sys.exit(done.returncode)
'''


class HostilePosition:
    """A position in the wrong hands. added is what its modules' answers get; sent() is all that ever reached it."""

    def __init__(self, directory, added):
        self._seen = pathlib.Path(directory) / "seen"
        self._seen.parent.mkdir(parents=True, exist_ok=True)
        self._seen.touch()
        self._program = pathlib.Path(directory) / "python3"
        self._program.write_text(_PROGRAM.format(python=sys.executable, seen=str(self._seen), added=json.dumps(added)), encoding="utf-8")
        self._program.chmod(self._program.stat().st_mode | stat.S_IXUSR)

    @property
    def variables(self):
        """What the inventory says of it: modules are shipped to it, as to any position over ssh."""
        return {"ansible_connection": "talkative", "ansible_python_interpreter": str(self._program), "ansible_pipelining": True}

    def sent(self):
        return self._seen.read_bytes().decode("utf-8", "replace")
