# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the token cache is private, refuses what others could read or replace, and never costs a login for nothing."""

import os
import resource
import stat

import pytest
from harness import assert_sentence, task

pytestmark = pytest.mark.slow
TOKEN = "rapidsos_portal_token"


def log_in(name="log in", **options):
    return task(name, TOKEN, {"register": "portal"}, **options)


def token_file(cache):
    (found,) = cache.glob("*.token")
    return found


@pytest.fixture(name="cache")
def fixture_cache(tmp_path):
    return tmp_path / "keep" / "cache"


def test_modes_and_content(sandbox, run_playbook, cache):
    old = os.umask(0)
    try:
        run = run_playbook([log_in(cache_path=str(cache)), {"name": "show", "ansible.builtin.debug": {"msg": "{{ portal.token }}"}}])
    finally:
        os.umask(old)
    token = run.result("show")["msg"]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    names = sorted(path.suffix for path in cache.iterdir())
    assert names == [".lock", ".token"] and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in cache.iterdir())
    raw = token_file(cache).read_bytes()
    assert len(token) > 40 and not any(piece.encode() in raw for piece in (token, *token.split("."), sandbox.account["email"]))
    assert sandbox.account["email"] not in token_file(cache).name


def test_what_others_could_read_or_replace_is_refused_before_a_login(sandbox, run_playbook, tmp_path):
    places = {name: tmp_path / name for name in ("open", "writable", "real", "plain", "locked")}
    for name, mode in (("open", 0o755), ("writable", 0o770), ("real", 0o700), ("locked", 0o700)):
        places[name].mkdir()
        places[name].chmod(mode)
    places["plain"].write_text("a file")
    (tmp_path / "link").symlink_to(places["real"])
    cases = {
        "open": (places["open"], "open to other users"), "writable": (places["writable"], "chmod 700"),
        "link": (tmp_path / "link", "symbolic link"), "plain": (places["plain"], "cannot be created"),
        "below a file": (places["plain"] / "cache", "cannot be created"),
        "no place for a lock": ("/proc/self/fd", "lock cannot be opened"),  # ours, mode 0500, and not even root can write there
    }
    if os.geteuid() == 0:
        (tmp_path / "foreign").mkdir(mode=0o700)
        os.chown(tmp_path / "foreign", 65534, 65534)
        cases["foreign"] = (tmp_path / "foreign", "belongs to another user")
    else:
        cases["foreign"] = ("/", "belongs to another user")
        places["locked"].chmod(0o500)
        cases["read-only"] = (places["locked"], "lock cannot be opened")
    run = run_playbook([log_in(name, cache_path=str(path)) for name, (path, _said) in cases.items()])
    for name, (path, said) in cases.items():
        assert assert_sentence(run.result(name), "cache_unusable", "cache_path '%s' cannot be used" % path, said)
    assert sandbox.stats()["connections"].get("portal", 0) == 0 and list(places["real"].iterdir()) == []


def test_a_full_disk_is_noticed_before_a_login(sandbox, run_playbook, cache):
    """No file may grow beyond 8,000 bytes, as on a disk that has no more room."""
    run = run_playbook(
        [log_in(cache_path=str(cache))], preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000)),
        env={"PYTHONDONTWRITEBYTECODE": "1"})  # else Python would leave what it compiles cut off
    assert assert_sentence(run.result("log in"), "cache_unusable", "nothing can be written", str(cache))
    assert sandbox.stats()["calls"].get("login") is None and list(cache.glob("*.token")) == []


def test_entries_that_were_tampered_with(sandbox, run_playbook, cache, tmp_path):
    """A loose mode or a link is refused; a cut-off or foreign content only means a new login."""
    options = {"cache_path": str(cache)}
    assert run_playbook([log_in(**options)]).result("log in")["changed"] is True
    entry = token_file(cache)

    entry.chmod(0o640)
    assert assert_sentence(run_playbook([log_in(**options)]).result("log in"), "cache_unusable", "token file is open to other users", "chmod")
    entry.chmod(0o600)

    elsewhere = tmp_path / "elsewhere"
    entry.rename(elsewhere)
    entry.symlink_to(elsewhere)
    assert assert_sentence(run_playbook([log_in(**options)]).result("log in"), "cache_unusable", "cannot be opened safely")
    assert len(sandbox.effects("login")) == 1
    entry.unlink()
    elsewhere.rename(entry)

    whole = entry.read_bytes()
    for content in (b"", whole[:40], b"\xff\x00garbage", b"[1, 2]"):
        entry.write_bytes(content)
        run = run_playbook([log_in(**options), log_in("again", **options)])
        assert (run.result("log in")["changed"], run.result("again")["changed"]) == (True, False)
    assert len(sandbox.effects("login")) == 5


def test_another_password_finds_nothing_and_costs_the_right_one_nothing(sandbox, run_playbook, cache):
    options = {"cache_path": str(cache)}
    run = run_playbook([log_in("right", **options), log_in("wrong", **options, password="a wrong one"), log_in("right again", **options)])
    assert run.result("right")["changed"] is True and run.result("right again")["changed"] is False
    assert assert_sentence(run.result("wrong"), "login_refused", "HTTP 401")
    assert [entry["effect"] for entry in sandbox.effects()] == ["login", "login_refused"]
