# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What was written while the network was cut does not arrive after the time that a call may take, whatever became of its process."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost
from ansible_collections.eccops.rapid.plugins.module_utils._http.connection import Connection
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.tests.unit.support import cut_network
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import ScriptedServer
from ansible_collections.eccops.rapid.tests.unit.support.waiting import wait_until

TIMEOUT_SECONDS = 1
#: By then TCP has sent again what it will: it does at 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s.
LATEST_SECONDS = 4


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_post_that_the_network_kept_does_not_arrive_later(server_context, ca_path, is_killed):
    reason = cut_network.find_reason()
    if reason:
        pytest.skip(reason)
    assert cut_network.run_in_network(post_into_a_cut_network, server_context(), ca_path, is_killed) == ["GET"]


def post_into_a_cut_network(context, ca_path, is_killed):
    """Returns the methods of what arrived."""
    server, (is_connected, connected), (is_cut, cut) = ScriptedServer(context), os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        _post_once_cut(server, ca_path, connected, is_cut)
    os.read(is_connected, 1)
    with cut_network.Cut(server.port):
        os.write(cut, b"!")
        wait_until(lambda: cut_network.has_unacknowledged(server.port))
        began_at = time.monotonic()
        if is_killed:
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: time.monotonic() > began_at + TIMEOUT_SECONDS + 0.3)
    wait_until(lambda: time.monotonic() > began_at + LATEST_SECONDS or len(server.requests) > 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return [each.method for each in server.requests]


def _post_once_cut(server, ca_path, connected, is_cut):
    transport = Transport(Connection, server.url(), client_context(ca_path), timeout_seconds=TIMEOUT_SECONDS)
    transport.get("/")
    os.write(connected, b"!")
    os.read(is_cut, 1)
    with contextlib.suppress(AnswerLost):
        transport.send_once("POST", "/", json={})
    signal.pause()
