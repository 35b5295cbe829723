# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A call that goes well: the browser is sent to the Portal's page of the caller, once, and one login serves the session."""

import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest
from position import NUMBER, SHOWN

CALLER = "1" + NUMBER


def location(note):
    """The redirect's target, as (URL without query, query as a dict)."""
    assert note["answer"]["status"] == 302, note
    parts = urllib.parse.urlsplit(note["answer"]["headers"]["Location"])
    return urllib.parse.urlunsplit(parts[:3] + ("", "")), dict(urllib.parse.parse_qsl(parts.query))


def test_the_browser_lands_on_the_caller_and_the_session_needs_one_login(position, sandbox, logins):
    first = position.call("+1 (555) 555-5555")
    assert (first.code, first.stdout, first.stderr) == (0, "", "")
    (note,) = first.opened
    url, query = location(note)
    assert url == sandbox.values["rapidsos_query_url"] and set(query) == {"caller_id", "access_token"}
    page = sandbox.query_page(query["caller_id"], query["access_token"])
    assert page.status_code == 200 and SHOWN in page.text and position.account["email"] in page.text
    headers = note["answer"]["headers"]
    assert (headers["Cache-Control"], headers["Referrer-Policy"], headers["Connection"]) == ("no-store", "no-referrer", "close")
    second = position.call("+44 2079460018")
    assert second.code == 0 and location(second.opened[0])[1] == {"caller_id": "442079460018", "access_token": query["access_token"]}
    assert logins() == ["login"]
    assert position.memory.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in position.memory.iterdir()} == {"lock": 0o600, "token.json": 0o600}


@pytest.mark.parametrize("arguments, standard_input", [
    (["eccops-portal:15555555555"], None), (["ECCOPS-PORTAL://%2B1%20(555)%20555-5555/"], None), (["-"], "555-555-5555\r\nmore"), (["--", NUMBER], None),
    (["--stdin"], "555-555-5555")])
def test_the_number_comes_from_a_link_or_standard_input_too(position, sandbox, tmp_path, arguments, standard_input):
    options = {}
    if standard_input is not None:
        (tmp_path / "input").write_text(standard_input, encoding="utf-8")
        options["stdin"] = open(tmp_path / "input", encoding="utf-8")  # noqa: SIM115
    ended = position.call(*arguments, **options)
    assert ended.code == 0 and location(ended.opened[0])[1]["caller_id"] == CALLER


def test_a_sites_rules(position, sandbox):
    position.configure(caller_pattern=r"ANI=([0-9]+)", caller_url_scheme="center-call", portal_query_token_parameter="access_key")
    ended = position.call("center-call:POS%3D7;ANI=5555555555")
    assert ended.code == 0 and set(location(ended.opened[0])[1]) == {"caller_id", "access_key"}
    position.configure(caller_country_code="44")
    ended = position.call("2079460018")
    assert location(ended.opened[0])[1]["caller_id"] == "442079460018"


def test_the_browser_is_detached_from_the_cad(position, sandbox):
    (note,) = position.call(NUMBER).opened
    assert note["is_session_leader"] and note["streams"] == ["/dev/null"] * 3 and note["cwd"] == "/"
    assert note["descriptors"] <= 4  # three, and the listing's own
    assert note["environ"] == {**position.environment, **{name: note["environ"][name] for name in ("LC_CTYPE", "PWD") if name in note["environ"]}}


def test_what_a_browser_opens_before_its_request_is_in_nobodys_way(position, sandbox):
    position.configure(manner="preconnect")
    ended = position.call(NUMBER)
    assert ended.code == 0 and ended.opened[0]["favicon"]["status"] == 404
    assert location(ended.opened[0])[1]["caller_id"] == CALLER and ended.seconds < 5


def test_a_browser_that_takes_its_time(position, sandbox):
    position.configure(manner="late")
    ended = position.call(NUMBER)
    assert ended.code == 0 and location(ended.opened[0])[1]["caller_id"] == CALLER and len(ended.opened) == 1


def test_no_number_opens_the_portals_login(position, sandbox, logins):
    ended = position.call()
    assert ended.code == 0 and ended.opened[0]["url"] == sandbox.values["rapidsos_api_url"] + "/login"
    assert logins() == []


@pytest.mark.parametrize("token_format", ["jwt_seconds", "jwt_milliseconds", "opaque"])
def test_a_token_that_ends_soon_is_not_used_again(position, sandbox, logins, token_format):
    sandbox.switch(token_format=token_format)
    assert position.call(NUMBER).code == 0
    kept = position.kept("token")
    assert kept["expires_at"] - os.stat(position.memory / "token.json").st_mtime == pytest.approx(3600, abs=3)
    for left, count in ((630, 1), (590, 2), (-5, 3), (5000, 4)):
        entry = {**position.kept("token"), "expires_at": int(os.stat(position.memory / "token.json").st_mtime) + left}
        (position.memory / "token.json").write_text(json.dumps(entry), encoding="utf-8")
        assert position.call(NUMBER).code == 0
        assert len(logins()) == count


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"token": 5}', "[" * 60000, "\0" * 70000])
def test_garbage_in_the_cache_is_no_cache(position, sandbox, logins, content):
    assert position.call(NUMBER).code == 0
    (position.memory / "token.json").write_text(content, encoding="utf-8")
    assert position.call(NUMBER).code == 0 and len(logins()) == 2
    assert position.call(NUMBER).code == 0 and len(logins()) == 2


def test_another_account_or_service_is_another_session(position, sandbox, logins):
    assert position.call(NUMBER).code == 0
    other = sandbox.values["sandbox_accounts"][1]
    position.write_account(email=other["email"], password=other["password"])
    note = position.call(NUMBER).opened[0]
    page = sandbox.query_page(CALLER, location(note)[1]["access_token"])
    assert other["email"] in page.text and len(logins()) == 2


def test_two_calls_at_once_make_one_login(position, sandbox, logins):
    sandbox.fault("login", "latency", seconds=0.5, count=None)
    processes = [position.start(NUMBER) for _time in range(4)]
    for process in processes:
        assert process.communicate(timeout=20) == ("", "") and process.returncode == 0
    assert logins() == ["login"]
    assert {location(note)[1]["access_token"] for note in position.opened(4)} == {position.kept("token")["token"]}


def test_a_call_without_the_sessions_variables_finds_its_memory(position, logins):
    usual = pathlib.Path("/run/user/%d" % os.geteuid())
    if os.geteuid() != 0 or usual.exists() or not os.access("/run", os.W_OK):
        pytest.skip("only root can make %s for this test, and only where there is none" % usual)
    has_parent = usual.parent.exists()
    usual.parent.mkdir(exist_ok=True)
    usual.symlink_to(position.runtime)
    try:
        del position.environment["XDG_RUNTIME_DIR"]
        assert [position.call(NUMBER).code for _count in (1, 2)] == [0, 0]
        assert logins() == ["login"]
    finally:
        usual.unlink()
        if not has_parent:
            usual.parent.rmdir()


@pytest.mark.parametrize("damage", ["none", "disk", "link", "open", "open_inside", "file"])
def test_without_a_private_place_in_memory_nothing_is_kept(position, sandbox, logins, tmp_path, damage):
    place = tmp_path / "elsewhere"
    place.mkdir(mode=0o700)
    if damage == "none":
        if pathlib.Path("/run/user/%d" % os.geteuid()).exists():
            pytest.skip("this user is logged in to a desktop session, whose memory would be used")
        del position.environment["XDG_RUNTIME_DIR"]
    elif damage == "disk":
        if "tmpfs" in subprocess.run(["stat", "-f", "-c", "%T", str(place)], capture_output=True, text=True, check=True).stdout:
            pytest.skip("the temporary directory of this machine is in memory")
        position.environment["XDG_RUNTIME_DIR"] = str(place)
    elif damage == "link":
        position.memory.symlink_to(place)
    elif damage == "open":
        position.runtime.chmod(0o755)
    elif damage == "open_inside":
        position.memory.mkdir(mode=0o700)
        position.memory.chmod(0o750)
    elif damage == "file":
        position.memory.write_text("", encoding="utf-8")
    for count in (1, 2):
        assert position.call(NUMBER).code == 0
        assert len(logins()) == count
    assert not list(place.rglob("*.json")) and not list(position.runtime.rglob("*.json"))


def test_a_file_that_others_may_read_or_that_points_elsewhere_is_not_used(position, sandbox, logins, tmp_path):
    assert position.call(NUMBER).code == 0
    kept = position.memory / "token.json"
    kept.chmod(0o644)
    assert position.call(NUMBER).code == 0 and len(logins()) == 2 and kept.stat().st_mode & 0o777 == 0o600
    (tmp_path / "token").write_bytes(kept.read_bytes())
    (tmp_path / "token").chmod(0o600)
    kept.unlink()
    kept.symlink_to(tmp_path / "token")
    before = (tmp_path / "token").read_bytes()
    assert position.call(NUMBER).code == 0 and len(logins()) == 3
    assert not kept.is_symlink() and (tmp_path / "token").read_bytes() == before


def test_the_sites_command_gives_the_account(position, sandbox, logins, tmp_path):
    (tmp_path / "account").write_text(json.dumps(position.account), encoding="utf-8")
    position.configure(account_source="command", account_command=f"/bin/cat '{tmp_path}/account'")
    assert position.call(NUMBER).code == 0 and position.call(NUMBER).code == 0
    assert logins() == ["login"]
