# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._credentials import state
from ansible_collections.eccops.rapid.plugins.module_utils._errors import NotSent, RapidError, Refusal
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ID, LOST, NEW_ID, ModelRapidAuth

POST = [("POST", ID, "new")]
REPLACED = {"request_id": ID, "state": "replaced", "anon_id": "new"}


@pytest.fixture
def bring(monkeypatch):
    """Returns a function that brings a credential of a fake service to the state that C(params) want."""

    def call(service, params, is_check_mode=False):
        monkeypatch.setattr(state, "rapidauth_client", lambda params: service)
        options = {name: option.get("default") for name, option in state.OPERATION.spec["argument_spec"].items()}
        return state.run(dict(options, **params), is_check_mode)

    return call


def test_replaced_once_and_then_unchanged(bring):
    service = ModelRapidAuth()
    checked = bring(service, REPLACED, is_check_mode=True)
    assert (checked["changed"], service.writes) == (True, [])
    first, second = bring(service, REPLACED), bring(service, REPLACED)
    assert (first["changed"], first["request_id"], first["request_ids"]) == (True, NEW_ID, [ID, NEW_ID])
    assert (second["changed"], second["request_id"], second["request_ids"]) == (False, NEW_ID, [ID, NEW_ID])
    third = bring(service, dict(REPLACED, request_id=NEW_ID))
    assert (third["changed"], third["request_id"]) == (False, NEW_ID)
    assert service.writes == POST


LOSSES = [LOST, Refusal("empty", http_status=500), Refusal("gateway", http_status=502)]


@pytest.mark.parametrize("lost", LOSSES)
def test_a_lost_answer_whose_successor_is_found(bring, lost):
    service = ModelRapidAuth()
    service.write_fates = [("now", lost)]
    result = bring(service, REPLACED)
    assert (result["changed"], result["request_id"]) == (True, NEW_ID)
    assert service.writes == POST


@pytest.mark.parametrize("lost, kind", list(zip(LOSSES, ["not_replaced", "not_replaced", "unresolved"])))
def test_a_lost_answer_without_a_successor(bring, lost, kind):
    service = ModelRapidAuth()
    service.write_fates = [(None, lost)]
    with pytest.raises(RapidError, match="run the same task again") as caught:
        bring(service, REPLACED)
    assert caught.value.kind == kind
    assert service.writes == POST
    assert bring(service, REPLACED)["changed"] is True


@pytest.mark.parametrize("blind", [LOST, NotSent("down"), Refusal("busy", http_status=503), Refusal("no such page", http_status=404)])
def test_a_lost_answer_that_cannot_be_looked_into(bring, blind):
    service = ModelRapidAuth()
    service.write_fates, service.look_fates = ["lost_after"], ["answered", "answered", *[blind] * 20]
    with pytest.raises(RapidError, match="it is not known whether") as caught:
        bring(service, REPLACED)
    assert caught.value.kind == "unresolved"
    assert service.writes == POST
    service.look_fates = []
    assert bring(service, REPLACED)["changed"] is False
    assert service.writes == POST


@pytest.mark.parametrize("refused", [NotSent("down"), Refusal("no", http_status=400), Refusal("no", http_status=500, number=77)])
def test_what_was_refused_or_not_sent_is_neither_repeated_nor_doubted(bring, refused):
    service = ModelRapidAuth()
    service.write_fates = [(None, refused)]
    with pytest.raises(RapidError, match=refused.message):
        bring(service, REPLACED)
    assert service.writes == POST


@pytest.mark.parametrize("looks", [["lost"], ["answered", "lost"]])
def test_nothing_is_sent_where_a_look_before_fails(bring, looks):
    service = ModelRapidAuth()
    service.look_fates = looks
    with pytest.raises(RapidError):
        bring(service, REPLACED)
    assert service.writes == []


@pytest.mark.parametrize(
    "fields, expected, kind",
    [({"Status": "Expired"}, None, "expired"), ({"PreventCollection": True}, None, "collection_prevented"), ({}, "other", "anon_id_unexpected")],
)
@pytest.mark.parametrize("is_check_mode", [True, False])
def test_the_guards_hold_before_anything_is_sent(bring, fields, expected, kind, is_check_mode):
    service = ModelRapidAuth()
    service.rows[0].update(fields)
    with pytest.raises(RapidError) as caught:
        bring(service, dict(REPLACED, expect_anon_id=expected), is_check_mode)
    assert (caught.value.kind, service.writes) == (kind, [])


PREVENTED = {"request_id": ID, "state": "present", "prevent_collection": True}


def test_prevented_once_and_then_unchanged(bring):
    service = ModelRapidAuth()
    checked = bring(service, PREVENTED, is_check_mode=True)
    first, second = bring(service, PREVENTED), bring(service, PREVENTED)
    assert [result["changed"] for result in (checked, first, second)] == [True, True, False]
    assert checked["diff"] == first["diff"] == {"before": {"prevent_collection": False}, "after": {"prevent_collection": True}}
    assert "diff" not in second
    assert service.writes == [("PATCH", ID, True)]


def test_a_patch_whose_answer_was_lost_is_looked_after(bring):
    service = ModelRapidAuth()
    service.write_fates = ["lost_after"]
    assert bring(service, PREVENTED)["credential"]["prevent_collection"] is True


def test_a_patch_that_did_not_take_is_a_failure(bring):
    service = ModelRapidAuth()
    service.write_fates = [(None, None)]
    with pytest.raises(RapidError) as caught:
        bring(service, PREVENTED)
    assert caught.value.kind == "not_taken"


def test_an_unknown_request_id_is_a_failure_and_not_a_blocked_credential(bring):
    service = ModelRapidAuth()
    service.rows.clear()
    with pytest.raises(Refusal) as caught:
        bring(service, PREVENTED)
    assert (caught.value.kind, service.writes) == ("unknown", [])


def test_present_with_the_wrong_anon_id_changes_nothing(bring):
    service = ModelRapidAuth()
    with pytest.raises(RapidError) as caught:
        bring(service, dict(PREVENTED, expect_anon_id="other"))
    assert (caught.value.kind, service.writes) == ("anon_id_unexpected", [])
