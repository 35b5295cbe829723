# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, MissingLibrary, NotSent, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._http import requests_connection
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_https_url, validate_limits
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, days_from_now, key_pem
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"


@pytest.mark.parametrize(
    "url, taken",
    [
        ("https://host.example/rapid/", "https://host.example/rapid"),
        ("HTTPS://HOST:8443", "HTTPS://HOST:8443"),
        ("https://[::1]:8443/rapid", "https://[::1]:8443/rapid"),
    ],
)
def test_a_plain_https_url_is_taken_without_its_last_slash(url, taken):
    assert validate_https_url(url, "api_url") == taken


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host.example",
        "http://host.example",
        "file:///etc/passwd",
        "https://",
        "https:///rapid",
        "https://user@host",
        "https://user:MARKER@host",
        "https://:MARKER@host",
        "https://host/?a=MARKER",
        "https://host/#f",
        "https://[::1",
        "https://host:99999",
        "https://host:port",
        "https://.",
        "https://" + "x" * 70,
    ],
)
def test_any_other_url_is_refused_without_quoting_it(url):
    with pytest.raises(InvalidInput, match="^query_url must be an https URL") as caught:
        validate_https_url(url, "query_url")
    assert "MARKER" not in caught.value.message


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="htps:/.[]@?#%0123:a é\u200b\n\\", max_size=30).map("https://".__add__))
def test_no_url_raises_anything_else(connect, monkeypatch, url):
    monkeypatch.setattr(socket, "getaddrinfo", _resolve_nothing)
    try:
        taken = validate_https_url(url, "api_url")
    except InvalidInput:
        return
    try:
        connect(None, url=taken).send_once("POST", "/x", json={})
    except NotSent:
        pass


def _resolve_nothing(*unused, **also_unused):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    "name, value", [("timeout_seconds", 0), ("timeout_seconds", -1), ("timeout_seconds", 3601), ("retry_budget_seconds", -1), ("retry_budget_seconds", 10**9)]
)
def test_limits_that_make_no_sense_are_named(name, value):
    validate_limits({"timeout_seconds": 1, "retry_budget_seconds": 0})
    with pytest.raises(InvalidInput, match=name):
        validate_limits({name: value})


@pytest.fixture
def params(authority, ca_path, tmp_path):
    key = certificates.new_key()
    path = tmp_path / "sac.pem"
    path.write_bytes(key_pem(key, "passphrase") + certificate_pem(authority.issue("Harbor County", key)))
    return {
        "api_url": "https://127.0.0.1/rapid/",
        "ca_path": ca_path,
        "sac_path": str(path),
        "sac_passphrase": "passphrase",
        "timeout_seconds": 5,
        "retry_budget_seconds": 0,
    }


def test_the_same_options_give_the_same_client_and_connection(serve, params):
    server = serve(response(body={"RequestId": ID, "Status": "Collected"}))
    params["api_url"] = server.url() + "/rapid/"
    for unused in range(3):
        assert rapidauth_client(dict(params)).get_request(ID).status == "Collected"
    assert {request.path for request in server.requests} == {"/rapid/requests/" + ID}
    assert server.connections == 1


def test_a_missing_requests_is_named_before_anything_is_sent(serve, params, monkeypatch):
    server = serve()
    monkeypatch.setattr(requests_connection, "requests", None)
    monkeypatch.setattr(requests_connection, "REQUESTS_ERROR", "No module named 'requests'")
    with pytest.raises(MissingLibrary, match="^the Python library 'requests' is needed to talk to a service: No module named 'requests'$") as caught:
        rapidauth_client(dict(params, api_url=server.url()))
    assert caught.value.kind == "missing_library" and caught.value.is_service_wide and not server.connections


def test_it_says_which_library_is_missing_where_there_is_none():
    script = ("import sys; sys.modules['requests'] = None\n"
              "from ansible_collections.eccops.rapid.plugins.module_utils._portal import token\n"
              "from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth import connect\n"
              "from ansible_collections.eccops.rapid.plugins.module_utils._http.requests_connection import RequestsConnection\n"
              "try:\n    RequestsConnection('https://127.0.0.1', None, 5)\n"
              "except Exception as error: print(error.message)")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.startswith("the Python library 'requests' is needed to talk to a service: "), run.stderr


@pytest.mark.parametrize("change", [{"api_url": "https://other.example"}, {"timeout_seconds": 6}, {"retry_budget_seconds": 1}, {"ca_path": None}])
def test_other_options_give_another_client(params, change):
    assert rapidauth_client(params) is not rapidauth_client(dict(params, **change))


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_another_environment_gives_another_client(params, monkeypatch, ca_path, name):
    client = rapidauth_client(params)
    monkeypatch.setenv("UNRELATED", "x")
    assert rapidauth_client(params) is client
    monkeypatch.setenv(name, ca_path if "C" in name else "http://127.0.0.1:9")
    other = rapidauth_client(params)
    assert other is not client
    monkeypatch.delenv(name)
    assert rapidauth_client(params) is client


def test_a_client_is_not_found_by_a_wrong_passphrase_or_after_its_sac_changed(params, authority):
    client = rapidauth_client(params)
    for passphrase in (None, "wrong"):
        with pytest.raises(SacUnusable):
            rapidauth_client(dict(params, sac_passphrase=passphrase))
    key = certificates.new_key()
    with open(params["sac_path"], "wb") as file:
        file.write(key_pem(key) + certificate_pem(authority.issue("Renewed", key)))
    assert rapidauth_client(params).sac.subject == "CN=Renewed"
    assert client.sac.subject == "CN=Harbor County"


def test_a_fork_makes_a_client_of_its_own(params, monkeypatch):
    client = rapidauth_client(params)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert rapidauth_client(params) is not client


def test_an_expired_sac_is_found_before_anything_is_contacted(serve, params, authority):
    server = serve()
    key = certificates.new_key()
    expired = authority.issue("Harbor County", key, days_from_now(-9), days_from_now(-2))
    with pytest.raises(SacUnusable) as caught:
        rapidauth_client(dict(params, api_url=server.url(), sac_path=None, sac_content=(key_pem(key) + certificate_pem(expired)).decode()))
    assert caught.value.kind == "sac_expired"
    assert server.connections == 0
