# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Random orders of answers, crashes, reruns, late effects and verdicts never replace a position twice nor lose a RequestId."""

from __future__ import annotations

import pathlib
import shutil
import tempfile

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import ledger as ledgers
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import rows as rows_of_ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import open_record
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.resolutions import resolve
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import empty, exists, let_time_pass
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import LOOK_FATES, WRITE_FATES, Countdown, Crash, Crashing, ModelRapidAuth

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, settings, strategies as st  # noqa: E402
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test  # noqa: E402

ROTATIONS = ("q1", "q2")
LOOKS = ["answered", "answered", *LOOK_FATES]
FOUND = ("replaced", "already_replaced", "adopted")
#: A run dies before or after any of its calls; there are at most some twenty.
INSTANTS = st.one_of(st.none(), st.integers(0, 24))


class Rotations(RuleBasedStateMachine):
    """One position, two rotations, one ledger on a real disk or a real server; C(are_anon_ids_unique) and C(url) are set by the subclass."""

    are_anon_ids_unique = True
    #: The LedgerUrl of a database, or None for a file.
    url = None

    @initialize(old_after_replace=st.sampled_from(["unchanged", "unchanged", "expired", "removed"]))
    def begin(self, old_after_replace):
        memory = pathlib.Path("/dev/shm")  # what a power cut leaves is not what is tested here
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="rotations-", dir=memory if memory.is_dir() else None))
        self.path = self.url or str(self.directory / "ledger.sqlite")
        empty(self.path)
        self.service = ModelRapidAuth(self.are_anon_ids_unique, old_after_replace)
        self.old_after_replace = old_after_replace
        self.service.before_post = self.check_post
        self.is_forgotten = False  # the ledger was lost: what it knew is at the service only
        self.begun = []  # the rotations, the last one last
        self.returned_to = set()  # those that were run again after another one

    def teardown(self):
        if hasattr(self, "service"):
            self.heal()
            shutil.rmtree(self.directory)

    # What the steps of the program must never do

    def check_post(self, request_id, anon_id):
        """Called by the service when a POST comes in."""
        assert anon_id not in self.posted_in_this_run, "posted twice in one run"
        assert anon_id in self.service.looked_up, "posted without having looked"
        self.posted_in_this_run.add(anon_id)
        entry = self.entry(anon_id)
        assert entry is not None and entry["outcome"] == "intended", "posted without an intent on disk"
        assert entry["request_id"] == request_id
        if not self.are_anon_ids_unique:
            assert self.outcomes_before.get(anon_id) not in rows_of_ledger.OPEN, "guessed: nobody said what came of an earlier POST"

    @invariant()
    def what_was_replaced_is_never_reported_as_not_replaced(self):
        """Unless the effect came later than that was reported, or the service had deleted what lapsed: nobody can see that any more."""
        if not hasattr(self, "service") or self.is_forgotten:
            return
        reported = {row["new_anon_id"] for row in self.history() if row["outcome"] == "not_replaced"}
        assert not [one for one in self.service.effects
                    if one[1] in reported and one[2] not in self.service.landed_late and one[1] not in self.service.cleaned_up]

    @invariant()
    def nothing_is_replaced_twice(self):
        if not hasattr(self, "service"):
            return
        anon_ids = [anon_id for unused_old, anon_id, unused_new in self.service.effects]
        for each in set(anon_ids):
            # Only where the first one lapsed and the service itself deleted it may there be another.
            assert anon_ids.count(each) <= 1 + self.service.cleaned_up.count(each), self.service.effects

    # What happens

    @rule(rotation=st.sampled_from(ROTATIONS), post=st.lists(st.sampled_from(list(WRITE_FATES)), max_size=2),
          looks=st.lists(st.sampled_from(LOOKS), max_size=8), instant=INSTANTS, name=st.integers(0, 9), is_lapsed_replaced=st.booleans())
    def run(self, rotation, post, looks, instant, name, is_lapsed_replaced):
        self.service.write_fates, self.service.look_fates = list(post), list(looks)
        self.replace(rotation, self.a_name(name), instant, is_lapsed_replaced)

    @rule(rotation=st.sampled_from(ROTATIONS), looks=st.lists(st.sampled_from(LOOKS), max_size=4))
    def check(self, rotation, looks):
        self.service.write_fates, self.service.look_fates = [], list(looks)
        sent, rows = len(self.service.sent), self.history()
        self.replace(rotation, self.service.first_id, None, False, is_check_mode=True)
        assert (len(self.service.sent), self.history()) == (sent, rows)

    @precondition(lambda self: self.service.pending)
    @rule()
    def a_late_effect_lands(self):
        self.service.land()

    @precondition(lambda self: self.service.newest_waiting())
    @rule(status=st.sampled_from(["Expired", "Collected"]))
    def the_newest_is_collected_or_lapses(self, status):
        self.service.newest_waiting().update(Status=status, CollectedDate="2026-01-01T02:00:00Z" if status == "Collected" else None)

    @rule()
    def the_service_cleans_up(self):
        self.service.clean_up()

    @precondition(lambda self: self.are_anon_ids_unique)
    @rule()
    def the_ledger_is_lost(self):
        empty(self.path)
        self.is_forgotten = True

    @rule(instant=INSTANTS)
    def a_person_settles(self, instant):
        self.resolve(instant)

    # How

    def replace(self, rotation, request_id, instant, is_lapsed_replaced, is_check_mode=False):
        self.posted_in_this_run, self.service.looked_up = set(), set()
        self.outcomes_before = {row["new_anon_id"]: row["outcome"] for row in self.history()}
        if not is_check_mode:
            self.returned_to |= {rotation} if rotation in self.begun[:-1] else set()
            self.begun = [each for each in self.begun if each != rotation] + [rotation]
        wanted = ReplacementRequest("north-01", request_id, rotation, rotation, None, self.are_anon_ids_unique, rotation + "-2" if is_lapsed_replaced else None)
        countdown = Countdown(instant)
        let_time_pass(self.path)
        try:
            with open_record(self.path, self.service.api_url, self.service.api_url, is_check_mode) as record:
                outcome = replace_one(Crashing(self.service, countdown), Crashing(record, countdown), wanted, is_check_mode)
        except (Crash, RapidError):
            return None
        if outcome.status in FOUND and not is_check_mode:
            self.check_outcome(outcome)
        return outcome

    def check_outcome(self, outcome):
        assert outcome.credential.request_id in [row["RequestId"] for row in self.service.rows]
        entry = self.entry(outcome.anon_id)
        if entry is not None:
            assert entry["outcome"] in rows_of_ledger.DONE
            assert entry["new_request_id"] == [one[2] for one in self.service.effects if one[1] == outcome.anon_id][-1]
            if outcome.status != "already_replaced":
                assert self.current(self.service.first_id) == outcome.credential.request_id

    def resolve(self, instant=None):
        """A person looks in the dashboard and says the truth, where it will not change any more."""
        position = {"position": "north-01", "request_id": self.service.first_id}
        for row in self.history():
            pending = [anon_id for unused_id, anon_id in self.service.pending]
            if row["outcome"] not in rows_of_ledger.OPEN or row["new_anon_id"] in pending:
                continue
            countdown = Countdown(instant)
            verdict = {"north-01": self.service.truth(row["new_anon_id"]) or "not_replaced"}
            self.service.look_fates = []
            let_time_pass(self.path)
            try:
                with open_record(self.path, self.service.api_url, self.service.api_url, False) as record:
                    resolve(Crashing(self.service, countdown), Crashing(record, countdown), verdict, [position], False)
            except Crash:
                return

    def heal(self):
        """All goes well from now on: the same rotations, run again, know every replacement that the service has.

        Where an effect came after its rotation was reported to have failed, this can be said of the last rotation only, and
        not where that one had been given up for another: what was given up leaves something behind that is refused or
        lapses. The service alone, without the ledger, tells one rotation only.
        """
        while self.service.pending:
            self.service.land()
        if self.is_forgotten and len(self.begun) > 1:
            return
        begun = [each for each in self.begun[-1:] if each not in self.returned_to] if self.service.landed_late else list(self.begun)
        self.service.write_fates, self.service.look_fates = [], []
        self.resolve()
        assert self.begun or not self.service.effects
        for rotation in begun:
            outcome = self.replace(rotation, self.service.first_id, None, True)
            assert outcome is not None and outcome.status in FOUND + ("refused",), outcome
            assert outcome.kind in (None, "replacement_expired", "expired", "unknown"), outcome
        known = {row["new_request_id"] for row in self.history()}
        lost = [new for unused_old, anon_id, new in self.service.effects
                if new not in known and anon_id in begun and self.service.is_alive(new)]
        if self.is_forgotten and self.old_after_replace == "removed":
            return  # neither the ledger nor the service tells any more what was replaced by what
        assert not lost, "the ledger does not know %s" % lost

    def history(self):
        if not exists(self.path):
            return []
        with ledgers.Ledger(self.path, is_read_only=True) as ledger:
            return ledger.all_rows()

    def entry(self, anon_id):
        return next((row for row in self.history() if row["new_anon_id"] == anon_id), None)

    def current(self, request_id):
        with ledgers.Ledger(self.path, is_read_only=True) as ledger:
            return rows_of_ledger.current_request_id(ledger.chain(self.service.api_url, request_id), request_id)

    def a_name(self, number):
        """Any RequestId of the history that the ledger knows; the first one while it knows none."""
        names = [self.service.first_id] + [row["new_request_id"] for row in self.history() if row["new_request_id"]]
        return names[number % len(names)]


class NonUniqueRotations(Rotations):
    are_anon_ids_unique = False


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Rotations, NonUniqueRotations])
@pytest.mark.parametrize("store, most_examples", [("sqlite", 250), ("postgresql", 8)])
def test_no_order_of_events_replaces_twice_or_loses_a_request_id(request, machine, store, most_examples):
    url = request.getfixturevalue("ledger_url") if store == "postgresql" else None
    run_state_machine_as_test(type(machine.__name__, (machine,), {"url": url}), settings=settings(
        max_examples=most_examples, stateful_step_count=25, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow]))  # a busy machine's disk is no finding
