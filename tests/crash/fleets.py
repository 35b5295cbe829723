# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how a test rotates a fresh fleet in processes of their own, and compares ledger and service afterwards."""

import itertools
import json
import multiprocessing
import os
import pathlib
import resource
import stat
import traceback

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import ledger as ledgers
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import current_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.rotation import rotate
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import empty
from rotation_params import rotation_params

#: Forked: a process is killed within moments of its start, and need not read all libraries again for that.
FORKS = multiprocessing.get_context("fork")
TIMEOUT_SECONDS = 120
_prefixes = itertools.count(1)


class Fleet:
    """``size`` fresh credentials at the sandbox, and a ledger that does not exist yet: a file, or in the database of a LedgerUrl."""

    def __init__(self, sandbox, directory, size=200, url=None):
        self.sandbox, self.directory = sandbox, pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.first_seq = sandbox.last_seq()
        wanted = {"count": size, "prefix": "fleet%d-" % next(_prefixes)}
        added = sandbox.admin("POST", "/credentials", wanted).json()["credentials"]
        self.request_ids = {"position-" + each["anon_id"]: each["request_id"] for each in added}
        self.place = self.ledger_path = str(self.directory / "ledger.sqlite")
        self.options = {}
        if url:
            self.place, self.options = url, {"ledger_path": None, "ledger_url": url.url}
            empty(url)
        self._runs = itertools.count(1)

    def params(self, **changes):
        """The module's options, as validated."""
        return {**rotation_params(self.sandbox, self.request_ids, self.ledger_path), **self.options, **changes}

    def start(self, prepare=None, barrier=None, **changes):
        """Starts a rotation in a process of its own; ``prepare()`` is called there before it."""
        result_path = self.directory / ("result-%d.json" % next(self._runs))
        process = FORKS.Process(target=_rotate, args=(self.params(**changes), result_path, prepare, barrier))
        process.start()
        return Run(process, result_path)

    def run(self, **options):
        return self.start(**options).ended()

    def run_until_done(self, most, **changes):
        """Returns how many runs it took, the last of which left nothing to do."""
        for number in range(1, most + 1):
            run = self.run(**changes)
            if not run.result.get("failed_positions") and "msg" not in run.result:
                return number
        raise AssertionError("%d runs did not suffice; the last one said: %s" % (most, run.result.get("msg")))

    def effects(self, effect="replace"):
        return self.sandbox.audit(self.first_seq, effect)

    def successors(self):
        """{RequestId: [its replacements]} by the service's log of effects."""
        found = {request_id: [] for request_id in self.request_ids.values()}
        for entry in self.effects():
            found[entry["previous_request_id"]].append(entry["request_id"])
        return found

    def replaced_once(self, successors=None):
        return sum(len(each) == 1 for each in (successors or self.successors()).values())

    def ledger_rows(self):
        with ledgers.Ledger(self.place, is_read_only=True) as ledger:
            if self.place == self.ledger_path:
                assert ledger.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
            return ledger.all_rows()

    def equal_in_ledger(self, successors=None):
        """How many positions have the same current RequestId in the ledger and at the service."""
        api_url, successors = self.params()["api_url"], successors or self.successors()
        with ledgers.Ledger(self.place, is_read_only=True) as ledger:
            chains = ledger.chains(api_url, list(self.request_ids.values()))
            return sum(
                successors[request_id][-1:] == [current_request_id(chains[request_id], request_id)]
                for request_id in self.request_ids.values())

    def assert_done(self):
        """Asserts that every credential was replaced exactly once and that the ledger knows each successor; returns both counts."""
        successors = self.successors()
        counts = (self.replaced_once(successors), self.equal_in_ledger(successors))
        assert [each for each in successors.items() if len(each[1]) != 1] == []
        assert counts == (len(self.request_ids), len(self.request_ids))
        assert {row["outcome"] for row in self.ledger_rows()} <= {"replaced", "adopted"}
        for path in self.directory.glob("ledger.sqlite*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        return counts


class Run:
    """A rotation in a process of its own; ``result`` is the module's, failed or not, or None where it was killed."""

    def __init__(self, process, result_path):
        self.process, self._result_path = process, result_path
        self.result = None

    def ended(self):
        self.process.join(TIMEOUT_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError("a rotation did not end within %d s" % TIMEOUT_SECONDS)
        if self._result_path.exists():
            self.result = json.loads(self._result_path.read_text(encoding="utf-8"))
        assert "traceback" not in (self.result or {}), self.result["traceback"]
        return self


def _rotate(params, result_path, prepare, barrier):
    try:
        if prepare:
            prepare()
        if barrier:
            barrier.wait(TIMEOUT_SECONDS)
        result = rotate(params, False)
    except RapidError as error:
        result = error.as_result()
    except Exception:  # whatever it is, the test must show it
        result = {"traceback": traceback.format_exc()}
    # What a test forbids the rotation is not forbidden to its report.
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    partial = pathlib.Path(str(result_path) + ".part")
    partial.write_text(json.dumps(result), encoding="utf-8")
    os.rename(partial, result_path)
