# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that each refusal of rapidauth_request has a sentence of its own and changes nothing.

What can be seen from the options never reaches the service; what the service knows is looked at before anything is sent.
"""

import pytest
from harness import Observed, assert_sentence, scenario, task

UNKNOWN = "00000000-0000-4000-a000-000000000000"
RESERVED = ("65c4d858-23b2-4a9e-9c45-b8f36d1c442f", "TestCertificateRequestValid1")
REPLACED = {"state": "replaced", "anon_id": "position-2026q4"}
# name: (options, kind, what the sentence says)
POINTLESS = {
    "no GUID": ({"request_id": "12345"}, "request_id_malformed", ["RequestId '12345' is malformed", "GUID of 8-4-4-4-12"]),
    "GUID and more": ({"request_id": UNKNOWN + "\n"}, "request_id_malformed", [UNKNOWN + "\\n' is malformed", "GUID"]),
    "path": ({"request_id": "../requests"}, "request_id_malformed", ["RequestId '../requests' is malformed"]),
    "AnonId malformed": (dict(REPLACED, anon_id="desk 7"), "anon_id_malformed", ["AnonId 'desk 7' is malformed", "a-z A-Z 0-9 _ and -"]),
    "AnonId empty": (dict(REPLACED, anon_id=""), "anon_id_malformed", ["AnonId '' is malformed", "at least one"]),
    "AnonId too long": (dict(REPLACED, anon_id="x" * 65), "anon_id_too_long", ["xxxxxxxxxxxxxxxx...", "has 65 characters", "at most 64"]),
    "expected malformed": ({"expect_anon_id": "ä"}, "anon_id_malformed", ["AnonId 'ä' is malformed"]),
    "no AnonId": ({"state": "replaced"}, "invalid_input", ["state is replaced", "missing: anon_id"]),
    "AnonId alone": ({"anon_id": "new"}, "invalid_input", ["anon_id requires state=replaced", "expect_anon_id"]),
    "replaced and prevented": (dict(REPLACED, prevent_collection=True), "invalid_input", ["prevent_collection requires state=present"]),
    "two SACs": ({"sac_content": "no real SAC"}, "invalid_input", ["mutually exclusive", "sac_path|sac_content"]),
    "budget": ({"retry_budget_seconds": -1}, "invalid_input", ["retry_budget_seconds must be between 0 and 3600"]),
    "unknown option": ({"anonid": "x"}, "invalid_input", ["anonid", "Supported parameters include", "anon_id"]),
}
# name: (options, how the scenario is arranged, kind, what the sentence says, (HTTP status, number) or None)
REFUSED = {
    "unknown": ({"request_id": UNKNOWN}, {}, "unknown", ["https://localhost:", UNKNOWN, "HTTP 404, error 1109", "check the id"], (404, 1109)),
    "unknown as 200": ({"request_id": UNKNOWN}, {"switches": {"errors_as_200": True}}, "unknown", ["HTTP 200, error 1109"], (200, 1109)),
    "unknown, replaced": (dict(REPLACED, request_id=UNKNOWN), {}, "unknown",
                          ["RequestId " + UNKNOWN, "neither the RequestId nor AnonId position-2026q4", "check both"], None),
    "taken": (dict(REPLACED, anon_id="{{ sandbox_fleet[1].anon_id }}"), {"older": 1}, "anon_id_taken",
              ["RequestId {request_id} was not replaced", "belongs to a credential that is not a replacement", "choose another AnonId"], None),
    "taken, says the service": (dict(REPLACED, anon_id=RESERVED[1]), {"gone": True}, "refused",
                                ["https://localhost:", "replace of RequestId {request_id}", "HTTP 409, error 7703", "already used"], (409, 7703)),
    "no licences": (dict(REPLACED, anon_id="TestNoMoreLicenses"), {}, "no_licences",
                    ["replace of RequestId {request_id}", "HTTP 403, error 1402", "buy licences", "dashboard"], (403, 1402)),
    "expired": (REPLACED, {"credentials": {"status": "Expired"}}, "expired",
                ["RequestId {request_id} was not replaced", "is Expired", "cannot be replaced", "request a new one"], None),
    "expired by time": (REPLACED, {"advance_seconds": 400 * 86400}, "expired", ["is Expired"], None),
    "collection prevented": (REPLACED, {"credentials": {"prevent_collection": True}}, "collection_prevented",
                             ["RequestId {request_id} was not replaced", "collection is prevented", "allow collection first"], None),
    "another device": (dict(REPLACED, expect_anon_id="someone-else"), {}, "anon_id_unexpected",
                       ["RequestId {request_id} was not replaced", "and not someone-else as expected", "check which device"], None),
    "another device, present": ({"prevent_collection": True, "expect_anon_id": "someone-else"}, {}, "anon_id_unexpected",
                                ["RequestId {request_id} has AnonId", "not someone-else as expected", "nothing was changed"], None),
    "maintenance": (dict(REPLACED, retry_budget_seconds=0), {"switches": {"maintenance": True}}, "maintenance",
                    ["HTTP 503, error 13", "in maintenance", "run again"], (503, 13)),
}


@pytest.fixture(scope="module", name="request_id")
def fixture_request_id(running_sandbox):
    return running_sandbox.fleet[0]["request_id"]


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, run_scenarios, request_id):
    def arranged(given):
        given = dict(given)
        if "credentials" in given:
            given["credentials"] = {request_id: given["credentials"]}
        if "older" in given:
            given["credentials"] = {running_sandbox.fleet[given.pop("older")]["request_id"]: {"requested_date": "2020-01-01T00:00:00Z"}}
        if given.pop("gone", False):  # nobody can look it up any more, and the name stays reserved
            given["credentials"] = {RESERVED[0]: {"status": "Expired", "lapses_date": "2020-01-01T00:00:00Z"}}
        return given

    scenarios = [scenario(name, task("try", "rapidauth_request", **{"request_id": request_id, **options}))
                 for name, (options, *_expected) in POINTLESS.items()]
    for name, (options, how, *_expected) in REFUSED.items():
        options = {"request_id": request_id, **options}
        scenarios.append(scenario(name, task("check", "rapidauth_request", {"check_mode": True}, **options),
                                  task("try", "rapidauth_request", **options), **arranged(how)))
    return run_scenarios(scenarios)


@pytest.mark.parametrize("name", POINTLESS)
def test_what_cannot_be_meant_never_reaches_the_service(run, name):
    _options, kind, pieces = POINTLESS[name]
    seen = Observed(run, name)
    assert assert_sentence(seen.result("try"), kind, *pieces)
    assert seen.stats["connections"] == {} and seen.effects() == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_reported_and_changes_nothing(run, request_id, name):
    _options, _how, kind, pieces, numbers = REFUSED[name]
    seen = Observed(run, name)
    result = seen.result("try")
    assert assert_sentence(result, kind, *(piece.format(request_id=request_id) for piece in pieces))
    assert (result.get("http_status"), result.get("number")) == (numbers or (None, None))
    assert seen.effects("replace", "patch") == [] and seen.stats["licences_used"] == 0
    is_refused_by_the_service = name in ("no licences", "taken, says the service")
    assert seen.calls("replace") == len(seen.effects("replace_refused")) == (1 if is_refused_by_the_service else 0)
    check = seen.result("check")
    if is_refused_by_the_service:
        assert check["_status"] == "ok" and check["outcome"] == "replaced", "only the service can know"
    else:
        assert check["error_kind"] == kind and check["msg"] == result["msg"]
