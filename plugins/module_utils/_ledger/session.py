# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Where a replacement is recorded: in the ledger, or nowhere. Both have the same few methods."""

from __future__ import annotations

import contextlib
import os
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.group_commit import DurableWrites
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl, Place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import Progress, current_request_id, keep_position_ids, write_progress
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError


class NoRecord:
    """For sites without a ledger, and for a check run before there is one: all that is known is at the service."""

    ledger: Ledger | None = None
    service: str | None = None

    def __enter__(self) -> NoRecord:
        return self

    def __exit__(self, *unused: object) -> None:
        pass

    def held(self, request_id: str) -> contextlib.AbstractContextManager:
        return contextlib.nullcontext()

    def chain(self, request_id: str) -> list[dict]:
        return []

    def chains(self, request_ids: typing.Iterable[str]) -> dict[str, list[dict]]:
        return {each: [] for each in request_ids}

    def entry(self, anon_id: str) -> dict | None:
        return None

    def position_ids(self, proposed: dict[str, str]) -> dict[str, str]:
        return proposed

    def intend(self, intent: dict, call_seconds: float = 0) -> float | None:
        return None

    def seconds_in_flight(self, anon_id: str) -> float:
        return 0

    def complete(self, anon_id: str, outcome: str, new_request_id: str | None = None, error: str | None = None) -> None:
        pass

    def validate_same_service(self, request_ids: typing.Iterable[str], other_names: typing.Iterable[str]) -> None:
        pass


class LedgerReading(NoRecord):
    """The ledger as the replacements at one service see it, only read: for check mode. Use it in a with statement.

    service is the service's name in the ledger, api_url where it is called now.
    """

    ledger: Ledger
    service: str
    is_read_only = True

    def __init__(self, place: Place, service: str, api_url: str | None = None) -> None:
        self.service, self._api_url = service, api_url or service
        self.ledger = Ledger(place, is_read_only=self.is_read_only)

    def __exit__(self, *unused: object) -> None:
        self.ledger.close()

    def chain(self, request_id: str) -> list[dict]:
        return self.ledger.chain(self.service, request_id)

    def chains(self, request_ids: typing.Iterable[str]) -> dict[str, list[dict]]:
        return self.ledger.chains(self.service, request_ids)

    def entry(self, anon_id: str) -> dict | None:
        return self.ledger.entry(self.service, anon_id)

    def validate_same_service(self, request_ids: typing.Iterable[str], other_names: typing.Iterable[str]) -> None:
        """Raises InvalidInput where the ledger knows a RequestId under another service that is not one of other_names.

        Most likely it is the same service by another URL. Under a new name its history would be lost, and every credential
        would be replaced again.
        """
        wanted = list(request_ids)
        others = {row["service"] for row in self.ledger.rows("SELECT DISTINCT service FROM replacements")} - {self.service, *other_names}
        known = self.ledger.services_that_know(sorted(others), wanted)
        for request_id in wanted:
            if request_id in known:
                name = known[request_id]
                raise InvalidInput(
                    "the ledger knows RequestId %s under the service '%s', and this task calls its service '%s'; if both are the same "
                    "service, set service_name to '%s'; if they really differ, name '%s' in other_service_names"
                    % (request_id, name, self.service, name, name),
                    kind="another_service",
                )

    def position_ids(self, proposed: dict[str, str]) -> dict[str, str]:
        """Returns {position: opaque id}: the ones kept, else as ``proposed``."""
        return dict(proposed, **self.ledger.position_ids(list(proposed)))


class LedgerRecord(LedgerReading):
    """The ledger as the replacements at one service read and write it. Use it in a with statement."""

    is_read_only = False

    def __init__(self, place: Place, service: str, api_url: str | None = None) -> None:
        super().__init__(place, service, api_url)
        try:
            self._holds = self.ledger.store.open_holds()
        except LedgerError:
            self.ledger.close()
            raise
        self._writes = DurableWrites(self.ledger)

    def __enter__(self) -> LedgerRecord:
        self._writes.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._writes.__exit__(*failure)
        self._holds.close()
        super().__exit__(*failure)

    def held(self, request_id: str) -> contextlib.AbstractContextManager:
        """Holds the credential whose history begins with ``request_id``; another run that has it is waited for."""
        return self._holds.held(self.service, request_id.lower())

    def position_ids(self, proposed: dict[str, str]) -> dict[str, str]:
        """Returns {position: opaque id}, and keeps the ones that are new."""
        self._writes.write(keep_position_ids, proposed)
        return super().position_ids(proposed)

    def intend(self, intent: dict, call_seconds: float = 0) -> float | None:
        """Returns when the intent is on disk: until when, by time.monotonic(), its POST may begin, or None where that is at any time.

        A call may have its effect until ``call_seconds`` after it began.
        """
        return self._holds.intend(self._writes.write, dict(intent, service=self.service, api_url=self._api_url), call_seconds)

    def seconds_in_flight(self, anon_id: str) -> float:
        """Returns for how many seconds a POST that another run intended for the AnonId may still arrive."""
        return self._holds.seconds_in_flight(self.service, anon_id)

    def complete(self, anon_id: str, outcome: str, new_request_id: str | None = None, error: str | None = None) -> None:
        """Returns when the outcome is on disk."""
        self._holds.complete(self._writes.write, self.service, anon_id, outcome, new_request_id, error)

    def note_progress(self, progress: typing.Iterable[Progress]) -> None:
        """Returns when it is on disk which successors were delivered and collected, and when."""
        self._writes.write(write_progress, self.service, progress)


def open_record(place: Place | None, service: str, api_url: str, is_check_mode: bool) -> NoRecord:
    """Returns the record for a ledger, which may be None; check mode creates nothing."""
    if place is None:
        return NoRecord()
    if not is_check_mode:
        return LedgerRecord(place, service, api_url)
    if isinstance(place, LedgerUrl):
        try:
            return LedgerReading(place, service, api_url)
        except LedgerError as error:
            if error.kind == "ledger_missing":
                return NoRecord()
            raise
    path = os.path.expanduser(place)
    return LedgerReading(path, service, api_url) if schema.remains(path) or os.path.lexists(path) else NoRecord()


def current_request_ids(
    place: Place | None, service: str, request_ids: typing.Iterable[str], other_names: typing.Iterable[str] = ()
) -> dict[str, str]:
    """Returns {request_id: the newest one of its history}; without a ledger each is its own."""
    return {each: current_request_id(chain, each) for each, chain in read_histories(place, service, request_ids, other_names).items()}


def read_histories(
    place: Place | None, service: str, request_ids: typing.Iterable[str], other_names: typing.Iterable[str] = ()
) -> dict[str, list[dict]]:
    """Returns {request_id: the rows of its history, oldest first}, empty lists without a ledger."""
    if place is None:
        return {each: [] for each in request_ids}
    with LedgerReading(place, service) as record:
        record.validate_same_service(request_ids, other_names)
        return record.chains(request_ids)
