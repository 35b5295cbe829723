# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import provide_token
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

REFUSED = response(401, {"detail": "no"})


def jwt(seconds_left):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(time.time()) + seconds_left}).encode()).decode().rstrip("=")
    return "e30.%s.c2ln" % claims


def granted(seconds_left=7200):
    return response(body={"token": jwt(seconds_left), "refresh_token": "r"})


@pytest.fixture
def params(ca_path):
    return {
        "state": "present",
        "environment": None,
        "api_url": None,
        "api_version": "irpv1",
        "email": "dispatch@ecc.example",
        "password": "password",
        "cache_path": None,
        "min_remaining_seconds": 600,
        "caller_id": None,
        "query_url": None,
        "query_token_parameter": "access_token",
        "ca_path": ca_path,
        "timeout_seconds": 5,
    }


@pytest.fixture
def cached(params, tmp_path):
    return dict(params, cache_path=str(tmp_path / "cache"))


def kind_of(*arguments, **options):
    with pytest.raises(RapidError) as caught:
        provide_token(*arguments, **options)
    return caught.value.kind


def test_without_a_cache_every_call_logs_in_and_leaves_nothing(serve, params, tmp_path):
    server = serve(granted())
    params["api_url"] = server.url() + "/"
    results = [provide_token(params, False), provide_token(params, False, run_directory=str(tmp_path))]
    assert [result["changed"] for result in results] == [True, True]
    assert len(server.requests) == 2
    assert [name.rpartition(".")[2] for name in os.listdir(tmp_path)] == ["lock"]
    assert results[0]["api_url"] == server.url()


def test_a_cached_token_is_used_again_and_minted_anew_when_little_is_left(serve, cached):
    server = serve(granted(7200), granted(7200))
    cached["api_url"] = server.url()
    first, second = provide_token(cached, False), provide_token(cached, False)
    assert (first["changed"], first["is_from_cache"], second["changed"], second["is_from_cache"]) == (True, False, False, True)
    assert dict(second, changed=True, is_from_cache=False) == first
    assert provide_token(dict(cached, min_remaining_seconds=7201), False)["changed"] is True
    assert len(server.requests) == 2


def test_check_mode_contacts_nobody_and_creates_nothing(serve, cached):
    server = serve(granted())
    cached["api_url"] = server.url()
    assert provide_token(cached, True) == {"changed": True, "api_url": server.url(), "is_from_cache": False}
    assert not os.path.exists(cached["cache_path"])
    provide_token(cached, False)
    assert provide_token(cached, True)["changed"] is False
    assert provide_token(dict(cached, state="absent"), True) == {"changed": True}
    assert provide_token(cached, True)["changed"] is False
    assert len(server.requests) == 1


def test_absent_removes_the_cached_token_once(serve, cached):
    server = serve(granted())
    cached["api_url"] = server.url()
    provide_token(cached, False)
    absent = dict(cached, state="absent", password=None)
    assert [provide_token(absent, False)["changed"] for unused in range(2)] == [True, False]
    assert not [name for name in os.listdir(cached["cache_path"]) if name.endswith(".token")]
    assert provide_token(absent, True) == {"changed": False}


@pytest.mark.parametrize("status", [400, 401, 403, 422, 423])
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_refused_password_is_tried_once_and_another_one_at_once(serve, params, tmp_path, status, is_kept):
    server = serve(response(status, {"detail": "no"}), granted())
    params["api_url"] = server.url()
    params["cache_path"] = str(tmp_path / "cache") if is_kept else None
    kinds = {kind_of(params, False, run_directory=str(tmp_path / "run")) for unused in range(3)}
    assert len(server.requests) == 1
    assert len(kinds) == 1
    assert provide_token(dict(params, password="right"), False, run_directory=str(tmp_path / "run"))["changed"] is True
    assert kind_of(params, False, run_directory=str(tmp_path / "run")) in kinds
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_of_the_service_is_not_held_against_the_password(serve, cached, status):
    server = serve(response(status), granted())
    cached["api_url"] = server.url()
    kind_of(cached, False)
    assert provide_token(cached, False)["changed"] is True


def test_a_refusal_does_not_cost_the_right_passwords_token(serve, cached):
    server = serve(granted(), REFUSED)
    cached["api_url"] = server.url()
    provide_token(cached, False)
    assert kind_of(dict(cached, password="wrong"), False) == "login_refused"
    assert provide_token(cached, False)["changed"] is False


def test_a_cache_that_cannot_be_written_is_found_out_before_the_login(serve, cached):
    server = serve(granted())
    cached["api_url"] = server.url()
    os.mkdir(cached["cache_path"], mode=0o755)
    assert kind_of(cached, False) == "cache_unusable"
    assert server.connections == 0


def test_processes_at_once_make_one_login(serve, cached):
    def late(connection):
        time.sleep(0.3)  # long enough for all of them to stand before the same empty cache
        connection.sendall(granted())

    server = serve(late)
    cached["api_url"] = server.url()
    script = (
        "import json, sys\n"
        "from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import provide_token\n"
        "print(json.dumps(provide_token(json.loads(sys.argv[1]), False)))"
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    command = [sys.executable, "-c", script, json.dumps(cached)]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for unused in range(4)]
    results = [json.loads(process.communicate()[0]) for process in processes]
    assert len(server.requests) == 1
    assert sorted(result["changed"] for result in results) == [False, False, False, True]
    assert len({result["token"] for result in results}) == 1


def test_the_query_url_carries_the_token_and_the_session_ends_within_the_hour(serve, params):
    params.update(api_url=serve(granted(4 * 3600)).url(), caller_id="+1 555 555 5555", query_url="https://portal.example/query-interface/")
    result = provide_token(params, False)
    assert result["query_url"] == "https://portal.example/query-interface?caller_id=15555555555&access_token=" + result["token"]
    assert result["issued_at"] < result["session_expires_at"] < result["expires_at"]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"environment": None, "api_url": None}, "environment=production"),
        ({"api_url": "http://portal.example"}, "api_url must be an https URL"),
        ({"query_url": "https://x.example/?a=b"}, "query_url must be an https URL"),
        ({"caller_id": "15555555555"}, "set query_url too"),
        ({"caller_id": "911", "query_url": "https://x.example"}, "country code"),
        ({"email": "nobody"}, "not an e-mail address"),
        ({"email": "a@b c"}, "not an e-mail address"),
        ({"password": ""}, "password is empty"),
        ({"state": "absent"}, "set cache_path"),
        ({"api_version": "irpv2", "client_id": "x"}, "client_id and client_secret"),
        ({"min_remaining_seconds": -1}, "must not be negative"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_contacted(serve, params, change, words):
    server = serve(granted())
    with pytest.raises(InvalidInput, match=words):
        provide_token(dict(dict(params, api_url=server.url()), **change), False)
    assert server.connections == 0


@pytest.mark.parametrize("environment, host", [("production", "https://api.rapidsos.com"), ("sandbox", "https://api-sandbox.rapidsos.com")])
def test_an_environment_means_its_own_hosts(params, environment, host):
    assert provide_token(dict(params, environment=environment), True)["api_url"] == host
