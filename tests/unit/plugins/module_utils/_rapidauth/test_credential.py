# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential, validate_anon_id, validate_request_id

ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"
FIELDS = ["AnonId", "RequestId", "PreventCollection", "Status", "RequestedDate", "CollectedDate"]


@pytest.mark.parametrize("text", [ID, ID.upper()])
def test_a_guid_is_a_request_id(text):
    validate_request_id(text)


@pytest.mark.parametrize(
    "text",
    ["", ID + "\n", " " + ID, ID[:-1], ID + "0", "{" + ID + "}", ID.replace("-", ""), ID.replace("6", "g"), None, 5, "../credentials/x", ID.replace("6", "６")],
)
def test_nothing_else_is_a_request_id(text):
    with pytest.raises(InvalidInput, match="RequestId") as caught:
        validate_request_id(text)
    assert caught.value.kind == "request_id_malformed"


@pytest.mark.parametrize("text", ["a", "A-z_0-9", "-", "x" * 64])
def test_anon_ids_follow_the_vendors_rule(text):
    validate_anon_id(text)


@pytest.mark.parametrize("absent", [None, "", 0, [], {}])
def test_every_field_may_be_missing_or_empty(absent):
    assert set(Credential(dict.fromkeys(FIELDS, absent)).as_dict().values()) == {None}
    assert set(Credential({}).as_dict().values()) == {None}


@pytest.mark.parametrize(
    "written, read", [(True, True), ("true", True), ("True", True), (False, False), ("FALSE", False), ("yes", None), (1, None), (None, None)]
)
def test_prevent_collection_may_come_as_text(written, read):
    assert Credential({"PreventCollection": written}).is_collection_prevented is read
