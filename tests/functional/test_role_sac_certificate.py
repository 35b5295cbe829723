# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the Linux part of the role sac_certificate: on positions that are reached by ssh, and by a connection that shows everything."""

import json
import os
import pathlib
import pwd
import re
import shutil
import tempfile

import pytest
from cryptography.hazmat.primitives import serialization
from harness import task
from ssh_host import SshHost

pytestmark = pytest.mark.slow
ME = pwd.getpwuid(os.geteuid()).pw_name
POSITIONS = ("one", "two")
WANTED = {"sac_certificate_is_wanted_on_workstations": True}
INSTALL = "eccops.rapid.sac_certificate : Install or remove the SAC"
REFUSE = "eccops.rapid.sac_certificate : Validate the SAC"
LOOK = "eccops.rapid.sac_certificate : Read the SAC on the controller"
INSTALLATION = "rapidauth_sac_installation"


@pytest.fixture(name="place")
def fixture_place():
    """Where the positions' SACs are installed; every account can enter it, unlike pytest's own directories."""
    with tempfile.TemporaryDirectory(prefix="sac-test-", dir="/var/tmp") as directory:
        os.chmod(directory, 0o755)
        yield pathlib.Path(directory)


@pytest.fixture(name="provision")
def fixture_provision(sandbox, run_playbook, place):
    """Returns a function that runs the role over both positions; C(of) gives a position variables of its own."""
    shutil.copy(sandbox.values["rapidauth_ca_path"], place / "ca.pem")
    (place / "ca.pem").chmod(0o644)

    def run(of=None, play=None, connection=None, **options):
        variables = connection or {"ansible_connection": "talkative", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        variables = {**variables, "sac_certificate_owner": ME}
        hosts = {name: {**variables, "sac_certificate_directory": str(place / name), **(of or {}).get(name, {})} for name in POSITIONS}
        whole = {"name": "Test", "hosts": "all", "gather_facts": False, "roles": ["eccops.rapid.sac_certificate"],
                 "vars": {"sac_certificate_ca_path": str(place / "ca.pem")}, **(play or {})}
        return run_playbook([whole], inventory=hosts, **options)

    return run


def installed(place, name):
    current = place / name / "current"
    return {each: (current / each).read_bytes() for each in ("certificate.pem", "chain.pem", "key.pem", "sac.pem", "passphrase")}


def sac_variables(sandbox, which, form="combined_path"):
    files = sandbox.values["sandbox_sacs"][which]
    return {"rapidauth_sac_path": files[form], "rapidauth_sac_passphrase": files["passphrase"]}


def changes(run):
    return {name: (counts["changed"], counts["failures"]) for name, counts in run.recap.items()}


def test_first_run_second_run_check_mode_and_absent(sandbox, provision, place):
    def probes():
        return sandbox.stats()["calls"].get("get_request", {}).get("GET", 0)

    checked = provision(extra_vars=WANTED, check=True, diff=True)
    assert changes(checked) == {"one": (1, 0), "two": (1, 0)} and probes() == 0 and not (place / "one").exists()
    asked = provision(extra_vars={**WANTED, "sac_certificate_is_probed_in_check_mode": True}, check=True)
    assert asked.results(INSTALL)["two"]["is_proven"] is True and probes() == 2 and not (place / "one").exists()
    first = provision(extra_vars=WANTED, diff=True, verbosity=3)
    assert changes(first) == {"one": (1, 0), "two": (1, 0)} and probes() == 4
    assert first.results(INSTALL)["one"]["diff"] == checked.results(INSTALL)["one"]["diff"]
    assert "sandbox-sac-valid" in first.stdout and first.results(INSTALL)["one"]["is_proven"] is True
    # What this costs: one command on each position.
    assert first.stdout.count("TOLD BY THE CONNECTION") == len(POSITIONS)
    files = installed(place, "one")
    assert files["passphrase"].decode() == sandbox.values["rapidauth_sac_passphrase"] + "\n"
    assert files["certificate.pem"] == pathlib.Path(sandbox.values["sandbox_sacs"]["valid"]["certificate_path"]).read_bytes()
    second = provision(extra_vars=WANTED, diff=True)
    assert changes(second) == {"one": (0, 0), "two": (0, 0)} and probes() == 4 and installed(place, "one") == files
    # The same SAC as PKCS#12 is the same SAC.
    assert changes(provision(extra_vars={**WANTED, **sac_variables(sandbox, "valid", "pkcs12_path")})) == {"one": (0, 0), "two": (0, 0)}
    gone = {"sac_certificate_state": "absent"}
    assert changes(provision(extra_vars=gone, check=True)) == {"one": (1, 0), "two": (1, 0)} and installed(place, "one") == files
    assert changes(provision(extra_vars=gone)) == {"one": (1, 0), "two": (1, 0)}
    assert sorted(each.name for each in place.iterdir()) == ["ca.pem"]
    assert changes(provision(extra_vars=gone)) == {"one": (0, 0), "two": (0, 0)}


REFUSED = {
    "nobody asked for it": ({}, REFUSE, "set sac_certificate_is_wanted_on_workstations: true"),
    "expired": ("expired", REFUSE, "expired on 20"),
    "not yet valid": ("not_yet_valid", REFUSE, "is not valid before 20"),
    "too few days": ({**WANTED, "sac_certificate_min_days_left": 20000}, REFUSE, "fewer than the 20000 asked for"),
    "wrong passphrase": ({**WANTED, "rapidauth_sac_passphrase": "wrong"}, LOOK, "check sac_passphrase"),
    "no such file": ({**WANTED, "rapidauth_sac_path": "/no/such.p12"}, LOOK, "/no/such.p12"),
}


def test_a_sac_that_would_not_do_is_refused_before_any_position_is_touched(sandbox, provision, place):
    for name, (given, where, words) in REFUSED.items():
        variables = {**WANTED, **sac_variables(sandbox, given)} if isinstance(given, str) else given
        run = provision(extra_vars=variables, verbosity=3, play={"serial": 1})
        assert run.returncode != 0, name
        assert words in run.results(where, "failed")["one"]["msg"], name
        assert "TOLD BY THE CONNECTION" not in run.stdout and [each.name for each in place.iterdir()] == ["ca.pem"]
        assert "two" not in {report["host"] for report in run.reports}


def test_a_position_whose_proof_fails_keeps_what_it_has_and_the_others_go_on(sandbox, provision, place):
    provision(extra_vars=WANTED)
    before = installed(place, "two")
    # By the role's own names: the rapidauth_ ones are extra vars here, and no position's own could win over them.
    of = {"two": {"sac_certificate_%s" % name.replace("rapidauth_", ""): value for name, value in sac_variables(sandbox, "foreign_authority").items()}}
    run = provision(of, extra_vars=WANTED)
    assert changes(run) == {"one": (0, 0), "two": (0, 1)}
    result = run.results(INSTALL)["two"]
    assert result["error_kind"] == "sac_refused" and "what was in use stays" in result["msg"]
    assert installed(place, "two") == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can install for another account")
def test_the_account_that_uses_it_proves_it(provision, place):
    run = provision({name: {"sac_certificate_owner": "nobody"} for name in POSITIONS}, extra_vars=WANTED)
    assert changes(run) == {"one": (1, 0), "two": (1, 0)}, run.output
    assert (place / "one" / "current" / "key.pem").stat().st_uid == 65534
    (place / "ca.pem").chmod(0o600)  # nobody cannot read it, root could
    of = {name: {"sac_certificate_owner": "daemon"} for name in POSITIONS}
    run = provision(of, extra_vars=WANTED)
    assert changes(run) == {"one": (0, 1), "two": (0, 1)} and "Permission denied" in run.results(INSTALL)["one"]["msg"]
    assert (place / "one" / "current" / "key.pem").stat().st_uid == 65534


def secrets_of(sandbox):
    """The passphrase, and every line of the key: in clear, as it is given, and as it is installed."""
    files = sandbox.values["sandbox_sacs"]["valid"]
    encrypted = pathlib.Path(files["key_path"]).read_bytes()
    key = serialization.load_pem_private_key(encrypted, files["passphrase"].encode())
    bare = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return [files["passphrase"].encode()] + [line for line in (bare + encrypted).splitlines() if len(line) > 40]


def command_lines():
    found = b""
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found += (path / name).read_bytes()
            except OSError:
                pass
    return found


def test_nothing_of_it_shows_or_stays_anywhere_else(sandbox, provision, run_playbook, place):
    secrets, seen, seen_at = secrets_of(sandbox), [], [0.0]

    def look(process=None):
        if process and os.times().elapsed < seen_at[0] + 0.2:
            return
        seen_at[0] = os.times().elapsed
        for directory in (run_playbook.home, run_playbook.directory / "tmp"):
            for path in directory.rglob("*"):
                try:
                    seen.append(path.read_bytes())
                except OSError:
                    pass
        seen.append(command_lines())

    sandbox.fault("get_request", "latency", count=2, seconds=0.5)
    content = {"sac_certificate_sac_path": "", "sac_certificate_sac_content": pathlib.Path(sandbox.values["rapidauth_sac_path"]).read_text()}
    log = run_playbook.directory / "log"
    runs = [
        provision(extra_vars={**WANTED, **content}, verbosity=4, diff=True, while_running=look,
                  env={"ANSIBLE_LOG_PATH": log, "ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": run_playbook.home / "facts"},
                  play={"gather_facts": True, "post_tasks": [{"name": "Keep the result", "ansible.builtin.set_fact": {
                      "cacheable": True, "kept": "{{ sac_certificate_installed }}"}}]}),
        provision({name: {"sac_certificate_directory": str(place / "other")} for name in POSITIONS},
                  extra_vars={**WANTED, "sac_certificate_ca_path": "/no/such.pem"}, verbosity=4, diff=True),
        provision(extra_vars={**WANTED, "sac_certificate_mode": "0444"}, verbosity=4, diff=True),
        provision(extra_vars={**WANTED, "sac_certificate_kept_versions": "two"}, verbosity=4, diff=True),
    ]
    assert [run.returncode for run in runs] == [0, 2, 2, 2], [run.output[-2000:] for run in runs]
    assert "lets everybody read the SAC" in runs[2].output
    look()
    everything = b"\n".join([*seen, log.read_bytes(), *(run.output.encode() for run in runs), json.dumps([run.reports for run in runs]).encode()])
    key = installed(place, "one")["key.pem"]
    assert [secret for secret in [*secrets, *(line for line in key.splitlines() if len(line) > 40)] if secret in everything] == []
    # The search itself works: it finds what is no secret.
    assert b"sandbox-sac-valid" in everything and sandbox.values["rapidauth_sac_passphrase"].encode() in b"".join(installed(place, "one").values())


def test_it_is_not_sent_where_it_would_lie_in_a_file(sandbox, provision, run_playbook, place):
    kept = provision(extra_vars=WANTED, env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert changes(kept) == {"one": (0, 1), "two": (0, 1)}
    message = kept.results(INSTALL)["one"]["msg"]
    assert "pipelining" in message and "ANSIBLE_KEEP_REMOTE_FILES" in message and "nothing was sent" in message
    elsewhere = {"delegate_to": "elsewhere", "vars": {"ansible_connection": "talkative", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
    options = {"path": str(place / "one"), "owner": ME, "sac_path": "{{ rapidauth_sac_path }}",
               "sac_passphrase": "{{ rapidauth_sac_passphrase }}", "probe": False}
    run = run_playbook([
        task("no pipelining", INSTALLATION, elsewhere, **options),
        task("async", INSTALLATION, {**elsewhere, "async": 30, "poll": 1}, **options),
        task("absent", INSTALLATION, elsewhere, path=options["path"], state="absent", owner=ME),
        task("bad option", INSTALLATION, elsewhere, **options, kept_versions="{{ rapidauth_sac_passphrase }}"),
        task("no SAC", INSTALLATION, elsewhere, path=options["path"]),
    ], inventory={"localhost": {"ansible_connection": "local"}, "elsewhere": {}}, verbosity=3)
    assert "pipelining = true" in run.result("no pipelining")["msg"]
    assert run.result("async")["_status"] == "failed" and run.result("absent")["_status"] == "ok"
    assert "kept_versions" in run.result("bad option")["msg"] and sandbox.values["rapidauth_sac_passphrase"] not in run.output
    assert run.result("no SAC")["error_kind"] == "invalid_input"
    assert [each.name for each in place.iterdir()] == ["ca.pem"]


def test_over_ssh(sandbox, provision, place, tmp_path):
    with SshHost(tmp_path / "ssh") as host:
        first = provision(extra_vars=WANTED, connection=host.variables(), verbosity=4, diff=True)
        assert changes(first) == {"one": (1, 0), "two": (1, 0)}, first.output[-3000:]
        assert [secret for secret in secrets_of(sandbox) if secret.decode() in first.output] == []
        assert re.search("ESTABLISH SSH CONNECTION", first.stdout) and len(installed(place, "two")["passphrase"]) > 8
        assert changes(provision(extra_vars=WANTED, connection=host.variables())) == {"one": (0, 0), "two": (0, 0)}
