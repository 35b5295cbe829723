# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Windows program's line to the Portal: whom it trusts, who does not answer, and the proxy that Windows has for the user."""

import base64
import socket
import ssl

import pytest
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import ScriptedServer, response
from ansible_collections.eccops.rapid.tests.unit.support.tunnel_proxy import TunnelProxy
from fallback import assert_fallback
from position import NUMBER

pytestmark = pytest.mark.slow
NOT_TRUSTED = "is not trusted: its certificate is not one that this computer trusts"
#: wine cannot make the alert that .NET wants to send to a server that it does not trust, and .NET reports that instead. The item untrusted-server
#: of verify.ps1 is for the reason on a real Windows.
WINE_REFUSES = "there is no secure connection to the Portal's server (localhost): "


@pytest.fixture(name="serve")
def fixture_serve(position):
    """Returns a function that starts a Portal with a certificate of its own, and leads the position there.

    It sends its authority too: wine takes a chain that ends before a root for a good one.
    """
    servers = []

    def serve(authority, days=30, name="localhost"):
        key, context = certificates.new_key(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = authority.issue(name, key, not_before=certificates.days_from_now(-20), not_after=certificates.days_from_now(days), host_names=[name])
        pem = position.directory / "line.pem"
        pem.write_bytes(certificates.key_pem(key) + certificates.certificate_pem(certificate) + authority.pem)
        context.load_cert_chain(pem)
        servers.append(ScriptedServer(context, [response(body={"token": "not-for-you"})]))
        position.configure(portal_api_url=servers[-1].url("localhost"), portal_login_url=position.values["rapidsos_api_url"] + "/login")
        return servers[-1]

    yield serve
    for each in servers:
        each.close()


@pytest.mark.parametrize("fault", ["untrusted", "expired", "wrong_name"])
def test_a_server_that_is_not_trusted_gets_no_password(position, serve, authority, fault):
    changes = {"untrusted": {}, "expired": {"days": -2}, "wrong_name": {"name": "portal.example"}}[fault]
    server = serve(certificates.Authority("Somebody else's CA") if fault == "untrusted" else authority, **changes)
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 5, WINE_REFUSES if WINE_REFUSES in ended.stderr else NOT_TRUSTED)
    assert server.connections == 1 and server.requests == [] and position.kept("token") is None


def test_a_server_that_speaks_no_tls(position, sandbox):
    position.configure(portal_api_url=sandbox.values["sandbox_admin_url"].replace("http://", "https://"))
    assert_fallback(position, position.call(NUMBER, count=2), 5, "there is no secure connection")


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("url, reason", [
    ("https://localhost:%d", "the Portal's server (localhost) cannot be reached: "),
    ("https://no-such-host.invalid:%d", "the name of the Portal's server (no-such-host.invalid) could not be resolved")])
def test_nobody_answers(position, url, reason):
    position.configure(portal_api_url=url % closed_port())
    assert_fallback(position, position.call(NUMBER, count=2), 5, reason)


def assert_blames(position, ended, port_or_name, words):
    """The proxy is named on the page and in the reason, and the Portal is not blamed."""
    assert ended.code == 5 and f"the proxy http://{port_or_name} " in ended.stderr and words in ended.stderr, ended
    assert "the Portal's server" not in ended.stderr and "password is wrong" not in ended.stderr
    page = next(note for note in ended.opened if "answer" in note)
    assert page["answer"]["status"] == 200 and words in page["answer"]["body"] and position.kept("refusal") is None


@pytest.fixture(name="make_proxy")
def fixture_make_proxy(position):
    """Returns a function that starts a proxy, which becomes that of the user."""
    made = []

    def make(answer=None, exceptions=""):
        made.append(TunnelProxy(answer))
        position.use_proxy("127.0.0.1:%d" % made[-1].port, exceptions)
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_login_goes_through_the_users_proxy(position, make_proxy, logins):
    proxy = make_proxy()
    assert position.call(NUMBER).code == 0 and logins() == ["login"]
    (head,) = proxy.heads
    assert head.startswith("CONNECT localhost:") and "Authorization" not in head


def test_an_exception_of_the_proxy_is_heeded(position, make_proxy, logins):
    proxy = make_proxy(exceptions="*.example.org;localhost")
    assert position.call(NUMBER).code == 0 and logins() == ["login"] and proxy.heads == []


def refusal(status, *headers, body=b""):
    return response(status, body, [*headers, ("Connection", "close")])


@pytest.mark.parametrize("answer, words", [
    (refusal(407, ("Proxy-Authenticate", "NTLM")), "(HTTP 407)"),
    pytest.param(refusal(407, ("Proxy-Authenticate", 'Basic realm="p"')), "(HTTP 407)", marks=pytest.mark.sibling),
    (refusal(403, ("Content-Type", "text/html"), body=b"<html></html>"), "does not allow the connection")], ids=["407_NTLM", "407_Basic", "403"])
def test_a_proxy_that_refuses_is_blamed_and_never_the_password(position, make_proxy, logins, answer, words):
    """wine's Windows has no login to show to a proxy that asks for one (Negotiate, NTLM)."""
    proxy = make_proxy(answer)
    assert_blames(position, position.call(NUMBER, count=2), f"127.0.0.1:{proxy.port}", words)
    assert 1 <= len(proxy.heads) <= 3 and logins() == []
    forms = (position.account["password"], base64.b64encode(position.account["password"].encode()).decode())
    assert not any(form in head for form in forms for head in proxy.heads)


def test_a_proxy_that_cannot_be_reached_is_blamed(position, logins):
    port = closed_port()
    for name, words in ((f"127.0.0.1:{port}", "refused the connection or cannot be reached; check the proxy settings of Windows"),
                        ("proxy.invalid:3128", "cannot be resolved; check the proxy settings of Windows")):
        position.use_proxy(name)
        assert_blames(position, position.call(NUMBER, count=2), name, words)
    assert logins() == []
