# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Who runs something is what the kernel says; what the environment says is a claim."""

from __future__ import annotations

import os
import pwd
import socket

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils import _audit_log as audit_log

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(name="login_uid")
def fixture_login_uid(tmp_path, monkeypatch):
    """The file in which the kernel says whose login this is."""
    path = tmp_path / "loginuid"
    monkeypatch.setattr(audit_log, "_LOGIN_UID_PATH", str(path))
    for name in ("SUDO_USER", "LOGNAME", "USER"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.mark.parametrize("content", ["4294967295", "", "no number", None])
def test_without_a_login_there_is_only_the_process(login_uid, content):
    if content is not None:
        login_uid.write_text(content)
    assert audit_log.who_and_where() == {
        "controller": socket.gethostname(), "uid": os.getuid(), "user": ME, "login_uid": None, "login_user": None, "claimed_user": None}
    assert audit_log.controller_and_user() == {"controller": socket.gethostname(), "user": ME}


def test_the_login_behind_sudo_is_recorded_with_its_name(login_uid):
    login_uid.write_text("65534")
    known = audit_log.who_and_where()
    assert (known["uid"], known["user"], known["login_uid"], known["login_user"]) == (os.getuid(), ME, 65534, pwd.getpwuid(65534).pw_name)
    assert audit_log.controller_and_user()["user"] == pwd.getpwuid(65534).pw_name
    login_uid.write_text("4242424\n")
    assert audit_log.who_and_where()["login_user"] == "4242424"


@pytest.mark.parametrize("name", ["SUDO_USER", "LOGNAME", "USER"])
def test_what_the_environment_claims_is_a_claim_and_no_more(login_uid, monkeypatch, name):
    monkeypatch.setenv(name, "dana\x1b[2K\u202e")
    known = audit_log.who_and_where()
    assert (known["user"], known["claimed_user"]) == (ME, "dana\\u001b[2K\\u202e")
    assert audit_log.controller_and_user()["user"] == ME
