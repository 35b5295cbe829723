# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_ledger_info: what the ledger knows, for people and for playbooks."""

from __future__ import annotations

import json

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import require_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.postgresql_schema import describe_schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import DONE, OPEN, current_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import LEDGER_RULES, ledger_place_options, service_name, validate_https_url
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_request_id


def view_ledger(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result for its params; it reads only. Raises RapidError."""
    if params.get("show_schema"):
        return {"changed": False, "schema_sql": describe_schema()}
    place = require_place(params)
    for each in params["request_ids"]:
        validate_request_id(each)
    service = params.get("service_name")
    if not service and params.get("api_url"):
        service = service_name(validate_https_url(params["api_url"], "api_url"))
    with Ledger(place, is_read_only=True) as ledger:
        rows = ledger.all_rows(service)
        services = sorted({row["service"] for row in rows})
        current = _find_current(ledger, services, params["request_ids"])
    newest = _newest(rows)
    wanted = [row for row in rows if _is_wanted(row, params)]
    return {
        "changed": False,
        "services": services,
        "request_ids": current,
        "positions": {name: row for name, row in newest.items() if not params["positions"] or name in params["positions"]},
        "unresolved": [row for row in wanted if row["outcome"] in OPEN],
        "history": wanted,
        "json_lines": "".join(json.dumps(row, sort_keys=True) + "\n" for row in wanted),
    }


def _find_current(ledger: Ledger, services: list[str], request_ids: list[str]) -> dict[str, str]:
    """Returns {RequestId: the newest one of its history}; a RequestId is unique over all services."""
    current = {each: each for each in request_ids}
    for service in reversed(services):
        current.update((each, current_request_id(chain, each)) for each, chain in ledger.chains(service, request_ids).items() if chain)
    return current


def _is_wanted(row: dict, params: dict) -> bool:
    return (not params["positions"] or row["position"] in params["positions"]) and params["rotation_id"] in (None, row["rotation_id"])


def _newest(rows: list[dict]) -> dict[str, dict]:
    """Returns {position: its current {request_id, original_request_id, anon_id, rotation_id, replaced_at, delivered_at, collected_at, service}}."""
    newest = {}
    for row in rows:
        if row["outcome"] in DONE:
            newest[row["position"]] = {
                "request_id": row["new_request_id"],
                "original_request_id": row["original_request_id"],
                "anon_id": row["new_anon_id"],
                "rotation_id": row["rotation_id"],
                "replaced_at": row["finished_at"],
                "delivered_at": row["delivered_at"],
                "collected_at": row["collected_at"],
                "service": row["service"],
            }
    return newest


OPERATION = Operation(run=view_ledger, spec=dict(LEDGER_RULES, **{
    "argument_spec": {
        **ledger_place_options(),
        "show_schema": {"type": "bool", "default": False},
        "api_url": {"type": "str"},
        "request_ids": {"type": "list", "elements": "str", "default": []},
        "positions": {"type": "list", "elements": "str", "default": []},
        "rotation_id": {"type": "str"},
        "service_name": {"type": "str"},
    },
    "required_one_of": [("ledger_path", "ledger_url", "show_schema")],
}))
