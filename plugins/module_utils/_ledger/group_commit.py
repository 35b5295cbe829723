# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Group commits: many threads each wait for their row to be on disk, and one sync covers all that wait."""

from __future__ import annotations

import queue
import threading
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger


class DurableWrites:
    """Writes to a Ledger from many threads. Use it in ``with``: leaving waits for what was asked for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)

    def __enter__(self) -> DurableWrites:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def write(self, function: typing.Callable[..., None], *arguments: typing.Any, **named: typing.Any) -> None:
        """Calls ``function(connection, ...)`` and returns once its effect is on disk; raises what the ledger raised.

        The function is called again where the connection to the ledger was lost before that."""
        job = _Job(function, arguments, named)
        self._waiting.put(job)
        job.is_over.wait()
        if job.error is not None:
            raise job.error

    def _write(self) -> None:
        while True:
            jobs, is_last = self._next_jobs()
            if jobs:
                error = self._commit(jobs)
                for job in jobs:
                    job.error = error
                    job.is_over.set()
            if is_last:
                return

    def _next_jobs(self) -> tuple[list[_Job], bool]:
        jobs = [self._waiting.get()]
        while not self._waiting.empty():
            jobs.append(self._waiting.get())
        return [job for job in jobs if job is not None], None in jobs

    def _commit(self, jobs: list[_Job]) -> Exception | None:
        """Returns None, or the error that kept all of ``jobs`` from being written."""
        def write(connection: typing.Any) -> None:
            for job in jobs:
                job.function(connection, *job.arguments, **job.named)

        try:
            self._ledger.run(write)
        except Exception as error:  # handed to the threads that wait, whatever it is
            return error
        return None


class _Job:
    def __init__(self, function: typing.Callable[..., None], arguments: tuple, named: dict) -> None:
        self.function, self.arguments, self.named = function, arguments, named
        self.is_over = threading.Event()
        self.error: Exception | None = None
