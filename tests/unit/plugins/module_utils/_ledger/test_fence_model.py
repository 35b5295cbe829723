# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A model of the fence, searched completely: two holders, one credential, sessions lost at any time, POSTs delayed as long as they may be.

The steps of a holder are those of replacement.py and fence.py, each a transaction or a message. Between any two of them a
session may be lost, the lock pass to the other holder, the database's clock move past what was intended, a POST arrive late or
never, and an answer be lost. The service is the worse one: it replaces as often as it is asked.
"""

from __future__ import annotations

import collections
import typing

import pytest

#: How a holder goes on; in IDLE and DONE it holds nothing. LOST: it sends nothing more, and begins again.
IDLE, HELD, FENCED, LOOKED, INTENDED, SENT, ANSWERED, LOST, DONE = "idle held fenced looked intended sent answered lost done".split()


class Holder(typing.NamedTuple):
    """A process; ``session`` says whether the database still has the session in which it got the lock, ``may_send`` whether its own clock lets it."""

    step: str = IDLE
    has_session: bool = True
    fence: int = 0
    may_send: bool = False
    attempts: int = 0
    is_late: bool = False
    unsent: int = 0  # the fence of an intent of which this process knows that it sent nothing


class State(typing.NamedTuple):
    holders: typing.Tuple[Holder, Holder] = (Holder(), Holder())
    lock: typing.Optional[int] = None
    last_fence: int = 0
    outcome: typing.Optional[str] = None  # of the row: None, intended, replaced, not_replaced
    row_fence: int = 0
    may_arrive: bool = False  # the database's clock has not reached the row's latest time
    in_flight: typing.Tuple[int, ...] = ()  # POSTs that have not arrived yet, by holder
    effects: int = 0
    is_recorded_wrongly: bool = False


#: What can be left out of the protocol, to see that the search would find it.
RULES = frozenset({"intent needs the session", "outcome needs session or fence", "wait until it cannot arrive", "send only while it may"})


def successors(state: State, rules: frozenset) -> typing.Iterator[State]:
    """Yields every state that one step leads to."""
    for number, holder in enumerate(state.holders):
        yield from steps_of(state, number, holder, rules)
        if holder.has_session and holder.step not in (IDLE, DONE):  # the session is lost; the process does not know yet
            lock = None if state.lock == number else state.lock
            yield put(state, number, holder._replace(has_session=False))._replace(lock=lock)
    for index, number in enumerate(state.in_flight):
        rest = state.in_flight[:index] + state.in_flight[index + 1:]
        yield state._replace(in_flight=rest, effects=state.effects + 1)  # it arrives
        yield state._replace(in_flight=rest)  # it is lost
    if state.may_arrive and not state.in_flight:  # time passes: the limit is chosen so that nothing is in flight by then ...
        holders = tuple(each._replace(may_send=False) for each in state.holders)  # ... and nobody begins to send any more
        yield state._replace(may_arrive=False, holders=holders)


def steps_of(state: State, number: int, holder: Holder, rules: frozenset) -> typing.Iterator[State]:
    owns_fence = state.row_fence == holder.fence
    if holder.step in (IDLE, LOST) and holder.attempts < 2 and state.lock is None:  # in a new session
        fence = state.last_fence + 1
        yield put(state, number, Holder(HELD, True, fence, False, holder.attempts + 1, False, holder.unsent))._replace(lock=number, last_fence=fence)
    elif holder.step == HELD and not holder.has_session:
        yield put(state, number, holder._replace(step=LOST))
    elif holder.step == HELD:  # the open intent is given the new fence
        row_fence = holder.fence if state.outcome == "intended" else state.row_fence
        may_arrive = state.may_arrive and not (holder.unsent and holder.unsent == state.row_fence)
        yield put(state, number, holder._replace(step=FENCED))._replace(row_fence=row_fence, may_arrive=may_arrive)
    elif holder.step == FENCED:  # reading needs no session; it looks at the time first, and then at the service
        if state.outcome == "replaced":
            yield release(state, number, holder, DONE)
        elif not (state.outcome == "intended" and state.may_arrive and "wait until it cannot arrive" in rules):
            yield put(state, number, holder._replace(step=LOOKED, is_late=state.effects > 0))
        elif state.effects:  # still in flight or not, the service shows the AnonId
            yield put(state, number, holder._replace(step=LOOKED, is_late=True))
    elif holder.step == LOOKED and holder.is_late:  # it adopts what it saw: an intent, then the outcome
        if holder.has_session:
            yield release(state._replace(outcome="replaced", row_fence=holder.fence), number, holder, DONE)
        else:
            yield put(state, number, holder._replace(step=LOST))
    elif holder.step == LOOKED:
        if holder.has_session or "intent needs the session" not in rules:
            written = state._replace(outcome="intended", row_fence=holder.fence, may_arrive=True)
            yield put(written, number, holder._replace(step=INTENDED, may_send=True))
            if holder.has_session:  # it is written, and the answer to COMMIT is lost with the session
                yield put(written, number, holder._replace(step=LOST, has_session=False, unsent=holder.fence))._replace(lock=None)
        else:
            yield put(state, number, holder._replace(step=LOST))
    elif holder.step == INTENDED:
        if holder.may_send or "send only while it may" not in rules:
            sent = state._replace(in_flight=state.in_flight + (number,))
            yield put(sent, number, holder._replace(step=SENT))
        else:
            yield put(state, number, holder._replace(step=LOST))
    elif holder.step == SENT and number not in state.in_flight:  # an answer, or none: its own look comes after the time of its call
        yield put(state, number, holder._replace(step=ANSWERED, is_late=state.effects > 0))
        yield put(state, number, holder._replace(step=LOST))  # the process dies or gives up
    elif holder.step == ANSWERED:
        if (state.lock == number and holder.has_session) or owns_fence or "outcome needs session or fence" not in rules:
            outcome = "replaced" if holder.is_late else "not_replaced"
            is_wrong = (outcome == "not_replaced" and state.effects > 0) or (outcome == "not_replaced" and bool(state.in_flight))
            yield release(state._replace(outcome=outcome, is_recorded_wrongly=state.is_recorded_wrongly or is_wrong), number, holder, DONE)
        else:
            yield put(state, number, holder._replace(step=LOST))


def put(state: State, number: int, holder: Holder) -> State:
    holders = list(state.holders)
    holders[number] = holder
    return state._replace(holders=tuple(holders))


def release(state: State, number: int, holder: Holder, step: str) -> State:
    lock = None if state.lock == number else state.lock
    return put(state, number, holder._replace(step=step, may_send=False))._replace(lock=lock)


def search(rules: frozenset) -> typing.Tuple[int, typing.Optional[typing.List[State]]]:
    """Returns (number of states, the shortest way to one that must not be, or None)."""
    start = State()
    came_from: typing.Dict[State, typing.Optional[State]] = {start: None}
    waiting = collections.deque([start])
    while waiting:
        state = waiting.popleft()
        if state.effects > 1 or state.is_recorded_wrongly:
            way = [state]
            while came_from[way[-1]] is not None:
                way.append(came_from[way[-1]])
            return len(came_from), way[::-1]
        for each in successors(state, rules):
            if each not in came_from:
                came_from[each] = state
                waiting.append(each)
    return len(came_from), None


def test_no_order_of_steps_replaces_twice_or_records_what_is_not_so():
    count, way = search(RULES)
    assert way is None, "\n".join(map(str, way))
    assert count > 1000, count


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_is_needed(rule):
    unused_count, way = search(RULES - {rule})
    assert way is not None, "the search does not notice that '%s' is missing" % rule
