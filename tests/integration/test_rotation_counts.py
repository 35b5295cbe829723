# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what a wave costs by counting: connections, requests, decryptions of the SAC's key, executions of the module."""

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils import sac as sacs
from ansible_collections.eccops.rapid.plugins.module_utils import service
from ansible_collections.eccops.rapid.plugins.module_utils.argspec import rotation_spec
from ansible_collections.eccops.rapid.plugins.module_utils.rotation import rotate
from harness import Observed, scenario, task

SIZE, CONCURRENCY = 120, 8


@pytest.fixture(name="params")
def fixture_params(sandbox, tmp_path):
    values, spec = sandbox.values, rotation_spec()["argument_spec"]
    added = sandbox.admin("POST", "/credentials", {"count": SIZE, "prefix": "counted-"}).json()["credentials"]
    params = {name: option.get("default") for name, option in spec.items()}
    params.update(
        api_url=values["rapidauth_api_url"], ca_path=values["rapidauth_ca_path"], sac_path=values["rapidauth_sac_path"],
        sac_passphrase=values["rapidauth_sac_passphrase"], rotation_id="q1", ledger_path=str(tmp_path / "ledger.sqlite"), concurrency=CONCURRENCY,
        credentials=[{"position": each["anon_id"], "request_id": each["request_id"], "anon_id": None} for each in added])
    return params


def test_a_wave_opens_few_connections_and_asks_no_more_than_it_must(sandbox, params, monkeypatch):
    monkeypatch.setattr(service, "_clients", {})
    decryptions, load = [], sacs.serialization.load_pem_private_key
    monkeypatch.setattr(sacs.serialization, "load_pem_private_key", lambda *given, **named: decryptions.append(1) or load(*given, **named))
    assert sandbox.admin("DELETE", "/stats").status_code == 200
    assert rotate(params, False)["summary"] == {"replaced": SIZE, "total": SIZE}
    stats = sandbox.stats()
    assert stats["calls"]["replace"] == {"POST": SIZE} and stats["calls"]["get_request"] == stats["calls"]["get_credential"] == {"GET": SIZE}
    assert stats["tls_handshakes"]["rapidauth"] <= CONCURRENCY and stats["connections"]["rapidauth"] <= CONCURRENCY
    assert len(decryptions) == 1
    assert rotate({**params, "rotation_id": "q2"}, False)["summary"] == {"replaced": SIZE, "total": SIZE}
    assert len(decryptions) == 1, "the key was decrypted again in the same process"
    again = sandbox.stats()["calls"]
    assert rotate({**params, "rotation_id": "q2"}, False)["changed"] is False
    assert sandbox.stats()["calls"]["replace"] == again["replace"] == {"POST": 2 * SIZE}
    assert sandbox.stats()["calls"]["get_request"]["GET"] - again["get_request"]["GET"] == SIZE, "a wave that is done costs one look each"


def test_a_wave_is_one_execution_of_the_module(run_scenarios, running_sandbox, tmp_path):
    credentials = [{"position": each["position"], "request_id": each["request_id"]} for each in running_sandbox.fleet]
    options = {"credentials": credentials, "rotation_id": "q1", "ledger_path": str(tmp_path / "ledger.sqlite"), "concurrency": 4}
    run = run_scenarios([scenario("wave", task("rotate", "rapidauth_rotation", {"environment": {"SHIPPED": "yes"}}, **options))], verbosity=3,
                        env={"ANSIBLE_PIPELINING": "0"})  # newer ones of ansible-core would show no file to count
    seen = Observed(run, "wave")
    assert seen.result("rotate")["summary"] == {"replaced": 12, "total": 12} and seen.calls("replace") == 12
    assert seen.stats["tls_handshakes"]["rapidauth"] <= 4
    assert run.output.count("AnsiballZ_rapidauth_rotation.py") >= 1
    executions = [line for line in run.output.splitlines() if " EXEC " in line and "AnsiballZ_rapidauth_rotation.py" in line and "chmod" not in line]
    assert len(executions) == 1, executions
