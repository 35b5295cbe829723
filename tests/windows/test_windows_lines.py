# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves by a real PowerShell (7, on Linux) what the Windows program calls a line that is broken, and that it loads nothing from where it runs."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading

import powershell
import pytest
from ansible_collections.eccops.rapid.tests.unit.support import certificates

pytestmark = [pytest.mark.slow, pytest.mark.powershell("pwsh")]
BODY = r"""
$StartSeconds = 0.0
Import-Assembly
$answers = @()
foreach ($url in $args) {
    $configuration = @{ Values = @{ 'portal api_url' = $url } }
    try { $answers += [string](Read-LoginAnswer (Start-Login $configuration @{ email = 'a@b.example'; password = 'x' }) 60.0) }
    catch { $answers += [string]$_.Exception.Data['Kind'] + ': ' + $_.Exception.Message }
}
[System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answers -Compress))
"""
#: A call whose own start took so long that its time is up when the login begins; the test is the browser.
CALL = r"""
$StartSeconds = 4.4
$LateSeconds = 60
Import-Assembly
function Get-KnownAccount { return @{ email = 'a@b.example'; password = 'x' } }
function Start-Browser([hashtable]$Configuration, [string]$Url) { [System.Console]::Out.WriteLine($Url) }
$text = "[portal]`napi_url = $($args[0])`nquery_url = https://portal.example/q`nlogin_url = https://portal.example/login`n"
$configuration = ConvertFrom-ConfigurationText $text
$configuration.Values['session login_timeout_seconds'] = $args[1]
$code = Invoke-Call $configuration '5555555555' ''
Wait-LateLogin
if ($null -ne $Pending['Login']) { [System.Console]::Out.WriteLine('late ' + $Pending['Login'].Task.Status) }
exit $code
"""
START_PROCESS = "function Start-Process([string]$FilePath) { [System.Console]::Out.WriteLine($FilePath) }"
CHECKS = r"""
$StartSeconds = 0.0
function Test-Desktop { return $script:HasDesktop }
$HasDesktop = $false
$codes = @((Invoke-Check 'connection' { throw (New-Failure 'unreachable' 'portal.example' 'x') }))
$codes += Invoke-Check 'trust' { throw (New-Failure 'not_trusted' 'portal.example' 'x') }
$HasDesktop = $true
$codes += Invoke-Check 'connection' { throw (New-Failure 'unreachable' 'portal.example' 'x') }
[System.Console]::Out.WriteLine("codes $codes")
$whole = Get-HandlerCommand
$handlers = @((Test-HandlerCommand $whole), (Test-HandlerCommand $whole.Replace('"\conhost.exe" ', '')), (Test-HandlerCommand "$whole x"))
[System.Console]::Out.WriteLine("handlers $handlers")
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

    def answer_all(listener, answer, context, is_allowed):
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) if context else client as client:
                    client.recv(4096)
                    is_allowed.wait(30)
                    client.sendall(answer)

    def serve(answer, tls=None, is_allowed=None):
        listening.append(socket.create_server(("127.0.0.1", 0)))
        if is_allowed is None:
            is_allowed = threading.Event()
            is_allowed.set()
        threading.Thread(target=answer_all, args=(listening[-1], answer, contexts.get(tls), is_allowed), daemon=True).start()
        return listening[-1].getsockname()[1]

    yield serve
    for each in listening:
        each.shutdown(socket.SHUT_RDWR)
        each.close()


def failures(directory, urls, proxy=None):
    """Returns what the program says of a login at each of these addresses; it runs in the directory."""
    process = start(directory, BODY, urls, {"https_proxy": proxy} if proxy else {})
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0 and stderr == "", stderr
    return json.loads(stdout)


def start(directory, body, arguments, environment):
    functions = powershell.PROGRAM.read_text(encoding="ascii").partition("$StartSeconds = [")[0]
    (directory / "lines.ps1").write_text(functions + body, encoding="ascii")
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "SSL_CERT_FILE": str(directory / "ca.pem"), **environment}
    command = ["pwsh", "-NoProfile", "-NonInteractive", "-File", str(directory / "lines.ps1"), *arguments]
    return subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
        "https://localhost:%d" % serve(b"garbage\r\n\r\n", tls="right"): "nonsense: the Portal's server (localhost) returned an unexpected response (no",
        "https://localhost:%d" % serve(head % 99 + b"{", tls="right"): "nonsense: the Portal's server (localhost) returned an unexpected response (no complete",
        "https://localhost:%d" % serve(head % 10**7 + b" " * 10**7, tls="right"):
            "nonsense: the Portal's server (localhost) returned an unexpected response (longer than 64 KiB)",
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


def test_a_check_by_who_is_no_dispatcher_does_not_fail_for_what_is_the_dispatchers_own(tmp_path):
    """A deployment over the network has another proxy: it is not rolled back for that, but for what is wrong for all."""
    with start(tmp_path, CHECKS, [], {}) as process:
        said = process.stdout.read().splitlines()
    assert [line.split(":")[0] for line in said] == ["skipped connection", "FAILED  trust", "FAILED  connection", "codes 0 5 5", "handlers True True False"]
    assert "run --check as a dispatcher" in said[0]


def test_another_browser_is_tried_where_the_first_fetches_nothing(tmp_path, serve):
    body = b'{"token":"abc"}'
    port = serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), tls="right")
    quick = CALL.replace("4.4", "0.0").replace("Import-Assembly", "$SecondBrowserSeconds = 0.2\n$DecisionSeconds = 60\n" + START_PROCESS)
    with start(tmp_path, quick, ["https://localhost:%d" % port, "60"], {}) as process:
        first, second = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert second == "microsoft-edge:" + first and ask(first)[0] == 302 and process.wait(30) == 0


def ask(url):
    """Returns (status, headers, text) of a GET that follows nothing."""
    host, slash, path = url.partition("http://")[2].partition("/")
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", slash + path)
    answer = connection.getresponse()
    with contextlib.closing(connection):
        return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8")


@pytest.mark.parametrize("is_in_time", [True, False])
def test_a_login_has_its_own_time_and_who_waits_sees_a_page_meanwhile(tmp_path, serve, is_in_time):
    """What comes too late for its call is still received, to be kept."""
    is_allowed, body = threading.Event(), b'{"token":"abc"}'
    port = serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), tls="right", is_allowed=is_allowed)
    with start(tmp_path, CALL, ["https://localhost:%d" % port, "60" if is_in_time else "0.5"], {}) as process:
        url = process.stdout.readline().strip()
        status, headers, text = ask(url)
        assert status == 200 and "takes longer than usual" in text and "<h1>+1 (555) 555-5555</h1>" in text
        seconds, _semicolon, path = headers["Refresh"].partition("; url=")
        if is_in_time:
            is_allowed.set()
        status, headers, text = ask(url.rpartition("/")[0] + path)
        if is_in_time:
            assert status == 302 and headers["Location"] == "https://portal.example/q?caller_id=15555555555&access_token=abc"
        else:
            assert status == 200 and "did not answer within 0.5 seconds" in text and process.stdout.readline().strip() == "https://portal.example/login"
            is_allowed.set()
        assert seconds == "1" and process.stdout.read().strip() == ("" if is_in_time else "late RanToCompletion")
        assert process.wait(30) == (0 if is_in_time else 5)
