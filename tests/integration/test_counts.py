# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What makes bulk checks and large ledgers fast, in counts and not in seconds; test_rotation_counts.py counts for a wave."""

import contextlib
import sqlite3

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils import credential_check, rotation, sac, service

CONCURRENCY = 6
POSITIONS = 60


def added(sandbox):
    """The RequestIds of new credentials."""
    answer = sandbox.admin("POST", "/credentials", {"count": POSITIONS, "prefix": "counted-"})
    return [each["request_id"] for each in answer.json()["credentials"]]


def parameters(sandbox, **more):
    given = {name: sandbox.values["rapidauth_" + name] for name in ("api_url", "ca_path", "sac_path", "sac_passphrase")}
    return {**given, "timeout_seconds": 30, "retry_budget_seconds": 60, "concurrency": CONCURRENCY, **more}


def rotated(sandbox, request_ids, ledger_path):
    """Returns the summary of a wave that this process rotates itself."""
    credentials = [{"position": "position-%02d" % number, "request_id": each} for number, each in enumerate(request_ids)]
    options = {"anon_id_template": "{position_id}-{rotation_id}", "anon_ids_are_unique": True, "replace_lapsed": False}
    more = {"credentials": credentials, "rotation_id": "first", "ledger_path": str(ledger_path), **options, "max_failures": 0, "settled": {}}
    return rotation.rotate(parameters(sandbox, **more), False)["summary"]


@pytest.fixture(name="decryptions", autouse=True)
def fixture_decryptions(monkeypatch):
    """The keys that were decrypted, in this process; it begins without a client."""
    seen, load = [], sac.serialization.load_pem_private_key

    def counted(pem, *more):
        seen.append(pem)
        return load(pem, *more)

    monkeypatch.setattr(sac.serialization, "load_pem_private_key", counted)
    monkeypatch.setattr(service, "_clients", {})
    monkeypatch.setenv("NO_PROXY", "localhost")
    return seen


def test_checks_share_a_key_and_keep_their_connections(sandbox, decryptions):
    request_ids = added(sandbox)
    for _time in range(2):
        assert credential_check.check_credentials(parameters(sandbox, request_ids=request_ids), False)["summary"]["failed"] == 0
    stats = sandbox.stats()
    assert len(decryptions) == 1 and stats["calls"]["get_request"] == {"GET": 2 * POSITIONS}
    assert stats["tls_handshakes"]["rapidauth"] <= 2 * CONCURRENCY  # each call has threads of its own


def test_the_ledger_finds_a_history_by_its_indexes(sandbox, tmp_path, monkeypatch):
    """Going through all rows of the API for each look-up would make the second rotation of a large fleet slow."""
    statements, connect, path = [], sqlite3.connect, tmp_path / "ledger.sqlite"

    def traced(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    request_ids = added(sandbox)[:2]
    for _time in range(2):
        rotated(sandbox, request_ids, path)
    selects = {each for each in statements if each.startswith("SELECT") and "FROM replacements" in each}
    assert len(selects) > 2
    with contextlib.closing(connect(path)) as connection:
        steps = [row[3] for each in selects for row in connection.execute("EXPLAIN QUERY PLAN " + each)]
    assert steps and not [step for step in steps if step.startswith("SCAN") or step.endswith("(api_url=?)")]
