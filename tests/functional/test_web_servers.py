# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A real Apache in front of the service, that asks for the SAC in the handshake or only for a path, and refuses a foreign one."""

import json

import proxies
import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacRefused
from ansible_collections.eccops.rapid.plugins.module_utils._http.connection import Connection
from ansible_collections.eccops.rapid.plugins.module_utils._http.requests_connection import RequestsConnection
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac
from ansible_collections.eccops.rapid.tests.unit.support import certificates

pytestmark = pytest.mark.slow
ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"
REQUIRED = ["SSLVerifyClient require", "SSLVerifyDepth 2"]


@pytest.fixture(scope="module", name="authority")
def fixture_authority():
    return certificates.Authority()


@pytest.fixture(name="client_to", params=[RequestsConnection, Connection])
def fixture_client_to(authority, tmp_path, request):
    """Returns a function that starts an Apache and makes a client which presents a SAC of an authority to it."""
    started = []

    def client(location_lines, protocol, issuer=None):
        key, sac_key = certificates.new_key(), certificates.new_key()
        server = authority.issue("localhost", key, host_names=["localhost"])
        pem = (certificates.key_pem(key) + certificates.certificate_pem(server)).decode("ascii")
        files = {"/rapid/requests/" + ID: json.dumps({"RequestId": ID, "AnonId": "position-7", "Status": "Collected"})}
        started.append(proxies.apache(pem, authority.pem.decode("ascii"), files, location_lines, protocol))
        ca_path = tmp_path / "ca.pem"
        ca_path.write_bytes(authority.pem)
        sac = Sac((issuer or authority).issue("Harbor County", sac_key), sac_key, [], "sac.pem")
        url = "https://localhost:%d/rapid" % started[-1].port
        return RapidAuthClient(Transport(request.param, url, client_context(str(ca_path), sac), 10, 0, sac), sac)

    yield client
    for each in started:
        each.stop()


@pytest.mark.parametrize("protocol", ["-all +TLSv1.3", "-all +TLSv1.2"])
def test_apache_asks_for_the_sac_after_the_request(client_to, protocol):
    """What asks for it is the Location: by TLS 1.3 post-handshake authentication, or by a renegotiation of TLS 1.2."""
    client = client_to(REQUIRED, protocol)
    for unused in range(3):
        assert client.get_request(ID).anon_id == "position-7"


@pytest.mark.parametrize("protocol", ["-all +TLSv1.3", "-all +TLSv1.2"])
def test_a_foreign_sac_is_refused_as_such(client_to, protocol):
    client = client_to(REQUIRED, protocol, issuer=certificates.Authority("Foreign CA"))
    with pytest.raises(SacRefused, match="refused the SAC 'CN=Harbor County'"):
        client.get_request(ID)


@pytest.mark.parametrize("protocol", ["-all +TLSv1.3", "-all +TLSv1.2"])
def test_apache_without_a_location_of_its_own(client_to, protocol):
    assert client_to(["Require all granted"], protocol).get_request(ID).anon_id == "position-7"
