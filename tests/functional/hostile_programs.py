# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how a test takes a position over: what runs modules there notes all that it is sent, and answers what it likes.

On a Linux position that is its Python, on a Windows position its PowerShell.
"""

import json
import pathlib
import stat
import sys

_PYTHON = '''#!{python}
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

#: It runs no module. Told a RequestId, it collects by C(collect), a command in which {request_path} is replaced, unless that is empty.
_POWERSHELL = '''#!{python}
import os, re, subprocess, sys
given = sys.stdin.buffer.read()
with open({seen!r}, "ab") as log:
    log.write(repr(sys.argv).encode() + b"\\n" + given + b"\\n")
request, collect = re.search(rb'"request_id": "([0-9a-f-]{{36}})"', given), {collect!r}
if request and collect:
    path = {request_path!r}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write('{{"request_id": "%s", "anon_id": null}}' % request[1].decode())
    subprocess.run([word.replace("{{request_path}}", path) for word in collect], check=True, stdout=subprocess.DEVNULL)
with open({answer!r}, "rb") as file:
    sys.stdout.buffer.write(file.read())
sys.stderr.buffer.write(b"#< CLIXML\\r\\n<Objs><S S=\\"Error\\">" + b"x" * 5000)
'''


class HostilePosition:
    """A Linux position in the wrong hands. added is what its modules' answers get; sent() is all that ever reached it."""

    name, program = "python3", _PYTHON

    def __init__(self, directory, added, **further):
        self._seen = pathlib.Path(directory) / "seen"
        self._seen.parent.mkdir(parents=True, exist_ok=True)
        self._seen.touch()
        self._program = pathlib.Path(directory) / self.name
        self._program.write_text(self.program.format(python=sys.executable, seen=str(self._seen), added=json.dumps(added), **further), encoding="utf-8")
        self._program.chmod(self._program.stat().st_mode | stat.S_IXUSR)

    @property
    def variables(self):
        """What the inventory says of it: modules are shipped to it, as to any position over ssh."""
        return {"ansible_connection": "talkative", "ansible_python_interpreter": str(self._program), "ansible_pipelining": True}

    def sent(self):
        return self._seen.read_bytes().decode("utf-8", "replace")


class HostileWindowsPosition(HostilePosition):
    """A Windows position in the wrong hands. Every module's answer is C(answer): bytes, or what is written as JSON."""

    name, program = "powershell", _POWERSHELL

    def __init__(self, directory, answer, collect=(), request_path=""):
        path = pathlib.Path(directory) / "answer"
        super().__init__(directory, None, answer=str(path), collect=list(collect), request_path=str(request_path))
        path.write_bytes(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    @property
    def variables(self):
        directory = self._seen.parent
        return {
            "ansible_connection": "wine_powershell", "ansible_shell_type": "powershell", "ansible_pipelining": True,
            "ansible_wine_program": str(self._program), "ansible_wine_prefix": str(directory), "ansible_wine_log": str(directory / "commands.log")}
