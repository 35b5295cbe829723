# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which credentials of a fleet are looked up with which SAC."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import check as fleet_check
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import NOW, days_ago, entry, format_instant, guid

#: Two centers with a SAC each at one service: {center: {its positions}}.
CENTERS = {"north": {"north-01": guid(1), "north-02": guid(2)}, "south": {"south-01": guid(3)}}


@pytest.fixture(name="check")
def fixture_check(tmp_path, monkeypatch):
    """Returns a function that checks the two centers and returns {center: the RequestIds looked up with its SAC}, and the names reported of."""
    asked = {}
    sac = {"serial": "4f1c", "sha256_fingerprint": "", "not_before": days_ago(1), "not_after": days_ago(-300), "problems": [], "weaknesses": []}

    def look_up(service):
        asked[service["sac_path"]] = service["request_ids"]
        return {"credentials": {each: entry(request_id=each) for each in service["request_ids"]}}

    monkeypatch.setattr(fleet_check, "check_with_histories", look_up)
    monkeypatch.setattr(fleet_check, "inspect_sac", lambda params, is_check_mode: dict(sac, subject=params["sac_path"]))

    def call(**options):
        defaults = {name: option.get("default") for name, option in fleet_check.OPERATION.spec["argument_spec"].items()}
        services = [
            {"api_url": API + "/", "sac_path": ecc, "positions": {name: {"ecc": ecc, "request_id": each} for name, each in positions.items()}}
            for ecc, positions in CENTERS.items()]
        asked.clear()
        params = {**defaults, "services": services, "now": format_instant(NOW), "ledger_path": str(tmp_path / "ledger.sqlite"), **options}
        report = fleet_check.check_fleet(params, False)["report"]
        return asked, {row["name"]: row["ecc"] for row in report["credentials"]}

    return call


def test_each_position_of_the_inventory_is_looked_up_with_its_own_sac(check):
    assert check() == ({ecc: list(positions.values()) for ecc, positions in CENTERS.items()}, {"north-01": "north", "north-02": "north", "south-01": "south"})


def test_each_position_of_the_ledger_is_looked_up_once_and_with_its_own_sac(check, tmp_path):
    with LedgerRecord(str(tmp_path / "ledger.sqlite"), API) as record:
        for number, name in enumerate(("north-01", "south-01", "west-01")):  # one is in no inventory any more
            record.intend(intent(position=name, original_request_id=guid(10 + number), request_id=guid(10 + number), new_anon_id=name))
    with LedgerRecord(str(tmp_path / "ledger.sqlite"), "https://other.example/rapid") as record:
        record.intend(intent(position="north-02", original_request_id=guid(20), request_id=guid(20)))
    assert check(fleet_from_ledger=True) == (
        {"north": [guid(10), guid(12)], "south": [guid(11)]}, {"north-01": "north", "west-01": "", "south-01": "south"})


def test_a_ledger_that_knows_nothing_of_the_service_is_no_fleet_that_is_fine(check, tmp_path):
    with LedgerRecord(str(tmp_path / "ledger.sqlite"), "https://other.example/rapid") as record:
        record.intend(intent())
    with pytest.raises(InvalidInput, match="there is nothing to check"):
        check(fleet_from_ledger=True)


def test_without_a_ledger_there_is_no_fleet_of_it(check):
    with pytest.raises(InvalidInput, match="fleet_from_ledger needs ledger_path"):
        check(fleet_from_ledger=True, ledger_path=None)
