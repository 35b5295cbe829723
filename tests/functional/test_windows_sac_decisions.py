# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the PowerShell of a SAC's installation decides, and whether it judges an answer as the Python does. Runs on Linux."""

import base64
import json
import os
import shutil
import socket
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate
from harness import REPOSITORY

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import ServiceResponse
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient, ensure_accepted

PWSH = shutil.which("pwsh")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PWSH is None, reason="no PowerShell: pwsh is not on the PATH, so no decision of a .psm1 is tried")]
UTILITIES = REPOSITORY / "plugins" / "module_utils" / "_sac_deploy"
SCRIPT = r"""
$ErrorActionPreference = 'Stop'
foreach ($name in 'sac_key', 'sac_plan', 'sac_response', 'sac_proof') {
    $text = [IO.File]::ReadAllText('UTILITIES/' + $name + '.psm1')
    $null = New-Module -Name $name -ScriptBlock ([scriptblock]::Create($text)) | Import-Module -DisableNameChecking
}
$answers = [System.Collections.Generic.List[object]]::new()
foreach ($call in ([IO.File]::ReadAllText('CALLS') | ConvertFrom-Json -NoEnumerate)) {
    $name, $given = $call
    $parameters = @{}
    foreach ($each in $given.PSObject.Properties) {
        $value = $each.Value
        if ($each.Name -eq 'Certificate') {
            $value = [Security.Cryptography.X509Certificates.X509Certificate2]::new($value[0], [NullString]::Value)
        }
        if ($each.Name -eq 'Body') {
            $value = [Convert]::FromBase64String($value)
        }
        $parameters[$each.Name] = $value
    }
    $answers.Add((& $name @parameters))
}
[IO.File]::WriteAllText('ANSWERS', (ConvertTo-Json -InputObject $answers.ToArray() -Compress -Depth 4))
"""


@pytest.fixture(scope="module", name="call")
def fixture_call(tmp_path_factory):
    """Returns a function: [(function, parameters)] -> what each returned."""
    directory = tmp_path_factory.mktemp("calls")

    def call(calls, environment=None):
        (directory / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
        script = SCRIPT
        for word, path in (("UTILITIES", UTILITIES), ("CALLS", directory / "calls.json"), ("ANSWERS", directory / "answers.json")):
            script = script.replace(word, str(path))
        (directory / "script.ps1").write_text(script, encoding="utf-8")
        done = subprocess.run([PWSH, "-NoProfile", "-NonInteractive", "-File", directory / "script.ps1"], env={**os.environ, **(environment or {})},
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        answers = json.loads((directory / "answers.json").read_text(encoding="utf-8"))
        assert len(answers) == len(calls)
        return answers

    return call


NAME = "eccops.rapid SAC"
ROLES = {NAME: ("current", 0), NAME + ", not proved": ("new", 0), NAME + " issuer": ("issuer", 0), NAME + ", replaced 1": ("replaced", 1),
         NAME + ", replaced 120": ("replaced", 120), NAME + ", replaced 01": ("other", 0), NAME + ", replaced 1\n": ("other", 0),
         NAME + ", replaced 9999999999": ("other", 0), NAME + "\u00ad": ("other", 0), NAME.upper(): ("other", 0), "": ("other", 0),
         NAME + ", replaced \u0661": ("other", 0), NAME + ", replaced": ("other", 0), "x" + NAME: ("other", 0)}


def test_a_friendly_name_says_which_certificate_is_whose(decided):
    answers = decided["roles"]
    assert [(each["Role"], each["Number"]) for each in answers] == list(ROLES.values())


def entries(**names):
    words = {"current": NAME, "new": NAME + ", not proved", "other": "a web server"}
    return [{"Thumbprint": thumbprint, "FriendlyName": words.get(name) or NAME + ", replaced " + name[1:]} for thumbprint, name in names.items()]


def plan(outcome, previous="", replaced=(), surplus=()):
    return {"Outcome": outcome, "Previous": previous, "Replaced": [list(each) for each in replaced], "Surplus": list(surplus)}


#: what it is: (entries, options, what is planned); the SAC that is wanted is W.
PLANS = {
    "nothing": ([], {}, plan("installed")),
    "only a stranger": (entries(X="other"), {}, plan("installed")),
    "a stranger has it": (entries(W="other"), {"IsKeyUsable": True}, plan("installed")),
    "a killed run imported it": (entries(W="new"), {"IsKeyUsable": True}, plan("installed")),
    "a killed run imported another": (entries(N="new"), {}, plan("installed", surplus=["N"])),
    "it is in use": (entries(W="current"), {"IsKeyUsable": True}, plan("unchanged", "W")),
    "in use without its key": (entries(W="current"), {}, plan("rebuilt", "W")),
    "in use, something is wrong": (entries(W="current"), {"IsKeyUsable": True, "Fault": "x"}, plan("repaired", "W")),
    "in use, not restarted": (entries(W="current"), {"IsKeyUsable": True, "IsUnfinished": True}, plan("reloaded", "W")),
    "another is in use": (entries(A="current"), {}, plan("replaced", "A", [("A", 1)])),
    "another, and one before": (entries(A="current", B="r7"), {}, plan("replaced", "A", [("A", 8)], ["B"])),
    "three are kept": (entries(A="current", B="r7"), {"KeptVersions": 3}, plan("replaced", "A", [("A", 8)])),
    "one is kept": (entries(A="current", B="r7", C="r6"), {"KeptVersions": 1}, plan("replaced", "A", [("A", 8)], ["C", "B", "A"])),
    "back to the one before": (entries(A="current", W="r7"), {"IsKeyUsable": True}, plan("replaced", "A", [("A", 8)])),
    "by number, not by text": (entries(W="current", B="r10", C="r9"), {"IsKeyUsable": True}, plan("tidied", "W", surplus=["C"])),
    "killed while it replaced": (entries(A="current", W="current"), {"IsKeyUsable": True}, plan("repaired", "A", [("A", 1)])),
    "two in use, a third wanted": (entries(A="current", B="current"), {}, plan("replaced", "B", [("A", 1), ("B", 2)], ["A"])),
    "left by a killed run": (entries(W="current", N="new", X="other"), {"IsKeyUsable": True}, plan("tidied", "W", surplus=["N"])),
    "a thumbprint in small letters": (entries(w="current"), {"IsKeyUsable": True}, plan("unchanged", "W")),
}


def test_what_is_replaced_and_what_is_removed(decided):
    for (name, (unused_found, unused_options, expected)), answer in zip(PLANS.items(), decided["plans"]):
        replaced = [[each["Thumbprint"], int(each["Name"].rpartition(" ")[2])] for each in answer["Replaced"]]
        assert {"Outcome": answer["Outcome"], "Previous": answer["Previous"], "Replaced": replaced, "Surplus": answer["Surplus"]} == expected, name
        assert answer["IsSwitch"] is (expected["Outcome"] in ("installed", "replaced", "rebuilt")), name
        assert "X" not in answer["Surplus"] and "W" not in answer["Surplus"]


WIDE = {"S-1-1-0": True, "S-1-5-11": True, "S-1-5-32-545": True, "S-1-5-21-1-2-3-513": True, "S-1-5-4": True, "S-1-5-80-0": True, "S-1-5-18": False,
        "S-1-5-20": False, "S-1-5-21-1-2-3-1513": False, "S-1-5-80-1-2-3-4-5": False, "S-1-5-21-1-2-3-500": False}
CODES = {-2147023584: "profile", -2146893802: "profile", -2147024891: "may not read it", -2146893811: "is not there", 17: "does not open it (0x00000011)"}


def test_accounts_and_failures(decided):
    answers = decided["others"]
    assert answers[:len(WIDE)] == list(WIDE.values())
    assert all(words in answer for words, answer in zip(CODES.values(), answers[len(WIDE):]))
    assert answers[-2:] == ["D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;S-1-5-20)", "D:P(A;;FA;;;SY)(A;;FA;;;BA)"]


NOBODY = "00000000-0000-0000-0000-000000000000"
#: (status, body)
ANSWERS = [
    (404, b'{"Number": 1109, "Message": "x"}'), (404, b'\xef\xbb\xbf{"Number": 1109}'), (404, b'{"Number": "1109", "Message": "x",}'),
    (200, b'{"Number": 13}'), (500, b'{"Number": -1}'), (404, b'{"Number": 1109.0}'), (404, b'{"Number": "1109x"}'), (404, b'{"Number": "12345678901"}'),
    (404, b'{"Number": true}'), (404, b'{"Number": null, "Message": "x"}'), (404, b'{"number": 1109}'), (404, b'{"Number": [1109]}'),
    (404, b'{"Number": {"a": 1}, "Message": "x"}'), (404, b'{"Message": "x"}'), (404, b'{"Status": "Requested", "Number": 1109}'),
    (403, b'{"Number": 1109}'), (403, b'{"Message": "x"}'), (403, b"<html>"), (401, b""), (495, b""), (496, b""),
    (400, b"<html>No required SSL certificate was sent"), (400, b"<html>The SSL  certificate error"), (400, b"<html>"),
    (400, b"the CLIENT-certificate is wrong"), (404, b"<html>"), (500, b"{}"), (200, b""), (200, b"{}"), (200, b"[]"), (200, b"null"), (200, b'"Number"'),
    (200, b"<html>"), (200, b'{"Status": "Requested"}'), (200, b'{"RequestId": null}'), (200, b'{"RequestId": "%s"}' % NOBODY.encode()),
    (200, b'{"RequestId": "11111111-0000-0000-0000-000000000000"}'), (200, b'{"RequestId": 5}'), (200, b'{"AnonId": "a"}'), (200, b'{"anonid": "a"}'),
    (200, b'{"AnonId\xc2\xad": "a"}'), (200, b'{"Status": "Requested"'), (200, b'{"Status": "Requested"} x'), (200, b'{"Status": "Requested"} {}'),
    (200, b'{"a": {"Status": "x"}'), (200, b'{"Status": "Requested", "x": {"a": 1}'), (200, b'{"Status": "Requested", "x": [1}'), (200, b"{'Status': 1}"),
    (200, b'{Status: 1}'), (200, b'{"Status": 01}'), (200, b'\xff{"Status": 1}'), (301, b""), (302, b'{"Number": 1109}'), (302, b"<html>"), (204, b""),
    (200, b'{"Message": ""}'), (200, b'{"x": {"Status": "Requested"}}'), (404, b'{"x": [{"Number": 1}]}'), (404, b'{"Number": 1, "Number": "a"}'),
    (404, b'{"Number": "a", "Number": 1}'), (404, b'{"Number": 1109, "Message": {"deep": [1, [2, [3]]]}}'), (404, b'  {"Number" : 1109 }\r\n'),
    (404, b'{"Num\\u0062er": 1109}'), (404, '{"Number": "\u0661"}'.encode()), (200, b'{"a:item": 1, "Status": "x"}'),
]


class Answering:
    """A transport with one answer."""

    base_url = "https://localhost/rapid"

    def __init__(self, answer):
        self._answer = answer

    def get(self, unused_path):
        return self._answer


class Presented:
    def describe(self):
        return "SAC"


def python_kind(status, body):
    try:
        ensure_accepted(RapidAuthClient(Answering(ServiceResponse(status, {}, body)), Presented()))
    except RapidError as error:
        return error.kind
    return ""


@pytest.fixture(scope="module", name="decided")
def fixture_decided(call):
    """What one process answers to all rows of this file."""
    calls = {
        "roles": [("Get-SacRole", {"FriendlyName": name}) for name in ROLES],
        "plans": [("Get-SacPlan", {"Entry": found, "Thumbprint": "W", "KeptVersions": 2, **options}) for found, options, unused in PLANS.values()],
        "others": [("Test-WideAccount", {"Sid": sid}) for sid in WIDE] + [("Get-KeyFailure", {"Code": code}) for code in CODES] + [
            ("Get-KeyAccess", {"AccountSid": "S-1-5-20"}), ("Get-KeyAccess", {"AccountSid": "S-1-5-18"})],
        "verdicts": [("Get-ResponseVerdict", {"Status": status, "Body": base64.b64encode(body).decode(), "Url": "https://localhost/rapid"})
                     for status, body in ANSWERS]}
    answers = iter(call([each for rows in calls.values() for each in rows]))
    return {name: [next(answers) for unused in rows] for name, rows in calls.items()}


def test_both_programs_judge_an_answer_alike(decided):
    kinds = [each["Kind"] for each in decided["verdicts"]]
    expected = [python_kind(*each) for each in ANSWERS]
    assert {"", "sac_refused", "refused", "unusable_answer", "wrong_request_id"} == set(expected)
    assert [row for row in zip(ANSWERS, kinds, expected) if row[1] != row[2]] == []


def bundle_of(sandbox, which, directory):
    """Returns the path of a PKCS#12 without a passphrase, whose chain .NET presents."""
    files = sandbox.values["sandbox_sacs"][which]
    with open(files["key_path"], "rb") as key, open(files["certificate_path"], "rb") as certificate:
        content = pkcs12.serialize_key_and_certificates(
            None, load_pem_private_key(key.read(), files["passphrase"].encode()), load_pem_x509_certificate(certificate.read()), None,
            pkcs12.serialization.NoEncryption())
    path = directory / (which + ".p12")
    path.write_bytes(content)
    return str(path)


def test_a_key_signs_and_the_service_is_asked_with_it(call, sandbox, tmp_path):
    url, valid, bare = sandbox.values["rapidauth_api_url"], bundle_of(sandbox, "valid", tmp_path), sandbox.values["sandbox_sacs"]["valid"]["certificate_path"]
    with socket.socket() as closed, socket.socket() as silent:
        closed.bind(("127.0.0.1", 0))
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        rows = [(valid, url, ""), (bundle_of(sandbox, "foreign_authority", tmp_path), url, "sac_refused"),
                (valid, "https://localhost:%d/rapid" % closed.getsockname()[1], "connection_refused"),
                (valid, "https://localhost:%d/rapid" % silent.getsockname()[1], "answer_timed_out"),
                (valid, "https://no-such-host.invalid/rapid", "name_not_resolved")]
        calls = [("Get-Proof", {"Certificate": [path], "Url": address, "TimeoutSeconds": 10 if kind in ("", "sac_refused") else 1})
                 for path, address, kind in rows]
        keys = [("Test-Key", {"Certificate": [each]}) for each in (valid, bare)]
        answers = call(calls + keys, {"SSL_CERT_FILE": sandbox.values["rapidauth_ca_path"], "NO_PROXY": "*"})
    assert [(row[1], each["Kind"]) for row, each in zip(rows, answers)] == [row[1:] for row in rows], answers
    assert answers[-2:] == [0, -2146893811]
    (untrusted,) = call([calls[0]], {"NO_PROXY": "*"})
    assert untrusted["Kind"] == "server_not_trusted"
