# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests of the playbooks make a fleet whose positions are directories of this machine, and read what it holds."""

import contextlib
import json
import pathlib
import re
import sqlite3
from urllib.parse import quote

import yaml


#: What a rotation does at the service, and what it may be refused there.
ROTATION_EFFECTS = ("replace", "collect", "replace_refused", "collect_refused")

#: Extra vars for a fleet in which some positions have a command of their own, own_collect_argv, instead of the sandbox's collector.
OWN_COMMANDS = {"rotation_collect_argv": "{{ own_collect_argv | default(sandbox_collect_argv) }}"}


class Fleet:
    """An inventory of positions that are directories of this machine; ``positions`` is {name: variables}, to be changed before ``write``."""

    def __init__(self, sandbox, directory, size=12):
        self.directory = pathlib.Path(directory)
        self.ledger_path = self.directory / "ledger.sqlite"
        self.positions = {
            each["position"]: {
                "ecc": each["ecc"], "rapidauth_request_id": each["request_id"],
                "rotation_request_path": str(self.directory / "positions" / each["position"] / "request.json"),
            } for each in sandbox.fleet[:size]}

    def write(self):
        """Writes the inventory and returns its path."""
        shared = {
            "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "rapidauth_ledger_path": str(self.ledger_path)}
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "fleet.yml"
        content = {"dispatch_workstations": {"vars": shared, "hosts": self.positions}}
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return path

    @property
    def request_ids(self):
        """{position: the RequestId that the inventory has}"""
        return {position: variables["rapidauth_request_id"] for position, variables in self.positions.items()}

    def place(self, position):
        """Returns the position's directory."""
        return pathlib.Path(self.positions[position]["rotation_request_path"]).parent

    def collected(self, position):
        """Returns the RequestId whose certificate the position has, or None."""
        path = self.place(position) / "credential" / "collected.json"
        return json.loads(path.read_text(encoding="utf-8"))["request_id"] if path.exists() else None

    def ledger(self):
        """Returns {position: the current RequestId} of the ledger, for the positions that it has replaced."""
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % quote(str(self.ledger_path)), uri=True)) as connection:
            rows = connection.execute("SELECT position, new_request_id FROM replacements WHERE outcome IN ('replaced', 'adopted') ORDER BY id")
            return dict(rows.fetchall())


def assert_rotated_once(sandbox, fleet, before=None, entries=None):
    """Asserts that each credential was replaced once, and collected once by its position, and that the ledger says so.

    ``before`` is {position: RequestId}, of the inventory where nothing else is given; ``entries`` are the service's effects to
    look at, all since the last reset. Returns {position: the RequestId of its replacement}.
    """
    before = before or fleet.request_ids
    entries = entries or sandbox.effects(*ROTATION_EFFECTS)
    assert sorted(entry["effect"] for entry in entries) == ["collect"] * len(before) + ["replace"] * len(before)
    replaced = {entry["previous_request_id"]: entry["request_id"] for entry in entries if entry["effect"] == "replace"}
    after = {position: replaced[request_id] for position, request_id in before.items()}
    assert sorted(entry["request_id"] for entry in entries if entry["effect"] == "collect") == sorted(after.values())
    assert {position: fleet.collected(position) for position in after} == after == fleet.ledger()
    assert {sandbox.row(request_id)["status"] for request_id in after.values()} == {"Collected"}
    return after


def fail_message(run, task_name):
    """Returns the message of a task that failed on one or all hosts, as people read it."""
    failed = run.results(task_name, "failed")
    (message,) = {result["msg"] for result in failed.values()}
    assert_said_once(run, message, len(failed))
    return message


def assert_said_once(run, message, times=1):
    """Asserts that a run printed no sentence of a failure more than so many times, beside Ansible's own [ERROR] lines and the verdict of a check."""
    if run.stdout.startswith("Using "):
        return  # -v: every result is shown
    printed = "\n".join(line for line in run.stdout.splitlines() if not line.startswith("[ERROR]"))
    for sentence in re.split(r" \| |\. |: (?=\w)", message):
        if len(sentence) > 30 and not sentence.startswith(("dispatch may be", "something that whole centers", "Yes, ")):
            found = printed.count(json.dumps(sentence, ensure_ascii=False)[1:-1])
            assert found <= times, "said %d times: %s\n%s" % (found, sentence, printed)
