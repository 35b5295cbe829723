# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what can be proved of the role's Windows part without a Windows: which tasks run in which order, with what, after which answer.

The modules of ansible.windows are stood in for by two that note what they were given and answer what a test says; their
options are compared with the real modules' documentation. The PowerShell itself is parsed by tests/windows.
"""

import base64
import json
import pathlib

import pytest
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12
from harness import COLLECTIONS, REPOSITORY

pytestmark = pytest.mark.slow

STAND_IN = '''#!/usr/bin/python
import json
from ansible.module_utils.basic import AnsibleModule
SHIPMENT = {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}, "value": {"type": "str", "no_log": True}}}
OPTIONS = {name: {"type": "raw"} for name in ("error_action", "parameters", "script", "url", "client_cert", "status_code", "return_content",
                                              "follow_redirects", "url_timeout")}
module = AnsibleModule({**OPTIONS, "sensitive_parameters": SHIPMENT}, supports_check_mode=True)
with open(%(notes)r, "a") as notes:
    notes.write(json.dumps(dict(module.params, check=module.check_mode)) + chr(10))
answers = json.load(open(%(answers)r))
what = "uri" if module.params["url"] else "take" if module.params["sensitive_parameters"] else "remove"
module.exit_json(**answers[what])
'''
TAKEN = {"changed": True, "result": {"thumbprint": "AB12", "is_new": True, "old": ["CD34"], "problem": ""}}
UNCHANGED = {"changed": False, "result": {"thumbprint": "AB12", "is_new": False, "old": [], "problem": ""}}
PROOF = {"changed": False, "status_code": 404, "json": {"Number": 1109, "Message": "x"}}
PAGE = {"changed": False, "status_code": 403, "content": "<html>"}
REMOVED = {"changed": True, "result": {}}
ACCOUNT = {"sac_certificate_platform": "windows", "sac_certificate_is_wanted_on_workstations": True, "sac_certificate_windows_account": "NT SERVICE\\Gateway"}


@pytest.fixture(name="provision")
def fixture_provision(run_playbook, tmp_path):
    """Returns a function that runs the role on a stand-in for a Windows position; it returns the run and what the modules were given."""
    modules = tmp_path / "collections" / "ansible_collections" / "ansible" / "windows" / "plugins" / "modules"
    modules.mkdir(parents=True)
    notes, answers = tmp_path / "notes", tmp_path / "answers"
    for name in ("win_powershell", "win_uri"):
        (modules / (name + ".py")).write_text(STAND_IN % {"notes": str(notes), "answers": str(answers)})

    def run(take=None, uri=None, remove=None, extra_vars=None, **options):
        notes.write_text("")
        answers.write_text(json.dumps({"take": take or TAKEN, "uri": uri or PROOF, "remove": remove or REMOVED}))
        play = {"name": "Test", "hosts": "all", "gather_facts": False, "roles": ["eccops.rapid.sac_certificate"]}
        paths = "%s:%s" % (tmp_path / "collections", COLLECTIONS)
        env = dict(options.pop("env", {}), ANSIBLE_COLLECTIONS_PATH=paths)
        done = run_playbook([play], inventory={"position": {"ansible_connection": "local"}}, extra_vars={**ACCOUNT, **(extra_vars or {})}, env=env, **options)
        return done, [json.loads(line) for line in notes.read_text().splitlines()]

    return run


def steps(calls):
    """Returns what was done in which order: take, prove, or remove with its thumbprints."""
    return ["prove" if call["url"] else "take" if call["sensitive_parameters"] else "remove %s" % ",".join(call["parameters"]["Thumbprints"]) for call in calls]


def test_the_old_one_goes_only_after_the_proof(sandbox, provision):
    run, calls = provision(verbosity=4, diff=True)
    assert steps(calls) == ["take", "prove", "remove CD34"] and run.recap["position"]["failures"] == 0, run.output[-3000:]
    (payload,) = calls[0]["sensitive_parameters"]
    payload = json.loads(payload["value"])
    files = sandbox.values["sandbox_sacs"]["valid"]
    bundle = base64.b64decode(payload["pkcs12"])
    key, certificate, unused_chain = pkcs12.load_key_and_certificates(bundle, payload["passphrase"].encode())
    assert certificate.fingerprint(hashes.SHA1()).hex().upper() == payload["thumbprint"] and key.key_size == 2048
    # PBES2 with AES-256-CBC, and none of the ciphers of PKCS#12's first days
    assert bytes.fromhex("06092a864886f70d01050d") in bundle and bytes.fromhex("060960864801650304012a") in bundle
    assert b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03" not in bundle and b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06" not in bundle
    assert payload["passphrase"] != files["passphrase"] and len(payload["passphrase"]) >= 40
    assert calls[1]["client_cert"] == "Cert:\\LocalMachine\\My\\AB12" and calls[1]["url"].endswith("/rapid/requests/00000000-0000-0000-0000-000000000000")
    assert [secret for secret in (payload["passphrase"], payload["pkcs12"][100:160], files["passphrase"]) if secret in run.output] == []
    again, more = provision()
    assert json.loads(more[0]["sensitive_parameters"][0]["value"])["passphrase"] != payload["passphrase"]
    assert again.recap["position"]["changed"] > 0


def test_nothing_is_asked_or_removed_where_nothing_changed(provision):
    run, calls = provision(take=UNCHANGED)
    assert steps(calls) == ["take"] and run.recap["position"]["changed"] == 0


@pytest.mark.parametrize("taken, removed", [(TAKEN, ["remove AB12"]), ({**TAKEN, "result": {**TAKEN["result"], "is_new": False}}, [])])
def test_where_the_proof_fails_what_is_new_goes_and_the_old_one_stays(provision, taken, removed):
    for answer in (PAGE, {"failed": True, "msg": "the connection was closed"}):
        run, calls = provision(take=taken, uri=answer)
        assert steps(calls) == ["take", "prove", *removed] and run.recap["position"]["failures"] == 1
        said = run.results("eccops.rapid.sac_certificate : Fail with the reason")["position"]["msg"]
        assert ("HTTP 403" in said and "the previous one stays in use" in said) or "the connection was closed" in said


def test_a_problem_on_the_position_is_reported(provision):
    problem = {**TAKEN["result"], "is_new": False, "problem": "sac_certificate_windows_account names an account"}
    run, calls = provision(take={"changed": False, "result": problem})
    assert steps(calls) == ["take"] and "names an account" in run.output and run.recap["position"]["failures"] == 1
    run, calls = provision(take={"failed": True, "msg": "no PowerShell"})
    assert steps(calls) == ["take"] and "the script did not run" in run.output


def test_check_mode_asks_nobody_and_says_what_would_change(provision):
    run, calls = provision(check=True)
    assert steps(calls) == ["take", "remove CD34"] and all(call["check"] for call in calls) and run.recap["position"]["changed"] > 0


def test_absent_removes_all_of_ours(provision):
    unused_run, calls = provision(extra_vars={"sac_certificate_state": "absent", "sac_certificate_windows_account": ""})
    assert steps(calls) == ["remove *"]


@pytest.mark.parametrize("given, env, words", [
    ({"sac_certificate_windows_account": ""}, {}, "set sac_certificate_windows_account"),
    ({"sac_certificate_ca_path": "/etc/ca.pem"}, {}, "trusted root authorities"),
    ({}, {"ANSIBLE_KEEP_REMOTE_FILES": "1"}, "ANSIBLE_KEEP_REMOTE_FILES")])
def test_what_does_not_fit_windows_is_refused_first(provision, given, env, words):
    run, calls = provision(extra_vars=given, env=env)
    assert calls == [] and words in run.results("eccops.rapid.sac_certificate : Validate the options for Windows")["position"]["msg"]


def test_the_real_modules_have_these_options():
    real = COLLECTIONS / "ansible_collections" / "ansible" / "windows" / "plugins"
    if not (real / "modules").exists():
        pytest.skip("the collection ansible.windows is not installed: the options of its modules are not compared")
    used = []

    def look(value):
        if isinstance(value, dict):
            used.extend((name.rpartition(".")[2], options) for name, options in value.items() if str(name).startswith("ansible.windows."))
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(yaml.safe_load((REPOSITORY / "roles" / "sac_certificate" / "tasks" / "windows.yml").read_text()))
    assert len(used) == 5
    for name, options in used:
        text = (real / "modules" / (name + ".py")).read_text(encoding="utf-8") + (real / "doc_fragments" / "web_request.py").read_text(encoding="utf-8")
        documented = {line.strip().rstrip(":") for line in text.splitlines()}
        assert set(options) <= documented, name
        assert pathlib.Path(real / "modules" / (name + ".ps1")).exists()
