# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What makes bulk work fast, in counts and not in seconds: one task for a wave, connections that are kept, one decryption."""

import contextlib
import sqlite3

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils import credential_check, rotation, sac, service
from harness import Observed, scenario, task

CONCURRENCY = 6
POSITIONS = 60


@pytest.fixture(scope="module", name="request_ids")
def fixture_request_ids(running_sandbox):
    """Credentials beside the seeded fleet, for the one scenario."""
    running_sandbox.reset()
    return added(running_sandbox)


def added(sandbox):
    """The RequestIds of new credentials."""
    answer = sandbox.admin("POST", "/credentials", {"count": POSITIONS, "prefix": "counted-"})
    return [each["request_id"] for each in answer.json()["credentials"]]


def wave(request_ids, ledger_path, rotation_id="first"):
    credentials = [{"position": "position-%02d" % number, "request_id": each} for number, each in enumerate(request_ids)]
    return {"credentials": credentials, "rotation_id": rotation_id, "ledger_path": str(ledger_path), "concurrency": CONCURRENCY}


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, run_scenarios, request_ids, tmp_path_factory):
    ledger_path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    arranged = scenario(
        "bulk",
        task("check", "rapidauth_request_info", request_ids=request_ids, concurrency=CONCURRENCY),
        task("rotate", "rapidauth_rotation", **wave(request_ids, ledger_path)),
        task("again", "rapidauth_rotation", **wave(request_ids, ledger_path)),
    )
    return run_scenarios([arranged[1:]])  # without its reset: the credentials are there already


def test_a_wave_is_one_execution_of_one_module(run):
    for name, outcome in (("rotate", "replaced"), ("again", "already_replaced")):
        (result,) = Observed(run, "bulk").results(name).values()
        assert result["summary"] == {outcome: POSITIONS, "total": POSITIONS}, result
        assert len([report for report in run.reports if report["task"] == "bulk: " + name]) == 1


def test_no_more_handshakes_than_threads(run):
    """Each task is a process of its own, and each of its threads keeps one connection."""
    seen = Observed(run, "bulk")
    assert len(seen.result("check")["credentials"]) == POSITIONS and seen.calls("replace") == POSITIONS
    assert seen.stats["tls_handshakes"]["rapidauth"] <= 3 * CONCURRENCY


def test_a_rerun_asks_once_for_each_and_posts_nothing(run):
    """One look each by the check, by the rotation before its POST, and by its rerun; and one for each new AnonId."""
    seen = Observed(run, "bulk")
    assert seen.calls("get_request") == 3 * POSITIONS and seen.calls("get_credential") == POSITIONS


def parameters(sandbox, **more):
    given = {name: sandbox.values["rapidauth_" + name] for name in ("api_url", "ca_path", "sac_path", "sac_passphrase")}
    return {**given, "timeout_seconds": 30, "retry_budget_seconds": 60, "concurrency": CONCURRENCY, **more}


def rotated(sandbox, request_ids, ledger_path):
    """Returns the summary of a wave that this process rotates itself."""
    options = {"anon_id_template": "{position_id}-{rotation_id}", "anon_ids_are_unique": True, "replace_lapsed": False}
    more = {**wave(request_ids, ledger_path), **options, "max_failures": 0, "settled": {}}
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


def test_one_decryption_of_the_key_in_a_process(sandbox, decryptions, tmp_path):
    request_ids = added(sandbox)
    for _time in range(2):
        assert credential_check.check_credentials(parameters(sandbox, request_ids=request_ids), False)["summary"]["failed"] == 0
    assert rotated(sandbox, request_ids, tmp_path / "ledger.sqlite") == {"replaced": POSITIONS, "total": POSITIONS}
    assert len(decryptions) == 1


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
