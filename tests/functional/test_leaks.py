# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that no secret shows anywhere: everything runs at -vvvv --diff with planted markers, then all that was left is searched.

Searched are stdout, stderr, the log file, what callbacks are given, every file below the private HOME, what lies in the hosts' temporary
directories while tasks run, the fact cache, the token cache, the sandbox's whole data directory but for its own secrets, and the command
lines of all processes.
"""

import json
import os
import pathlib
import re
import sys
import time

import harness
import pytest
from ansible.release import __version__ as core_version
from harness import task
from leak_search import forms_of, leaks_in, markers_of, read_command_lines, searched_files
from leak_tasks import LOGIN_OF_ITEM, SHIPPING, TOKEN, WAYS, tasks_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", name="markers")
def fixture_markers(running_sandbox):
    running_sandbox.reset()
    return markers_of(running_sandbox)


@pytest.fixture(scope="module", name="leftovers")
def fixture_leftovers(running_sandbox, markers, tmp_path_factory):
    """Runs everything once; returns the run, its markers with the tokens that the test itself fetched, and where to search."""
    place = tmp_path_factory.mktemp("leaks")
    garbling = place / "garbling_python"
    garbling.write_text("#!/bin/sh\nexec 3>&1\n\"$REAL_PYTHON\" \"$@\" | sed 's/^{/{ garbled /' >&3\n")
    garbling.chmod(0o755)
    becoming = place / "becoming"  # takes a command as sudo does, and runs it as who calls it
    becoming.write_text('#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n')
    becoming.chmod(0o755)
    (place / "tokens").mkdir()
    playbooks = harness.Playbooks(running_sandbox, place)
    command_lines = set()
    run = playbooks(
        [harness.play(tasks_of(place / "cache"))], diff=True, verbosity=4,
        extra_vars={
            **markers, "garbling_python": str(garbling), "become_path": str(becoming), "tokens_path": str(place / "tokens"), "place": str(place),
            "planted_accounts": [{"email": "%s@ecc.example" % name, "password": markers["planted_password"]} for name in ("nobody", "somebody")],
            "sac_items": [{"name": "valid", "passphrase": markers["real_passphrase"]}]},
        while_running=lambda process: read_command_lines(command_lines),
        env={"ANSIBLE_LOG_PATH": place / "ansible.log", "ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": place / "facts",
             "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1", "REAL_PYTHON": os.path.realpath(sys.executable)})
    assert run.returncode == 0, run.output[-4000:]
    secrets = dict(markers)
    for path in sorted((place / "tokens").iterdir()):
        for number, token in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            secrets["token %s %d" % (path.stem, number)] = token
            secrets["signature %s %d" % (path.stem, number)] = token.rpartition(".")[2]
        path.unlink()
    return run, secrets, place, command_lines


def test_the_search_finds_each_secret(leftovers):
    """A search that finds nothing because it looks for nothing proves nothing."""
    _run, secrets, place, _lines = leftovers
    for name, secret in secrets.items():
        assert forms_of(name, secret), name
        for written in (secret, json.dumps({"x": secret}), "x=%r" % secret):
            if "-----BEGIN" not in secret or written == secret:
                assert name in leaks_in(written.encode(), secrets)
    assert "planted_password" in leaks_in((place / "run-1" / "extra_vars.json").read_bytes(), secrets)
    assert leaks_in(b'{"token": "%s"}' % secrets["token here 0"].encode(), {}) == ["some token"]
    assert any(name.startswith("token") for name in secrets) and len(secrets) >= len(WAYS) * 2 * 5


def test_every_task_did_what_it_was_to_do(leftovers):
    """Success and failure are both among the tasks, in every way to run them; the run was as talkative as can be."""
    run, _secrets, _place, _lines = leftovers
    for way in WAYS:
        for name in ("log in", "reuse", "irpv2", "combined content", "PKCS12 content", "look at many"):
            assert run.result("%s %s" % (way, name))["_status"] == "ok", run.result("%s %s" % (way, name))
        for name in ("wrong password", "wrong client secret", "secret elsewhere", "bad option", "wrong passphrase", "failed when",
                     "broken content", "key twice"):
            assert run.result("%s %s" % (way, name))["_status"] == "failed", run.result("%s %s" % (way, name))
        assert "wrong" in run.result("%s wrong password" % way)["msg"] or "not tried again" in run.result("%s wrong password" % way)["msg"]
        for name in ("loop", "loop that shows", "install an account", "forget the account", "check all"):
            assert run.result("%s %s" % (way, name))["_status"] == "ok", run.result("%s %s" % (way, name))
        for name in ("failing loop", "failing loop of all", "failing loop of texts", "failing loop with a label"):
            items = [report for report in run.reports if report["is_item"] and report["task"] == "%s %s" % (way, name)]
            assert items and all(each["status"] == "failed" and "login" in each["result"]["msg"] for each in items), items
        for name in ("log in", "loop", "look", "check all"):
            assert run.result("%s async %s" % (way, name))["_status"] == "failed"
            if way in SHIPPING:
                result = run.result("%s without pipelining %s" % (way, name))
                assert "nothing was sent" in json.dumps([result, *[each["result"] for each in run.reports if "without" in each["task"]]]), result
    assert run.result("here clear key")["_status"] == "ok"
    assert run.result("garbled")["_status"] == "failed" and run.results("unreachable", "unreachable")
    assert "TASK [here log in" in run.stdout and "TOLD BY THE CONNECTION" in run.stdout and "censored due to no log" in run.stdout


def test_no_secret_is_shown_or_left_behind(sandbox, leftovers):
    _run, secrets, place, _lines = leftovers
    found = {}
    searched = list(searched_files(sandbox, place))
    for path in searched:
        names = leaks_in(path.read_bytes(), secrets)
        if names:
            found[str(path)] = names
    assert not found, found
    names = {path.name for path in searched}
    assert {"stdout", "stderr", "ansible.log", "results.jsonl", "sandbox.db"} <= names and any(name.endswith(".token") for name in names)
    assert any(path.parent.name == "facts" for path in searched)


def test_no_file_in_shared_temporary_directories_holds_one(leftovers):
    """The run's TMPDIR is its own; whatever went to the machine's all the same is found by its age."""
    _run, secrets, place, _lines = leftovers
    begin = (place / "garbling_python").stat().st_mtime
    for directory in ("/tmp", "/var/tmp", "/dev/shm"):
        for path in pathlib.Path(directory).glob("*"):
            try:
                if path.is_file() and path.stat().st_mtime >= begin and time.time() - begin < 3600:
                    assert leaks_in(path.read_bytes(), secrets) == [], path
            except OSError:
                pass  # another user's, or gone


def test_no_command_line_holds_one(leftovers):
    _run, secrets, _place, command_lines = leftovers
    assert any(b"ansible-playbook" in line for line in command_lines) and any(b"AnsiballZ" in line for line in command_lines)
    for line in command_lines:
        assert leaks_in(line, secrets) == [], line


def test_the_audit_log_holds_none(sandbox, leftovers):
    _run, secrets, _place, _lines = leftovers
    entries = sandbox.audit()
    assert {"login", "login_refused", "oauth_token", "oauth_refused", "patch", "replace"} <= {entry["effect"] for entry in entries}
    assert leaks_in(json.dumps(entries, ensure_ascii=False).encode(), secrets) == []


def test_no_module_with_a_secret_was_written_to_a_host(leftovers):
    run, _secrets, place, _lines = leftovers
    written = re.findall(r" PUT .* TO (\S+)", run.stdout)
    assert any("AnsiballZ_copy" in path or "source" in path for path in written), "the run shows what it writes"
    assert [path for path in written if re.search("rapid|credential|workstation_files|async", path.rpartition("/")[2])] == []
    assert not (place / "home" / "async").exists() or not list((place / "home" / "async").iterdir())


def test_an_item_is_shown_without_its_secret(leftovers):
    run, _secrets, _place, _lines = leftovers
    assert "(item={'name': 'valid', 'passphrase': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'})" in run.stdout
    assert "(item={'email': 'nobody@ecc.example', 'password': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'})" in run.stdout
    assert "(item=VALUE_SPECIFIED_IN_NO_LOG_PARAMETER)" in run.stdout and "(item=******** of nobody@ecc.example)" in run.stdout
    (item,) = [each["result"] for each in run.reports if each["is_item"] and each["task"] == "here loop that shows"]
    assert item["item"] == {"name": "valid", "passphrase": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}


def test_callbacks_see_no_secret_of_a_task_without_a_connection(sandbox, run_playbook, markers):
    """Such a task fails before its action runs. The action sees its options before that since ansible-core 2.19."""
    if tuple(map(int, core_version.split(".")[:2])) < (2, 19):
        pytest.skip("ansible-core %s asks an action nothing before there is a connection, as docs/security_model.md says" % core_version)
    nowhere = {"vars": {"ansible_connection": "nowhere.at.all"}}
    accounts = {"planted_accounts": [{"email": "nobody@ecc.example", "password": markers["planted_password"]}]}
    run = run_playbook([task("one", TOKEN, nowhere, password="{{ planted_password }}"),
                        task("loop", TOKEN, {**nowhere, "loop": "{{ planted_accounts }}"}, **LOGIN_OF_ITEM)], extra_vars={**markers, **accounts})
    shown = [each["arguments"] for each in run.reports if each["task"] in ("one", "loop")]
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in [each.get("password") for each in shown] and run.result("one")["_status"] == "failed"
    assert leaks_in((json.dumps(run.reports) + run.output).encode(), markers) == []
