# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Windows program, as a process: the browser lands on the caller, one login serves the session, and what happens where a browser or a language fails."""

import json
import shutil
import subprocess
import sys
import urllib.parse

import pytest
from fallback import assert_fallback
from launcher_position import DATA_DIRECTORY, LANGUAGE, SCRIPT
from position import BROWSER, NUMBER, SHOWN
from windows_position import PROGRAM

pytestmark = pytest.mark.slow
CALLER = "1" + NUMBER


def location(note):
    """The redirect's target, as (URL without query, query as a dict)."""
    assert note["answer"]["status"] == 302, note
    parts = urllib.parse.urlsplit(note["answer"]["headers"]["Location"])
    return urllib.parse.urlunsplit(parts[:3] + ("", "")), dict(urllib.parse.parse_qsl(parts.query))


def test_the_browser_lands_on_the_caller_and_the_session_needs_one_login(position, sandbox, logins):
    first = position.call("--number", "+1 (555) 555-5555")
    assert (first.code, first.stdout, first.stderr) == (0, "", "")
    (note,) = first.opened
    url, query = location(note)
    assert url == sandbox.values["rapidsos_query_url"] and set(query) == {"caller_id", "access_token"}
    page = sandbox.query_page(query["caller_id"], query["access_token"])
    assert page.status_code == 200 and SHOWN in page.text and position.account["email"] in page.text
    headers = note["answer"]["headers"]
    assert (headers["Cache-Control"], headers["Referrer-Policy"], headers["Connection"]) == ("no-store", "no-referrer", "close")
    second = position.call("--number", "ECCOPS-PORTAL://%2B44%202079460018/")
    assert second.code == 0 and location(second.opened[0])[1] == {"caller_id": "442079460018", "access_token": query["access_token"]}
    position.wine("reg", "delete", "HKCU\\Software\\PortalLauncher", "/f")  # as logging off does
    assert position.call(NUMBER).code == 0 and logins() == ["login"] * 2


def test_the_number_comes_from_standard_input_too(position, sandbox, tmp_path):
    (tmp_path / "input").write_text("555-555-5555\r\nmore", encoding="ascii")
    with open(tmp_path / "input", encoding="ascii") as file:
        ended = position.call("--stdin", stdin=file)
    assert ended.code == 0 and location(ended.opened[0])[1]["caller_id"] == CALLER


def test_no_number_opens_the_portals_login(position, sandbox, logins):
    ended = position.call()
    assert ended.code == 0 and [note["url"] for note in ended.opened] == [sandbox.values["rapidsos_api_url"] + "/login"] and logins() == []


def test_text_of_a_cad_is_no_option_and_a_refused_number_is_shown_as_text(position, logins):
    """What closes a link's quotes comes as more words; none of it is an option, and none of it is HTML."""
    ended = position.call("--number", "1 --configuration c:\\evil.ini <img src=x>", "--check", count=2)
    html = assert_fallback(position, ended, 2, "has letters in it", "1 --configuration c:\\evil.ini &lt;img src=x...")
    assert "<img" not in html and ended.stdout == "" and logins() == []


def test_the_sites_own_programs_start_with_arguments_as_written(position, sandbox, logins):
    """Their paths have backslashes and blanks; the account's program is one of Windows', the browser one of this machine's."""
    tools = position.windows.path("C:\\Site Tools")
    tools.mkdir(exist_ok=True)
    (tools / "account.json").write_text(json.dumps(position.account), encoding="utf-8")
    (tools / "browser.exe").write_text(f"#!{sys.executable} -IS\n" + BROWSER.read_text(encoding="utf-8"), encoding="utf-8")
    (tools / "browser.exe").chmod(0o755)
    (position.path.parent / "account.dpapi").unlink()
    position.configure(account_source="command", account_command='C:\\windows\\system32\\cmd.exe /c type "C:\\Site Tools\\account.json"',
                       browser_command=f'"C:\\Site Tools\\browser.exe" {position.notes} fetch')
    ended = position.call(NUMBER)
    shutil.rmtree(tools)
    assert ended.code == 0, ended
    assert location(ended.opened[0])[1]["caller_id"] == CALLER and ended.opened[0]["argv"][0].endswith("/Site Tools/browser.exe") and logins() == ["login"]


def test_two_calls_at_once_make_one_login_and_both_land(position, sandbox, logins):
    sandbox.fault("login", "latency", seconds=1, count=None)
    processes = [position.start(NUMBER) for _time in range(2)]
    for process in processes:
        assert process.communicate(timeout=4 * position.most_seconds) == ("", "") and process.returncode == 0
    assert logins() == ["login"]
    assert len({location(note)[1]["access_token"] for note in position.opened(2)}) == 1


def test_two_refused_calls_at_once_are_one_login(position, logins):
    position.use_account("wrong")
    processes = [position.start(NUMBER) for _time in range(2)]
    assert [(process.communicate(timeout=4 * position.most_seconds), process.returncode)[1] for process in processes] == [4] * 2
    assert logins() == ["login_refused"]


def test_a_browser_that_cannot_be_started(position, logins):
    position.configure(browser_command="C:\\no\\such\\browser.exe")
    ended = position.call(NUMBER, count=0)
    assert ended.code == 6 and "no browser could be started: " in ended.stderr and ended.stderr.count("\n") == 1


@pytest.mark.sibling
def test_a_browser_that_never_asks(position):
    """The Portal's login is opened in the end, and the program ends."""
    position.configure(manner="look")
    ended = position.call(NUMBER, count=2)
    assert ended.code == 6 and "the browser did not open the page within 10 seconds" in ended.stderr and ended.seconds > 9.5
    assert ended.opened[-1]["url"] == position.values["rapidsos_api_url"] + "/login"


@pytest.mark.parametrize("damage, reason", [
    ("missing", "it is not there, or cannot be read; run the role portal_launcher again"),
    ("foreign", "it was not sealed on this installation of Windows")])
def test_an_account_that_cannot_be_opened(position, logins, damage, reason):
    path = position.path.parent / "account.dpapi"
    path.unlink()
    if damage == "foreign":
        path.write_bytes(b"sealed elsewhere")
    assert_fallback(position, position.call(NUMBER, count=2), 3, f"{DATA_DIRECTORY}\\account.dpapi: {reason}")
    assert logins() == []


def test_a_configuration_that_others_can_change_is_not_used(position, logins):
    position.path.chmod(0o666)  # to wine, a right of everyone's to write
    ended = position.call(NUMBER, count=2)
    position.path.chmod(0o644)
    assert ended.code == 3 and "launcher.ini can be changed by S-1-1-0" in ended.stderr and logins() == []
    assert "https://rapidsosportal.com/login" in {note["url"] for note in ended.opened}


@pytest.fixture(name="constrained")
def fixture_constrained(position):
    """The position's PowerShell runs in constrained language mode, by the switch that PowerShell has for tests of it."""
    position.wine("reg", "add", LANGUAGE, "/v", "__PSLockdownPolicy", "/d", "4", "/f")
    yield position
    position.wine("reg", "delete", LANGUAGE, "/v", "__PSLockdownPolicy", "/f")


@pytest.mark.parametrize("arguments, count", [((NUMBER,), 1), (("--number", "--check"), 1), (("--check",), 0)])
def test_constrained_language_opens_the_login_and_names_the_hash(constrained, logins, arguments, count):
    """This runs the program's way out by the real language mode; that AppLocker or App Control bring the mode about is for a real Windows."""
    seen = len(constrained.opened())
    ended = subprocess.run([PROGRAM, "-NoProfile", "-NonInteractive", "-File", SCRIPT, *arguments], env=constrained.windows.environment,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * constrained.most_seconds, check=False)
    opened = constrained.opened(seen + count)[seen:]
    assert ended.returncode == 3 and [note["url"] for note in opened] == [constrained.values["rapidsos_api_url"] + "/login"] * count
    digest = constrained.digest()
    assert "constrained language mode" in ended.stderr and digest in ended.stderr.lower().replace("\n", "").replace(" ", "") and logins() == []
