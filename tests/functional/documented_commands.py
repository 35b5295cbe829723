# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the commands that README.md, CONTRIBUTING.md, docs/ and the roles document, and which can be run here (documented_desk.py).

A command stands in a shell block, in a job of a CI system or a systemd unit that a page shows, or within a sentence, in backquotes.
What must be written otherwise here than in the text is in REHEARSED, what is not run is in NOT_HERE; a command that is in none
of the lists is a mistake of the text or of these lists.
"""

import collections
import re
import textwrap

import harness
import yaml

ROOT = harness.REPOSITORY
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]

Command = collections.namedtuple("Command", "page line text language", defaults=("console",))

_FENCE = re.compile(r"^```(\w*)\s*$")
SHELLS = ("console", "shell", "bash", "sh")
#: {language of a block: why its commands are not run here}.
LANGUAGES_NOT_HERE = {"powershell": "needs Windows"}
#: Of these blocks only what a CI system or systemd would run is a command.
JOBS = ("yaml", "groovy", "ini")
#: Blocks that show something else: what is written or answered.
WITHOUT_COMMANDS = ("text", "json")
_KEYS_OF_JOBS = ("run", "script", "before_script", "after_script")
_SCRIPTS = {
    "groovy": re.compile(r"\bsh\s+(?P<quote>'''|\"\"\"|'|\")(?P<script>.*?)(?P=quote)", re.DOTALL),
    "ini": re.compile(r"^Exec\w+=(?P<script>(?:.*\\\n)*.*)", re.MULTILINE),
}

#: A command has an argument, else the program is only named.
PROGRAM = re.compile(r"(?:make|ansible(?:-\w+)?|awx|base64|curl|jq|journalctl|openssl|portal-launcher|python3?|sha256sum|systemctl|\.venv/bin/\w+) ")
_INLINE = re.compile(r"`(%s[^`]+)`" % PROGRAM.pattern)
_INLINE_POWERSHELL = re.compile(r"`([A-Z][a-z]+-[A-Z]\w+ [^`]+)`")
#: A machine may lack these; what needs one is not run there, and that is said.
OPTIONAL_PROGRAMS = ("curl", "jq", "openssl")

#: [(what is written, what is run instead, why)]
REHEARSED = [
    (re.compile(r"^ansible-galaxy collection install .*\.tar\.gz$"), r"\g<0> --offline", "Galaxy is not asked: what it depends on is there"),
    (re.compile(r"http://127\.0\.0\.1:8446\b"), "{admin_url}", "the sandbox takes free ports"),
    (re.compile(r"https://localhost:8445/rapid\b"), "{device_url}", "the sandbox takes free ports"),
    (re.compile(r"/etc/rapidauth-sac/current\b"), "{directory}/sac/current", "needs no root"),
    (re.compile(r"--config - https://\.\.\.$"), "--config - {rapidauth_url}/credentials/by-hand", "the text leaves the URL out"),
    (re.compile(r"--store /var/lib/position\b"), "--store {directory}/position", "needs no root"),
    (re.compile(r"/var/lib/rapidauth/"), "{directory}/rapidauth/", "needs no root"),
    (re.compile(r"^/usr/bin/(?=ansible-playbook )"), "", "the tests' own Ansible is elsewhere"),
    (re.compile(r"^python tests/bench/sandbox_throughput.py$"), r"\g<0> --seconds 0.2 --rounds 1", "shows that it runs; it measures nothing here"),
    (re.compile(r"^(?:\.venv/bin/)?python tests/bench/(?!sandbox_throughput).*"), r"\g<0> --help", "it measures for minutes: that it starts is seen"),
    (re.compile(r"^make (test|test-fast|test-crash|test-differential|test-siblings|test-oldest|molecule|lint|docs|matrix|bench|clean)$"), r"make -n MAKE=: \1",
     "up to hours, or the end of this checkout: that make knows how is seen"),
    (re.compile(r"^\.venv/bin/nox -Rs "), ".venv/bin/nox --list -s ", "it installs from the package index; make lint runs it: that nox knows it is seen"),
    (re.compile(r"^(ansible-playbook \S+) -e @~/ansible-collection-rapid/(build/sandbox/on_this_machine\.yml)"), r"\1 -i fleet.yml -e @\2",
     "the reader's checkout and fleet are elsewhere"),
    (re.compile(r"-i ~/fleet/inventory\.yml\b"), "-i fleet.yml", "the reader's fleet is elsewhere"),
    (re.compile(r"\bINVENTORY=\S+(?: SANDBOX_LISTEN_ADDRESS=0\.0\.0\.0\b)?"), "INVENTORY=fleet.yml",
     "the reader's fleet is elsewhere, and no network reaches this sandbox"),
    (re.compile(r"^\.venv/bin/python -m pytest tests/functional/\w+\.py$"), r"\g<0> -k fine_fleet", "make test runs all of them: that one runs alone is seen"),
    (re.compile(r"^jq (.*) report\.json$"), r"jq \1 build/credentials/report.json", "where the command before it wrote it"),
    (re.compile(r"^openssl pkcs12 .*"), r"\g<0> -passin file:{directory}/sac/passphrase", "nobody is there to be asked for it"),
    (re.compile(r"^(PYTHONPATH=roles/sandbox/files python -m rapid_sandbox --data-directory build/sandbox)$"),
     r"\1-by-hand --rapidauth-port 0 --portal-port 0 --device-port 0 --admin-port 0", "takes free ports, and a directory of its own"),
    (re.compile(r"^PYTHONPATH=\S+/(roles/sandbox/files python -m rapid_demo) --directory build/demo$"),
     r"PYTHONPATH=build/collections/ansible_collections/eccops/rapid/\1 --directory build/demo", "the checkout is the installed collection"),
]
#: Run to their end; exit code 0 is wanted.
RUNNABLE = [re.compile(pattern) for pattern in (
    r"make (build|help|test|test-fast|test-crash|test-differential|test-siblings|test-oldest|molecule|lint|docs|matrix|bench|clean)",
    r"\. \.venv/bin/activate",
    r"ansible-galaxy collection install build/eccops-rapid-[0-9.]+\.tar\.gz",
    r"python3 -m pip install -r requirements\.txt",
    r"ansible-doc (-t \w+ )?eccops\.rapid\.\w+",
    r"ansible --version",
    r"(/usr/bin/)?ansible-playbook eccops\.rapid\.(check|rotate|block)_credentials (?!-i windows\.yml).*",
    r"ansible-galaxy collection list eccops\.rapid",
    r"ansible-playbook eccops\.rapid\.provision_workstations .*--check.*",
    r"python3 collect_credential\.py --request-file request\.json .*",
    r"(\.venv/bin/)?python tests/bench/\w+\.py( --\w+)?",
    r"\.venv/bin/python -m pytest tests/.*",
    r"\.venv/bin/nox (--list|-Rs [\w-]+)",
    r"python3 -I -c pass",
    r"version=\$\(readlink -f /etc/rapidauth-sac/current\)\nprintf .* \| curl --config - https://\.\.\.",
    r'curl (-X PATCH )?"?http://127\.0\.0\.1:8446/.*',
    r"umask 077\ntrap .*\nprintf .*\nansible-playbook eccops\.rapid\.check_credentials .*",
    r'cat report/report\.md >> "\$GITHUB_STEP_SUMMARY"',
    r"jq -r [.\w]+ report\.json",
    r"base64 -w0 sac\.p12",
    r"openssl pkcs12 -info -noout -in sac\.p12",
    r"sha256sum roles/\S+",
)]
#: Stay in the foreground: run until they say ``ready``, then ended as by Ctrl-C. The demo takes half a minute: test_demo.py runs it to its end.
FOREGROUND = [re.compile(pattern) for pattern in (
    r"make demo", r"make sandbox( INVENTORY=\S+( SANDBOX_\w+=\S+)*)?", r"PYTHONPATH=\S*roles/sandbox/files python -m (rapid_sandbox|rapid_demo) .*",
)]
#: Need nothing of the page that shows them, nor of the commands before them.
SELF_CONTAINED = [re.compile(pattern) for pattern in (r"make [\w-]+", r"ansible-doc .*", r"ansible --version")]
#: [(command, why it is not run here)].
NOT_HERE = [(re.compile(pattern), why) for pattern, why in (
    (r"apt-get (update|install --yes .*)|git clone .*", "changes the machine as root, or needs the public repository: this checkout stands for it"),
    (r"cp -r examples/small_ecc ~/fleet|nano ~/fleet/inventory\.yml|cd ~/(fleet|ansible-collection-rapid)|EDITOR=nano ansible-vault create vault\.yml"
     r"|ansible-playbook eccops\.rapid\.check_credentials .* --ask-vault-pass",
     "works in the reader's home, and asks questions: test_examples.py runs each example with its vault, and test_rehearsal.py rehearses with it"),
    (r"portal-launcher .*", "needs a position with a desktop: tests/launcher runs the program on an arranged one"),
    (r"journalctl -t portal-launcher", "needs a position with a journal: tests/end_to_end/test_falls_back.py reads one"),
    (r"ansible-playbook eccops\.rapid\.provision_workstations -i fleet\.yml (?!.*--check).*",
     "changes as root the machine it runs on: extensions/molecule/workstation does it to real hosts"),
    (r"ansible(-playbook)? -i rehearsal\.yml .*", "deploys to real hosts as root: extensions/molecule does the same to hosts of its own"),
    (r"ansible(-playbook)? .* -i windows\.yml .*", "needs Windows positions: tests/functional/test_windows_rehearsal.py does the same under wine"),
    (r"awx -f yaml import < examples/awx/\w+\.yml", "needs an AWX: tests/functional/test_runner_awx.py reads the files as AWX would"),
    (r"(createdb|psql) .*", "needs the site's own database: test_runner_postgresql.py runs the SQL on a server of the tests"),
    (r"ansible-galaxy collection install -r requirements\.yml --force", "needs the server that has the release: make build makes the archive here"),
    (r"sqlite3 ~/\.local/state/eccops\.rapid/ledger\.sqlite .*", "copies the ledger in the reader's home"),
    (r"ansible-vault encrypt_string", "asks for the text at a terminal"),
    (r"openssl rehash( .*)?", "changes a directory of the site's own CAs"),
    (r"systemctl (enable --now check-credentials\.timer|--failed|status)", "would look at or change the services of this machine"),
)]


def commands_of(page, text=None):
    """Returns the Commands of a page in its order: of its blocks, and those within sentences that no block has."""
    text = text or page.read_text(encoding="utf-8")
    found, inside = [], set()
    for first, language, lines in blocks_of(text):
        inside.update(range(first - 1, first + len(lines) + 1))
        if language in SHELLS:
            found += _commands(page, [(number, line.strip()) for number, line in enumerate(lines, first)])
        elif language in LANGUAGES_NOT_HERE:
            found.append(Command(page, first, lines[0].strip(), language))  # one for all of its lines
        elif language in JOBS:
            found += [Command(page, first + offset, _in_one_line(each), language) for offset, each in _of_job(language, textwrap.dedent("\n".join(lines)))]
    for number, line in enumerate(text.splitlines(), 1):
        named = [(each, "sentence") for each in _INLINE.findall(line)] + [(each, "powershell") for each in _INLINE_POWERSHELL.findall(line)]
        shown = {command.text for command in found}
        found += [Command(page, number, each, language) for each, language in named if number not in inside and each not in shown]
    return sorted(found, key=lambda command: command.line)


def blocks_of(text):
    """Yields (number of the first line, language, lines) of each fenced block."""
    language, first, lines = None, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line.strip())
        if fence and language is None:
            language, first, lines = fence.group(1) or "text", number + 1, []
        elif fence:
            yield first, language, lines
            language = None
        else:
            lines.append(line)


def _of_job(language, text):
    """Yields (offset of the line, text) of each script that a CI system or systemd would run by this block."""
    if language == "yaml":
        yield from _of_keys(yaml.compose(text))
    else:
        for found in _SCRIPTS[language].finditer(text):
            script = found.group("script")
            yield text[:found.start()].count("\n"), script.replace("\\\\", "\\") if language == "groovy" else script


def _of_keys(node):
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _of_keys(each)
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value in _KEYS_OF_JOBS:
            yield from ((each.start_mark.line, each.value) for each in (value.value if isinstance(value, yaml.SequenceNode) else [value]))
        else:
            yield from _of_keys(value)


def _in_one_line(script):
    """Returns a script without its indentation, with its continued lines joined."""
    return re.sub(r"\s*\\\n\s*", " ", textwrap.dedent(script).strip())


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
        for unused_first, language, lines in blocks_of(page.read_text(encoding="utf-8")):
            if language == "yaml":
                yield page, yaml.safe_load(textwrap.dedent("\n".join(lines)))


def plays():
    """Returns the plays that the pages show; tasks shown without a play get one."""
    found = []
    for unused_page, content in yaml_blocks():
        if isinstance(content, list):
            found += content if "hosts" in content[0] else [{"name": "Tasks", "hosts": "all", "tasks": content}]
    return found


def yaml_file_of(page, name):
    """Returns the text of the page's YAML block that begins with the comment ``# NAME``, or None."""
    block = re.search(r"^```yaml\n# %s\n(.*?)^```" % re.escape(name), page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return block.group(1) if block else None


def is_of(patterns, command):
    return any(pattern.fullmatch(command.text) for pattern in patterns)


def why_not_here(command):
    """Returns the reason why a command is not run, or None."""
    return LANGUAGES_NOT_HERE.get(command.language) or next((why for pattern, why in NOT_HERE if pattern.fullmatch(command.text)), None)


def is_known(command):
    return bool(why_not_here(command)) or is_of(RUNNABLE, command) or is_of(FOREGROUND, command)
