# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""All credentials of a history are prevented, and no failure keeps the others from it."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._credentials import prevention
from ansible_collections.eccops.rapid.plugins.module_utils._errors import NotSent, RapidError
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ID, LOST, NEW_ID, ModelRapidAuth

CREDENTIALS = [{"position": "north-01", "request_id": ID}, {"position": "north-02", "request_id": NEW_ID}]


@pytest.fixture(name="prevent")
def fixture_prevent(monkeypatch):
    def call(service, is_check_mode=False, **params):
        monkeypatch.setattr(prevention, "rapidauth_client", lambda params: service)
        options = {name: option.get("default") for name, option in prevention.OPERATION.spec["argument_spec"].items()}
        return prevention.run(dict(options, credentials=CREDENTIALS, **params), is_check_mode)

    return call


@pytest.fixture(name="service")
def fixture_service():
    service = ModelRapidAuth()
    service.add("other", "Requested")
    return service


def test_check_mode_sends_nothing_and_a_second_run_changes_nothing(prevent, service):
    assert prevent(service, is_check_mode=True)["changed"] and service.writes == []
    assert prevent(service)["changed"] and len(service.writes) == 2
    again = prevent(service)
    assert not again["changed"] and len(service.writes) == 2
    assert [entries[0]["is_held_by_device"] for entries in again["positions"].values()] == [True, False]


@pytest.mark.parametrize("error", [LOST, NotSent("refused")])
def test_a_failure_of_one_leaves_the_others_prevented(prevent, service, error):
    service.look_fates = [error]
    with pytest.raises(RapidError, match="1 of 2 positions are not blocked: north-01: ") as caught:
        prevent(service)
    assert caught.value.kind == "not_prevented" and caught.value.details["failed_positions"] == ["north-01"]
    assert service.writes == [("PATCH", NEW_ID, True)]


def test_an_answer_that_was_lost_is_looked_for(prevent, service):
    service.write_fates = ["lost_after"]
    assert prevent(service)["failed_positions"] == []


def test_what_has_expired_is_left_alone(prevent, service):
    service.rows[0]["Status"] = "Expired"
    assert prevent(service)["positions"]["north-01"] == []
    assert service.writes == [("PATCH", NEW_ID, True)]
