# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests run ansible-playbook against a fleet of real hosts, over SSH with pipelining as a site would, and read every task's result."""

import json
import pathlib
import subprocess

import yaml
from harness import BIN, REPOSITORY, Completed, PlaybookRun, ansible_environment

INVENTORY = REPOSITORY / "extensions" / "molecule" / "inventory.yml"
TIMEOUT_SECONDS = 300


class Playbooks:
    """Runs playbooks in the directory ``place``; call it like a function."""

    def __init__(self, fleet, place, inventory=INVENTORY):
        self.fleet, self.place, self.inventory = fleet, pathlib.Path(place), inventory
        self.count = 0

    def start(self, plays, *arguments, extra_vars=None, env=None):
        """Returns (process, function that waits and returns the PlaybookRun). ``plays`` is a list, or a path, or a playbook's FQCN."""
        self.count += 1
        place = self.place / f"run-{self.count}"
        place.mkdir(parents=True, mode=0o700)
        if isinstance(plays, list):
            (place / "playbook.yml").write_text(yaml.safe_dump(plays, sort_keys=False, allow_unicode=True), encoding="utf-8")
            plays = place / "playbook.yml"
        line = [BIN / "ansible-playbook", plays, "--inventory", self.inventory, *arguments]
        if extra_vars:
            (place / "extra_vars.json").write_text(json.dumps(extra_vars), encoding="utf-8")
            line += ["--extra-vars", f"@{place}/extra_vars.json"]
        environment = {
            **ansible_environment(place / "home"), "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": self.fleet.sockets, "ANSIBLE_CALLBACKS_ENABLED": "task_results",
            "ANSIBLE_CALLBACK_PLUGINS": REPOSITORY / "tests" / "functional" / "callback_plugins",
            "TASK_RESULTS_PATH": place / "results.jsonl", **(env or {}),
        }
        (place / "home").mkdir()
        process = subprocess.Popen([str(each) for each in line], env={name: str(value) for name, value in environment.items()}, cwd=place,
                                   text=True, stdin=subprocess.DEVNULL, stdout=(place / "stdout").open("w"), stderr=(place / "stderr").open("w"))

        def finish(timeout_seconds=TIMEOUT_SECONDS):
            try:
                process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            completed = Completed(process.returncode, *((place / name).read_text(encoding="utf-8") for name in ("stdout", "stderr")))
            results = place / "results.jsonl"
            return PlaybookRun(completed, results.read_text(encoding="utf-8").splitlines() if results.exists() else [])

        return process, finish

    def __call__(self, plays, *arguments, extra_vars=None, env=None):
        """Returns the PlaybookRun, whether it failed or not."""
        return self.start(plays, *arguments, extra_vars=extra_vars, env=env)[1]()


def changed(run):
    """{host: [names of tasks that said changed]}"""
    found = {}
    for report in run.reports:
        if not report["is_item"] and report["result"].get("changed"):
            found.setdefault(report["host"], []).append(report["task"])
    return found
