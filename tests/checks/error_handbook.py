# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Writes the error kinds of module_utils/_errors.py into docs/errors.md, between its two marks; C(make docs) runs it.

By hand: C(PYTHONPATH=build/collections .venv/bin/python tests/checks/error_handbook.py)
"""

from __future__ import annotations

import pathlib
import re

from ansible_collections.eccops.rapid.plugins.module_utils import _errors as errors

PAGE = pathlib.Path(errors.__file__).parents[2] / "docs" / "errors.md"
MARKED = re.compile(r"(?<=<!-- written from _errors.py: begin -->\n).*(?=<!-- written from _errors.py: end -->)", re.DOTALL)
GROUPS = {  # what may be run again: its heading, the line of the table and of the section
    errors.NOTHING_CONTACTED: ("Nothing was contacted", "the same command, once corrected", "The task stopped before it contacted a service."),
    errors.NOTHING_DONE: ("Nothing was done at the service", "the same command, once the cause is gone",
                          "The service was asked, or could not be reached, and has changed nothing."),
    errors.MAY_HAVE_BEEN_DONE: ("It may have been done", "the **same** command with the same ids: it looks first",
                                "The request was sent, and its effect is not known here. Keep the `rotation_id` or `anon_id`; never use a new one to get "
                                "rid of the message."),
    errors.ON_A_POSITION: ("On a position, or beside the report", "the same command, once corrected",
                           "Something on the position, or in the report's directory, is in the way. What was in use there stays in use."),
}


def handbook(page):
    """Returns the text of the page with the groups and kinds of today between its marks."""
    lines = ["| the failure's heading | what may be run again |", "|---|---|"]
    lines += ["| [%s](#%s) | %s |" % (heading, re.sub(r"[^\w ]", "", heading.lower()).replace(" ", "-"), again) for heading, again, unused in GROUPS.values()]
    for group, (heading, unused, introduction) in GROUPS.items():
        lines += ["", "## " + heading, "", introduction]
        for kind, entry in errors.KINDS.items():
            if entry.run_again == group:
                lines += ["", "### `%s`" % kind, "", entry.meaning, entry.remedy]
    return MARKED.sub(lambda unused: "\n" + "\n".join(lines) + "\n\n", page)


if __name__ == "__main__":
    PAGE.write_text(handbook(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
