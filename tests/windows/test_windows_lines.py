# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves by a real PowerShell (7, on Linux) what the Windows program calls a line that is broken, and that it loads nothing from where it runs."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading

import powershell
import pytest
from ansible_collections.eccops.rapid.tests.unit.support import certificates

pytestmark = pytest.mark.skipif(not shutil.which("pwsh"), reason="PowerShell is not installed: no pwsh in PATH")
BODY = r"""
$StartSeconds = 0.0
Import-Assembly
$answers = @()
foreach ($url in $args) {
    $configuration = @{ Values = @{ 'portal api_url' = $url } }
    try { $answers += [string](Send-Login $configuration @{ email = 'a@b.example'; password = 'x' } 5.0) }
    catch { $answers += [string]$_.Exception.Data['Kind'] + ': ' + $_.Exception.Message }
}
[System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answers -Compress))
"""


@pytest.fixture(scope="module", name="authority")
def fixture_authority():
    return certificates.Authority()


@pytest.fixture(name="serve")
def fixture_serve(tmp_path, authority):
    """Returns a function that makes a server, which reads once and gives its answer, and returns the port."""
    key = certificates.new_key()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    contexts = {}
    for name, issuer in (("right", authority), ("untrusted", certificates.Authority())):
        certificate = issuer.issue("localhost", key, host_names=["localhost"])
        (tmp_path / "server.pem").write_bytes(certificates.key_pem(key) + certificates.certificate_pem(certificate))
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(tmp_path / "server.pem")
    listening = []

    def answer_all(listener, answer, context):
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) if context else client as client:
                    client.recv(4096)
                    client.sendall(answer)

    def serve(answer, tls=None):
        listening.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=answer_all, args=(listening[-1], answer, contexts.get(tls)), daemon=True).start()
        return listening[-1].getsockname()[1]

    yield serve
    for each in listening:
        each.shutdown(socket.SHUT_RDWR)
        each.close()


def failures(directory, urls, proxy=None):
    """Returns what the program says of a login at each of these addresses; it runs in the directory."""
    functions = powershell.PROGRAM.read_text(encoding="ascii").partition("$StartSeconds = [")[0]
    (directory / "lines.ps1").write_text(functions + BODY, encoding="ascii")
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "SSL_CERT_FILE": str(directory / "ca.pem")}
    if proxy:
        environment["https_proxy"] = proxy
    command = ["pwsh", "-NoProfile", "-NonInteractive", "-File", str(directory / "lines.ps1"), *urls]
    ended = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0 and ended.stderr == "", ended
    return json.loads(ended.stdout)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_each_kind_of_broken_line_has_its_name(tmp_path, serve):
    """Run where DLLs lie that are called as the system's are: none of them is loaded."""
    for name in ("System.Net.Http.dll", "System.Security.dll", "System.Web.dll", "System.Web.Extensions.dll"):
        (tmp_path / name).write_bytes(b"no assembly")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    expected = {
        "https://localhost:%d" % closed_port(): "unreachable: the Portal's server (localhost) cannot be reached: the connection failed (ConnectionRefused)",
        "https://no-such-host.invalid": "name_not_resolved: the name of the Portal's server (no-such-host.invalid) could not be resolved",
        "https://localhost:%d" % serve(b"SSH-2.0-x\r\n"): "no_tls: there is no secure connection to the Portal's server (localhost): the secure channel",
        "https://localhost:%d" % serve(b"", tls="untrusted"): "not_trusted: the Portal's server (localhost) is not trusted: its certificate",
        "https://localhost:%d" % serve(b"", tls="right"): "nonsense: the Portal's server (localhost) returned an unexpected response (no complete HTTP)",
        "https://localhost:%d" % serve(b"garbage\r\n\r\n", tls="right"): "nonsense: the Portal's server (localhost) returned an unexpected response (no complete",
        "https://localhost:%d" % serve(head % 99 + b"{", tls="right"): "nonsense: the Portal's server (localhost) returned an unexpected response (no complete",
        "https://localhost:%d" % serve(head % 10**7 + b" " * 10**7, tls="right"): "nonsense: the Portal's server (localhost) returned an unexpected response "
                                                                                 "(longer than 64 KiB)",
        "https://localhost:%d" % serve(head % 15 + b'{"token":"abc"}', tls="right"): "abc ",
    }
    answers = failures(tmp_path, expected)
    assert [answer for answer, begins in zip(answers, expected.values()) if not answer.startswith(begins)] == []


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n", "refused the Windows login of this user (HTTP 407)"),
    (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "does not allow the connection; ask its administrator"),
    (None, "refused the connection or cannot be reached; check the proxy settings of Windows")])
def test_a_proxy_that_refuses_is_blamed(tmp_path, serve, answer, words):
    proxy = "http://127.0.0.1:%d" % (closed_port() if answer is None else serve(answer))
    (said,) = failures(tmp_path, ["https://portal.example"], proxy)
    assert said == f"proxy: the proxy {proxy} {words}" + said.partition(words)[2], said
