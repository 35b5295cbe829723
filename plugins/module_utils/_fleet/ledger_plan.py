# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: the part that all plans share: where the ledger is, and with which SAC which service is called."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import variables as names
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_https_url

_SERVICE = {**names.SERVICE, **names.SERVICE_NAMES}


def plan_ledger(reader: FleetReader, all_positions: typing.Collection[str]) -> dict:
    """Returns {ledger_host, ledger_path, ledger_url, ledger_password, audit_log_path}, None for the options of the ledger that do not apply.

    With a URL the work is done by the controller. A position as the ledger's host is a problem of the run.
    """
    ledger = {name: reader.of_run(variable) for name, variable in names.LEDGER.items()}
    host = ledger["rapidauth_ledger_host"]
    if host in all_positions:
        reader.note("",
                    "rapidauth_ledger_host is %s, a position: whoever has that position would be sent the SAC; keep the ledger on localhost or a server" % host)
    place = {name: ledger["rapidauth_" + name] for name in ("ledger_path", "ledger_url", "ledger_password")}
    if place["ledger_url"]:
        if place["ledger_path"] != names.LEDGER_PATH or host != "localhost":
            reader.note("", "rapidauth_ledger_url and rapidauth_%s are both set; a ledger in a database needs only the URL" % (
                "ledger_path" if place["ledger_path"] != names.LEDGER_PATH else "ledger_host"))
        place["ledger_path"] = None
    try:
        find_place(place)
    except InvalidInput as error:
        reader.note("", "rapidauth_" + error.message)
    return {"ledger_host": host, **place, "audit_log_path": ledger["rapidauth_audit_log_path"]}


def plan_service(reader: FleetReader) -> dict:
    """Returns the options that name the service and its SAC: one for all positions."""
    found = {name: reader.of_run(variable) for name, variable in _SERVICE.items()}
    return _as_options(reader, "", found)


def read_service(reader: FleetReader, position: str) -> dict:
    """Returns the options that name the service and the SAC of a position."""
    found = {name: reader.shared(position, variable) for name, variable in _SERVICE.items()}
    return _as_options(reader, position, found)


def _as_options(reader, position, found):
    options = {name[len("rapidauth_"):]: value for name, value in found.items() if value}
    if "api_url" in options:
        try:
            validate_https_url(options["api_url"], "rapidauth_api_url")
        except InvalidInput as error:
            reader.note(position, error.message)
    if reader.trusted and not reader.problems.get("") and position not in reader.problems:
        given = {"sac_path", "sac_content"} & set(options)
        if len(given) != 1:
            reader.note(position, "rapidauth_sac_path and rapidauth_sac_content are %s set; set one of them" % ("both" if given else "not"))
    return options


def refuse(reader: FleetReader, outcome: str) -> None:
    """Raises InvalidInput with all problems at once, if there are any; outcome says that nothing was done."""
    if reader.problems:
        raise InvalidInput("%s %s" % (outcome, reader.describe_problems()), kind="fleet_invalid")
