# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One Windows position with the launcher for all tests of this directory. Imported by conftest.py."""

import pathlib

import pytest
import windows_position
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from launcher_position import WindowsLauncher
from secret_search import MARKER


@pytest.fixture(scope="session", name="authority")
def fixture_authority():
    """A CA that the position trusts, for the servers that the sandbox cannot be."""
    return certificates.Authority("Launcher Test CA")


@pytest.fixture(scope="session", name="running_launcher")
def fixture_running_launcher(running_sandbox, authority, tmp_path_factory):
    if windows_position.PROGRAM is None:
        pytest.skip("no Windows position: PowerShell 7 for Windows under wine (wpwsh) is not on the PATH")
    values = running_sandbox.values
    account = {"email": values["rapidsos_email"], "password": values["rapidsos_password"]}
    accounts = {"good": account, "wrong": {**account, "password": MARKER}, "corrected": {**account, "password": MARKER + "\u00ad"},
                "malformed": {**account, "password": [MARKER]}}
    authorities = [pathlib.Path(values["rapidsos_ca_path"]).read_bytes(), authority.pem]
    launcher = WindowsLauncher(values, tmp_path_factory.mktemp("windows"), authorities, accounts)
    yield launcher
    launcher.stop()


@pytest.fixture(name="position")
def fixture_position(running_launcher, sandbox):
    running_launcher.clean()
    return running_launcher


@pytest.fixture(name="logins")
def fixture_logins(sandbox):
    """Returns a function that lists what the Portal's log says of logins since the test began."""
    before = sandbox.last_seq()
    effects = ("login", "login_refused", "lockout")
    return lambda: [entry["effect"] for entry in sandbox.audit(before) if entry["effect"] in effects]
