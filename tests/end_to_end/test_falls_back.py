# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Portal cannot be opened on the caller: the dispatcher sees the number and the reason in under five seconds, and the login beside it."""

import pytest
from desk import CA_PATH

SHOWN = "+1 (555) 555-5555"
#: The launcher gives the login 3 s. Far below what a server that never answers would take, and far above what a busy machine needs.
LIMIT_SECONDS = 30.0


class Trouble:
    """What is broken on the desk or at the service, and how it is fixed."""

    @staticmethod
    def login_down(desk):
        desk.sandbox.fault("login", "unavailable", count=None)
        return lambda: desk.sandbox.admin("DELETE", "/faults")

    @staticmethod
    def slow_server(desk):
        desk.sandbox.fault("login", "latency", count=None, seconds=30)
        return lambda: desk.sandbox.admin("DELETE", "/faults")

    @staticmethod
    def dripping_server(desk):
        desk.sandbox.fault("login", "slow_drip", count=None, seconds=1)
        return lambda: desk.sandbox.admin("DELETE", "/faults")

    @staticmethod
    def dns_down(desk, server=None):
        """The name is not known, and the server to ask does not answer: nobody has its address."""
        server = server or desk.fleet.network[250]
        hosts, servers = desk.root("cat", "/etc/hosts"), desk.root("cat", "/etc/resolv.conf")
        desk.root("sh", "-c", f"echo 127.0.0.1 localhost > /etc/hosts; echo nameserver {server} > /etc/resolv.conf")

        def fix():
            desk.root("tee", "/etc/hosts", stdin=hosts)
            desk.root("tee", "/etc/resolv.conf", stdin=servers)
        return fix

    @staticmethod
    def dns_refuses(desk):
        return Trouble.dns_down(desk, "127.0.0.1")

    @staticmethod
    def tls_broken(desk):
        """The server shows a certificate of an authority that the position does not trust."""
        desk.root("cp", CA_PATH, "/root/ca.pem")
        desk.root("tee", CA_PATH, stdin=(desk.sandbox.directory / "foreign_ca.pem").read_text(encoding="utf-8"))
        return lambda: desk.root("cp", "/root/ca.pem", CA_PATH)


@pytest.mark.parametrize("name, word", [
    ("login_down", "503"), ("slow_server", "seconds"), ("dripping_server", "seconds"), ("dns_down", "seconds"), ("dns_refuses", "DNS"),
    ("tls_broken", "trusted")])
def test_the_number_is_shown_in_time(browser, name, word):
    fix = getattr(Trouble, name)(browser)
    cursor = browser.root("journalctl", "--lines=0", "--show-cursor").strip().partition("cursor: ")[2]
    try:
        code, said, times = browser.call("portal-launcher", "5555555555")
        page, _seconds = browser.chromium.wait_for(lambda page: page["url"].startswith("http://127.0.0.1:") and SHOWN in page["title"])
        login, _seconds = browser.chromium.wait_for(lambda page: page["url"].endswith("/login"))
        headline = browser.chromium.evaluate(page, "document.querySelector('h1').textContent")
        text = browser.chromium.evaluate(page, "document.body.textContent")
        link = browser.chromium.evaluate(page, "document.querySelector('a').href")
    finally:
        fix()
    opened = [at - times["began"] for at in browser.opened_at()]
    print(f"\n{name}: exit {code}; browser called after {opened[0]:.2f} s, page fetched and login tab called by {opened[-1]:.2f} s, "
          f"ended after {times['took']:.2f} s: {said.strip()}")
    assert code == 5 and word in said and SHOWN in headline and word in text, (code, said, headline, text)
    assert link == browser.sandbox.values["rapidsos_api_url"] + "/login" == login["url"]
    assert len(opened) == 2 and max(opened) < LIMIT_SECONDS and times["took"] < LIMIT_SECONDS
    assert browser.sandbox.account["password"] not in text + said
    journal = browser.root("journalctl", "--no-pager", "--output=cat", f"--after-cursor={cursor}")
    assert word in journal and browser.sandbox.account["password"] not in journal


def test_a_refused_login_is_not_tried_again_for_the_next_call(browser):
    browser.install(portal_launcher_password="Wrong-Planted-5a", portal_launcher_is_verified=False)
    try:
        codes = [browser.call("portal-launcher", "5555555555")[0] for _call in range(3)]
        browser.chromium.wait_for(lambda page: SHOWN in page["title"])
    finally:
        browser.install()
    refused = [entry for entry in browser.sandbox.audit() if entry["effect"] in ("login_refused", "lockout")]
    assert codes == [4, 4, 4] and len(refused) == 1, (codes, refused)


def test_a_number_that_is_none_is_shown_as_it_came(browser):
    code, said, times = browser.call("portal-launcher", "eccops-portal:<b>555</b>")
    page, _seconds = browser.chromium.wait_for(lambda page: page["url"].startswith("http://127.0.0.1:") and "555" in page["title"])
    assert browser.chromium.evaluate(page, "document.title + document.querySelector('h1').textContent").count("<b>555</b>") == 2
    assert code == 2 and times["took"] < LIMIT_SECONDS and "letters" in said
    assert browser.chromium.evaluate(page, "document.querySelectorAll('h1 b').length") == 0
