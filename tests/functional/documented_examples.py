# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the examples that plugins and pages show, what of them must be written otherwise to run here, and which cannot.

An example is a list of tasks, in EXAMPLES of a module, filter, test or lookup, or in a block of a page. Here each becomes a play on one position of the
sandbox's fleet, and nothing of it is changed but what the tables below state.
"""

import ast
import datetime
import grp
import os

import documented_commands
import harness
import yaml

PLUGINS = harness.REPOSITORY / "plugins"
#: {example: why it is not run here}. Its options are checked all the same.
NOT_HERE = {
    "modules/rapidauth_sac_installation": "needs systemd and the account of a service; extensions/molecule/workstation installs a SAC on real hosts",
    "modules/win_rapidauth_collection": "needs a Windows position; test_windows_collection.py collects on one under wine",
    "modules/win_rapidauth_sac_installation": "needs a Windows position; test_windows_sac.py installs on one under wine",
    "modules/win_workstation_files": "needs a Windows position; test_windows_workstation_files.py installs on one under wine",
    "modules/win_workstation_info": "needs a Windows position; test_windows_inspection.py inspects one under wine",
}
NEEDS_POSTGRESQL = ("modules/rapidauth_ledger_import",)
#: Examples that begin with the ledger of a rotation which replaced the second position's credential.
READ_A_LEDGER = ("docs/rotate_credentials.md", "modules/rapidauth_ledger_import", "modules/rapidauth_ledger_info", "modules/rapidauth_request_info")
#: Directories that examples use. Here each is one of the test.
DIRECTORIES = ("/var/lib/rapidauth", "~/.local/state/eccops.rapid", "/var/lib/prometheus/node-exporter", "/srv/www/credentials", "/usr/local/bin",
               "/etc/example")
#: Programs of a site that examples run. The launcher reads its URL from its standard input.
PROGRAMS = {
    "example": "#!/bin/sh\n[ \"$*\" = --check ]\n",
    "site-launcher": "#!/bin/sh\ngrep -qx 'https://.*/query-interface?caller_id=15555555555&access_token=..*'\n",
}
_LONG_AGO = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=300)).strftime("%Y-%m-%dT%H:%M:%SZ")
#: What the sandbox's credentials of these RequestIds are before an example. The first one is due for rotation.
ARRANGED = {
    "1b661ed5-12a0-4abd-b0e6-1be7c665a100": {"anon_id": "f3k9-2026q3", "requested_date": _LONG_AGO, "collected_date": _LONG_AGO},
    "64f926b3-209a-4e32-8da8-bbe5fd99de46": {},
    "65c4d858-23b2-4a9e-9c45-b8f36d1c442f": {"anon_id": "0c9f4558c60a80ae-2026q4", "status": "Requested", "collected_date": None},
}


def read_examples():
    """Returns {directory/name: its tasks} of all plugins that document examples, and of the pages that show tasks."""
    pages = {page.relative_to(harness.REPOSITORY).as_posix(): read_page(page) for page in documented_commands.PAGES}
    return {**read_plugins(), **{name: tasks for name, tasks in pages.items() if tasks}}


def read_plugins():
    """Returns {directory/name: its tasks} of all plugins that document examples."""
    found = {}
    for directory in ("filter", "lookup", "modules", "test"):
        for path in sorted((PLUGINS / directory).glob("*.*")):
            text = _examples_of(path)
            if text is not None:
                found["%s/%s" % (directory, path.stem)] = yaml.safe_load(text)
    return found


def read_page(page):
    """Returns the tasks of the plays and blocks of a page that use a module of this collection, each with the module_defaults of its play."""
    found = []
    for unused_page, content in (each for each in documented_commands.yaml_blocks() if each[0] == page):
        for entry in content if isinstance(content, list) else ():
            shown = entry.get("tasks", []) if "hosts" in entry else [entry]
            if any(key.startswith("eccops.rapid.") for task in shown for key in task):
                found += [dict(task, module_defaults=entry["module_defaults"]) if "module_defaults" in entry else task for task in shown]
    return found


def _examples_of(path):
    if path.suffix == ".yml":
        return yaml.safe_load(path.read_text(encoding="utf-8"))["EXAMPLES"]
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.suffix == ".py" else ():
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES":
            return node.value.value
    return None


class Stand:
    """The directory and the values with which examples run against the sandbox."""

    def __init__(self, sandbox, directory, ledger_url=None):
        self.directory = directory
        valid = sandbox.values["sandbox_sacs"]["valid"]
        self.ids = dict(zip(ARRANGED, (each["request_id"] for each in sandbox.fleet)))
        #: [(text of an example, what stands there instead)]
        self.texts = [
            ("/etc/rapidauth/sac.p12", valid["pkcs12_path"]), *self.ids.items(),
            *((path, str(directory)) for path in DIRECTORIES),
            ("launcher@ecc.example", sandbox.values["rapidsos_email"]), ("harbor-county-cad", sandbox.values["rapidsos_client_id"]),
            ("environment='production'", "api_url=rapidsos_api_url, ca_path=rapidsos_ca_path"),
            ("portal_query_url('15555555555')", "portal_query_url('15555555555', query_url=rapidsos_query_url)"),
        ] + ([("postgresql://jobs@db.example.org/ledger?sslmode=verify-full", ledger_url)] if ledger_url else [])
        #: What the vault of an example's reader has.
        self.vault = {
            "vault_sac_passphrase": valid["passphrase"], "vault_sac_pem": open(valid["combined_path"], encoding="utf-8").read(),
            "vault_portal_password": sandbox.values["rapidsos_password"], "vault_portal_client_secret": sandbox.values["rapidsos_client_secret"],
            "vault_ledger_password": "", "vault_portal_email": sandbox.values["rapidsos_email"],
            "vault_ecc_client_id": sandbox.values["rapidsos_client_id"], "vault_ecc_client_secret": sandbox.values["rapidsos_client_secret"],
            "vault_launcher_accounts": [{key: each[key] for key in ("email", "password")} for each in sandbox.values["sandbox_accounts"]]}
        directory.mkdir(parents=True)
        for name, text in PROGRAMS.items():
            (directory / name).write_text(text, encoding="utf-8")
            (directory / name).chmod(0o755)

    def play_of(self, name, tasks):
        """Returns the play of an example. It begins with a reset sandbox, and its last task shows that it came to its end."""
        changes = [["PATCH", "/credentials/" + self.ids[shown], change] for shown, change in ARRANGED.items() if change]
        begin = harness.admin_task(name + ": begin", ["POST", "/reset"], *changes)
        ledger = {"rotation_id": "2026q4", "credentials": [{"position": "second", "request_id": list(self.ids.values())[1]}],
                  "ledger_path": str(self.directory / "ledger.sqlite"), "sac_path": "{{ rapidauth_sac_path }}", "sac_passphrase": "{{ vault_sac_passphrase }}"}
        begin = [begin] + ([harness.task(name + ": rotate", "rapidauth_rotation", **ledger)] if name in READ_A_LEDGER else [])
        end = {"name": name + ": end", "ansible.builtin.debug": {"msg": "done"}}
        named = [dict(self.rehearsed(task), name="%s: %s" % (name, task["name"])) for task in tasks]
        defaults = {"group/eccops.rapid.rapidauth": {key: harness.RAPIDAUTH_DEFAULTS[key] for key in ("api_url", "ca_path")}}
        return harness.play([*begin, *named, end], hosts="dispatch_workstations[0]", vars=self.vault, module_defaults=defaults, ignore_errors=True)

    def rehearsed(self, value):
        """Returns a part of an example as it runs here."""
        if isinstance(value, list):
            return [self.rehearsed(each) for each in value]
        if isinstance(value, dict):
            value = {key: self.rehearsed(each) for key, each in value.items() if key != "become"}
            if value.get("environment") == "production":
                del value["environment"]
                value.update({key: harness.PORTAL_DEFAULTS[key] for key in ("api_url", "query_url", "ca_path")})
            if value.get("argv", [""])[0] == "/opt/vendor/collect":
                value["argv"] = "{{ sandbox_collect_argv }}"
            if value.get("group") == "dispatch":
                value["group"] = grp.getgrgid(os.getegid()).gr_name
            for service in value.get("services", ()):  # an option that no default reaches
                service.update(api_url="{{ rapidauth_api_url }}", ca_path="{{ rapidauth_ca_path }}")
            return value
        for shown, here in self.texts if isinstance(value, str) else ():
            value = value.replace(shown, here)
        return value
