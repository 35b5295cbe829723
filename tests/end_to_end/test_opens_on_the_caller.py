# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A call comes in: from the CAD's command line, from links, to the Portal's page in the default browser; and the token is nowhere else."""

import functools
import http.server
import json
import pathlib
import re
import subprocess
import threading
import urllib.parse

import pytest
from desk import HANDLER_POLICY, HOST, PROFILE, RUNTIME
from harness import REPOSITORY, effects_since_reset

SEARCH = pathlib.Path(__file__).with_name("token_search.py")
DIGITS, SHOWN = "15555555555", "+1 (555) 555-5555"


def effects(desk, *names):
    return effects_since_reset(desk.sandbox.admin("GET", "/audit").json()["entries"], *names)


def ensure_open_on_caller(desk, digits=DIGITS):
    """Returns the token of the page that shows the right caller and account."""
    page, _seconds = desk.chromium.wait_for(lambda page: "query-interface" in page["url"] and digits in page["url"])
    assert desk.chromium.evaluate(page, "document.querySelector('#caller').dataset.callerId") == digits
    assert desk.chromium.evaluate(page, "document.querySelector('#session').textContent") == desk.sandbox.account["email"]
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page["url"]).query))["access_token"]


@pytest.mark.parametrize("command", [
    ("portal-launcher", "--number", "+1 (555) 555-5555"), ("portal-launcher", "eccops-portal:15555555555"),
    ("sh", "-c", "echo 555-555-5555 | portal-launcher -"),
    ("xdg-open", "eccops-portal:15555555555"), ("gtk-launch", "portal-launcher.desktop", "eccops-portal:15555555555")], ids=lambda command: command[0])
def test_a_cad_calls(browser, command):
    code, said, _times = browser.call(*command)
    assert code == 0, said
    ensure_open_on_caller(browser)
    assert len(effects(browser, "login")) == 1 and effects(browser, "login_refused") == []


def test_the_browser_need_not_run(browser):
    browser.stop_browser()
    code, said, _times = browser.call("portal-launcher", "5555555555")
    assert code == 0, said
    ensure_open_on_caller(browser)
    browser.stop_browser()


@pytest.fixture
def cad_page(browser, tmp_path):
    """The address of a page with a link of our scheme, on another machine than the desk."""
    (tmp_path / "cad.html").write_text('<title>CAD</title><a id="caller" href="eccops-portal:15555555555">Caller</a>', encoding="utf-8")
    handler = functools.partial(type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None}), directory=tmp_path)
    with http.server.ThreadingHTTPServer((browser.fleet.gateway, 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://controller:{server.server_address[1]}/cad.html"
        server.shutdown()


def test_a_link_is_clicked_in_the_browser(browser, cad_page):
    browser.call("xdg-open", cad_page)
    page, _seconds = browser.chromium.wait_for(lambda page: page["title"] == "CAD")
    browser.chromium.click(page, "#caller")
    ensure_open_on_caller(browser)


def test_a_second_call_of_the_session_does_not_log_in(browser):
    assert browser.call("portal-launcher", "5555555555")[0] == 0
    token = ensure_open_on_caller(browser)
    assert browser.call("portal-launcher", "5555550123")[0] == 0
    assert ensure_open_on_caller(browser, "15555550123") == token
    assert len(effects(browser, "login")) == 1
    assert {entry["identity"] for entry in effects(browser, "query_page_opened")} == {browser.sandbox.account["email"]}


def test_the_token_is_nowhere_but_in_the_session_and_the_browser(browser):
    """Looked for all the time in all processes, and afterwards in all files and the journal; what the profile keeps is printed."""
    browser.write("/root/token_search.py", SEARCH.read_text(encoding="utf-8"))
    browser.root("rm", "-f", "/run/stop-watching")
    with _watching(browser) as watched:
        for command in (("portal-launcher", "5555555555"), ("xdg-open", "eccops-portal:15555555555"), ("portal-launcher", "not a number")):
            browser.call(*command)
        token = ensure_open_on_caller(browser)
    assert watched["rounds"] > 5 and watched["found"] == {}, watched
    assert token[-24:] not in browser.root("journalctl", "--no-pager", "--output=export")
    paths = _files_with(browser, token)
    in_profile = [path for path in paths if path.startswith(PROFILE)]
    assert set(paths) - set(in_profile) <= {f"{RUNTIME}/portal-launcher/token.json"}, paths
    browser.stop_browser()
    closed = _below_profile(_files_with(browser, token))
    print(f"\nwhile it runs, the profile holds the token in: {_below_profile(in_profile)}; after it was closed: {closed}")
    assert [path for path in closed if not path.startswith(KEPT_BY_DEFAULT)] == [], closed


DOCUMENT = (REPOSITORY / "docs" / "portal_launcher.md").read_text(encoding="utf-8")
#: The policy for Chromium that the document gives.
POLICY = json.loads(re.search(r"chromium/policies/managed/.*?```json\n(.*?)```", DOCUMENT, re.DOTALL)[1])
#: What Chromium keeps without it, below its profile.
KEPT_BY_DEFAULT = ("Default/History", "Default/Sessions/", "segmentation_platform/")


def test_with_the_documented_policy_the_browser_keeps_nothing(browser):
    browser.stop_browser()
    browser.root("rm", "-rf", PROFILE)
    browser.set_policy({**HANDLER_POLICY, **POLICY})
    try:
        browser.start_browser()
        browser.call("portal-launcher", "5555555555")
        token = ensure_open_on_caller(browser)
        browser.write("/root/token_search.py", SEARCH.read_text(encoding="utf-8"))
        while_open = _below_profile(_files_with(browser, token))
        browser.stop_browser()
        closed = _below_profile(_files_with(browser, token))
        assert (while_open, closed) == ([], [])
    finally:
        browser.stop_browser()
        browser.set_policy(HANDLER_POLICY)


def _below_profile(paths):
    return [path[len(PROFILE) + 1:] for path in paths if path.startswith(PROFILE)]


def _files_with(desk, token):
    return json.loads(desk.root("python3", "-I", "/root/token_search.py", "find", stdin=token))


class _watching:
    """Runs the search of all processes on the desk; the dictionary is filled in when it ends."""

    def __init__(self, desk):
        self._desk, self._found = desk, {}

    def __enter__(self):
        self._process = subprocess.Popen(["ssh", "-F", self._desk.fleet.ssh_config, HOST, "sudo python3 -I /root/token_search.py watch /run/stop-watching"],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        return self._found

    def __exit__(self, *_error):
        self._desk.root("touch", "/run/stop-watching")
        self._found.update(json.loads(self._process.communicate(timeout=30)[0]))
