# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Points at which a rotation kills itself with SIGKILL: each is installed in the process that is to die, and nowhere else."""

import functools
import itertools
import os
import signal
import sqlite3
import threading

from ansible_collections.eccops.rapid.plugins.module_utils._http import requests_connection
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import session as replacement_record
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient

_posting = threading.local()


def _countdown(number):
    """Returns a function whose call ``number`` kills the process."""
    calls = itertools.count(1)

    def tick():
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()

    return tick


def _around(owner, name, tick, is_before):
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*arguments, **named):
        if is_before:
            tick()
        try:
            return original(*arguments, **named)
        finally:
            if not is_before:
                tick()

    setattr(owner, name, wrapped)


def _call(owner, name, is_before, number):
    _around(owner, name, _countdown(number), is_before)


def _commit(is_before, number):
    tick = _countdown(number)

    class Connection(sqlite3.Connection):
        def execute(self, sql, *values):
            if sql == "COMMIT" and is_before:
                tick()
            result = super().execute(sql, *values)
            if sql == "COMMIT" and not is_before:
                tick()
            return result

    sqlite3.connect = functools.partial(sqlite3.connect, factory=Connection)
    execute = postgresql.Connection.execute

    def execute_and_die(self, sql, values=()):
        if sql == "COMMIT" and is_before:
            tick()
        result = execute(self, sql, values)
        if sql == "COMMIT" and not is_before:
            tick()
        return result

    postgresql.Connection.execute = execute_and_die


def _sent(number):
    """The request has left, its answer is not read."""
    tick, post = _countdown(number), RapidAuthClient.replace

    def replace(self, *arguments):
        _posting.is_now = True
        try:
            return post(self, *arguments)
        finally:
            _posting.is_now = False

    class Http(requests_connection.Http):
        def getresponse(self):
            if getattr(_posting, "is_now", False):
                tick()
            return super().getresponse()

    RapidAuthClient.replace = replace
    requests_connection.Http = Http


_RECORD = replacement_record.LedgerRecord
#: name: (install(number), share of the 200 calls at which to die)
POINTS = {
    "before an intent": (functools.partial(_call, _RECORD, "intend", True), 1),
    "after an intent": (functools.partial(_call, _RECORD, "intend", False), 1),
    "before a commit": (functools.partial(_commit, True), 0.1),
    "after a commit": (functools.partial(_commit, False), 0.1),
    "before a POST": (functools.partial(_call, RapidAuthClient, "replace", True), 1),
    "POST sent": (_sent, 1),
    "POST answered": (functools.partial(_call, RapidAuthClient, "replace", False), 1),
    "before an outcome": (functools.partial(_call, _RECORD, "complete", True), 1),
    "after an outcome": (functools.partial(_call, _RECORD, "complete", False), 1),
    "looked at RequestId": (functools.partial(_call, RapidAuthClient, "get_request", False), 1),
    "looked for AnonId": (functools.partial(_call, RapidAuthClient, "get_credential", False), 1),
}
#: These happen once: while the ledger is made.
CREATION_POINTS = {
    "before the ledger is there": functools.partial(_call, os, "link", True, 1),
    "after the ledger is there": functools.partial(_call, os, "link", False, 1),
}
