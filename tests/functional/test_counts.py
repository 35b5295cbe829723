# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What makes waves, bulk checks and large ledgers fast, in counts and not in seconds: connections, calls, decryptions, executions, steps of SQL."""

import contextlib
import sqlite3

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._credentials import lookup as credential_check
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth import connect as service
from ansible_collections.eccops.rapid.plugins.module_utils._rotation import rotation
from ansible_collections.eccops.rapid.plugins.module_utils._sac import certificate as sac
from harness import SHIPPED, Observed, scenario, task
from rotation_params import rotation_params, service_params

CONCURRENCY = 8
SIZE = 120


@pytest.fixture(name="request_ids")
def fixture_request_ids(sandbox):
    """{position: RequestId} of new credentials."""
    added = sandbox.admin("POST", "/credentials", {"count": SIZE, "prefix": "counted-"}).json()["credentials"]
    assert sandbox.admin("DELETE", "/stats").status_code == 200
    return {each["anon_id"]: each["request_id"] for each in added}


@pytest.fixture(name="decryptions")
def fixture_decryptions(monkeypatch):
    """The keys that were decrypted, in this process; it begins without a client."""
    seen, load = [], sac.serialization.load_pem_private_key

    def counted(pem, *more, **named):
        seen.append(pem)
        return load(pem, *more, **named)

    monkeypatch.setattr(sac.serialization, "load_pem_private_key", counted)
    monkeypatch.setattr(service, "_clients", {})
    return seen


def test_a_wave_opens_few_connections_and_asks_no_more_than_it_must(sandbox, request_ids, decryptions, tmp_path):
    def rotate(rotation_id):
        return rotation.rotate(rotation_params(sandbox, request_ids, tmp_path / "ledger.sqlite", rotation_id=rotation_id, concurrency=CONCURRENCY), False)

    assert rotate("q1")["summary"] == {"replaced": SIZE, "total": SIZE}
    stats = sandbox.stats()
    assert stats["calls"]["replace"] == {"POST": SIZE} and stats["calls"]["get_request"] == stats["calls"]["get_credential"] == {"GET": SIZE}
    assert stats["tls_handshakes"]["rapidauth"] <= CONCURRENCY and stats["connections"]["rapidauth"] <= CONCURRENCY
    assert len(decryptions) == 1
    assert rotate("q2")["summary"] == {"replaced": SIZE, "total": SIZE}
    assert len(decryptions) == 1, "the key was decrypted again in the same process"
    again = sandbox.stats()["calls"]
    assert rotate("q2")["changed"] is False
    assert sandbox.stats()["calls"]["replace"] == again["replace"] == {"POST": 2 * SIZE}
    assert sandbox.stats()["calls"]["get_request"]["GET"] - again["get_request"]["GET"] == SIZE, "a wave that is done costs one look each"


def test_a_wave_is_one_execution_of_the_module(run_scenarios, running_sandbox, tmp_path):
    credentials = [{"position": each["position"], "request_id": each["request_id"]} for each in running_sandbox.fleet]
    options = {"credentials": credentials, "rotation_id": "q1", "ledger_path": str(tmp_path / "ledger.sqlite"), "concurrency": 4}
    run = run_scenarios([scenario("wave", task("rotate", "rapidauth_rotation", SHIPPED, **options))], verbosity=3)
    seen = Observed(run, "wave")
    assert seen.result("rotate")["summary"] == {"replaced": 12, "total": 12} and seen.calls("replace") == 12
    assert seen.stats["tls_handshakes"]["rapidauth"] <= 4
    answers = [line for line in run.output.splitlines() if "TOLD BY THE CONNECTION" in line and "failed_positions" in line]
    assert len(answers) == 1, answers


def test_checks_share_a_key_and_keep_their_connections(sandbox, request_ids, decryptions):
    params = {**service_params(sandbox), "timeout_seconds": 30, "retry_budget_seconds": 60, "concurrency": CONCURRENCY}
    for _time in range(2):
        reported = credential_check.check_credentials({**params, "request_ids": list(request_ids.values())}, False)
        assert reported["summary"]["failed"] == 0
    stats = sandbox.stats()
    assert len(decryptions) == 1 and stats["calls"]["get_request"] == {"GET": 2 * SIZE}
    assert stats["tls_handshakes"]["rapidauth"] <= 2 * CONCURRENCY  # each call has threads of its own


def test_the_ledger_finds_a_history_by_its_indexes(sandbox, tmp_path, monkeypatch):
    """Going through all rows of the API for each look-up would make the second rotation of a large fleet slow."""
    statements, connect, path = [], sqlite3.connect, tmp_path / "ledger.sqlite"

    def traced(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    two = {each["position"]: each["request_id"] for each in sandbox.fleet[:2]}
    for _time in range(2):
        rotation.rotate(rotation_params(sandbox, two, path), False)
    selects = {each for each in statements if each.startswith("SELECT") and "FROM replacements" in each
               and each != "SELECT DISTINCT service FROM replacements"}  # once for each call
    assert len(selects) > 2
    with contextlib.closing(connect(path)) as connection:
        steps = [row[3] for each in selects for row in connection.execute("EXPLAIN QUERY PLAN " + each)]
    assert steps and not [step for step in steps if step.startswith("SCAN") or step.endswith("(api_url=?)")]
