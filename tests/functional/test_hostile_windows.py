# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Whatever stands in place of PowerShell on a Windows position: no answer of it breaks a run, changes a variable, or shows as another's line."""

import base64
import json

import pytest
import yaml
from harness import REPOSITORY, Playbooks
from hostile_programs import HostileWindowsPosition

pytestmark = pytest.mark.slow
ID = "00000000-0000-4000-8000-000000000001"
#: What each of our modules is given that runs on Windows positions.
OPTIONS = {
    "rapidauth_sac_installation": {"sac_path": "{{ rapidauth_sac_path }}", "sac_passphrase": "{{ rapidauth_sac_passphrase }}", "owner": "S-1-5-32-545",
                                   "audit_log_path": ""},
    "rapidauth_collection": {"request_path": "C:\\r\\request.json", "request_id": ID, "argv": ["collect.exe"]},
    "workstation_files": {"files": [{"path": "C:\\p\\a.ini", "content": "a"}, {"path": "C:\\p\\b", "secret": "b"}], "secrets": {"b": "planted"}},
    "workstation_info": {"files": ["C:\\a"], "links": ["C:\\b"]},
}
KEYS = {
    "changed", "failed", "msg", "error_kind", "http_status", "number", "service_message", "retry_after_seconds", "rc", "module_stdout", "module_stderr",
    "exit_code", "is_collected", "is_delivered", "files", "links", "diff", "warnings", "deprecations", "exception", "changed_paths", "was_unfinished",
    "is_proven", "outcome", "previous_sha256_fingerprint", "reason", "sha256_fingerprint", "version_path", "sac", "is_recorded",
    "_ansible_parsed", "_ansible_no_log", "_status"}
FACTS = {"canary": "theirs", "ansible_connection": "local", "rotation_request_path": "theirs"}
GOOD = {"changed": False, "is_delivered": True, "is_collected": True, "files": {}, "links": {}}


def answers(template):
    """Returns {name: what stands in place of a module's answer}, bytes or what is written as JSON."""
    text = json.dumps(GOOD).encode()
    trusted = {"__ansible_type": "AnsibleTaggedStr", "value": template, "tags": [{"__ansible_type": "TrustedAsTemplate"}]}
    modulus = base64.b64encode(b"\xc1" + b"\x01" * 255).decode()
    keys = {"number": 3, "text": template, "list": [modulus], "small": base64.b64encode(b"\xc1" * 64).decode(),
            "even": base64.b64encode(b"\xc2" * 256).decode(),
            "long": "A" * 4_000_000, "its own": modulus}
    return {
        **{"a sealing key, " + name: {**GOOD, "sealing_key": key} for name, key in keys.items()},
        "nothing": b"", "no JSON": b"Access is denied.\x1b[2K\rok: [localhost]", "null": b"null", "a list": b"[" + text + b"]", "a text": b'"changed"',
        "a number": b"1e999", "cut": text[:-9], "no UTF-8": text[:-1] + b', "msg": "\xff\xfe\x00"}', "UTF-16": text.decode().encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + text, "a lone surrogate": text[:-1] + b', "msg": "\\ud800"}', "NaN": text[:-1] + b', "rc": NaN}',
        "without an end": b"{" * 200000, "deep": b'{"msg": ' + b"[" * 20000 + b"]" * 20000 + b"}",
        "deep and kept": b'{"files": ' + b'{"a": ' * 500 + b"1" + b"}" * 501,
        "twice": text + b"\r\n" + json.dumps({**GOOD, "ansible_facts": FACTS}).encode(), "CLIXML": b'#< CLIXML\r\n<Objs Version="1.1.0.1"></Objs>' + text,
        "long": {**GOOD, "msg": "x" * 5_000_000, "error_kind": ["y" * 1_000_000], "diff": {"before": "z" * 1_000_000, "after": ""}},
        "many": {**GOOD, "warnings": ["\x1b[2K" + template] * 10000, "deprecations": [{"msg": "\x07", "version": "x"}] * 1000,
                 "changed_paths": ["\u202e"] * 99},
        "facts": {**GOOD, "ansible_facts": FACTS, "ansible_facts_cacheable": True, "_ansible_facts_cacheable": True,
                  "discovered_interpreter_python": "/bin/sh"},
        "hosts": {**GOOD, "add_host": {"host_name": "theirs", "groups": ["all"], "host_vars": FACTS}, "add_group": "theirs", "ansible_stats": {"data": FACTS}},
        "Ansible's own": {**GOOD, "_ansible_no_log": False, "_ansible_ignore_errors": True, "skipped": True, "unreachable": True, "failed": False,
                          "results": [{"ansible_facts": FACTS}], "ansible_job_id": "1", "_ansible_delegated_vars": {"ansible_host": "theirs"}},
        "templates": {**GOOD, "msg": template, "files": {template: template}, "is_collected": template, "exception": template, "failed": True},
        "tags": {**GOOD, "msg": trusted, "files": {"a": trusted}, "is_collected": {"__ansible_type": "no such"}, "failed": True},
        "types": {"changed": "no", "failed": {}, "msg": None, "rc": "0", "warnings": "text", "deprecations": {"a": 1}, "diff": 7, "exception": [1], "files": 3},
    }


def texts(value):
    """Returns all texts in a value."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return [value] if isinstance(value, str) else [text for each in value for text in texts(each)] if isinstance(value, list) else []


def test_every_answer_to_every_module_that_runs_on_windows(sandbox, tmp_path):
    routes = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text(encoding="utf-8"))["plugin_routing"]["modules"]
    assert {name.removesuffix(".ps1") for name in routes} == set(OPTIONS)
    marker = tmp_path / "touched"
    cases = answers("{{ lookup('ansible.builtin.pipe', 'touch %s') }}" % marker)
    positions = {name: HostileWindowsPosition(tmp_path / "hostile" / str(number), answer) for number, (name, answer) in enumerate(cases.items())}
    inventory = {name: {**position.variables, "canary": "ours"} for name, position in positions.items()}
    tasks = [{"name": module, "eccops.rapid." + module: options, "ignore_errors": True, "ignore_unreachable": True, "register": "said_" + module}
             for module, options in OPTIONS.items()]
    shown = "{{ said_workstation_info.msg | default('') }}{{ said_workstation_info.files | default('') }}"
    tasks.append({"name": "Show", "ansible.builtin.debug": {"msg": shown}})
    tasks.append({"name": "Look", "ansible.builtin.debug": {"msg": {
        "canary": "{{ canary }}", "path": "{{ rotation_request_path | default('none') }}", "hosts": "{{ groups.all | length }} hosts",
        "connection": "{{ ansible_connection }}"}}})
    play = {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": tasks}
    run = Playbooks(sandbox, tmp_path)([play], inventory=inventory, verbosity=1, forks=4)
    assert run.returncode == 0, run.output[-4000:]
    for module in OPTIONS:
        results = run.results(module)
        assert set(results) == set(cases)
        for name, result in results.items():
            assert set(result) <= KEYS and result["_status"] in ("ok", "failed"), (module, name, sorted(result))
            sizes = {key: len(json.dumps(value)) for key, value in result.items()}
            assert max(sizes.values()) < 130_000, (module, name, sizes)
            assert not str(result.get("msg")).startswith(("Task failed: ", "Unexpected failure")), (module, name, result)
            is_asked = module == "rapidauth_sac_installation" and name.startswith("a sealing key")
            assert not is_asked or result["error_kind"] == "not_written", (name, result)
            assert all(each.isprintable() for text in texts(result) for each in text.split("\n")), (module, name)
    seen = {json.dumps(each["msg"], sort_keys=True) for each in run.results("Look").values()}
    assert seen == {json.dumps({"canary": "ours", "path": "none", "hosts": "%d hosts" % len(cases), "connection": "wine_powershell"}, sort_keys=True)}
    assert not marker.exists() and "\x1b" not in run.output and "\r" not in run.output and "Traceback" not in run.output
    # The key of the SAC leaves the controller only for a position that can open it, and never in clear.
    assert [name for name, position in positions.items() if "BEGIN PKCS12" in position.sent()] == ["a sealing key, its own"]
    for secret in ("PRIVATE KEY", sandbox.values["rapidauth_sac_passphrase"]):
        assert not [name for name, position in positions.items() if secret in position.sent()]


def test_a_position_that_asks_for_the_key_in_check_mode_gets_none(sandbox, tmp_path):
    answer = answers("")["a sealing key, its own"]
    position = HostileWindowsPosition(tmp_path / "hostile", answer)
    tasks = [{"name": "Install", "eccops.rapid.rapidauth_sac_installation": OPTIONS["rapidauth_sac_installation"]}]
    play = {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": tasks}
    run = Playbooks(sandbox, tmp_path)([play], inventory={"taken": position.variables}, check=True)
    assert run.returncode == 2
    assert run.result("Install")["msg"] == "the position asked for the key of the SAC in check mode; nothing was sent: report it"
    assert "BEGIN CERTIFICATE" in position.sent() and "BEGIN PKCS12" not in position.sent()
