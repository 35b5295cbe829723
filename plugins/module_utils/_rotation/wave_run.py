# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One wave of replacements, run over a bounded number of threads."""

from __future__ import annotations

import collections
import threading
import typing
from concurrent.futures import ThreadPoolExecutor, wait

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SILENT_KINDS, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import NoRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import FAILED, REFUSED, REPLACED, UNRESOLVED, Outcome, ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one

#: Outcomes that count as failures of the wave.
FAILURES = (REFUSED, FAILED, UNRESOLVED)
NOT_STARTED = "not_started"
PROGRESS_SECONDS = 5


class Wave:
    """The replacements of one call, over a bounded number of threads."""

    def __init__(
        self,
        client: RapidAuthClient,
        record: NoRecord,
        all_wanted: list[ReplacementRequest],
        concurrency: int,
        max_failures: int,
        is_check_mode: bool,
    ) -> None:
        self._client, self._record, self._all_wanted = client, record, all_wanted
        self._concurrency, self._max_failures, self._is_check_mode = concurrency, max_failures, is_check_mode
        self._outcomes: dict[str, Outcome] = {}
        self._failures = 0
        self._lock = threading.Lock()
        self._stopped_by: str | None = None

    def stop(self, reason: str) -> None:
        """Begins nothing more; what is in flight is finished and recorded."""
        self._stopped_by = self._stopped_by or reason

    def run(self, show_progress: typing.Callable[[dict, int], object] | None = None) -> None:
        """Returns when all are done or not begun; signals are caught here, in the main thread, and call stop().

        The first one is tried alone: where the service keeps silent, the others do not wait for the same.
        """
        with ThreadPoolExecutor(max_workers=min(self._concurrency, len(self._all_wanted))) as pool:
            for some in (self._all_wanted[:1], self._all_wanted[1:]):
                pending = {pool.submit(self._one, wanted) for wanted in some}
                while pending:
                    pending = wait(pending, timeout=PROGRESS_SECONDS).not_done
                    if pending and show_progress:
                        show_progress(self.counts(), len(self._all_wanted))

    def _one(self, wanted: ReplacementRequest) -> None:
        if self._stopped_by:
            return
        try:
            outcome = replace_one(self._client, self._record, wanted, self._is_check_mode)
        except RapidError as error:
            outcome = Outcome(FAILED, error.message, error.kind, anon_id=wanted.anon_id, http=error.details)
            if error.is_service_wide or (error.kind in SILENT_KINDS and wanted is self._all_wanted[0]):
                self.stop(error.message)
        except Exception as error:  # pylint: disable=broad-exception-caught  # one position's trouble must not hide the others
            reason = "it ended with an unexpected %s; run the same rotation again, which looks first, and report this" % type(error).__name__
            outcome = Outcome(FAILED, reason, "internal_error", anon_id=wanted.anon_id)
        with self._lock:
            self._outcomes[wanted.position] = outcome
            self._failures += outcome.status in FAILURES
            if outcome.kind == "ledger_unusable":
                self.stop(outcome.reason)
            if self._failures > self._max_failures:
                self.stop("%d failures, and max_failures is %d" % (self._failures, self._max_failures))

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(collections.Counter(outcome.status for outcome in self._outcomes.values()))

    def result(self) -> dict:
        """Returns the module's result; each position has its entry, also the ones that were not begun."""
        positions = {wanted.position: self._entry(wanted) for wanted in self._all_wanted}
        counts = collections.Counter(entry["outcome"] for entry in positions.values())
        return {
            "changed": any(entry["changed"] for entry in positions.values()),
            "positions": positions,
            "summary": dict(counts, total=len(positions)),
            "failed_positions": [name for name, entry in positions.items() if entry["outcome"] in FAILURES + (NOT_STARTED,)],
            "stopped_by": self._stopped_by,
        }

    def complaint(self) -> str:
        """Returns the sentence for a wave that is not whole: counts, why it stopped, and the first reasons."""
        failed = [(name, outcome) for name, outcome in self._outcomes.items() if outcome.status in FAILURES]
        parts = ["%d of %d positions are not confirmed as replaced" % (len(self._all_wanted) - self._successes(), len(self._all_wanted))]
        if self._stopped_by:
            parts.append("stopped: %s" % self._stopped_by)
        parts += ["%s: %s" % (name, outcome.reason) for name, outcome in failed[:5]]
        return "; ".join(parts)

    def _successes(self) -> int:
        return sum(outcome.status not in FAILURES for outcome in self._outcomes.values())

    def _entry(self, wanted: ReplacementRequest) -> dict:
        outcome = self._outcomes.get(wanted.position)
        if outcome is None:
            outcome = Outcome(NOT_STARTED, "the wave was stopped before: %s" % self._stopped_by, anon_id=wanted.anon_id)
        credential = outcome.credential
        return {
            "outcome": outcome.status,
            # A replacement that could not be recorded is unresolved, and is reported with its RequestId.
            "changed": outcome.status == REPLACED or (outcome.status == UNRESOLVED and credential is not None),
            "reason": outcome.reason,
            "error_kind": outcome.kind,
            "anon_id": outcome.anon_id,
            "old_anon_id": outcome.previous.anon_id if outcome.previous is not None else None,
            "request_id": credential.request_id if credential is not None else None,
            "previous_request_id": outcome.previous.request_id if outcome.previous is not None else None,
            "request_ids": list(outcome.request_ids),
            "status": credential.status if credential is not None else None,
        }
