# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the lookup portal_token keeps the module's rules: one login, a refused password once, nothing in check mode, no secret shown."""

import pytest
import yaml

pytestmark = pytest.mark.slow

LOOKUP = ("lookup('eccops.rapid.portal_token', rapidsos_email, api_url=rapidsos_api_url, ca_path=rapidsos_ca_path, password=portal_password%s)")


def play(path, *tasks, **variables):
    path.write_text(yaml.safe_dump([{
        "hosts": "localhost", "connection": "local", "gather_facts": False,
        "vars": {"portal_password": "{{ rapidsos_password }}", "portal_token": "{{ %s }}" % (LOOKUP % ""), **variables}, "tasks": list(tasks),
    }]), encoding="utf-8")
    return str(path)


def passed_on(directory, **keywords):
    """A task that gives the token to a program by standard input, as people do; the program keeps it in a file."""
    return {"name": "Pass the token on", "no_log": True,
            "ansible.builtin.command": {"argv": ["tee", "-a", str(directory / "token")], "stdin": "{{ portal_token }}"}, **keywords}


def test_one_login_for_every_evaluation_and_no_token_in_the_output(sandbox, tmp_path, run_playbook):
    run = run_playbook(play(
        tmp_path / "play.yml", passed_on(tmp_path), passed_on(tmp_path),
        {"name": "Loop", "ansible.builtin.assert": {"that": "item | length > 20"}, "loop": "{{ [portal_token] }}"},
        {"name": "Both", "ansible.builtin.debug": {"msg": "{{ query('eccops.rapid.portal_token', rapidsos_email, rapidsos_email, api_url=rapidsos_api_url,"
                                                          " ca_path=rapidsos_ca_path, password=portal_password) | unique | length }}"}},
    ), extra_vars=connection(sandbox), arguments=["-vvvv"])
    assert run.returncode == 0, run.output
    assert run.result("Both")["msg"] == 1
    assert len(sandbox.effects("login")) == 1
    token, again = (tmp_path / "token").read_text(encoding="ascii").splitlines()
    assert token == again and len(token) > 20
    assert token not in run.output and sandbox.values["rapidsos_password"] not in run.output


def connection(sandbox):
    return {name: sandbox.values[name] for name in ("rapidsos_api_url", "rapidsos_ca_path", "rapidsos_email", "rapidsos_password")}


def test_check_mode_logs_in_nowhere(sandbox, tmp_path, run_playbook):
    run = run_playbook(play(tmp_path / "play.yml", {"name": "Look", "ansible.builtin.debug": {"msg": "<{{ portal_token }}>"}}),
                       extra_vars=connection(sandbox), check=True)
    assert run.returncode == 0, run.output
    assert run.result("Look")["msg"] == "<>" and sandbox.effects("login") == []


def test_a_refused_password_is_tried_once_and_not_shown(sandbox, tmp_path, run_playbook):
    marker = "w2ong-Passw0rd-marker"
    run = run_playbook(play(
        tmp_path / "play.yml", passed_on(tmp_path, ignore_errors=True, no_log=False), passed_on(tmp_path, no_log=False), portal_password=marker,
    ), extra_vars=connection(sandbox), arguments=["-vvvv"])
    assert run.returncode == 2
    assert marker not in run.output and "portal_token: " in run.output
    account = next(each for each in sandbox.admin("GET", "/accounts").json()["accounts"] if each["email"] == sandbox.values["rapidsos_email"])
    assert account["bad_attempts"] == 1


@pytest.mark.parametrize(("more", "reported"), [
    (", colour='red'", "portal_token has no option colour"),
    (", environment='production'", "mutually exclusive"),
    (", api_version='irpv2'", "irpv2 needs client_id and client_secret"),
])
def test_a_mistake_is_said_before_anything_is_sent(sandbox, tmp_path, run_playbook, more, reported):
    playbook = play(tmp_path / "play.yml", passed_on(tmp_path, no_log=False), portal_token="{{ %s }}" % (LOOKUP % more))
    run = run_playbook(playbook, extra_vars=connection(sandbox))
    assert run.returncode == 2 and reported in run.output
    assert sandbox.effects("login") == []
