# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a person found out about a replacement that the collection could not resolve."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import OPEN
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import NoRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient

NOT_REPLACED = "not_replaced"


def resolve(client: RapidAuthClient, record: NoRecord, resolutions: dict[str, str], credentials: list[dict], is_check_mode: bool) -> None:
    """Closes open rows of the ledger by what ``resolutions`` says: {position: the successor's RequestId, or 'not_replaced'}.

    A RequestId must name a credential that the service knows under the AnonId of the open row.
    """
    request_ids = {each["position"]: each["request_id"] for each in credentials}
    for position, verdict in resolutions.items():
        if position not in request_ids:
            raise InvalidInput("resolutions names %s, which is not among the credentials" % position)
        for row in record.chain(request_ids[position]):
            # Read again once nobody else works on it: another run may just have closed it.
            with record.held(row["original_request_id"]):
                if (record.entry(row["new_anon_id"]) or row)["outcome"] in OPEN:
                    _resolve_one(client, record, row["new_anon_id"], verdict, position, is_check_mode)


def _resolve_one(client: RapidAuthClient, record: NoRecord, anon_id: str, verdict: str, position: str, is_check_mode: bool) -> None:
    if verdict == NOT_REPLACED:
        seconds = record.seconds_in_flight(anon_id)
        if seconds > 0:
            raise InvalidInput(
                "%s: nothing was resolved: a POST for AnonId %s that another run began may still arrive for %d s; look again after that"
                % (position, anon_id, seconds + 1), kind="busy")
        outcome, new_request_id = NOT_REPLACED, None
    else:
        outcome, new_request_id = "adopted", _verified(client, verdict, anon_id, position)
    if not is_check_mode:
        record.complete(anon_id, outcome, new_request_id, "resolved by a person")


def _verified(client: RapidAuthClient, request_id: str, anon_id: str, position: str) -> str:
    credential = client.get_request(request_id)
    if credential.anon_id != anon_id:
        raise InvalidInput("%s: RequestId %s has AnonId %s and not %s; check it in the dashboard" % (position, request_id, credential.anon_id, anon_id))
    return request_id
