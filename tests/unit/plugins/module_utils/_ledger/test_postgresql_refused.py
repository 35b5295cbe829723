# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a ledger in PostgreSQL is refused for, before anything is sent; and what a login of the jobs may do."""

from __future__ import annotations

import os
import shutil
import socket
import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import MissingLibrary
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql as postgresql_store
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql_schema, postgresql_session
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.info import view_ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl, find_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerReading, LedgerRecord, open_record
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import execute, exists
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PASSWORD, PostgresqlServer

DENIED = "permission denied|must be owner"


def refused(place, words, kind="ledger_unusable"):
    with pytest.raises(LedgerError, match=words) as caught:
        LedgerRecord(place, API)
    assert caught.value.kind == kind and caught.value.is_service_wide, caught.value.kind


@pytest.mark.parametrize("address, words", [
    ("127.0.0.1:0/%(database)s", 'invalid port number: "0"'), ("127.0.0.1:99999/x", "invalid port number"),
    ("127.0.0.1:%(port)s/x?nosuch=1", "parameter: .nosuch"),
    ("127.0.0.1:%(port)s/x?sslmode=nosuch", "sslmode value: .nosuch"), ("127.0.0.1:%(port)s/x?connect_timeout=a", "bad value for connect_timeout"),
    ("127.0.0.1:%(port)s/?sslmode=disable&user=nobody", 'role "nobody" does not exist'), ("127.0.0.1:%(port)s/x%%00", "forbidden value %%00"),
    ("127.0.0.1:%(port)s/x?sslmode=disable&user=jobs&passfile=/nonexistent", "no password supplied"),
    ("?service=nosuch", 'definition of service "nosuch" not found'),
    ("127.0.0.1:%(port)s/%(database)s?sslmode=disable&user=owner&options=-c%%20nosuch%%3D1", "unrecognized configuration parameter .nosuch"),
    ("127.0.0.1:%(port)s/%(database)s?sslmode=disable&user=owner&replication=database", "not supported in a replication connection"),
    ("127.0.0.1:%(port)s/%(database)s?sslmode=disable&user=owner&target_session_attrs=read-only", "session is not read-only"),
    ("a..invalid/x", "label empty or too long|label too long"), ("a" * 64 + ".invalid/x", "label.* too long"),
    ("127.0.0.1:%(port)s/x?port=a", "invalid (integer value|port).*a"), ("127.0.0.1:%(port)s/x?hostaddr=a", "network address .a"),
    ("nosuch.invalid/x", "failed to resolve host 'nosuch.invalid'"), ("127.0.0.1:%(port)s/x?hostaddr=127.0.0.1,127.0.0.2", "could not match 1 host")])
def test_a_url_that_libpq_or_the_server_refuses(postgresql, database, address, words):
    place = find_place({"ledger_url": "postgresql://" + address % {"port": postgresql.port, "database": database}})
    refused(place, "the ledger 'postgresql://.*' cannot be used: .*%s.*; check ledger_url" % words.replace("%%", "%"))


@pytest.mark.parametrize("parameters", [
    {"options": "-c%20synchronous_commit%3Doff%20-c%20default_transaction_isolation%3Dserializable%20-c%20search_path%3Dpublic"},
    {"client_encoding": "SQL_ASCII"}])
def test_what_the_url_sets_does_not_change_what_the_ledger_relies_on(postgresql, database, ledger_url, parameters):
    with LedgerRecord(postgresql.url(database, **parameters), API) as record:
        record.intend(intent(position="n\u00f6rth"))
        assert record.entry("a1")["position"] == "n\u00f6rth"
        assert record.ledger.rows("SHOW synchronous_commit") == [{"synchronous_commit": "on"}]
        assert record.ledger.rows("SHOW transaction_isolation") == [{"transaction_isolation": "read committed"}]


def test_a_socket_in_the_place_of_a_host(postgresql, database, ledger_url):
    url = "postgresql://owner@%s:%d/%s" % (str(postgresql.directory).replace("/", "%2F"), postgresql.port, database)
    with LedgerRecord(find_place({"ledger_url": url}), API):
        assert exists(ledger_url)


def test_without_the_driver_a_sentence_says_so(monkeypatch):
    monkeypatch.setattr(postgresql_store, "psycopg", None)
    with pytest.raises(MissingLibrary, match=r"the Python library 'psycopg' \(version 3\) is needed for a ledger in PostgreSQL"):
        LedgerRecord(LedgerUrl("postgresql://db/ledger"), API)


def test_over_a_network_the_servers_certificate_is_verified_unless_the_url_says_otherwise(postgresql, database, ledger_url, monkeypatch):
    monkeypatch.setenv("HOME", "/nonexistent")
    url = postgresql.network_url(database)
    refused(LedgerUrl(url.url.replace("?sslmode=disable", "")), "root certificate")
    with LedgerRecord(url, API):
        assert exists(ledger_url)


def test_a_login_that_the_server_refuses(postgresql, database):
    refused(postgresql.network_url(database, "jobs", password="wrong"), "password authentication failed")
    refused(postgresql.network_url("nowhere"), 'database "nowhere" does not exist')
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused(postgresql.network_url(database, port=port), "(?i)connection refused")


def test_what_is_there_already(ledger_url):
    execute(ledger_url, "CREATE TABLE public.recipes (name text)")
    refused(ledger_url, "is another application's: it has the table public.recipes", "ledger_missing")
    execute(ledger_url, "CREATE SCHEMA eccops_rapid")
    refused(ledger_url, "is not a ledger of this collection|must be owner|another application's", "ledger_unusable")
    execute(ledger_url, "DROP TABLE public.recipes; CREATE TABLE eccops_rapid.ledger (application text, version int)")
    refused(ledger_url, "the schema eccops_rapid in the database '.*' is not a ledger of this collection")
    execute(ledger_url, "DROP SCHEMA eccops_rapid CASCADE")
    with LedgerRecord(ledger_url, API) as record:
        assert record.ledger.is_new
    execute(ledger_url, "UPDATE eccops_rapid.ledger SET version = 99")
    refused(ledger_url, "has schema version 99, and this release knows %d" % len(postgresql_schema.MIGRATIONS))
    with pytest.raises(LedgerError, match="has schema version 99"):
        LedgerReading(ledger_url, API)


def test_who_only_looks_creates_nothing(ledger_url):
    assert not isinstance(open_record(ledger_url, API, API, True), LedgerReading) and not exists(ledger_url)
    with pytest.raises(LedgerError, match="there is no ledger in the database"):
        view_ledger({"ledger_url": ledger_url.url, "request_ids": []}, False)
    with LedgerRecord(ledger_url, API), LedgerReading(ledger_url, API) as reading:
        with pytest.raises(LedgerError, match="read-only transaction"):
            reading.ledger.run(lambda connection: connection.execute("DELETE FROM replacements"))


def test_a_newer_release_brings_an_older_schema_up_to_date_and_no_job_without_the_right_to(ledger_url, postgresql, database, monkeypatch):
    jobs = postgresql.network_url(database, "jobs", password=PASSWORD)
    execute(ledger_url, postgresql_schema.describe_schema() + "GRANT eccops_rapid_jobs TO jobs")
    monkeypatch.setattr(postgresql_schema, "MIGRATIONS", (*postgresql_schema.MIGRATIONS, "ALTER TABLE replacements ADD COLUMN remark text"))
    refused(jobs, "is of an older release, and this login may not change its schema")
    for _unused in range(2):
        with Ledger(ledger_url) as ledger:
            assert ledger.rows("SELECT remark FROM replacements") == [] and not ledger.is_new
    with LedgerRecord(jobs, API):
        pass


def test_a_job_can_do_its_work_and_neither_delete_nor_change_the_schema(ledger_url, postgresql, database):
    jobs = postgresql.network_url(database, "jobs", password=PASSWORD)
    refused(jobs, "this login may not create one: have an administrator run the SQL", "ledger_missing")
    execute(ledger_url, view_ledger({"show_schema": True}, False)["schema_sql"] + "REVOKE eccops_rapid_jobs FROM jobs")
    refused(jobs, "have it granted the role eccops_rapid_jobs")
    execute(ledger_url, "GRANT eccops_rapid_jobs TO jobs")
    with LedgerRecord(jobs, API) as record:
        assert not record.ledger.is_new
        with record.held("r0"):
            record.intend(intent())
            record.complete("a1", "replaced", "r1")
        record.note_progress([("r1", "2026-01-01T00:00:00Z", None)])
        assert record.position_ids({"north-01": "aa"}) == {"north-01": "aa"}
        assert record.entry("a1")["delivered_at"]
        for sql in ("DELETE FROM replacements", "TRUNCATE replacements", "DROP TABLE positions", "ALTER TABLE replacements ADD COLUMN x text",
                    "CREATE TABLE x (y int)", "UPDATE ledger SET version = 7", "UPDATE positions SET position_id = 'x'"):
            with pytest.raises(LedgerError, match=DENIED):
                record.ledger.run(lambda connection, sql=sql: connection.execute(sql))


def test_a_database_that_is_read_only(ledger_url, database):
    execute(ledger_url, "ALTER DATABASE %s SET default_transaction_read_only = on" % database)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(postgresql_store, "RECONNECT_SECONDS", 0)
            refused(ledger_url, "is read-only: it is a standby, or default_transaction_read_only is on")
    finally:
        execute(ledger_url, "ALTER DATABASE %s RESET default_transaction_read_only" % database)


@pytest.fixture(name="own_server")
def fixture_own_server(postgresql):
    """A server that a test may break."""
    server = PostgresqlServer(max_wal_senders=4, wal_level="replica")
    yield server
    server.close()


@pytest.mark.slow
def test_a_standby_a_full_disk_and_a_server_that_is_gone(own_server, monkeypatch):
    monkeypatch.setattr(postgresql_store, "RECONNECT_SECONDS", 1)
    url = own_server.url("postgres")
    with LedgerRecord(url, API) as record:
        record.intend(intent())

    with own_server.standby() as standby:
        with LedgerReading(standby.url("postgres"), API) as reading:
            give_up_at = time.monotonic() + 30
            while not reading.entry("a1"):
                assert time.monotonic() < give_up_at
        refused(standby.url("postgres"), "is read-only: it is a standby")

    # What extends a table meets the limit as it would meet the end of a disk; its log has a smaller file.
    execute(url, "INSERT INTO eccops_rapid.positions SELECT repeat(md5(n::text), 20), n::text FROM generate_series(1, 30000) AS n")
    with LedgerRecord(url, API) as record:
        own_server.stop()
        own_server.start(most_file_bytes=17 * 2**20)
        with pytest.raises(LedgerError, match="could not extend file|File too large|No space"):
            record.position_ids({"p" * 600 + str(number): str(number) for number in range(-2000, 0)})
        assert record.entry("a1")["outcome"] == "intended"  # and goes on
        own_server.stop()
        with pytest.raises(LedgerError, match="cannot be used: .*; check ledger_url, the server and its disk"):
            record.intend(intent(new_anon_id="a2"))
    refused(url, "(?i)connection.*failed: No such file|connection refused")
    own_server.start()


def find_pooler():
    return shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pooler_in_session_mode_is_fine_and_in_transaction_mode_refused(postgresql, ledger_url, database, mode):
    if not find_pooler():
        pytest.skip("pgbouncer is not installed: nothing was tested through it")
    with postgresql.pooler(find_pooler(), mode) as port:
        url = postgresql.network_url(database, port=port)
        if mode == "transaction":
            return refused(url, "is behind a connection pooler in transaction mode")
        with LedgerRecord(url, API) as record, LedgerRecord(ledger_url, API) as other:
            assert record.ledger.store._is_pooled and not other.ledger.store._is_pooled
            with record.held("r0"):
                record.intend(intent())
            with other.held("r0"):
                assert other.entry("a1")["outcome"] == "intended"


def test_a_pooler_without_a_second_connection_is_not_waited_for_long(postgresql, ledger_url, database, monkeypatch):
    if not find_pooler():
        pytest.skip("pgbouncer is not installed: nothing was tested through it")
    monkeypatch.setattr(postgresql_session, "POOLER_SECONDS", 1)
    with postgresql.pooler(find_pooler(), "session", size=1) as port, LedgerRecord(postgresql.network_url(database, port=port), API) as record:
        record.intend(intent())
