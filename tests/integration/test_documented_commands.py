# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every command that README.md and docs/ show is run as it stands there, or is listed with the reason why not."""

import subprocess
import sys
import time

import documented_commands as documented
import documented_desk
import harness
import pytest
import yaml


def where(command):
    return "%s:%d" % (command.page.relative_to(documented.ROOT), command.line)


COMMANDS = [command for page in documented.PAGES for command in documented.commands_of(page)]
RUN = {page: [command for command in COMMANDS if command.page == page and not documented.why_not_here(command)] for page in documented.PAGES}
NOT_RUN = [command for command in COMMANDS if documented.why_not_here(command)]


def test_every_command_is_run_or_listed():
    unknown = ["%s shows a command that is neither run nor listed: %s" % (where(each), each.text) for each in COMMANDS if not documented.is_known(each)]
    assert not unknown, "\n".join(unknown) + "\nSee RUNNABLE, FOREGROUND and NOT_HERE in documented_commands.py."


def test_no_list_names_a_command_that_nobody_shows():
    texts = {command.text for command in COMMANDS}
    assert not set(documented.NOT_HERE) - texts
    assert all(any(pattern.search(text) for text in texts) for pattern, unused_instead, unused_why in documented.REHEARSED)


@pytest.mark.parametrize("command", NOT_RUN, ids=where)
def test_not_run_here(command):
    pytest.skip("%s: %s" % (command.text, documented.why_not_here(command)))


@pytest.mark.parametrize("block, found", [
    ("```console\nmake build  # a minute\n\n# nothing\nmake \\\n  demo\n```", ["make build", "make demo"]),
    ("```sh\nhere=$(pwd -P)\n# so that\nls $here\n```", ["here=$(pwd -P)\nls $here"]),
    ("```console\n$ one --two\nits output\n$ three\n```", ["one --two", "three"]),
    ("```yaml\nmake: build\n```\n```\nmake nothing\n```\n```shell\nmake this\n```", ["make this"]),
])
def test_commands_are_found_as_a_reader_finds_them(block, found):
    assert [command.text for command in documented.commands_of(documented.PAGES[0], block)] == found


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
    for command in RUN[page]:
        if documented.is_of(documented.FOREGROUND, command):
            is_ready, output = desk.run_in_foreground(command)
            assert is_ready, "%s: %s\n%s" % (where(command), command.text, output)
            continue
        began = time.monotonic()
        code, output = desk.run(command)
        print("%6.1f s  %s" % (time.monotonic() - began, command.text))
        assert code == 0, "%s: %s ended with %d\n%s" % (where(command), command.text, code, output[-6000:])
