# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the faults that are to happen: which route, which kind, how often, for which credential."""

import dataclasses
import json
import random

ROUTES = (
    "get_request", "patch_request", "replace", "request_credential", "get_credential",
    "legacy_request", "collect", "login", "refresh", "oauth_token", "query_page", "*")

# kind: (what its "seconds" means or None, their default, does the effect happen)
KINDS = {
    "latency": ("delay before the call is served", 1.0, True),
    "too_many_requests": ("Retry-After", 1.0, False),
    "error_after_effect_empty_500": (None, None, True),
    "bad_gateway": (None, None, False),
    "unavailable": ("Retry-After, if given", None, False),
    "gateway_timeout": (None, None, False),
    "garbage": (None, None, True),
    "html": (None, None, False),
    "truncated_json": (None, None, True),
    "slow_drip": ("time between two pieces of the answer", 0.1, True),
    "disconnect_before_effect": (None, None, False),
    "disconnect_after_effect": (None, None, True),
    "wrong_request_id": (None, None, True),
    "maintenance": (None, None, False),
}
_EFFECT_IS_GIVEN = (
    "latency", "error_after_effect_empty_500", "disconnect_before_effect", "disconnect_after_effect",
    "wrong_request_id", "slow_drip", "truncated_json")


@dataclasses.dataclass
class Fault:
    """One fault, validated."""

    route: str
    kind: str
    count: int | None
    probability: float
    seconds: float | None
    matching: dict | None
    seed: int | None
    is_effect_done: bool
    fired: int = 0

    def __post_init__(self):
        self._random = random.Random(self.seed)

    def takes(self, call):
        if self.route not in ("*", call.route) or self.count is not None and self.fired >= self.count:
            return False
        if self.matching and not _matches(self.matching, call):
            return False
        return self.probability >= 1 or self._random.random() < self.probability

    def as_object(self):
        return dataclasses.asdict(self)


def _matches(matching, call):
    """Whether the call is about the given credential, by its path or its body."""
    try:
        body = json.loads(call.body) if call.body else {}
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    request_ids = {str(call.parameters.get("request_id", "")).lower(), str(body.get("Identifier", "")).lower()}
    anon_ids = {call.parameters.get("anon_id"), body.get("AnonId"), body.get("SubjectName")}
    return (("request_id" not in matching or matching["request_id"].lower() in request_ids)
            and ("anon_id" not in matching or matching["anon_id"] in anon_ids))


def fault_from(description):
    """The fault a JSON object describes; ValueError with one sentence otherwise."""
    if not isinstance(description, dict):
        raise ValueError("a fault is a JSON object")
    known = {"route", "kind", "count", "probability", "seconds", "matching", "seed", "is_effect_done"}
    unknown = sorted(set(description) - known)
    if unknown:
        raise ValueError(f"a fault has no field {unknown[0]!r}; it has {', '.join(sorted(known))}")
    route, kind = description.get("route"), description.get("kind")
    if route not in ROUTES:
        raise ValueError(f"fault route {route!r} is not one of {', '.join(ROUTES)}")
    if kind not in KINDS:
        raise ValueError(f"fault kind {kind!r} is not one of {', '.join(KINDS)}")
    meaning, default_seconds, default_effect = KINDS[kind]
    count = description.get("count")
    if count is not None and (not _is_number(count) or not isinstance(count, int) or count < 1):
        raise ValueError("fault count is a whole number from 1, or null: until cleared")
    probability = description.get("probability", 1)
    if not _is_number(probability) or not 0 <= probability <= 1:
        raise ValueError("fault probability is a number from 0 to 1")
    seconds = description.get("seconds")
    if seconds is None:
        seconds = default_seconds
    elif meaning is None:
        raise ValueError(f"fault kind {kind} has no seconds")
    elif not _is_number(seconds) or not 0 <= seconds <= 3600:
        raise ValueError("fault seconds is a number from 0 to 3600")
    matching = description.get("matching")
    if matching is not None and not _is_matching(matching):
        raise ValueError("fault matching is an object with request_id and/or anon_id, both texts")
    seed = description.get("seed")
    if seed is not None and (not _is_number(seed) or not isinstance(seed, int)):
        raise ValueError("fault seed is a whole number")
    is_effect_done = description.get("is_effect_done")
    if is_effect_done is None:
        is_effect_done = default_effect
    elif not isinstance(is_effect_done, bool):
        raise ValueError("fault is_effect_done is true or false")
    elif kind in _EFFECT_IS_GIVEN and is_effect_done != default_effect:
        raise ValueError(f"with fault kind {kind} is_effect_done is always {str(default_effect).lower()}")
    return Fault(route, kind, count, float(probability), seconds, matching, seed, is_effect_done)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_matching(value):
    return (isinstance(value, dict) and value and set(value) <= {"request_id", "anon_id"}
            and all(isinstance(text, str) for text in value.values()))


class Faults:
    """The faults in force, in the order they were asked for; the first that fits a call happens."""

    def __init__(self, statistics):
        self._statistics = statistics
        self._faults = []

    @property
    def has_any(self):
        return bool(self._faults)

    def add(self, fault):
        self._faults.append(fault)

    def clear(self):
        self._faults.clear()

    def take(self, call):
        """The fault that happens to this call, or None."""
        for fault in self._faults:
            if fault.takes(call):
                fault.fired += 1
                self._statistics.faults_fired += 1
                return fault
        return None

    def as_objects(self):
        return [fault.as_object() for fault in self._faults]
