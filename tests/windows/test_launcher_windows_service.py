# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Windows program, as a process, against a Portal in trouble: the Linux program's table of faults, and the same page, login and exit code."""

import ssl

import pytest
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import ScriptedServer, cut, response
from fallback import assert_fallback
from position import NUMBER
from service_faults import SERVICE_FAULTS

pytestmark = pytest.mark.slow
TOKEN = b'{"token": "scripted-token"}'
#: One of each kind; the words for the others are rows of cases.json.
TELLING = ("garbage", "unavailable", "disconnect_after_effect")


@pytest.mark.parametrize("kind", [kind if kind in TELLING else pytest.param(kind, marks=pytest.mark.sibling) for kind in SERVICE_FAULTS])
def test_trouble_at_the_service(position, sandbox, logins, kind):
    code, reason, more = SERVICE_FAULTS[kind]
    sandbox.fault("login", kind, count=None, **more)
    html = assert_fallback(position, position.call(NUMBER, count=2), code, reason)
    assert reason in html and position.kept("token") is None and position.kept("refusal") is None
    assert logins() in ([], ["login"])


def test_what_comes_too_late_for_one_call_is_in_time_for_the_next(position, sandbox, logins):
    """A call waits as long as another's login can take, and not as long as its own could."""
    position.configure(session_login_timeout_seconds="1")
    sandbox.fault("login", "latency", seconds=3)
    processes = [position.start(NUMBER) for _time in range(2)]
    (late, waiting) = sorted((process.communicate(timeout=4 * position.most_seconds)[1] for process in processes), reverse=True)
    assert "did not answer within 1.0 seconds" in late and waiting == "" and sorted(process.returncode for process in processes) == [0, 5]
    assert position.kept("token") and logins() == ["login"]


def test_a_token_that_comes_too_late_is_kept(position, sandbox, logins):
    position.configure(session_login_timeout_seconds="1")
    sandbox.fault("login", "slow_drip", seconds=0.3)
    assert_fallback(position, position.call(NUMBER, count=2), 5, "did not answer within 1.0 seconds")
    assert position.kept("token") and logins() == ["login"]


def test_a_refused_login_is_not_tried_again_until_the_account_changes(position, logins):
    """The corrected password differs by a soft hyphen alone, which a comparison of people's language ignores."""
    position.use_account("wrong")
    assert_fallback(position, position.call(NUMBER, count=2), 4, "refused the login (HTTP 401)")
    assert position.kept("refusal") and logins() == ["login_refused"]
    assert_fallback(position, position.call(NUMBER, count=2), 4, "less than 15 minutes ago")
    assert logins() == ["login_refused"]
    position.use_account("corrected")
    assert_fallback(position, position.call(NUMBER, count=2), 4, "refused the login (HTTP 401)")
    position.write_account()
    assert position.call(NUMBER).code == 0 and logins() == ["login_refused", "login_refused", "login"] and position.kept("refusal") is None


def test_a_locked_account(position, sandbox, logins):
    for _time in range(5):
        sandbox.login(password="wrong")
    assert_fallback(position, position.call(NUMBER, count=2), 4, "refused the login (HTTP 403)")
    assert position.kept("refusal") and logins()[-1] == "login_refused"
    sandbox.admin("POST", f"/accounts/{position.account['email']}/unlock")


@pytest.fixture(name="serve")
def fixture_serve(position, authority):
    """Returns a function that starts a Portal which plays a script to logins, and leads the position there."""
    context, key, servers = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificates.new_key(), []
    pem = position.directory / "service.pem"
    pem.write_bytes(certificates.key_pem(key) + certificates.certificate_pem(authority.issue("localhost", key, host_names=["localhost"])))
    context.load_cert_chain(pem)

    def serve(*script):
        servers.append(ScriptedServer(context, script))
        position.configure(portal_api_url=servers[-1].url("localhost"), portal_login_url=position.values["rapidsos_api_url"] + "/login")
        return servers[-1]

    yield serve
    for each in servers:
        each.close()


def test_a_portal_that_is_scripted_is_one(position, serve):
    """What the tests below change is all that makes them fail."""
    service = serve(response(body=TOKEN, headers=[("Content-Type", "application/json")]))
    ended = position.call(NUMBER)
    assert ended.code == 0 and "access_token=scripted-token" in ended.opened[0]["answer"]["headers"]["Location"]
    assert [(request.method, request.path) for request in service.requests] == [("POST", "/v1/scorpius/user/api-token-auth")]
    assert service.requests[0].headers["user-agent"] == "portal-launcher"


@pytest.mark.parametrize("status, body", [
    (403, b"<html>Blocked by the filter of the county</html>"), pytest.param(401, b"\r\n<!DOCTYPE html>", marks=pytest.mark.sibling)])
def test_a_refusal_by_what_stands_between_is_not_one_of_the_account(position, serve, status, body):
    service = serve(response(status, body, [("Content-Type", "text/html")]), response(body=TOKEN))
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 5, f"on the way to the Portal's server (localhost) refused the connection (HTTP {status})")
    assert "password is wrong" not in ended.stderr and position.kept("refusal") is None
    assert position.call(NUMBER).code == 0 and len(service.requests) == 2


def test_a_service_that_asks_for_a_pause_gets_it(position, serve):
    service = serve(response(429, headers=[("Retry-After", "600")]))
    assert_fallback(position, position.call(NUMBER, count=2), 5, "is limiting requests (HTTP 429)")
    assert_fallback(position, position.call(NUMBER, count=2), 5, "asked for a pause; it is asked again in ")
    assert len(service.requests) == 1


@pytest.mark.parametrize("status, location, target", [
    (302, "https://other.example/login?x=1", " to https://other.example"), pytest.param(307, "/elsewhere", "", marks=pytest.mark.sibling),
    pytest.param(308, "https://u:s3cret@x/", "", marks=pytest.mark.sibling)])
def test_a_login_that_is_redirected_is_not_followed(position, serve, status, location, target):
    service = serve(response(status, headers=[("Location", location)]))
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 5, f"redirected the login{target} (HTTP {status}), and was not followed, since the password would go there too; "
                                        "set api_url to the address of the API itself")
    assert len(service.requests) == 1 and position.kept("refusal") is None and "s3cret" not in ended.stderr


BIG = response(body=TOKEN[:-1] + b" " * 10_000_000 + b"}")


@pytest.mark.parametrize("script", [(BIG,), (response(body=TOKEN, length=500), cut)], ids=["10_MB", "cut"])
def test_an_answer_that_is_too_long_or_cut_is_an_unexpected_response(position, serve, script):
    service = serve(lambda connection: connection.sendall(script[0]))
    assert_fallback(position, position.call(NUMBER, count=2), 5, "returned an unexpected response")
    assert len(service.requests) == 1 and position.kept("token") is None


def test_a_wrong_password_in_another_form_is_tried_once(position, serve):
    service = serve(response(400, {"non_field_errors": ["Unable to log in with provided credentials."]}, [("Content-Type", "application/json")]))
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 4, "refused the login (HTTP 400): the password is wrong or the account is locked")
    assert position.call(NUMBER, count=2).code == 4 and len(service.requests) == 1 and "Unable" not in ended.stderr
