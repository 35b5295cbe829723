# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that each login, each change at RapidAuth and each installed SAC is recorded, that a look is not, and that what cannot be recorded is not done."""

import json
import os
import pwd

import pytest
from harness import Observed, assert_sentence, scenario, task

TOKEN, REQUEST, INSTALLATION, CHECK = "rapidsos_portal_token", "rapidauth_request", "rapidauth_sac_installation", "credential_check_info"
ME = pwd.getpwuid(os.geteuid()).pw_name
WRONG_PASSWORD = "MARKER-wrong-password"
WHO = {"controller": os.uname().nodename, "user": ME, "uid": os.getuid()}
CHECKED = {"check_mode": True}


@pytest.fixture(scope="module", name="logs")
def fixture_logs(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, running_sandbox, logs, tmp_path_factory):
    one, cache = {"request_id": running_sandbox.fleet[0]["request_id"]}, {"cache_path": str(tmp_path_factory.mktemp("cache") / "tokens")}
    (logs / "open.jsonl").touch(mode=0o666)
    (logs / "open.jsonl").chmod(0o666)
    sac = {"path": str(tmp_path_factory.mktemp("positions") / "sac"), "owner": ME, "sac_path": "{{ rapidauth_sac_path }}",
           "sac_passphrase": "{{ rapidauth_sac_passphrase }}", "api_url": "{{ rapidauth_api_url }}", "ca_path": "{{ rapidauth_ca_path }}"}
    account = {name: "{{ rapidsos_%s }}" % name for name in ("api_url", "ca_path", "email", "password")}

    def logged(name):
        return {"audit_log_path": str(logs / (name + ".jsonl"))}

    return run_scenarios([
        scenario("login", task("check", TOKEN, CHECKED, **cache, **logged("login")), task("first", TOKEN, **cache, **logged("login")),
                 task("from the cache", TOKEN, **cache, **logged("login"))),
        scenario("wrong password", task("first", TOKEN, **logged("wrong"), password=WRONG_PASSWORD),
                 task("not tried again", TOKEN, **logged("wrong"), password=WRONG_PASSWORD)),
        scenario("account check", task("first", CHECK, **logged("account"), accounts=[account])),
        scenario("patch", task("check", REQUEST, CHECKED, **one, **logged("patch"), prevent_collection=True),
                 task("first", REQUEST, **one, **logged("patch"), prevent_collection=True),
                 task("second", REQUEST, **one, **logged("patch"), prevent_collection=True)),
        scenario("replace", task("first", REQUEST, **one, **logged("replace"), state="replaced", anon_id="position-2026q4"),
                 task("second", REQUEST, **one, **logged("replace"), state="replaced", anon_id="position-2026q4")),
        scenario("lost answer", task("first", REQUEST, **one, **logged("lost"), state="replaced", anon_id="position-2026q4"),
                 faults=[{"route": "replace", "kind": "disconnect_after_effect"}]),
        scenario("open to all", task("log in", TOKEN, **logged("open")), task("patch", REQUEST, **one, **logged("open"), prevent_collection=True),
                 task("replace", REQUEST, **one, **logged("open"), state="replaced", anon_id="position-2026q4"),
                 task("install", INSTALLATION, **sac, **logged("open")), task("check account", CHECK, **logged("open"), accounts=[account])),
        scenario("install", task("check", INSTALLATION, CHECKED, **sac, **logged("install")), task("first", INSTALLATION, **sac, **logged("install")),
                 task("second", INSTALLATION, **sac, **logged("install")),
                 task("another", INSTALLATION, **{**sac, "sac_path": "{{ sandbox_sacs.foreign_authority.combined_path }}",
                                                  "sac_passphrase": "{{ sandbox_sacs.foreign_authority.passphrase }}"}, **logged("install")),
                 task("remove", INSTALLATION, state="absent", path=sac["path"], owner=ME, **logged("install"))),
    ], verbosity=3)


def records(logs, name):
    path = logs / (name + ".jsonl")
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert all({"time", "event", "event_id", "outcome", "error_kind", "source", "subject", "controller", "user", "uid", "login_uid",
                "login_user", "claimed_user"} == set(line) for line in lines)
    assert all({name: line[name] for name in WHO} == WHO for line in lines)
    return lines


def outcomes(lines):
    return [(line["event"], line["outcome"], line["error_kind"]) for line in lines]


def test_a_login_is_recorded_and_a_cached_token_is_none(run, logs, running_sandbox):
    assert outcomes(records(logs, "login")) == [("portal_login", "begun", None), ("portal_login", "succeeded", None)]
    assert len(Observed(run, "login").effects("login")) == 1
    for line in records(logs, "login"):
        assert line["subject"] == {"api_url": running_sandbox.values["rapidsos_api_url"], "account": running_sandbox.values["rapidsos_email"]}
        assert line["source"] == "eccops.rapid." + TOKEN


def test_a_refused_login_is_recorded_and_one_that_is_not_tried_is_none(run, logs):
    assert outcomes(records(logs, "wrong")) == [("portal_login", "begun", None), ("portal_login", "failed", "login_refused")]
    assert Observed(run, "wrong password").result("not tried again")["_status"] == "failed"


def test_a_checked_account_is_recorded(run, logs):
    assert outcomes(records(logs, "account")) == [("portal_login", "begun", None), ("portal_login", "succeeded", None)]
    assert Observed(run, "account check").result("first")["_status"] == "ok"
    assert {line["source"] for line in records(logs, "account")} == {"eccops.rapid." + CHECK}


def test_a_patch_is_recorded_once(run, logs, running_sandbox):
    lines = records(logs, "patch")
    assert outcomes(lines) == [("credential_patch", "begun", None), ("credential_patch", "succeeded", None)]
    assert lines[1]["subject"] == {
        "api_url": running_sandbox.values["rapidauth_api_url"], "request_id": running_sandbox.fleet[0]["request_id"], "prevent_collection": True}
    assert len(Observed(run, "patch").effects("patch")) == 1


def test_a_replacement_without_a_ledger_is_recorded_with_its_new_request_id(run, logs):
    lines = records(logs, "replace")
    assert outcomes(lines) == [("credential_replacement", "begun", None), ("credential_replacement", "succeeded", None)]
    assert lines[0]["subject"]["new_anon_id"] == "position-2026q4" and "new_request_id" not in lines[0]["subject"]
    assert lines[1]["subject"]["new_request_id"] == Observed(run, "replace").result("second")["request_id"]


def test_an_answer_that_was_lost_is_recorded_as_unknown(run, logs):
    assert outcomes(records(logs, "lost")) == [("credential_replacement", "begun", None), ("credential_replacement", "unknown", "connection_cut")]
    assert Observed(run, "lost answer").result("first")["outcome"] == "replaced"


def test_what_cannot_be_recorded_is_not_done(run, logs):
    seen = Observed(run, "open to all")
    for name in ("log in", "patch", "replace", "install", "check account"):
        assert_sentence(seen.result(name), "audit_log_unusable", str(logs / "open.jsonl"), "open to other users", "chmod 600")
    assert seen.effects() == [] and not {"patch_request", "replace", "portal_login"} & set(seen.stats["calls"])
    assert (logs / "open.jsonl").read_text(encoding="ascii") == ""


def test_an_installed_sac_is_recorded_where_something_changed_or_failed(run, logs):
    seen, lines = Observed(run, "install"), records(logs, "install")
    assert outcomes(lines) == [
        ("sac_installation", "succeeded", None), ("sac_installation", "failed", seen.result("another")["error_kind"]), ("sac_removal", "succeeded", None)]
    first = lines[0]["subject"]
    assert first["position"] == "localhost" and first["outcome"] == "installed"
    assert first["sac"]["sha256_fingerprint"] == seen.result("first")["sha256_fingerprint"]
    assert not seen.result("second")["changed"] and seen.result("another")["_status"] == "failed"


def test_no_record_holds_a_secret(run, logs, running_sandbox):
    values = running_sandbox.values
    secrets = {WRONG_PASSWORD, values["rapidsos_password"], values["rapidauth_sac_passphrase"], values["sandbox_sacs"]["foreign_authority"]["passphrase"]}
    texts = {path.name: path.read_text(encoding="ascii") for path in logs.glob("*.jsonl")}
    assert len(texts) == 8
    for name, text in texts.items():
        assert "PRIVATE KEY" not in text and "eyJ" not in text and not [each for each in secrets if each in text], name
