# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how functional tests run a real ansible-playbook against the sandbox, and read what every task reported.

A test gets two fixtures: ``sandbox``, put back to its seeded state, and ``run_playbook``. Starting ansible-playbook costs
a second, so a run takes many tasks, and ``scenario`` puts admin calls (faults, switches, clock) between them.
"""

import collections
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from sandbox_process import Running

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
COLLECTIONS = REPOSITORY / "build" / "collections"
BIN = pathlib.Path(sys.executable).parent
TIMEOUT_SECONDS = 600

#: What a play of tasks runs with; the names are those of the sandbox's connection.yml.
RAPIDAUTH_DEFAULTS = {
    "api_url": "{{ rapidauth_api_url }}", "ca_path": "{{ rapidauth_ca_path }}",
    "sac_path": "{{ rapidauth_sac_path }}", "sac_passphrase": "{{ rapidauth_sac_passphrase }}",
}
PORTAL_DEFAULTS = {
    "api_url": "{{ rapidsos_api_url }}", "query_url": "{{ rapidsos_query_url }}", "ca_path": "{{ rapidsos_ca_path }}",
    "email": "{{ rapidsos_email }}", "password": "{{ rapidsos_password }}",
}
#: A task's keywords with which its module is really shipped, where it would else run in the controller's process: a connection does it that
#: Ansible does not know as local.
SHIPPED = {"vars": {"ansible_connection": "talkative", "ansible_pipelining": True, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
MODULE_DEFAULTS = {"group/eccops.rapid.rapidauth": RAPIDAUTH_DEFAULTS, "group/eccops.rapid.portal": PORTAL_DEFAULTS}


class Sandbox(Running):
    """The running sandbox (sandbox_process.Running: admin, switch, fault, advance, row, values, fleet, ...) that ends with pytest."""

    def __init__(self, directory):
        super().__init__(directory, "--stop-with-process", str(os.getpid()))
        self.connection_path = self.directory / "connection.yml"

    def reset(self):
        assert self.admin("POST", "/reset").status_code == 200

    def stats(self):
        return self.admin("GET", "/stats").json()

    def effects(self, *names):
        return effects_since_reset(self.audit(), *names)


def effects_since_reset(entries, *names):
    """The entries of an audit log since the last reset in it, of these effects only if any are named."""
    last_reset = max([0, *(entry["seq"] for entry in entries if entry["effect"] == "reset")])
    return [entry for entry in entries if entry["seq"] > last_reset and (not names or entry["effect"] in names)]


Completed = collections.namedtuple("Completed", "returncode stdout stderr")


class PlaybookRun:
    """What a run of ansible-playbook left: ``returncode``, ``stdout``, ``stderr``, ``recap`` and the tasks' results."""

    def __init__(self, completed, lines):
        self.returncode, self.stdout, self.stderr = completed.returncode, completed.stdout, completed.stderr
        self.output = self.stdout + self.stderr
        reported = [json.loads(line) for line in lines]
        self.reports = [report for report in reported if "task" in report]
        #: {host: {"ok", "failures", "changed", ...}} as in the PLAY RECAP
        self.recap = next((report["recap"] for report in reported if "recap" in report), {})

    def results(self, task, status=None):
        """Returns {host: result} of a task by its name (without items); each has its ``status`` under ``_status``."""
        found = {
            report["host"]: dict(report["result"], _status=report["status"]) for report in self.reports
            if report["task"] == task and not report["is_item"] and status in (None, report["status"])}
        assert found, "no result of task '%s'; it said:\n%s" % (task, self.output[-4000:])
        return found

    def result(self, task):
        """Returns the result of a task that ran on one host."""
        (result,) = self.results(task).values()
        return result


def ansible_environment(home):
    """Returns what every run of an Ansible program needs, and nothing else: no setting, proxy or CA of the machine reaches it."""
    return {
        "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]), "HOME": str(home), "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(home / ".ansible"), "ANSIBLE_CONFIG": str(REPOSITORY / "tests" / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1",
    }


class Playbooks:
    """Runs playbooks in a private HOME below ``directory``; call it like a function. Without a sandbox there are no extra vars of its own."""

    def __init__(self, sandbox, directory):
        self.sandbox, self.directory = sandbox, pathlib.Path(directory)
        self.home = self.directory / "home"
        self._runs = 0

    def environment(self, results_path, env=None):
        """Returns the environment of a run; ``env`` changes it, and takes out what is None."""
        keys = {
            **ansible_environment(self.home), "TMPDIR": self.directory / "tmp", "ANSIBLE_LOCAL_TEMP": self.home / "local_tmp",
            "ANSIBLE_REMOTE_TEMP": self.home / "remote_tmp", "ANSIBLE_ASYNC_DIR": self.home / "async",
            "ANSIBLE_ACTION_PLUGINS": HERE / "action_plugins", "ANSIBLE_CONNECTION_PLUGINS": HERE / "connection_plugins",
            "ANSIBLE_CALLBACK_PLUGINS": HERE / "callback_plugins", "ANSIBLE_CALLBACKS_ENABLED": "task_results", "TASK_RESULTS_PATH": results_path,
        }
        keys.update(env or {})
        return {name: str(value) for name, value in keys.items() if value is not None}

    def __call__(self, playbook, extra_vars=None, inventory=None, check=False, diff=False, verbosity=0, forks=None,
                 env=None, arguments=(), while_running=None, preexec=None):
        """Runs a list of tasks or plays, YAML text of one, a path, or a playbook's FQCN; returns a PlaybookRun.

        ``extra_vars`` come on top of the sandbox's connection.yml; they go through a file, never through arguments.
        ``inventory`` is a path, or {host: variables}; ``while_running(process)`` is called again and again until the end.
        """
        self._runs += 1
        place = self.directory / ("run-%d" % self._runs)
        for each in (place, self.home, self.directory / "tmp"):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = [BIN / "ansible-playbook", _playbook_file(playbook, place)]
        # What is provisioned here is a position of the test's own.
        line += ["--extra-vars", "@%s" % self.sandbox.connection_path, "--extra-vars", "provision_is_rehearsal=false"] if self.sandbox else []
        if extra_vars:
            (place / "extra_vars.json").write_text(json.dumps(extra_vars), encoding="utf-8")
            line += ["--extra-vars", "@%s" % (place / "extra_vars.json")]
        line += ["--inventory", _inventory_file(inventory, place)] if inventory else []
        line += ["--check"] if check else []
        line += ["--diff"] if diff else []
        line += ["-" + "v" * verbosity] if verbosity else []
        line += ["--forks", str(forks)] if forks else []
        results_path = place / "results.jsonl"
        with _short_name(self.directory / "tmp") as temporary:
            process = subprocess.Popen(
                [str(each) for each in (*line, *arguments)], env=self.environment(results_path, {"TMPDIR": temporary, **(env or {})}), text=True,
                cwd=place, stdin=subprocess.DEVNULL, preexec_fn=preexec, stdout=(place / "stdout").open("w"), stderr=(place / "stderr").open("w"))
            _wait(process, while_running)
        completed = Completed(process.returncode, *((place / name).read_text(encoding="utf-8") for name in ("stdout", "stderr")))
        lines = results_path.read_text(encoding="utf-8").splitlines() if results_path.exists() else []
        return PlaybookRun(completed, lines)


@contextlib.contextmanager
def _short_name(directory):
    """A short path of a directory: ansible-core 2.21 has a socket in TMPDIR, and a socket's path has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="t") as place:
        os.symlink(directory, place + "/t")
        yield place + "/t"


def _wait(process, while_running):
    waited = 0.0
    pause = 0.02 if while_running else TIMEOUT_SECONDS
    while True:
        try:
            return process.wait(pause)
        except subprocess.TimeoutExpired:
            waited += pause
            if waited >= TIMEOUT_SECONDS:
                process.kill()
                raise
        while_running(process)


def _playbook_file(playbook, place):
    if isinstance(playbook, str) and "\n" in playbook:
        (place / "playbook.yml").write_text(playbook, encoding="utf-8")  # verbatim: it may hold !vault
        is_of_plays = "hosts" in yaml.safe_load(re.sub(r"!\w+", "", playbook))[0]
        assert is_of_plays, "YAML text must hold plays; give tasks as a list"
        return place / "playbook.yml"
    if not isinstance(playbook, list):
        return playbook
    plays = playbook if {"hosts", "ansible.builtin.import_playbook"} & set(playbook[0]) else [play(playbook)]
    (place / "playbook.yml").write_text(yaml.safe_dump(plays, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return place / "playbook.yml"


def _inventory_file(inventory, place):
    if not isinstance(inventory, dict):
        return inventory
    hosts = {"all": {"vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}, "hosts": inventory}}
    (place / "inventory.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    return place / "inventory.yml"


def play(tasks, hosts="localhost", **keywords):
    """Returns a play whose tasks find the sandbox by module_defaults for the two action groups."""
    keywords = {"connection": "local", "gather_facts": False, "module_defaults": MODULE_DEFAULTS, **keywords}
    return {"name": "Test", "hosts": hosts, **keywords, "tasks": list(tasks)}


def task(name, module, keywords=None, **options):
    """Returns a task; a failure does not end the play. A short module name is one of this collection."""
    module = module if "." in module else "eccops.rapid." + module
    return {"name": name, module: options, "ignore_errors": True, **(keywords or {})}


def admin_task(name, *calls):
    """Returns a task that makes calls [method, path, body] to the sandbox's admin API, once for all hosts."""
    return {"name": name, "run_once": True, "sandbox_admin": {"calls": [[*call, *[None] * (3 - len(call))] for call in calls]}}


def scenario(name, *tasks, faults=(), switches=None, credentials=None, advance_seconds=None):
    """Returns tasks: reset and arrange the sandbox, ``tasks`` with their names prefixed "NAME: ", and a look at what happened.

    ``faults`` are objects as for POST /faults (count 1 unless given), ``credentials`` is {RequestId: changes}.
    """
    calls = [["POST", "/reset"]]
    calls += [["PATCH", "/switches", switches]] if switches else []
    calls += [["PATCH", "/credentials/" + request_id, changes] for request_id, changes in (credentials or {}).items()]
    calls += [["PUT", "/clock", {"advance_seconds": advance_seconds}]] if advance_seconds else []
    calls += [["POST", "/faults", {"count": 1, **fault}] for fault in faults]
    named = [dict(each, name="%s: %s" % (name, each["name"])) for each in tasks]
    return [admin_task(name + ": arrange", *calls), *named, admin_task(name + ": observe", ["GET", "/audit"], ["GET", "/stats"])]


class Observed:
    """What one scenario of a run did: ``result(task)``, and the sandbox's ``effects(...)`` and ``stats`` after it."""

    def __init__(self, run, name):
        self._run, self._name = run, name
        log, self.stats = run.result(name + ": observe")["answers"]
        self._entries = log["entries"]

    def result(self, task_name):
        return self._run.result("%s: %s" % (self._name, task_name))

    def results(self, task_name, status=None):
        return self._run.results("%s: %s" % (self._name, task_name), status)

    def effects(self, *names):
        return effects_since_reset(self._entries, *names)

    def calls(self, route):
        """How many calls the sandbox got on a route."""
        return sum(self.stats["calls"].get(route, {}).values())


def assert_sentence(result, kind, *pieces):
    """Asserts that a task failed with this error_kind and one readable sentence that says all of ``pieces``."""
    assert result["_status"] == "failed" and result.get("error_kind") == kind, result
    message = result["msg"]
    assert "\n" not in message and "Traceback" not in message and 20 < len(message) < 600, message
    for piece in pieces:
        assert piece in message, "%r does not say %r" % (message, piece)
    return True
