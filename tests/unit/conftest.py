# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the unit tests share: a CA, a server certificate, a SAC, and servers that are closed again."""

from __future__ import annotations

import ssl

import pytest

cryptography = pytest.importorskip("cryptography")
requests = pytest.importorskip("requests")

from ansible_collections.eccops.rapid.plugins.module_utils._http.connection import Connection  # noqa: E402
from ansible_collections.eccops.rapid.plugins.module_utils._http.requests_connection import RequestsConnection  # noqa: E402
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context  # noqa: E402
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport  # noqa: E402
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac  # noqa: E402
from ansible_collections.eccops.rapid.tests.unit.support import certificates  # noqa: E402
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import (  # noqa: E402,F401  # pylint: disable=unused-import
    fixture_database, fixture_ledger_place, fixture_ledger_url, fixture_postgresql)
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import shipped  # noqa: E402
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import ScriptedServer  # noqa: E402
from ansible_collections.eccops.rapid.tests.unit.support.tunnel_proxy import TunnelProxy  # noqa: E402


def pytest_configure(config):
    # pytest.ini says so too; ansible-test does not read it.
    config.addinivalue_line("markers", "slow: takes more than a few seconds")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """The machine's own proxies and CAs must not decide what is proved here."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def authority():
    return certificates.Authority()


@pytest.fixture(scope="session")
def other_authority():
    return certificates.Authority("Foreign CA")


@pytest.fixture(scope="session")
def key():
    return certificates.new_key()


@pytest.fixture(scope="session")
def certificate(authority, key):
    return authority.issue("Harbor County", key)


@pytest.fixture(scope="session")
def rsa_key():
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="session")
def ca_path(authority, shared_directory):
    path = shared_directory / "ca.pem"
    path.write_bytes(authority.pem)
    return str(path)


@pytest.fixture(scope="session")
def server_context(authority, shared_directory):
    """Returns a function that makes the server's SSLContext; its certificate is good for localhost and 127.0.0.1."""
    key = certificates.new_key()
    certificate = authority.issue("localhost", key, host_names=["localhost"], addresses=["127.0.0.1"])
    path = shared_directory / "server.pem"
    path.write_bytes(certificates.key_pem(key) + certificates.certificate_pem(certificate))

    def make(client_ca_path=None, version=None, pem_path=path):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem_path)
        if client_ca_path:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca_path)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    return make


@pytest.fixture
def serve(server_context):
    """Returns a function that starts a ScriptedServer; C(context) defaults to TLS without client certificates."""
    servers = []

    def start(*script, **options):
        options.setdefault("context", server_context())
        if script:
            options["script"] = script
        servers.append(ScriptedServer(**options))
        return servers[-1]

    yield start
    for each in servers:
        each.close()


@pytest.fixture(scope="session")
def sac(authority):
    key = certificates.new_key()
    return Sac(authority.issue("Test SAC", key), key, [], "sac.pem")


@pytest.fixture(scope="session")
def sacs(authority):
    """Four SACs as they reach a position, each with its own passphrase."""
    return [shipped(authority, "SAC %d" % number, "passphrase %d" % number) for number in range(4)]


class Naps(list):
    """Stands in for time.sleep and remembers the seconds."""

    def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def naps():
    return Naps()


@pytest.fixture(params=[RequestsConnection, Connection])
def sender(request):
    """What sends: on the machine that talks to the services, and on a position."""
    return request.param


@pytest.fixture
def connect(sender, ca_path, naps):
    """Returns a function that makes a Transport to a server; waiting between attempts takes no time."""

    def make(server, sac=None, ca=ca_path, url=None, **options):
        options.setdefault("timeout_seconds", 5)
        return Transport(sender, url or server.url(), client_context(ca, sac), sac=sac, sleep=naps, **options)

    return make


@pytest.fixture
def make_proxy():
    """Returns a function that starts a TunnelProxy."""
    made = []

    def make(**options):
        made.append(TunnelProxy(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def through(monkeypatch, connect):
    """Returns a function that makes a Transport to a server through a proxy of the environment."""

    def make(server, proxy_url, variable="HTTPS_PROXY", **options):
        monkeypatch.setenv(variable, proxy_url)
        return connect(server, **options)

    return make
