# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that every form of SAC opens RapidAuth, and that each way a SAC can be wrong has a sentence of its own.

What can be seen without the service never reaches it; what the service refuses is asked once.
"""

import base64
import pathlib
import subprocess

import harness
import pytest
from harness import Observed, assert_sentence, scenario, task
from sac_options import FOREIGN_KEY, sac_options

# name: (which SAC, options, kind, what the sentence says, handshakes the sandbox refused or None for no contact at all)
WRONG = {
    "wrong passphrase of PEM": ("valid", {"sac_path": "combined_path", "sac_passphrase": "no such thing"}, "sac_wrong_passphrase",
                                ["passphrase does not open", "valid.pem", "check sac_passphrase"], None),
    "wrong passphrase of PKCS12": ("valid", {"sac_path": "pkcs12_path", "sac_passphrase": "no such thing"}, "sac_wrong_passphrase",
                                   ["passphrase does not open", "valid.p12", "check sac_passphrase"], None),
    "no passphrase of PEM": ("valid", {"sac_path": "combined_path", "sac_passphrase": ""}, "sac_passphrase_missing",
                             ["is encrypted", "valid.pem", "set sac_passphrase"], None),
    "no passphrase of PKCS12": ("valid", {"sac_path": "pkcs12_path", "sac_passphrase": ""}, "sac_passphrase_missing",
                                ["is encrypted", "valid.p12", "set sac_passphrase"], None),
    "key of another": ("valid", {"sac_path": "certificate_path", "sac_key_path": FOREIGN_KEY}, "sac_key_mismatch",
                       ["private key does not belong to the certificate", "sandbox-sac-valid", "give the key it was issued for"], None),
    "no key": ("valid", {"sac_path": "certificate_path"}, "sac_malformed", ["no private keys", "valid.certificate.pem", "sac_key_path"], None),
    "no such file": ("valid", {"sac_path": "/no/such.pem"}, "sac_unreadable", ["/no/such.pem", "No such file", "check the path"], None),
    "no SAC in it": ("valid", {"sac_content": "c2VjcmV0IGdhcmJhZ2U="}, "sac_malformed", ["sac_content", "neither PEM nor", "download"], None),
    "no base64": ("valid", {"sac_content": "*nonsense*"}, "invalid_input", ["sac_content", "neither PEM nor base64", "give PEM text"], None),
    "expired": ("expired", {"sac_path": "combined_path"}, "sac_expired",
                ["sandbox-sac-expired", "serial", "expired on 20", "(30 days ago)", "download a new SAC"], None),
    "expired PKCS12": ("expired", {"sac_path": "pkcs12_path"}, "sac_expired", ["sandbox-sac-expired", "expired.p12", "expired on 20"], None),
    "not yet valid": ("not_yet_valid", {"sac_path": "combined_path"}, "sac_not_yet_valid",
                      ["sandbox-sac-not-yet-valid", "is not valid before 20", "check this machine's clock"], None),
    "foreign authority": ("foreign_authority", {"sac_path": "combined_path"}, "sac_refused",
                          ["https://localhost:", "refused the SAC", "sandbox-sac-foreign-authority", "serial", "valid until 20", "unknown ca",
                           "dashboard"], 1),
}
FORMS = ("combined", "pair", "pkcs12", "contents", "content combined", "content pkcs12")


def _form(sandbox, form):
    files = {name: pathlib.Path(path) for name, path in sandbox.values["sandbox_sacs"]["valid"].items() if name != "passphrase"}
    none = "{{ omit }}"
    return {
        "combined": {},
        "pair": {"sac_path": str(files["certificate_path"]), "sac_key_path": str(files["key_path"])},
        "pkcs12": {"sac_path": str(files["pkcs12_path"])},
        "contents": {"sac_path": none, "sac_content": files["certificate_path"].read_text(), "sac_key_content": files["key_path"].read_text()},
        "content combined": {"sac_path": none, "sac_content": files["combined_path"].read_text()},
        "content pkcs12": {"sac_path": none, "sac_content": base64.encodebytes(files["pkcs12_path"].read_bytes()).decode()},
    }[form]


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, run_scenarios):
    request_id = running_sandbox.fleet[0]["request_id"]
    scenarios = [
        scenario(name, task("look", "rapidauth_request", request_id=request_id, **sac_options(running_sandbox, which, **given)),
                 task("look at many", "rapidauth_request_info", request_ids=[request_id], **sac_options(running_sandbox, which, **given)))
        for name, (which, given, *_expected) in WRONG.items()]
    scenarios += [
        scenario(form, task("look", "rapidauth_request", request_id=request_id, **_form(running_sandbox, form)))
        for form in FORMS]
    scenarios.append(scenario(
        "refused by HTTP", task("look", "rapidauth_request", request_id=request_id, **sac_options(running_sandbox, "foreign_authority")),
        switches={"sac_refusal": "http_403"}))
    return run_scenarios(scenarios)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_sac_is_said(run, name):
    _which, _given, kind, pieces, refused = WRONG[name]
    seen = Observed(run, name)
    result = seen.result("look")
    assert assert_sentence(result, kind, *pieces)
    assert result.get("changed", False) is False
    many = seen.result("look at many")
    assert many["error_kind"] == kind and all(piece in many["msg"] for piece in pieces)
    assert seen.calls("get_request") == 0
    assert seen.stats["connections"].get("rapidauth", 0) == (0 if refused is None else 2 * refused)  # two tasks, once each
    assert seen.stats["refused_tls_handshakes"].get("rapidauth", 0) == (0 if refused is None else 2 * refused)
    assert len(seen.effects("sac_refused")) == (0 if refused is None else 2 * refused)


def test_a_sac_that_is_refused_by_http_403_is_reported_as_refused(run):
    seen = Observed(run, "refused by HTTP")
    result = seen.result("look")
    assert assert_sentence(result, "sac_refused", "https://localhost:", "refused the SAC", "sandbox-sac-foreign-authority", "HTTP 403", "dashboard")
    assert result["http_status"] == 403
    assert [entry["outcome"] for entry in seen.effects("sac_refused")] == ["Client certificate is untrusted or invalid"]
    assert seen.calls("get_request") == 1


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_sac_opens_the_service(run, form):
    seen = Observed(run, form)
    assert seen.result("look")["credential"]["status"] == "Collected"
    assert seen.stats["tls_handshakes"]["rapidauth"] == 1 and seen.calls("get_request") == 1


def test_a_vaulted_sac_and_passphrase(sandbox, run_playbook, tmp_path):
    """Variables encrypted by ansible-vault encrypt_string, as they stand in a group_vars file."""
    files = sandbox.values["sandbox_sacs"]["valid"]
    (tmp_path / "vault_password").write_text("open sesame\n", encoding="utf-8")

    def vaulted(name, text):
        command = [str(harness.BIN / "ansible-vault"), "encrypt_string", "--vault-password-file",
                   str(tmp_path / "vault_password"), "--stdin-name", name]
        environment = run_playbook.environment(tmp_path / "unused")
        run_playbook.home.mkdir(exist_ok=True)
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=True, env=environment)
        assert "!vault" in done.stdout and text not in done.stdout
        return done.stdout

    variables = vaulted("vault_passphrase", files["passphrase"]) + vaulted("vault_sac", pathlib.Path(files["combined_path"]).read_text())
    variables += vaulted("vault_password", sandbox.values["rapidsos_password"])
    (tmp_path / "vault.yml").write_text(variables, encoding="utf-8")
    play = harness.play([
        task("look", "rapidauth_request", request_id=sandbox.fleet[0]["request_id"], sac_content="{{ vault_sac }}",
             sac_path="{{ omit }}", sac_passphrase="{{ vault_passphrase }}"),
        task("look shipped", "rapidauth_request", harness.SHIPPED, request_id=sandbox.fleet[0]["request_id"],
             sac_content="{{ vault_sac }}", sac_path="{{ omit }}", sac_passphrase="{{ vault_passphrase }}"),
        task("log in", "rapidsos_portal_token", password="{{ vault_password }}"),
    ], vars_files=[str(tmp_path / "vault.yml")])
    run = run_playbook([play], arguments=["--vault-password-file", str(tmp_path / "vault_password")])
    for name in ("look", "look shipped"):
        assert run.result(name)["credential"]["request_id"] == sandbox.fleet[0]["request_id"], run.output
    assert run.result("log in")["_status"] == "ok" and len(sandbox.effects("login")) == 1
