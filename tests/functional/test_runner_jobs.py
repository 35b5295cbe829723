# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rotations run under ansible-runner, and that jobs with one ledger replace each credential exactly once: slices, halves, the same fleet."""

import pathlib

import pytest
from playbook_fleet import Fleet, assert_rotated_once
from runner_job import Job
from ssh_host import SshHost

PLAYBOOK = "eccops.rapid.rotate_credentials"
Q4 = {"rotation_id": "2026q4"}
ONE_WAVE = {**Q4, "rotation_waves": [12]}
LEDGER_HOST = "ledger-01"

pytestmark = pytest.mark.slow


@pytest.fixture(name="ledger_host")
def fixture_ledger_host(tmp_path):
    """A host reached over ssh, which keeps the ledger of all jobs."""
    with SshHost(tmp_path / "ssh") as host:
        yield host


@pytest.fixture(name="fleet")
def fixture_fleet(request, sandbox, tmp_path):
    return Fleet(sandbox, tmp_path / "fleet", size=getattr(request, "param", 4))


@pytest.fixture(name="groups")
def fixture_groups(sandbox, fleet, tmp_path, ledger_host):
    """The inventory: the positions, and what is the same for all of it. A slice may lack the ledger's host, but no group's variables."""
    service = {name: sandbox.values[name] for name in ("rapidauth_api_url", "rapidauth_ca_path", "rapidauth_sac_path", "rapidauth_sac_passphrase",
                                                       "sandbox_device_url", "sandbox_collect_argv")}
    service["rotation_collect_argv"] = "{{ own_collect_argv | default(sandbox_collect_argv) }}"
    ledger = {"rapidauth_ledger_host": LEDGER_HOST, "rapidauth_ledger_path": str(tmp_path / "kept" / "ledger.sqlite")}
    fleet.ledger_path = pathlib.Path(ledger["rapidauth_ledger_path"])
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {
        "all": {"vars": {**ledger_host.variables(), "ansible_pipelining": True}},
        "dispatch_workstations": {"vars": {**service, **ledger, **local}, "hosts": fleet.positions},
        "ledger": {"hosts": {LEDGER_HOST: {}}},
    }


def half(groups, number):
    """Returns the inventory of a worker that has one half of the fleet."""
    own = dict(list(groups["dispatch_workstations"]["hosts"].items())[number::2])
    return {**groups, "dispatch_workstations": {**groups["dispatch_workstations"], "hosts": own}}


def assert_all_is_well(*jobs):
    for job in jobs:
        assert job.rc == 0, job.stdout
        assert not job.recap()["failures"] and not job.recap()["dark"]
        assert not list(job.directory.rglob("ledger.sqlite*"))


@pytest.mark.parametrize("fleet", [12], indirect=True, ids=["a_small_fleet"])
def test_two_workers_with_half_the_fleet_each_share_a_ledger(sandbox, fleet, groups, ledger_host, tmp_path):
    """Transmit, worker and process in directories of their own, twice at the same time; then again, which changes nothing."""
    jobs = [Job(tmp_path / ("job-%d" % number)) for number in range(2)]
    for number, job in enumerate(jobs):
        job.start(PLAYBOOK, half(groups, number), {**Q4, "rotation_waves": [1, 5]})
    assert_all_is_well(*(job.wait() for job in jobs))
    after = assert_rotated_once(sandbox, fleet)
    assert ledger_host.log.read_text(encoding="utf-8").count("Accepted publickey") > 2
    for number, job in enumerate(jobs):
        assert not set(job.recap()["ok"]) & set(list(fleet.positions)[1 - number::2])
    again = Job(tmp_path / "again").start(PLAYBOOK, groups, ONE_WAVE).wait()
    assert_all_is_well(again)
    assert not again.recap()["changed"]
    assert after == assert_rotated_once(sandbox, fleet)


def test_two_slices_of_one_job(sandbox, fleet, groups, tmp_path):
    """One of them does not have the ledger's host in its inventory, as AWX slices it: what the group all says is enough."""
    slices = [Job(tmp_path / ("slice-%d" % number)).start(PLAYBOOK, groups, ONE_WAVE, part=(number, 2)) for number in (1, 2)]
    assert_all_is_well(*(each.wait() for each in slices))
    assert_rotated_once(sandbox, fleet)
    worked_on = [set(each.recap()["ok"]) & set(fleet.positions) for each in slices]
    assert worked_on[0] | worked_on[1] == set(fleet.positions) and not worked_on[0] & worked_on[1]


def test_two_jobs_on_the_same_fleet_at_the_same_time(sandbox, fleet, groups, tmp_path):
    jobs = [Job(tmp_path / ("job-%d" % number)).start(PLAYBOOK, groups, ONE_WAVE) for number in range(2)]
    assert_all_is_well(*(each.wait() for each in jobs))
    assert_rotated_once(sandbox, fleet)
    times = [[event["created"] for event in job.events()] for job in jobs]
    assert max(times[0][0], times[1][0]) < min(times[0][-1], times[1][-1])  # they really ran at the same time


def test_a_job_that_fails_says_why_and_is_finished_by_the_next(sandbox, fleet, groups, tmp_path):
    """The position that cannot collect is in one slice only; the other slice is not hindered."""
    first = next(iter(fleet.positions))
    broken = {**groups, "dispatch_workstations": {**groups["dispatch_workstations"], "hosts": {
        name: {**variables, **({"own_collect_argv": ["/bin/false"]} if name == first else {})} for name, variables in fleet.positions.items()}}}
    jobs = [Job(tmp_path / ("job-%d" % number)).start(PLAYBOOK, half(broken, number), ONE_WAVE) for number in range(2)]
    one, other = (each.wait() for each in jobs)
    assert_all_is_well(other)
    assert one.rc == 2
    reported = one.messages("Require that the position has collected its credential")
    assert set(reported) == {first} and reported[first].startswith("%s is not done: the service says Requested." % first)
    assert (len(sandbox.effects("replace")), len(sandbox.effects("collect"))) == (4, 3)
    assert_all_is_well(Job(tmp_path / "again").start(PLAYBOOK, groups, ONE_WAVE).wait())
    assert_rotated_once(sandbox, fleet)
