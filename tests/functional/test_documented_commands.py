# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every command that README.md, CONTRIBUTING.md, docs/ and the roles show is run as it stands there, or is listed with the reason why not."""

import re
import shutil
import subprocess
import sys
import time

import documented_commands as documented
import documented_desk
import harness
import pytest
import yaml
from ansible_collections.eccops.rapid.plugins.plugin_utils._report import writer as report_files


def where(command):
    return "%s:%d" % (command.page.relative_to(documented.ROOT), command.line)


COMMANDS = [command for page in documented.PAGES for command in documented.commands_of(page)]
RUN = {page: [command for command in COMMANDS if command.page == page and not documented.why_not_here(command)] for page in documented.PAGES}
NOT_RUN = sorted({documented.why_not_here(command) for command in COMMANDS} - {None})


def test_every_command_is_run_or_listed():
    unknown = ["%s shows a command that is neither run nor listed: %s" % (where(each), each.text) for each in COMMANDS if not documented.is_known(each)]
    assert not unknown, "\n".join(unknown) + "\nSee RUNNABLE, FOREGROUND and NOT_HERE in documented_commands.py."


def test_every_block_is_of_a_language_that_is_known():
    """A block in a language that nobody looks into could hide commands, and so could one that is said to have none."""
    known = {*documented.SHELLS, *documented.JOBS, *documented.LANGUAGES_NOT_HERE, *documented.WITHOUT_COMMANDS}
    blocks = [block for page in documented.PAGES for block in documented.blocks_of(page.read_text(encoding="utf-8"))]
    assert {language for unused_first, language, unused_lines in blocks} <= known
    assert not [line for unused_first, language, lines in blocks if language in documented.WITHOUT_COMMANDS
                for line in lines if documented.PROGRAM.match(line.strip())]


def test_no_list_names_a_command_that_nobody_shows():
    texts = {command.text for command in COMMANDS}
    assert [pattern.pattern for pattern, unused_instead, unused_why in documented.REHEARSED if not any(map(pattern.search, texts))] == []
    matched = [*documented.RUNNABLE, *documented.FOREGROUND, *(pattern for pattern, unused_why in documented.NOT_HERE)]
    assert [pattern.pattern for pattern in matched if not any(map(pattern.fullmatch, texts))] == []
    assert set(documented.LANGUAGES_NOT_HERE) <= {command.language for command in COMMANDS}


@pytest.mark.parametrize("why", NOT_RUN)
def test_not_run_here(why):
    listed = ["%s (%s)" % (command.text, where(command)) for command in COMMANDS if documented.why_not_here(command) == why]
    pytest.skip("%s: %s" % (", ".join(listed), why))


@pytest.mark.parametrize("block, found", [
    ("```console\nmake build  # a minute\n\n# nothing\nmake \\\n  demo\n```", ["make build", "make demo"]),
    ("```sh\nhere=$(pwd -P)\n# so that\nls $here\n```", ["here=$(pwd -P)\nls $here"]),
    ("```console\n$ one --two\nits output\n$ three\n```", ["one --two", "three"]),
    ("```yaml\nmake: build\n```\n```\nmake nothing\n```\n```shell\nmake this\n```", ["make this"]),
    ("Say `make help`, or `make`.\n\n```shell\nmake demo\n```\n`make demo` and `Get-Acl x`; `make a mistake", ["make help", "make demo", "Get-Acl x"]),
    ("```yaml\njob:\n  script:\n    - one\n    - two\n      --three\n  name: four\n```", ["one", "two --three"]),
    ("  ```yaml\n  steps:\n    - name: Check\n      run: |\n        umask 077\n        one \\\n          --two\n  ```", ["umask 077\none --two"]),
    ("```groovy\nsteps {\n  sh '''\n    one \\\\\n      'two'\n  '''\n  sh 'three'\n  junit 'four.xml'\n}\n```", ["one 'two'", "three"]),
    ("```ini\n[Service]\nUser=x\nExecStart=/bin/one \\\n  --two\nType=oneshot\n```", ["/bin/one --two"]),
])
def test_commands_are_found_as_a_reader_finds_them(block, found):
    assert [command.text for command in documented.commands_of(documented.PAGES[0], block)] == found


def test_what_a_job_keeps_is_what_the_check_writes():
    page = documented.ROOT / "docs" / "ci_examples.md"
    kept = set(re.findall(r"\breport/([\w.]+\w)", page.read_text(encoding="utf-8")))
    assert len(kept) > 3 and kept <= {name for name, unused_render in report_files.RENDERERS.values()}


def test_ansible_understands_every_play_and_task_that_is_shown(tmp_path):
    shown = documented.plays()
    assert len(shown) > 5
    (tmp_path / "shown.yml").write_text(yaml.safe_dump(shown, sort_keys=False), encoding="utf-8")
    done = subprocess.run(
        [documented_desk.BIN / "ansible-playbook", "--syntax-check", tmp_path / "shown.yml"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=harness.Playbooks(None, tmp_path).environment(tmp_path / "results"), timeout=documented_desk.TIMEOUT_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", name="desk")
def fixture_desk(tmp_path_factory):
    if sys.version_info < (3, 11):
        pytest.skip("the Makefile and the sandbox want Python 3.11, as README.md says")
    desk = documented_desk.Desk(tmp_path_factory.mktemp("desk"))
    try:
        for text in ("make build", "ansible-galaxy collection install build/eccops-rapid-%s.tar.gz" % desk.version):
            code, output = desk.run(documented.Command(None, 0, text))
            assert code == 0, output
        yield desk
    finally:
        assert desk.close() == 0


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page, commands in RUN.items() if commands], ids=lambda page: page.relative_to(documented.ROOT).as_posix())
def test_the_commands_of_a_page(desk, page):
    desk.begin(page)
    lacking = set()
    for command in RUN[page]:
        program = command.text.split()[0]
        if program in documented.OPTIONAL_PROGRAMS and not shutil.which(program):
            lacking.add(program)
        elif documented.is_of(documented.FOREGROUND, command):
            is_ready, output = desk.run_in_foreground(command)
            assert is_ready, "%s: %s\n%s" % (where(command), command.text, output)
        else:
            began = time.monotonic()
            code, output = desk.run(command)
            print("%6.1f s  %s" % (time.monotonic() - began, command.text))
            assert code == 0, "%s: %s ended with %d\n%s" % (where(command), command.text, code, output[-6000:])
    if lacking:
        pytest.skip("not installed, and what uses it was not run: " + ", ".join(sorted(lacking)))
