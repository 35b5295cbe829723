# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_ledger_info: what the ledger knows, for people and for playbooks."""

from __future__ import annotations

import json

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import DONE, OPEN, Ledger, current_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_https_url, service_name
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_request_id


def view_ledger(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result for its params; it reads only. Raises RapidError."""
    for each in params["request_ids"]:
        validate_request_id(each)
    service = params.get("service_name")
    if not service and params.get("api_url"):
        service = service_name(validate_https_url(params["api_url"], "api_url"))
    with Ledger(params["ledger_path"], is_read_only=True) as ledger:
        rows = ledger.rows("SELECT * FROM replacements WHERE ? IS NULL OR service = ? ORDER BY id", service, service)
        services = sorted({row["service"] for row in rows})
        current = {each: _current(ledger, services, each) for each in params["request_ids"]}
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


def _current(ledger: Ledger, services: list[str], request_id: str) -> str:
    """Returns the newest RequestId of the history that one belongs to; a RequestId is unique over all services."""
    chains = [chain for chain in (ledger.chain(each, request_id) for each in services) if chain]
    return current_request_id(chains[0] if chains else [], request_id)


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


OPERATION = Operation(run=view_ledger, spec={
    "argument_spec": {
        "ledger_path": {"type": "path", "required": True},
        "api_url": {"type": "str"},
        "request_ids": {"type": "list", "elements": "str", "default": []},
        "positions": {"type": "list", "elements": "str", "default": []},
        "rotation_id": {"type": "str"},
        "service_name": {"type": "str"},
    }
})
