# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a login's answer means, in the words of the collection's modules: redirects, and the refusals of web frameworks."""

import http.server
import json
import ssl
import threading
import time

import pytest
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from fallback import assert_fallback
from position import NUMBER


@pytest.fixture(name="service")
def fixture_service(position):
    """An https service that gives its ``answer``, (status, headers, body), to every login, and counts them."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            server.paths.append(self.path)
            status, headers, body = server.answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": len(body)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    authority, key = certificates.Authority(), certificates.new_key()
    pem = position.directory / "service.pem"
    pem.write_bytes(certificates.key_pem(key) + certificates.certificate_pem(authority.issue("localhost", key, host_names=["localhost"])))
    (position.directory / "service-ca.pem").write_bytes(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.paths = []
        position.configure(portal_api_url=f"https://localhost:{server.server_port}", portal_ca_path=str(position.directory / "service-ca.pem"),
                           portal_login_url=position.values["rapidsos_api_url"] + "/login")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location, target", [("https://other.example/login?x=1", " to https://other.example"), ("/elsewhere", ""),
                                              ("https://u:s3cret@x/", "")])
def test_a_login_that_is_redirected_is_not_followed(position, service, status, location, target):
    service.answer = (status, {"Location": location}, b"")
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 5, f"redirected the login{target} (HTTP {status}), and was not followed, since the password would go there too; "
                                        "set api_url to the address of the API itself")
    assert len(service.paths) == 1 and position.kept("refusal") is None and "s3cret" not in ended.stderr


@pytest.mark.parametrize("status, body", [
    (400, b'{"non_field_errors": ["Unable to log in with provided credentials."]}'), (400, b'{"error": "invalid_grant"}'), (401, b"")])
def test_a_wrong_password_in_whichever_form_is_tried_once(position, service, status, body):
    service.answer = (status, {"Content-Type": "application/json"}, body)
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 4, f"refused the login (HTTP {status}): the password is wrong or the account is locked")
    assert position.call(NUMBER, count=2).code == 4 and len(service.paths) == 1 and "Unable" not in ended.stderr


@pytest.mark.parametrize("status, body", [(403, b"<html>Blocked by the filter of the county</html>"), (403, b""), (401, b"\r\n<!DOCTYPE html>")])
def test_a_refusal_by_what_stands_between_is_not_one_of_the_account(position, service, status, body):
    """A proxy's page says nothing of the password: the exit code is another, and the next call tries again."""
    service.answer = (status, {"Content-Type": "text/html"}, body)
    assert_fallback(position, position.call(NUMBER, count=2), 5, f"on the way to the Portal's server (localhost) refused the connection (HTTP {status})")
    assert position.kept("refusal") is None
    service.answer = (200, {}, b'{"token": "abc"}')
    assert position.call(NUMBER).code == 0 and len(service.paths) == 2


def test_a_service_that_asks_for_a_pause_gets_it(position, service):
    service.answer = (429, {"Retry-After": "120"}, b"")
    assert_fallback(position, position.call(NUMBER, count=2), 5, "is limiting requests (HTTP 429)")
    assert_fallback(position, position.call(NUMBER, count=2), 5, "asked for a pause; it is asked again in 1")
    assert len(service.paths) == 1 and 100 < position.kept("pause")["until"] - time.time() <= 120
    path = position.memory / "pause.json"
    path.write_text(json.dumps({**position.kept("pause"), "until": time.time() - 1}), encoding="utf-8")
    service.answer = (200, {}, b'{"token": "abc"}')
    assert position.call(NUMBER).code == 0 and len(service.paths) == 2
