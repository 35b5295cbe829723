# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rotate_credentials replaces, delivers and collects each credential of a fleet exactly once, in waves, and again next time."""

import json
import stat

import pytest
from playbook_fleet import OWN_COMMANDS, ROTATION_EFFECTS, Fleet, assert_rotated_once, fail_message
from sandbox_process import COLLECTOR

PLAYBOOK = "eccops.rapid.rotate_credentials"
Q4, NEXT = {"rotation_id": "2026q4"}, {"rotation_id": "2027q1"}


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return Fleet(sandbox, tmp_path / "fleet")


def changed(run):
    return {host: counts["changed"] for host, counts in run.recap.items() if counts["changed"]}


@pytest.mark.slow
def test_twelve_positions_are_rotated_once_and_then_once_more(sandbox, fleet, run_playbook):
    inventory = fleet.write()
    before = fleet.request_ids

    # --check says what would be done, and sends nothing that changes anything.
    sandbox.switch(writes_refused=True)
    rehearsed = run_playbook(PLAYBOOK, Q4, inventory=inventory, check=True)
    assert rehearsed.returncode == 0, rehearsed.output
    plan = {line.split()[0]: line.split()[1] for line in rehearsed.result("Show the plan")["msg"][1:]}
    assert {position: plan[position] for position in before} == dict.fromkeys(before, "replaced")
    report = rehearsed.result("Show the results")["msg"]
    assert [line.split()[0] for line in report[1:] if " would be replaced " in line] == list(before)
    assert (sandbox.stats()["refused_writes"], sandbox.effects()) == (0, [])
    assert not fleet.ledger_path.exists() and not any(fleet.place(position).exists() for position in before)
    sandbox.switch(writes_refused=False)

    first = run_playbook(PLAYBOOK, Q4, inventory=inventory)
    assert first.returncode == 0, first.output
    after, entries = assert_rotated_once(sandbox, fleet), sandbox.effects(*ROTATION_EFFECTS)
    assert stat.S_IMODE(fleet.ledger_path.stat().st_mode) == 0o600
    for position, request_id in after.items():
        request_file = fleet.place(position) / "request.json"
        assert stat.S_IMODE(request_file.stat().st_mode) == 0o600
        assert json.loads(request_file.read_text())["request_id"] == request_id
        assert sorted(path.name for path in fleet.place(position).iterdir()) == [".request.json.collected", "credential", "request.json"]
    # A canary, five, and the rest: no wave begins before the one before it has collected.
    waves = [entry["effect"] for entry in entries]
    assert waves == ["replace", "collect"] + ["replace"] * 5 + ["collect"] * 5 + ["replace"] * 6 + ["collect"] * 6
    assert entries[0]["previous_request_id"] == next(iter(before.values()))
    report = first.result("Show the results")["msg"]
    assert all(line.split()[1] == "replaced" and line.endswith(after[line.split()[0]]) for line in report[1:13])
    assert str(fleet.ledger_path) in report[-1]

    # Again: nothing, for all.
    again = run_playbook(PLAYBOOK, Q4, inventory=inventory)
    assert (again.returncode, changed(again)) == (0, {}), again.output
    assert sandbox.effects(*ROTATION_EFFECTS) == entries
    assert fleet.ledger() == after


@pytest.mark.slow
def test_the_inventory_goes_on_naming_the_first_request_ids(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=2)
    inventory, one_wave = fleet.write(), {"rotation_waves": [2]}
    assert run_playbook(PLAYBOOK, {**Q4, **one_wave}, inventory=inventory).returncode == 0
    after, last_seq = assert_rotated_once(sandbox, fleet), sandbox.last_seq()
    again = run_playbook(PLAYBOOK, {**Q4, **one_wave}, inventory=inventory)
    assert (again.returncode, changed(again)) == (0, {}), again.output
    assert again.result("Show the plan")["msg"][1].split()[1] == "already_replaced"

    # The next rotation: one position by --limit; then the rest.
    second = list(fleet.positions)[1]
    limited = run_playbook(PLAYBOOK, NEXT, inventory=inventory, arguments=["--limit", second])
    assert limited.returncode == 0, limited.output
    assert [entry["previous_request_id"] for entry in sandbox.effects("replace")[2:]] == [after[second]]
    rest = run_playbook(PLAYBOOK, {**NEXT, **one_wave}, inventory=inventory)
    assert rest.returncode == 0, rest.output
    assert_rotated_once(sandbox, fleet, after, [entry for entry in sandbox.effects(*ROTATION_EFFECTS) if entry["seq"] > last_seq])
    checked = run_playbook("eccops.rapid.check_credentials", inventory=inventory)
    assert checked.returncode == 0, checked.output
    assert "the RequestIds are from the ledger %s" % fleet.ledger_path in checked.output


OWN_COLLECTOR = """\
import subprocess, sys
collector, request_file, device_url, ca_path, log = sys.argv[1:]
with open(log, "a") as file:
    file.write(request_file + "\\n")
store = request_file.rpartition("/")[0] + "/credential"
sys.exit(subprocess.call([sys.executable, collector, "--request-file", request_file, "--store", store,
                          "--device-url", device_url, "--ca-path", ca_path]))
"""


@pytest.mark.slow
def test_the_sites_own_collect_command_and_odd_paths(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    odd, plain, homely = list(fleet.positions)
    fleet.positions[odd]["rotation_request_path"] = str(tmp_path / "it's a \"place\"; {x}" / "the request.json")
    fleet.positions[homely]["rotation_request_path"] = str(tmp_path / "homely $RACK" / "request.json")
    program, log = tmp_path / "own collector.py", tmp_path / "own log"
    program.write_text(OWN_COLLECTOR, encoding="utf-8")
    fleet.positions[plain]["own_collect_argv"] = [
        "{{ ansible_playbook_python }}", str(program), str(COLLECTOR), "{request_path}",
        "{{ sandbox_device_url }}", "{{ rapidauth_ca_path }}", str(log)]
    inventory = fleet.write()
    options = {"inventory": inventory, "env": {"RACK": "rack's"}}
    run = run_playbook(PLAYBOOK, {**Q4, **OWN_COMMANDS, "rotation_waves": [3]}, **options)
    assert run.returncode == 0, run.output
    fleet.positions[homely]["rotation_request_path"] = str(tmp_path / "homely rack's" / "request.json")
    assert_rotated_once(sandbox, fleet)
    assert log.read_text() == fleet.positions[plain]["rotation_request_path"] + "\n"
    again = run_playbook(PLAYBOOK, {**Q4, **OWN_COMMANDS, "rotation_waves": [3]}, **options)
    assert (again.returncode, changed(again)) == (0, {}), again.output
    assert len(log.read_text().splitlines()) == 1  # the mark on the position: the site's command is not run again


@pytest.mark.slow
@pytest.mark.parametrize(("most_failures", "replaced"), [(0, 2), (50, 3)])
def test_no_further_wave_beyond_the_failures_allowed(sandbox, tmp_path, run_playbook, most_failures, replaced):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    names = list(fleet.positions)
    fleet.positions[names[0]]["own_collect_argv"] = ["/bin/false"]
    waves = {"rotation_waves": [2], "rotation_max_fail_percentage": most_failures, "rotation_max_failures": most_failures // 50}
    run = run_playbook(PLAYBOOK, {**Q4, **OWN_COMMANDS, **waves}, inventory=fleet.write())
    assert run.returncode == 2
    assert len(sandbox.effects("replace")) == replaced
    assert len(sandbox.effects("collect")) == replaced - 1
    reported = fail_message(run, "Require that the position has collected its credential")
    assert reported.startswith(names[0] + " is not done: the service says Requested.")
    assert set(fleet.ledger()) == set(names[:replaced])
