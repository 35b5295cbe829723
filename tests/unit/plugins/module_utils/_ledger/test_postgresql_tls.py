# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A ledger's server on another host is verified before anything is told to it, whoever says how; logins by password and by certificate."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import execute
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PASSWORD

ENCRYPTED = "SELECT ssl, usename FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()"


@pytest.fixture(autouse=True)
def no_files_of_the_user(monkeypatch, tmp_path):
    """Libpq looks for certificates and passwords in the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(name="may_create")
def fixture_may_create(ledger_url, database):
    execute(ledger_url, "GRANT CREATE ON DATABASE %s TO jobs" % database)
    yield
    execute(ledger_url, "DROP SCHEMA IF EXISTS eccops_rapid CASCADE; REVOKE CREATE ON DATABASE %s FROM jobs" % database)


@pytest.mark.parametrize("parameters", [{}, {"sslmode": ""}, {"sslmode": "prefer"}, {"sslmode": "verify-ca", "host": "other.example.test"}])
def test_a_server_that_a_ca_vouches_for(postgresql, database, may_create, parameters):
    with LedgerRecord(postgresql.verified_url(database, password=PASSWORD, **parameters), API) as record:
        assert record.ledger.rows(ENCRYPTED) == [{"ssl": True, "usename": "jobs"}]


@pytest.mark.parametrize("sslmode", ["verify-full", "", "prefer"])
def test_a_server_that_no_ca_or_name_vouches_for(postgresql, database, tmp_path, sslmode):
    foreign = tmp_path / "foreign.crt"
    foreign.write_bytes(certificates.Authority("Foreign CA").pem)
    for words, parameters in (("certificate verify failed", {"sslrootcert": foreign}), ("does not match host name", {"host": "other.example.test"}),
                              ("root certificate file .* does not exist", {"sslrootcert": tmp_path / "none.crt"})):
        with pytest.raises(LedgerError, match="the ledger 'postgresql://jobs@.*' cannot be used: .*%s" % words) as caught:
            LedgerRecord(postgresql.verified_url(database, password=PASSWORD, sslmode=sslmode, **parameters), API)
        assert PASSWORD not in caught.value.message


def test_a_login_by_certificate(postgresql, database, tmp_path, ledger_url):
    def write(name, authority):
        key = certificates.new_key()
        paths = {"sslcert": tmp_path / (name + ".crt"), "sslkey": tmp_path / (name + ".key")}
        paths["sslcert"].write_bytes(certificates.certificate_pem(authority.issue("certified", key)))
        paths["sslkey"].touch(0o600)
        paths["sslkey"].write_bytes(certificates.key_pem(key))
        return paths

    own = write("own", postgresql.authority)
    with LedgerRecord(postgresql.verified_url(database, "certified", **own), API) as record:
        assert record.ledger.rows(ENCRYPTED) == [{"ssl": True, "usename": "certified"}]
    for words, parameters in (("requires a valid client certificate", {}), ("unknown ca|unknown_ca", write("foreign", certificates.Authority("Foreign CA"))),
                              ("could not read|private key file", dict(own, sslkey=tmp_path / "none.key"))):
        with pytest.raises(LedgerError, match=words):
            LedgerRecord(postgresql.verified_url(database, "certified", **parameters), API)


@pytest.mark.parametrize("sslmode", ["disable", "allow", "require"])
@pytest.mark.parametrize("address, environment", [
    ("db.example.test/ledger?sslmode=%s", {}), ("192.0.2.1/ledger?sslmode=%s", {}), ("[2001:db8::1]/ledger?sslmode=%s", {}),
    (",db.example.test/ledger?sslmode=%s", {}), ("localhost,db.example.test/ledger?sslmode=%s", {}), ("/ledger?sslmode=%s&hostaddr=192.0.2.1", {}),
    ("localhost/ledger?sslmode=%s&hostaddr=192.0.2.1", {}),
    ("localhost,db.example.test/ledger?sslmode=%s&hostaddr=127.0.0.1,", {}), ("/ledger?sslmode=%s", {"PGHOST": "db.example.test"}),
    ("/ledger?sslmode=%s", {"PGHOSTADDR": "192.0.2.1"}), ("db.example.test/ledger", {"PGSSLMODE": "%s"}), ("/ledger?service=site", {}),
    ("/ledger", {"PGSERVICE": "site"})])
def test_another_host_that_would_not_be_verified_is_not_asked(monkeypatch, tmp_path, address, environment, sslmode):
    pytest.importorskip("psycopg")
    services = tmp_path / "services.conf"
    services.write_text("[site]\nhost=db.example.test\nsslmode=%s\n" % sslmode, encoding="ascii")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    for name, value in environment.items():
        monkeypatch.setenv(name, value % sslmode if "%" in value else value)
    with pytest.raises(InvalidInput, match="is on another host, which sslmode=%s does not verify: give sslmode=verify-full in ledger_url" % sslmode):
        LedgerRecord(LedgerUrl("postgresql://" + (address % sslmode if "%" in address else address)), API)
