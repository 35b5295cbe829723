# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that no secret shows anywhere: everything runs at -vvvv --diff with planted markers, then all that was left is searched.

Searched are stdout, stderr, the log file, every file below the private HOME, the fact cache, the token cache and the
temporary directories, the sandbox's whole data directory but for its own secrets, and the command lines of all processes.
"""

import base64
import functools
import json
import os
import pathlib
import re
import sys
import time
import urllib.parse

import harness
import pytest
from cryptography.hazmat.primitives import serialization
from harness import task

pytestmark = pytest.mark.slow

TOKEN, REQUEST, INFO = "rapidsos_portal_token", "rapidauth_request", "rapidauth_request_info"
TALKATIVE = {"delegate_to": "elsewhere", "vars": {"ansible_connection": "talkative", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
GARBLED = {**harness.SHIPPED, "delegate_to": "elsewhere", "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ garbling_python }}"}}
WAYS = {"here": {}, "talkative": TALKATIVE}
ANY_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}")
KEPT_SECRETS = ("connection.yml", "secrets.json")  # what the sandbox itself must keep


def markers_of(sandbox):
    """Secrets by name: some planted (wrong ones), some the sandbox's own, among them one of every kind of option."""
    sac = sandbox.values["sandbox_sacs"]["valid"]
    key = serialization.load_pem_private_key(pathlib.Path(sac["key_path"]).read_bytes(), sac["passphrase"].encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return {
        "planted_password": "Planted-Password-7f3a 'q\" \u00e9",
        "planted_passphrase": "Planted-Passphrase-91be",
        "planted_client_secret": "Planted-Client-Secret-44d0",
        "planted_key": pem,
        "planted_sac": pathlib.Path(sac["combined_path"]).read_text(encoding="utf-8"),
        "planted_pkcs12": base64.b64encode(pathlib.Path(sac["pkcs12_path"]).read_bytes()).decode(),
        "real_passphrase": sac["passphrase"],
        "real_client_secret": sandbox.values["rapidsos_client_secret"],
        **{"real_password_%d" % number: account["password"] for number, account in enumerate(sandbox.values["sandbox_accounts"])},
    }


def forms_of(name, secret):
    """The bytes to look for: as it is, in base64 at each offset, URL-encoded, in JSON; a long one by a piece of its middle."""
    if "-----BEGIN" in secret:  # line breaks are written differently everywhere: look for single lines of the private key
        lines = secret.rpartition("-----BEGIN")[2].splitlines()[1:-1]
        return {line.encode() for line in lines if len(line) > 30}
    raw = secret.encode()
    forms = {raw, urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode(),
             json.dumps(secret, ensure_ascii=False)[1:-1].encode(), repr(secret)[1:-1].encode(), raw.hex().encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        forms.add(encoded[4 if offset else 0:-4])  # the ends depend on what stands beside it
    if name == "planted_pkcs12":
        forms = {raw[100:160], raw[400:460], base64.b64decode(raw)[100:140]}
    return {form for form in forms if len(form) >= 12}


def named_task(way, keywords, name, module, more=None, **options):
    return task("%s %s" % (way, name), module, {**keywords, **(more or {})}, **options)


def tasks_of(cache):
    """Every module, succeeding and failing in each way a secret takes part in, in each place a task can run."""
    content = {"sac_path": "{{ omit }}", "request_id": "{{ sandbox_fleet[0].request_id }}"}
    # First, since Ansible removes what an async task shipped within five seconds after its end.
    waited_for = {"async": 30, "poll": 1}
    tasks = [task("async", REQUEST, waited_for, sac_content="{{ planted_sac }}", **content), task("async log in", TOKEN, waited_for)]
    for way, keywords in WAYS.items():
        named = functools.partial(named_task, way, keywords)

        loop = {"loop": "{{ sandbox_accounts[1:3] }}", "loop_control": {"label": "{{ item.email }}"}, "register": "looped"}
        tasks += [
            named("log in", TOKEN, {"register": "portal"}, caller_id="15555555555", cache_path=str(cache)),
            named("reuse", TOKEN, {"register": "portal"}, caller_id="15555555555", cache_path=str(cache)),
            named("loop", TOKEN, loop, email="{{ item.email }}", password="{{ item.password }}"),
            named("with items", TOKEN, {"with_items": ["{{ rapidsos_password }}"], "register": "items"}, password="{{ item }}"),
            named("irpv2", TOKEN, {"register": "oauth"}, api_version="irpv2", client_id="{{ rapidsos_client_id }}",
                  client_secret="{{ rapidsos_client_secret }}"),
            named("failed when", TOKEN, {"failed_when": True}),
            named("wrong password", TOKEN, password="{{ planted_password }}", cache_path=str(cache)),
            named("wrong client secret", TOKEN, api_version="irpv2", client_id="x", client_secret="{{ planted_client_secret }}"),
            named("secret elsewhere", TOKEN, password="{{ planted_password }}", caller_id="{{ planted_password }}"),
            named("bad option", TOKEN, password="{{ planted_client_secret }}", timeout_seconds="{{ planted_client_secret }}"),
            named("no such option", TOKEN, pasword="{{ rapidsos_email }}", password="{{ planted_password }}"),
            named("wrong passphrase", REQUEST, request_id="{{ sandbox_fleet[0].request_id }}", sac_passphrase="{{ planted_passphrase }}"),
            named("clear key", REQUEST, sac_content="{{ lookup('file', sandbox_sacs.valid.certificate_path) }}", sac_key_content="{{ planted_key }}",
                  **content),
            named("combined content", REQUEST, sac_content="{{ planted_sac }}", prevent_collection=True, **content),
            named("PKCS12 content", REQUEST, sac_content="{{ planted_pkcs12 }}", prevent_collection=False, **content),
            named("broken content", REQUEST, sac_content="{{ planted_sac[:-60] }}", **content),
            named("key twice", REQUEST, sac_content="{{ planted_sac }}", sac_key_content="{{ planted_key }}", **content),
            named("look at many", INFO, request_ids="{{ sandbox_fleet | map(attribute='request_id') | list }}"),
            # The test's own copy: the sandbox keeps digests only.
            {"name": way + " keep the tokens", "no_log": True, "ansible.builtin.copy": {
                "dest": "{{ tokens_path }}/%s.json" % way, "mode": "0600",
                "content": "{{ ([portal.token, oauth.token] + (looped.results + items.results) | map(attribute='token') | list) | to_json }}"}},
            {"name": way + " keep what is no secret", "ansible.builtin.set_fact": {
                "cacheable": True, "kept": "{{ portal | dict2items | rejectattr('key', 'in', ['token', 'query_url']) | items2dict }}"}},
            {"name": way + " tell what is no secret", "ansible.builtin.debug": {"msg": "{{ portal.expires_at }} {{ portal.is_from_cache }}"}},
        ]
    return tasks + [
        task("garbled", TOKEN, GARBLED),
        task("shipped", TOKEN, harness.SHIPPED),
        task("shipped wrong password", TOKEN, harness.SHIPPED, password="{{ planted_password }}"),
        task("check", TOKEN, {"check_mode": True}, cache_path=str(cache), caller_id="15555555555"),
        task("replace", REQUEST, request_id="{{ sandbox_fleet[1].request_id }}", state="replaced", anon_id="leaks"),
    ]


def read_command_lines(found):
    """Adds the command lines of all processes at this moment; those that end meanwhile are skipped."""
    for process in pathlib.Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                found.add((process / "cmdline").read_bytes())
            except OSError:
                pass


@pytest.fixture(scope="module", name="markers")
def fixture_markers(running_sandbox):
    running_sandbox.reset()
    return markers_of(running_sandbox)


@pytest.fixture(scope="module", name="leftovers")
def fixture_leftovers(running_sandbox, markers, tmp_path_factory):
    """Runs everything once; returns the run, its markers with the tokens that the test itself fetched, and where to search."""
    place = tmp_path_factory.mktemp("leaks")
    garbling = place / "garbling_python"
    garbling.write_text("#!/bin/sh\nexec 3>&1\n\"$REAL_PYTHON\" \"$@\" | sed 's/^{/{ garbled /' >&3\n")
    garbling.chmod(0o755)
    (place / "tokens").mkdir()
    playbooks = harness.Playbooks(running_sandbox, place)
    command_lines = set()
    run = playbooks(
        [harness.play(tasks_of(place / "cache"))], diff=True, verbosity=4,
        extra_vars={**markers, "garbling_python": str(garbling), "tokens_path": str(place / "tokens")},
        while_running=lambda process: read_command_lines(command_lines),
        env={"ANSIBLE_LOG_PATH": place / "ansible.log", "ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": place / "facts",
             "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1", "REAL_PYTHON": os.path.realpath(sys.executable)})
    assert run.returncode == 0, run.output[-4000:]
    secrets = dict(markers)
    for path in sorted((place / "tokens").iterdir()):
        for number, token in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            secrets["token %s %d" % (path.stem, number)] = token
            secrets["signature %s %d" % (path.stem, number)] = token.rpartition(".")[2]
        path.unlink()
    return run, secrets, place, command_lines


def searched_files(sandbox, place):
    for path in place.rglob("*"):
        if path.is_file() and path.name not in ("extra_vars.json", "playbook.yml"):
            yield path
    for path in sandbox.directory.rglob("*"):
        if path.is_file() and path.name not in KEPT_SECRETS and path.parent.name != "sacs":
            yield path


def leaks_in(content, secrets):
    """The names of the secrets in C(content), and of any token at all: those of failed tasks nobody could register."""
    found = {name for name, secret in secrets.items() if any(form in content for form in forms_of(name, secret))}
    return sorted(found | ({"some token"} if ANY_TOKEN.search(content) else set()))


def test_the_search_finds_each_secret(leftovers):
    """A search that finds nothing because it looks for nothing proves nothing."""
    _run, secrets, place, _lines = leftovers
    for name, secret in secrets.items():
        assert forms_of(name, secret), name
        for written in (secret, json.dumps({"x": secret}), "x=%r" % secret):
            if "-----BEGIN" not in secret or written == secret:
                assert name in leaks_in(written.encode(), secrets)
    assert "planted_password" in leaks_in((place / "run-1" / "extra_vars.json").read_bytes(), secrets)
    assert leaks_in(b'{"token": "%s"}' % secrets["token here 0"].encode(), {}) == ["some token"]
    assert any(name.startswith("token") for name in secrets) and len(secrets) >= len(WAYS) * 2 * 5


def test_every_task_did_what_it_was_to_do(leftovers):
    """Success and failure are both among the tasks, in every way to run them; the run was as talkative as can be."""
    run, _secrets, _place, _lines = leftovers
    for way in WAYS:
        for name in ("log in", "reuse", "irpv2", "combined content", "PKCS12 content", "look at many"):
            assert run.result("%s %s" % (way, name))["_status"] == "ok", run.result("%s %s" % (way, name))
        for name in ("wrong password", "wrong client secret", "secret elsewhere", "bad option", "wrong passphrase", "failed when",
                     "broken content", "key twice"):
            assert run.result("%s %s" % (way, name))["_status"] == "failed", run.result("%s %s" % (way, name))
        assert "wrong" in run.result("%s wrong password" % way)["msg"] or "not tried again" in run.result("%s wrong password" % way)["msg"]
    assert run.result("here clear key")["_status"] == "ok"
    assert run.result("async")["_status"] == "ok" and run.result("garbled")["_status"] == "failed"
    assert "TASK [here log in" in run.stdout and "TOLD BY THE CONNECTION" in run.stdout and "censored due to no log" in run.stdout


def test_no_secret_is_shown_or_left_behind(sandbox, leftovers):
    _run, secrets, place, _lines = leftovers
    found = {}
    searched = list(searched_files(sandbox, place))
    for path in searched:
        names = leaks_in(path.read_bytes(), secrets)
        if names:
            found[str(path)] = names
    assert not found, found
    names = {path.name for path in searched}
    assert {"stdout", "stderr", "ansible.log", "results.jsonl", "sandbox.db"} <= names and any(name.endswith(".token") for name in names)
    assert any(path.parent.name == "facts" for path in searched)


def test_no_file_in_shared_temporary_directories_holds_one(leftovers):
    """The run's TMPDIR is its own; whatever went to the machine's all the same is found by its age."""
    _run, secrets, place, _lines = leftovers
    begin = (place / "garbling_python").stat().st_mtime
    for directory in ("/tmp", "/var/tmp", "/dev/shm"):
        for path in pathlib.Path(directory).glob("*"):
            try:
                if path.is_file() and path.stat().st_mtime >= begin and time.time() - begin < 3600:
                    assert leaks_in(path.read_bytes(), secrets) == [], path
            except OSError:
                pass  # another user's, or gone


def test_no_command_line_holds_one(leftovers):
    _run, secrets, _place, command_lines = leftovers
    assert any(b"ansible-playbook" in line for line in command_lines) and any(b"AnsiballZ" in line for line in command_lines)
    for line in command_lines:
        assert leaks_in(line, secrets) == [], line


def test_the_audit_log_holds_none(sandbox, leftovers):
    _run, secrets, _place, _lines = leftovers
    entries = sandbox.audit()
    assert {"login", "login_refused", "oauth_token", "oauth_refused", "patch", "replace"} <= {entry["effect"] for entry in entries}
    assert leaks_in(json.dumps(entries, ensure_ascii=False).encode(), secrets) == []
