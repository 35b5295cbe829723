# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Writes the variables of the playbooks into docs/playbook_variables.md, between its two marks; C(make docs) runs it.

They come from module_utils/_fleet/variables.py and from the argument specifications of the roles that the playbooks run.
By hand: C(PYTHONPATH=build/collections .venv/bin/python tests/checks/variable_reference.py)
"""

from __future__ import annotations

import collections
import pathlib
import re

import yaml

from ansible_collections.eccops.rapid.plugins.module_utils._fleet import values
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import variables as names
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check import OPERATION

ROOT = pathlib.Path(names.__file__).parents[3]
PAGE = ROOT / "docs" / "playbook_variables.md"
MARKED = re.compile(r"(?<=<!-- written from variables.py: begin -->\n).*(?=<!-- written from variables.py: end -->)", re.DOTALL)
TYPES = {
    values.read_boolean: "boolean", values.read_integer: "whole number", values.read_mapping: "mapping", values.read_number: "number",
    values.read_secret: "text", values.read_text: "text", values.read_text_or_nothing: "text", values.read_texts: "list of texts",
    values.read_waves: "list of numbers or percentages",
}
ROLE_TYPES = {"bool": "boolean", "float": "number", "int": "whole number", "list": "list of texts", "path": "text", "str": "text"}
#: Set by the playbook from a variable of its own.
SET_BY_THE_PLAYBOOK = ("credential_report_report", "credential_report_directory")

#: heading; the jobs that read its variables; a sentence; its tables, or the role that has its variables.
Section = collections.namedtuple("Section", "heading jobs introduction tables role", defaults=((), ""))
SECTIONS = (
    Section("The positions", "rotate check provision block", "`--limit` leaves out more.", (names.PATTERNS,)),
    Section("Each position", "rotate check block", "A position without a RequestId is an error, or a finding of a check.",
            ({"rapidauth_request_id": names.POSITION["rapidauth_request_id"]}, {"ecc": names.FLEET["ecc"]}, names.CONNECTION)),
    Section("RapidAuth and the SAC", "rotate check block", "Each center may have its own. A rotation uses one service for all of its positions: rotate centers "
            "with their own SACs one after the other, with `--limit` or `rapidauth_positions`.", (names.SERVICE, names.SERVICE_NAMES)),
    Section("The ledger and the audit log", "rotate check block", "A rotation writes the ledger; the other two read it if there is one.", (names.LEDGER,)),
    Section("A rotation", "rotate", "[Rotate credentials](rotate_credentials.md) describes each step.",
            (names.ROTATION, {name: row for name, row in names.POSITION.items() if name != "rapidauth_request_id"})),
    Section("A check", "check", "[Check credentials](check_credentials.md) describes the findings.",
            (names.CHECK, names.LAUNCHER, {"sac_certificate_directory": names.FLEET["sac_certificate_directory"]})),
    Section("The Portal account, for a check", "check", "`check_portal` needs them. The launcher's variables for the same, such as "
            "`portal_launcher_email`, take precedence.", ({name: row for name, row in names.ACCOUNT.items() if name.startswith("rapidsos_")},)),
    Section("The report of a check", "check", "They apply if `check_report_directory` is set.", role="credential_report"),
    Section("Provisioning", "provision", "[Provision workstations](provision_workstations.md) describes what happens.", (names.PROVISION,)),
    Section("The Portal launcher", "provision", "The role [portal_launcher](../roles/portal_launcher/README.md) takes the same.", role="portal_launcher"),
    Section("The SAC on a position", "provision", "Nothing is installed unless the first one is true. The role "
            "[sac_certificate](../roles/sac_certificate/README.md) takes the same.", role="sac_certificate"),
)
PLAYBOOKS = {"rotate": "rotate_credentials", "check": "check_credentials", "provision": "provision_workstations", "block": "block_credentials"}


def reference(page: str) -> str:
    """Returns the text of the page with the variables of today between its marks."""
    lines = []
    for section in SECTIONS:
        playbooks = ", ".join("`%s`" % PLAYBOOKS[job] for job in section.jobs.split())
        lines += ["", "## " + section.heading, "", "Read by %s. %s" % (playbooks, section.introduction), "",
                  "| variable | type | default | where | meaning |", "|---|---|---|---|---|"]
        lines += ["| %s |" % " | ".join(cell.replace("|", "\\|") or "–" for cell in row) for row in section_rows(section)]
    return MARKED.sub(lambda unused: "\n".join(lines) + "\n\n", page)


def section_rows(section) -> list:
    """Returns the cells of the rows of a section: name, type, default, where, meaning."""
    return role_rows(section.role) if section.role else [table_row(variable) for table in section.tables for variable in table.values()]


def table_row(variable) -> tuple:
    """Returns the cells of a row of variables.py."""
    default = variable.default
    if default in (None, "") and variable.name in names.CHECK:  # the module's default holds
        default = OPERATION.spec["argument_spec"].get(variable.name[len("check_"):], {}).get("default")
    kind = TYPES[variable.read] + (", **secret**" if variable.is_secret else "")
    return "`%s`" % variable.name, kind, variable.shown_default or show(default), variable.scope, variable.description


def role_rows(role: str) -> list:
    """Returns the cells of the rows of a role's variables."""
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    rows = []
    for name, rules in specs.items():
        if name in SET_BY_THE_PLAYBOOK:
            continue
        description = rules["description"]
        meaning = plain(" ".join(description) if isinstance(description, list) else description)
        choices = " or ".join("`%s`" % each for each in rules.get("choices", ()) if "elements" not in rules)
        is_secret = rules.get("no_log") or name.endswith(("_content", "_passphrase", "_password"))
        kind = (choices or ROLE_TYPES[rules.get("type", "str")]) + (", **secret**" if is_secret else "")
        rows.append(("`%s`" % name, kind, show(rules.get("default")), names.EACH if role != "credential_report" else names.EXTRA, meaning))
    return rows


def show(default) -> str:
    """Returns a default as one writes it in YAML; of a template the variable that it names."""
    if default in (None, "", [], (), {}):
        return ""
    template = re.match(r"\{\{ (\w+) \| default\('(.*)'\) \}\}$", str(default))
    if template:
        return "`%s`, else `%s`" % template.groups()
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    if isinstance(default, (list, tuple)):
        return "`[%s]`" % ", ".join(map(str, default))
    if isinstance(default, str) and not isinstance(yaml.safe_load(default), str):
        return '`"%s"`' % default
    return "`%s`" % (str(default).lower() if isinstance(default, bool) else default)


def plain(text: str) -> str:
    """Returns a description with Ansible's markup written as Markdown."""
    return re.sub(r"\b[CVOM]\(((?:[^()\\]|\\.)*)\)", lambda found: "`%s`" % re.sub(r"\\(.)", r"\1", found.group(1)), text)


if __name__ == "__main__":
    PAGE.write_text(reference(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
