# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a host's module may return: known keys only, bounded and printable, whatever the host's owner made of it."""

from __future__ import annotations

import importlib
import pathlib
import types

import pytest
import yaml

from ansible_collections.eccops.rapid.plugins.module_utils import _errors as errors
from ansible_collections.eccops.rapid.plugins.plugin_utils.shipped_result import DETAILS, filter_output, filter_result

PLUGINS = pathlib.Path(errors.__file__).parents[1]
HOSTILE = {
    "changed": True, "outcome": "installed", "msg": "bad\r\x1b[2Kok: [localhost] all is fine", "error_kind": "x\ny",
    "ansible_facts": {"rapidauth_ledger_host": "north-01", "discovered_interpreter_python": "/tmp/mine"},
    "add_host": {"host_name": "mine"}, "add_group": "mine", "_ansible_no_log": False, "_ansible_delegated_vars": {}, "_ansible_item_label": "x",
    "unreachable": True, "skipped": True, "results": [{"failed": False}], "ansible_job_id": "1", "invocation": {"module_args": {}}, "whatever": 1,
    "_ansible_parsed": True, "rc": "0",
}
#: Keys that the action adds to the module's answer itself.
ADDED_HERE = {"rapidauth_sac_installation": {"sac"}}


def test_only_known_keys_pass():
    found = filter_result(HOSTILE, {"outcome", "_ansible_no_log", "ansible_facts"})
    assert found == {"changed": True, "outcome": "installed", "msg": "bad\\u000d\\u001b[2Kok: [localhost] all is fine", "error_kind": "x\\u000ay",
                     "_ansible_parsed": True}


@pytest.mark.parametrize("written, kept", [
    ('\n{"changed": true, "_ansible_x": "\\u001b", "add_host": {}, "add_group": 1, "ansible_facts": {}, "a": [1]}\n', '{"changed": true, "a": [1]}'),
    ('motd\x1b[2K\n{"a": 1}\njunk\x1b[2K\n', '{"a": 1}'), ('{"a": 1}\n{ broken\n', '{"a": 1}'), ("{ garbled\x1b[2K\n\r", "{ garbled\\u001b[2K\n\\u000d"),
    ('{"\\ud800": ["\\udc00"]}', '{"?": ["?"]}'), ('{"a": "\x01", "ansible_facts": {}}', '{"a": "\\u0001"}'),
    ("", ""), ('{"a": ' + "[" * 10**5, None), ("[1]", "[1]"),
    ('{"a": ' + "[" * 300 + "]" * 300 + "}", '{"a": ' + "[" * 99 + '"..."' + "]" * 99 + "}")])
def test_ansible_gets_no_words_of_the_host_to_warn_of(written, kept):
    found = filter_output(written)
    assert found == kept if kept is not None else len(found) <= 4003


def test_a_failure_stays_one_and_a_state_is_a_yes_or_no():
    assert filter_result({"failed": "no", "changed": "yes"}, ()) == {"failed": True, "changed": True}
    assert filter_result({"failed": 0, "changed": []}, ()) == {"changed": False}
    assert filter_result({"failed": True, "msg": {"a": "\n"}, "rc": 1, "module_stdout": "a\x1b\nb"}, ()) == {
        "failed": True, "changed": False, "msg": "{'a': '\\n'}", "rc": 1, "module_stdout": "a\\u001b\nb"}


def test_texts_and_trees_are_bounded():
    deep = []
    for _each in range(50):
        deep = [deep]
    found = filter_result({"text": "x" * 10**6, "deep": deep, "many": list(range(200000)), "number": float("nan"), "tree": {"a\n": ["\u202e"]},
                           "msg": "y" * 9999},
                          {"text", "deep", "many", "tree"}, longest_text=100)
    assert len(found["text"]) == len(found["msg"]) == 103 and len(found["many"]) == 100000 and found["number"] is None
    assert str(found["deep"]).count("[") == 12 and found["tree"] == {"a\\u000a": ["\\u202e"]}


def test_diffs_keep_their_lines_and_nothing_else():
    found = filter_result({"diff": [{"before": "a\r\n\x1b[2Kb\n", "after": {"x": "\n"}, "before_header": "h\n", "other": 1}, "text"]}, ())["diff"]
    assert found == [{"before": "a\\u000d\n\\u001b[2Kb\n", "after": {"x": "\\u000a"}, "before_header": "h\\u000a"}]
    assert "diff" not in filter_result({"diff": "text"}, ()) and len(filter_result({"diff": {"before": "x" * 10**6}}, ())["diff"]["before"]) == 100003


def test_warnings_are_few_and_printable():
    event = types.SimpleNamespace(msg="of\x07 an event", formatted_traceback="Traceback\n\x1b[0m")
    summary = types.SimpleNamespace(event=event)
    found = filter_result({"warnings": ["a\nb", summary, {"msg": "c"}] * 10, "deprecations": [{"msg": "d\n", "version": "\n"}], "exception": summary}, ())
    assert found["warnings"][:3] == ["a\\u000ab", "of\\u0007 an event", "c"] and len(found["warnings"]) == 20
    assert found["deprecations"] == [{"msg": "d\\u000a"}] and found["exception"] == "Traceback\n\\u001b[0m"
    assert filter_result({"warnings": "text", "deprecations": 1, "exception": 1}, ()) == {"changed": False}


@pytest.mark.parametrize("name", sorted(path.stem for path in (PLUGINS / "action").glob("*.py") if "ControllerAction" in path.read_text(encoding="utf-8")))
def test_an_action_lets_through_what_its_module_documents(name):
    package = "ansible_collections.eccops.rapid.plugins."
    documented = set(yaml.safe_load(importlib.import_module(package + "modules." + name).RETURN))
    assert importlib.import_module(package + "action." + name).ActionModule.returned_keys == documented - DETAILS - ADDED_HERE.get(name, set())
