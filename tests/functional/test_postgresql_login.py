# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a rotation verifies the ledger's server before it asks the service anything, and that the login's password shows nowhere at -vvvv."""

import harness
import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.postgresql_schema import describe_schema
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import (  # noqa: F401  # pylint: disable=unused-import
    execute, fixture_database, fixture_ledger_url, fixture_postgresql)
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PASSWORD
from harness import assert_sentence, task
from leak_search import leaks_in, read_command_lines, searched_files

WRONG_PASSWORD = "Wrong-Horse-19d4"

pytestmark = pytest.mark.slow


def test_a_server_that_is_not_the_ledgers_and_a_password_that_shows_nowhere(sandbox, tmp_path, postgresql, database, ledger_url):  # noqa: F811
    foreign = tmp_path / "foreign.crt"
    foreign.write_bytes(certificates.Authority("Foreign CA").pem)
    credential = sandbox.admin("POST", "/credentials", {"count": 1, "prefix": "login-"}).json()["credentials"][0]
    execute(ledger_url, describe_schema() + "GRANT eccops_rapid_jobs TO jobs;")

    def rotate(name, variable="ledger_password", **options):
        return task(name, "rapidauth_rotation", rotation_id="2026q4", credentials=[{"position": "north-01", "request_id": credential["request_id"]}],
                    ledger_url=postgresql.verified_url(database, **options).url, ledger_password="{{ %s }}" % variable)

    command_lines = set()
    run = harness.Playbooks(sandbox, tmp_path)(
        [harness.play([
            rotate("foreign CA", sslrootcert=foreign), rotate("other name", host="other.example.test"),
            rotate("unverified", sslmode="disable&hostaddr=192.0.2.1"),
            rotate("wrong password", "wrong_password"),
            task("password in the URL", "rapidauth_ledger_info", ledger_url="postgresql://jobs@db.example/l?password=x"),
            rotate("rotate"),
            task("read", "rapidauth_ledger_info", ledger_url=postgresql.verified_url(database).url, ledger_password="{{ ledger_password }}")])],
        extra_vars={"ledger_password": PASSWORD, "wrong_password": WRONG_PASSWORD}, diff=True, verbosity=4,
        while_running=lambda process: read_command_lines(command_lines), env={"ANSIBLE_LOG_PATH": tmp_path / "ansible.log"})
    assert_sentence(run.result("foreign CA"), "ledger_unusable", "the ledger 'postgresql://jobs@db.example.test", "certificate verify failed")
    assert_sentence(run.result("other name"), "ledger_unusable", 'does not match host name "other.example.test"')
    assert_sentence(run.result("unverified"), "invalid_input", "is on another host, which sslmode=disable does not verify")
    assert_sentence(run.result("wrong password"), "ledger_unusable", "password authentication failed")
    assert_sentence(run.result("password in the URL"), "invalid_input", "ledger_url contains a password")
    assert run.result("rotate")["changed"] and list(run.result("read")["positions"]) == ["north-01"]
    assert [entry["previous_request_id"] for entry in sandbox.effects("replace")] == [credential["request_id"]]

    secrets = {"password": PASSWORD, "wrong password": WRONG_PASSWORD}
    searched = list(searched_files(sandbox, tmp_path))
    assert {"stdout", "stderr", "ansible.log", "results.jsonl"} <= {path.name for path in searched}
    assert {str(path): leaks_in(path.read_bytes(), secrets) for path in searched if leaks_in(path.read_bytes(), secrets)} == {}
    assert any(b"ansible-playbook" in line for line in command_lines) and not any(leaks_in(line, secrets) for line in command_lines)
    assert leaks_in((tmp_path / "run-1" / "extra_vars.json").read_bytes(), secrets) == ["password", "wrong password"]
