# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the commands that README.md and docs/ tell people to type, and which of them can be run here (see documented_desk.py).

What must be written otherwise here than in the text is in REHEARSED, what is not run is in NOT_HERE; a command that is in none
of the lists is a mistake of the text or of these lists.
"""

import collections
import re

import harness
import yaml

ROOT = harness.REPOSITORY
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]

Command = collections.namedtuple("Command", "page line text language", defaults=("console",))

_FENCE = re.compile(r"^```(\w*)\s*$")
SHELLS = ("console", "shell", "bash", "sh")
#: {language of a block: why its commands are not run here}.
LANGUAGES_NOT_HERE = {"powershell": "needs Windows", "bat": "needs Windows"}

#: [(what is written, what is run instead, why)]
REHEARSED = [
    (re.compile(r"^ansible-galaxy collection install .*\.tar\.gz$"), r"\g<0> --offline", "Galaxy is not asked: what it depends on is there"),
    (re.compile(r"http://127\.0\.0\.1:8446\b"), "{admin_url}", "the sandbox takes free ports"),
    (re.compile(r"https://localhost:8445/rapid\b"), "{device_url}", "the sandbox takes free ports"),
    (re.compile(r"/etc/rapidauth-sac/current\b"), "{directory}/sac/current", "needs no root"),
    (re.compile(r"--config - https://\.\.\.$"), "--config - {rapidauth_url}/credentials/by-hand", "the text leaves the URL out"),
    (re.compile(r"--store /var/lib/position\b"), "--store {directory}/position", "needs no root"),
    (re.compile(r"^python tests/bench/sandbox_throughput.py$"), r"\g<0> --seconds 0.2 --rounds 1", "shows that it runs; it measures nothing here"),
    (re.compile(r"^(PYTHONPATH=roles/sandbox/files python -m rapid_sandbox --data-directory build/sandbox)$"),
     r"\1-by-hand --rapidauth-port 0 --portal-port 0 --device-port 0 --admin-port 0", "takes free ports, and a directory of its own"),
]
#: Run to their end; exit code 0 is wanted.
RUNNABLE = [re.compile(pattern) for pattern in (
    r"make (build|demo|help)",
    r"ansible-galaxy collection install build/eccops-rapid-[0-9.]+\.tar\.gz",
    r"python3 -m pip install -r requirements\.txt",
    r"ansible-doc (-t \w+ )?eccops\.rapid\.\w+",
    r"ansible-playbook eccops\.rapid\.(check|rotate|block)_credentials .*",
    r"ansible-playbook eccops\.rapid\.provision_workstations .*--check.*",
    r"python3 collect_credential\.py --request-file request\.json .*",
    r"python tests/bench/sandbox_throughput\.py",
    r"version=\$\(readlink -f /etc/rapidauth-sac/current\)\nprintf .* \| curl --config - https://\.\.\.",
    r'curl (-X PATCH )?"?http://127\.0\.0\.1:8446/.*',
)]
#: Stay in the foreground: run until they say C(ready), then ended as by Ctrl-C.
FOREGROUND = [re.compile(r"make sandbox"), re.compile(r"PYTHONPATH=roles/sandbox/files python -m rapid_sandbox .*")]
#: {command: why it is not run here}.
NOT_HERE = {
    "make test": "it would run this test inside itself",
    "portal-launcher --check --log-in": "needs a position with a desktop: tests/launcher/test_launcher_checks.py runs it on an arranged one",
    "ansible-playbook eccops.rapid.provision_workstations -i fleet.yml -e @vault.yml --limit north-01":
        "installs as root on the machine it runs on: extensions/molecule/workstation does it to real hosts",
    "ansible-playbook eccops.rapid.provision_workstations -i fleet.yml -e @vault.yml":
        "installs as root on the machine it runs on: extensions/molecule/workstation does it to real hosts",
    "ansible-playbook eccops.rapid.provision_workstations -i fleet.yml -e portal_launcher_state=absent --tags portal_launcher":
        "removes as root from the machine it runs on: extensions/molecule/workstation does it to real hosts",
}


def commands_of(page, text=None):
    """Returns the Commands of a page: the lines of its console and shell blocks; where lines begin with C($ ), only those."""
    found, language, block = [], None, []
    for number, line in enumerate((text or page.read_text(encoding="utf-8")).splitlines(), 1):
        fence = _FENCE.match(line.strip())
        if fence and language is None:
            language, block = fence.group(1) or "text", []
        elif fence:
            found += _commands(page, block) if language in SHELLS else []
            found += [Command(page, *block[0], language)] if language in LANGUAGES_NOT_HERE else []  # one for all of its lines
            language = None
        else:
            block.append((number, line.strip()))
    return found


def _commands(page, block):
    has_prompts = any(line.startswith("$ ") for unused, line in block)
    commands, begun = [], None
    for number, line in block:
        if line.startswith("#") or begun is None and (not line or has_prompts and not line.startswith("$ ")):
            continue
        line = line[2:] if line.startswith("$ ") else line
        line = re.sub(r"\s+#\s.*", "", line)
        begun = (begun[0], begun[1] + line) if begun else (number, line)
        if begun[1].endswith("\\"):
            begun = (begun[0], begun[1][:-1].rstrip() + " ")
        elif re.match(r"\w+=(\$\(.*\)|\S*)$", begun[1].split("\n")[-1]):  # for the lines that follow
            begun = (begun[0], begun[1] + "\n")
        else:
            commands.append(Command(page, *begun))
            begun = None
    return commands


def yaml_blocks():
    """Yields (page, what the block holds) of each YAML block."""
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            yield page, yaml.safe_load(block)


def plays():
    """Returns the plays that the pages show; tasks shown without a play get one."""
    found = []
    for unused_page, content in yaml_blocks():
        if isinstance(content, list):
            found += content if "hosts" in content[0] else [{"name": "Tasks", "hosts": "all", "tasks": content}]
    return found


def yaml_file_of(page, name):
    """Returns the text of the page's YAML block that begins with the comment C(# NAME), or None."""
    block = re.search(r"^```yaml\n# %s\n(.*?)^```" % re.escape(name), page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return block.group(1) if block else None


def is_of(patterns, command):
    return any(pattern.fullmatch(command.text) for pattern in patterns)


def why_not_here(command):
    """Returns the reason why a command is not run, or None."""
    return LANGUAGES_NOT_HERE.get(command.language) or NOT_HERE.get(command.text)


def is_known(command):
    return bool(why_not_here(command)) or is_of(RUNNABLE, command) or is_of(FOREGROUND, command)
