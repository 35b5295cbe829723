# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a disk that is full between a POST and its outcome loses no RequestId: it is reported, and the next run resolves it."""

import functools
import itertools
import os
import resource

import fleets
import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient

SIZE = 40


def full_after(log_path, number):
    """From the answer to that POST on the ledger's log cannot grow in this process."""
    calls, replace = itertools.count(1), RapidAuthClient.replace

    def replace_and_fill(self, *arguments):
        successor = replace(self, *arguments)
        if next(calls) == number:
            size = os.path.getsize(log_path)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return successor

    RapidAuthClient.replace = replace_and_fill


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_disk_that_is_full_when_the_outcome_is_to_be_written(sandbox, tmp_path, concurrency):
    fleet = fleets.Fleet(sandbox, tmp_path, SIZE)
    prepare = functools.partial(full_after, fleet.ledger_path + "-wal", 9)
    result = fleet.run(prepare=prepare, concurrency=concurrency, max_failures=SIZE).result
    successors = fleet.successors()
    done = {name for name, request_id in fleet.request_ids.items() if successors[request_id]}
    entries = result["positions"]
    reported = {name for name, entry in entries.items() if entry["outcome"] == "unresolved" and entry["error_kind"] == "ledger_unusable"}
    assert reported and reported <= done and result["changed"] is True
    for name in done:
        # Each effect is reported with its RequestId, recorded or not.
        assert [entries[name]["request_id"]] == successors[fleet.request_ids[name]] and entries[name]["changed"] is True
    for name in reported:
        assert entries[name]["request_id"] in entries[name]["reason"] and "could not be recorded" in entries[name]["reason"]
    assert all(entries[name]["outcome"] in ("failed", "not_started") and entries[name]["changed"] is False for name in set(entries) - done)
    assert len(done) <= 9 + concurrency and "cannot be used" in result["stopped_by"]
    assert {row["outcome"] for row in fleet.ledger_rows()} <= {"replaced", "intended"}
    again = fleet.run().result
    assert {name for name, entry in again["positions"].items() if entry["outcome"] == "adopted"} == reported
    fleet.assert_done()
