# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One desk for all tests: a host with a desktop, a sandbox on this machine that the host reaches by the name "controller"."""

import os

import host_fleet
import host_podman
import pytest
from desk import Desk
from sandbox_process import Running

#: Tests that run side by side have a desk of their own each.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
NETWORK = f"10.231.{100 + int(WORKER[2:])}.0/24"


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    try:
        missing = host_podman.lacking()
    except RuntimeError as reason:
        pytest.skip(f"nothing was opened in a real browser: {reason}")
    if missing:
        host_podman.install(missing)
    fleet = host_fleet.Fleet(f"desktop-{WORKER}", {"desk": "desktop"}, NETWORK).create()
    place = tmp_path_factory.mktemp("desk")
    sandbox = desk = None
    try:
        sandbox = Running(place / "sandbox", "--listen-address", fleet.gateway, "--host-name", "controller", "--stop-with-process", str(os.getpid()))
        desk = Desk(fleet, sandbox, place)
        desk.set_up()
        yield desk
    finally:
        if desk:
            desk.close()
        if sandbox:
            sandbox.stop()
        host_fleet.destroy(fleet.name)


@pytest.fixture
def browser(desk):
    """The desk with a browser that is open on an empty page, no session, and a sandbox that nobody has called."""
    assert desk.sandbox.admin("POST", "/reset").status_code == 200
    desk.forget()
    if not desk.chromium.pages():
        desk.start_browser()
    desk.chromium.close_all_but_one()
    return desk
