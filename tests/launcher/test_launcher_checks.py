# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""C(--check), C(--version) and C(--help): what an administrator asks."""

import hashlib
import os
import re
import subprocess

import pytest
from position import PROGRAM


@pytest.fixture(name="ready")
def fixture_ready(position):
    """A position whose desktop opens links of the scheme by a desktop entry of the user's."""
    applications = position.directory / ".local" / "share" / "applications"
    applications.mkdir(parents=True)
    (applications / "portal-launcher.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=Portal\nExec=/bin/true %u\nMimeType=x-scheme-handler/eccops-portal;\n", encoding="ascii")
    (applications / "mimeapps.list").write_text("[Default Applications]\nx-scheme-handler/eccops-portal=portal-launcher.desktop\n", encoding="ascii")
    position.applications = applications
    return position


def check(position, *options):
    """Returns (exit code, {name: verdict}, all lines)."""
    ended = position.call("--check", *options, count=0)
    assert ended.stderr == "" and position.account["password"] not in ended.stdout
    lines = [re.fullmatch(r"(ok|skipped|FAILED) +([a-z ]+?)(?: \(.*\))?: .+", line) for line in ended.stdout.splitlines()]
    assert all(lines), ended.stdout
    return ended.code, {line.group(2): line.group(1) for line in lines}, ended.stdout


GOOD = {name: "ok" for name in ("configuration", "runtime directory", "account", "connection", "handler", "browser")}


def has_xdg_mime():
    return any(os.access(os.path.join(directory, "xdg-mime"), os.X_OK) for directory in ("/usr/bin", "/bin"))


def test_all_is_well(ready, logins):
    handler = "ok" if has_xdg_mime() else "skipped"
    assert check(ready)[:2] == (0, {**GOOD, "handler": handler, "login": "skipped"}) and logins() == []
    assert check(ready, "--log-in")[:2] == (0, {**GOOD, "handler": handler, "login": "ok"}) and logins() == ["login"]


@pytest.mark.parametrize("name, code, changes", [
    ("configuration", 3, {"portal_api_url": "http://x"}), ("connection", 5, {"portal_ca_path": None}),
    ("connection", 5, {"portal_api_url": "https://localhost:1"}),
    ("account", 3, {"account_source": "command", "account_command": "/bin/false"}), ("browser", 6, {"browser_command": "/no/such/browser"}),
    ("handler", 6, {"caller_url_scheme": "another-scheme"})])
def test_what_is_wrong_is_named(ready, name, code, changes):
    if name == "handler" and not has_xdg_mime():
        pytest.skip("no xdg-mime on this machine")
    ready.configure(**changes)
    found, verdicts, _text = check(ready)
    assert found == code and [each for each, verdict in verdicts.items() if verdict == "FAILED"] == [name]


def test_more_that_is_wrong(ready, logins):
    ready.write_account(mode=0o644)
    assert check(ready, "--log-in")[:2] == (3, {**check(ready)[1], "account": "FAILED", "login": "skipped"})
    ready.write_account(password="wrong")
    code, verdicts, text = check(ready, "--log-in")
    assert code == 4 and verdicts["login"] == "FAILED" and "HTTP 401" in text
    assert check(ready, "--log-in")[0] == 4 and logins() == ["login_refused"]
    ready.runtime.chmod(0o755)
    code, verdicts, text = check(ready)
    assert code == 3 and verdicts["runtime directory"] == "FAILED" and "can be entered by others" in text
    del ready.environment["XDG_RUNTIME_DIR"]
    assert check(ready)[1]["runtime directory"] == "skipped"
    (ready.applications / "portal-launcher.desktop").unlink()
    assert check(ready)[:1] == (6,)


def test_every_problem_of_the_configuration_is_listed(ready):
    ready.configure(portal_api_url="http://x", portal_host="y", session_login_timeout_seconds="60")
    text = check(ready)[2]
    assert [line.partition(": ")[0] for line in text.splitlines()].count("FAILED  configuration") == 3


def test_the_version_shows_the_hash_for_allow_listing():
    ended = subprocess.run([str(PROGRAM), "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[1] == "sha256 " + hashlib.sha256(PROGRAM.read_bytes()).hexdigest()


def test_everything_documented_is_there_and_nothing_else(position):
    """Manual page, completion, help and documentation name the same options."""
    usage = position.call("--help", count=0).stdout
    options = set(re.findall(r"--[a-z-]+", usage))
    files = PROGRAM.parent
    manual = (files / "portal-launcher.1").read_text(encoding="utf-8").replace("\\-", "-")
    completion = (files / "portal-launcher.bash").read_text(encoding="utf-8")
    documentation = (PROGRAM.parents[4] / "docs" / "portal_launcher.md").read_text(encoding="utf-8")
    for text in (manual, completion, documentation):
        assert options <= set(re.findall(r"--[a-z-]+", text))
    assert subprocess.run(["bash", "-n", str(files / "portal-launcher.bash")], check=False).returncode == 0


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_cad_that_closed_the_standard_streams(position, closed):
    script = "exec " + " ".join(f"{each}>&-" for each in closed) + '; exec "$@"'
    position.prefix = ["sh", "-c", script, "sh"]
    ended = position.call("5555555555", stdin=None)
    assert ended.code == 0 and ended.opened[0]["answer"]["status"] == 302
    assert position.call("911", count=2).code == 2


@pytest.mark.parametrize("language", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_no_language_setting_matters(position, language):
    position.environment.update(LANG=language, LC_ALL=language)
    ended = position.call("G\u00f6teborg 5", count=2)
    assert ended.code == 2 and "<h1>G\u00f6teborg 5</h1>" in ended.opened[0]["answer"]["body"]
    position.configure(caller_pattern="G\u00f6teborg ([0-9]+)")
    assert position.call("G\u00f6teborg 5555555555").code == 0
