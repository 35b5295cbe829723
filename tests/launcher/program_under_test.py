# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Loads the launcher as a module, and checks it by the tables of cases.json. Runs on every Python the launcher runs on.

    python3.6 tests/launcher/program_under_test.py

A row of a table named as a function has ``given``, its arguments, and ``gives`` or ``raises``, a kind of failure. An argument
{"repeat": [text, count]} is that text repeated, {"bytes": text} is its bytes (latin-1), {"each": list} is a list with such arguments. The Windows
program has the same tables, except that change_problem is of Linux' owners and modes, and access_problem of Windows' access rules.
"""

import importlib.machinery
import importlib.util
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "..", "roles", "portal_launcher", "files", "linux", "portal-launcher")
#: Tables whose rows are not simply a call.
OTHER_TABLES = ("exit_codes", "access_problem", "line_failure", "split_command", "parsed_ini", "parsed_configuration")


def loaded():
    """Returns the program as a module; it leaves no compiled file beside it."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader = importlib.machinery.SourceFileLoader("portal_launcher", PROGRAM)
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("portal_launcher", loader))
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module


def tables():
    with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as file:
        return json.load(file)


def argument(value):
    if isinstance(value, dict) and set(value) == {"repeat"}:
        return value["repeat"][0] * value["repeat"][1]
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return argument(value["bytes"]).encode("latin-1")
    if isinstance(value, dict) and set(value) == {"each"}:
        return [argument(each) for each in value["each"]]
    return value


def outcome(program, name, row):
    """Returns what a row's call came to, in the form of the row."""
    try:
        gives = getattr(program, name)(*[argument(value) for value in row["given"]])
    except program.Failure as failure:
        return {"raises": failure.kind}
    return {"gives": json.loads(json.dumps(gives))}


class Tables(unittest.TestCase):
    """The pure decisions."""

    program = loaded()
    tables = tables()

    def test_calls(self):
        for name, rows in self.tables.items():
            for row in [] if name in OTHER_TABLES else rows:
                with self.subTest(table=name, given=row["given"]):
                    expected = {key: row[key] for key in ("gives", "raises") if key in row}
                    self.assertEqual(len(expected), 1)
                    self.assertEqual(outcome(self.program, name, row), expected)

    def test_exit_codes(self):
        self.assertEqual({kind: code for kind, (code, _sentence) in self.program.FAILURES.items()}, self.tables["exit_codes"])

    def test_configurations(self):
        for row in self.tables["parsed_ini"]:
            with self.subTest(text=row["text"]):
                given, problems = self.program.parsed_ini(row["text"])
                self.assertEqual(problems, row["problems"])
                if "values" in row:
                    self.assertEqual(["%s=%s" % (key, value) for (_section, key), value in given.items()], row["values"])
        for row in self.tables["parsed_configuration"]:
            with self.subTest(text=row["text"]):
                self.assertEqual(self.program.parsed_configuration(row["text"])[1], row["problems"])


if __name__ == "__main__":
    unittest.main()
