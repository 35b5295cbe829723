# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The fleet of a site's own inventory, as ``ansible-inventory --list`` prints it. tests/functional/test_rehearsal.py runs playbooks on one."""

import json

import pytest
import yaml
from sandbox_process import Running

from rapid_sandbox import inventory
from rapid_sandbox.data_directory import StartupError


def test_positions_that_are_added_later_are_served_too_and_the_others_stay(tmp_path):
    listing = tmp_path / "listing.json"

    def start(hosts):
        listing.write_text(json.dumps({"_meta": {"hostvars": hosts}}), encoding="utf-8")
        return Running(tmp_path / "data", "--inventory", str(listing))

    # The first one is the RequestId of a test of the vendor's, as in the examples.
    first = {"one": {"rapidauth_request_id": "64F926B3-209A-4E32-8DA8-BBE5FD99DE46", "ecc": "harbor"}, "console": {"ansible_host": "192.0.2.1"}}
    sandbox = start(first)
    (one,) = sandbox.fleet
    assert sandbox.get("/requests/" + one["request_id"]).json()["Status"] == "Collected"
    sandbox.call("POST", "/requests/%s/replace" % one["request_id"], {"AnonId": "kept"})
    assert sandbox.stop() == 0
    sandbox = start({**first, "two": {"rapidauth_request_id": "0d7f1c9e-4c3b-4f0a-9a52-2f6b0f4be0c3"}})
    assert [each["position"] for each in sandbox.fleet] == ["one", "two"] and sandbox.fleet[0] == one
    assert [sandbox.get("/requests/" + each["request_id"]).status_code for each in sandbox.fleet] == [200, 200]
    assert sandbox.get("/credentials/kept").status_code == 200
    written = yaml.safe_load((sandbox.directory / "fleet.yml").read_text(encoding="utf-8"))
    assert set(written["dispatch_workstations"]["children"]) == {"harbor", "no_ecc"}
    assert sandbox.stop() == 0


@pytest.mark.parametrize("text, says", [
    ("[]", "ansible-inventory --list"),
    ('{"_meta": {"hostvars": {"one": {}}}}', "no host of the inventory has rapidauth_request_id"),
    ('{"_meta": {"hostvars": {"one": {"rapidauth_request_id": "{{ of_one }}"}}}}', "rapidauth_request_id of one must be a RequestId"),
])
def test_an_inventory_without_request_ids_is_refused(tmp_path, text, says):
    listing = tmp_path / "listing.json"
    listing.write_text(text, encoding="utf-8")
    with pytest.raises(StartupError, match=says):
        inventory.read_fleet(listing)
