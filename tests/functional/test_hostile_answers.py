# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a service answers cannot forge a line, or move the cursor, in the terminal or in the log."""

import ssl

import pytest
from harness import Playbooks, play, task

from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import ScriptedServer, response

LINE = "ok: [localhost] => all is fine"
FORGED = "gone\r\x1b[2K%s\n%s\u009b2J\u202e\x07" % (LINE, LINE)
ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"
ANSWERS = {
    "message": response(400, {"Number": 77, "Message": FORGED}),
    "forbidden": response(403, {"Message": FORGED}),
    "credential": response(200, {"RequestId": ID, "AnonId": FORGED, "Status": FORGED, FORGED: [FORGED]}),
    "another": response(200, {"RequestId": FORGED, "AnonId": "a", "Status": "Collected"}),
    "reason": ("HTTP/1.1 400 " + FORGED + "\r\n\r\n").encode("latin-1", "replace"),
    "header": response(302, headers=[("Location", "https://h\r\x1b[2K" + LINE), ("Server", "\x1b[2K" + LINE)]),
    "retry": response(429, headers=[("Retry-After", "\x1b[2K" + LINE)]),
}


@pytest.fixture(scope="module", name="servers")
def fixture_servers(tmp_path_factory):
    """{name of an answer: the server that gives it}."""
    place = tmp_path_factory.mktemp("servers")
    authority, key = certificates.Authority(), certificates.new_key()
    certificate = authority.issue("localhost", key, host_names=["localhost"])
    pem, ca_path = place / "server.pem", place / "ca.pem"
    pem.write_bytes(certificates.key_pem(key) + certificates.certificate_pem(certificate))
    ca_path.write_bytes(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    sac_key = certificates.new_key()
    sac = certificates.certificate_pem(authority.issue("Test SAC", sac_key)) + certificates.key_pem(sac_key, "correct horse")
    servers = {name: ScriptedServer(context, [answer]) for name, answer in ANSWERS.items()}
    for server in servers.values():
        server.options = {"api_url": server.url("localhost"), "ca_path": str(ca_path), "retry_budget_seconds": 0, "timeout_seconds": 5}
        server.sac = {"sac_content": sac.decode("ascii"), "sac_passphrase": "correct horse"}
        server.login = {"email": "launcher@ecc.example", "password": "secret-portal-7"}
    yield servers
    for server in servers.values():
        server.close()


def tasks(name, server):
    login = {option: server.options[option] for option in ("api_url", "ca_path", "timeout_seconds")}
    return [task(name + ": ask", "rapidauth_request", {"register": "answer"}, request_id=ID, **server.options, **server.sac),
            task(name + ": show", "ansible.builtin.debug", var="answer"),
            task(name + ": say", "ansible.builtin.debug", msg="{{ answer.msg | default(answer.response) }}"),
            task(name + ": log in", "rapidsos_portal_token", **login, **server.login)]


@pytest.mark.parametrize("verbosity", [0, 3])
def test_no_line_is_forged(servers, tmp_path, verbosity):
    log = tmp_path / "log"
    before = {name: len(server.requests) for name, server in servers.items()}
    every = [each for name, server in servers.items() for each in tasks(name, server)]
    run = Playbooks(None, tmp_path)([play(every, module_defaults={})], verbosity=verbosity, env={"ANSIBLE_LOG_PATH": log})
    assert all(len(server.requests) >= before[name] + 2 for name, server in servers.items()), run.output
    for text in (run.output, log.read_text(encoding="utf-8")):
        assert not [line for line in text.splitlines() if line.strip().startswith(LINE)], text
        assert not [line for line in text.split("\n") if not line.isprintable()], text
