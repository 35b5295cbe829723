# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A SAC on a Windows position: what is in the stores of certificates after each run, a failing one too. Keys are opened by a stand-in."""

import base64
import datetime
import json
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from harness import REPOSITORY, Playbooks, task
from windows_position import NEEDS_WINE, windows_path

from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import usable_sac
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.windows_payload import encode_bundle
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now

pytestmark = [pytest.mark.slow, NEEDS_WINE]
UTILITIES = REPOSITORY / "plugins" / "module_utils"
STAND_IN = REPOSITORY / "tests" / "functional" / "sac_key_stand_in.psm1"
PASSPHRASE = "correct horse"
GOOD, REFUSING = "https://localhost:404/rapid", "https://localhost:403/rapid"
OWNER = "S-1-5-20"


class World:
    """A root, an intermediate, and SACs that it issued."""

    def __init__(self):
        self._root, self._key = (rsa.generate_private_key(65537, 2048) for unused in range(2))
        self.root = self._issue("Own Root", "Own Root", self._root, self._root, True)
        self.intermediate = self._issue("Intermediate", "Own Root", self._key, self._root, True)
        self.keys = {name: rsa.generate_private_key(65537, 2048) for name in "AB"}
        self.certificates = {name: self._issue("SAC " + name, "Intermediate", key, self._key, False) for name, key in self.keys.items()}

    @staticmethod
    def _issue(subject, issuer, key, issuers_key, is_authority):
        def named(text):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(named(issuer), named(subject), key.public_key(), x509.random_serial_number(),
                                          now - datetime.timedelta(days=1), now + datetime.timedelta(days=30))
        return builder.add_extension(x509.BasicConstraints(is_authority, None), True).sign(issuers_key, hashes.SHA256())

    def pem(self, name):
        """Returns the SAC as it is given: certificate, chain with the root, encrypted key."""
        chain = b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificates[name], self.intermediate, self.root))
        return (chain + self.keys[name].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode()))).decode()

    def thumbprint(self, name):
        return self.certificates[name].fingerprint(hashes.SHA1()).hex().upper()


@pytest.fixture(scope="module", name="world")
def fixture_world():
    return World()


LOADING = r"""
$ErrorActionPreference = 'Stop'
$utilities = 'UTILITIES\'
Add-Type -TypeDefinition ([IO.File]::ReadAllText($utilities + '_files\ClosedFile.cs'))
$names = 'sac_plan', 'sac_response', 'sac_proof', 'sac_store', 'sac_transfer', 'windows_service', 'sac_state', 'sac_installation'
foreach ($path in @('STAND_IN', ($utilities + '_files\access_rules.psm1')) + @($names | ForEach-Object { "${utilities}_sac_deploy\$_.psm1" })) {
    $null = New-Module -Name ([IO.Path]::GetFileNameWithoutExtension($path)) -ScriptBlock ([scriptblock]::Create([IO.File]::ReadAllText($path))) |
        Import-Module -DisableNameChecking
}
function Find-All([string] $store) {
    $opened = [Security.Cryptography.X509Certificates.X509Store]::new($store, 'LocalMachine')
    $opened.Open('ReadOnly')
    $names = foreach ($each in $opened.Certificates) { $each.Subject.Replace('CN=', '') + '=' + $each.FriendlyName.Replace('eccops.rapid SAC', '*') }
    $opened.Close()
    @($names | Sort-Object) -join '; '
}
function Read-Log([string] $path) {
    if ([IO.File]::Exists($path)) { @([IO.File]::ReadAllLines($path) | Select-Object -Unique) -join ' '; [IO.File]::Delete($path) } else { '' }
}
$input = [IO.File]::ReadAllText('STEPS') | ConvertFrom-Json
$answers = [System.Collections.Generic.List[object]]::new()
foreach ($step in $input.steps) {
    if ($step.do) { . ([scriptblock]::Create($step.do)) }
    $params = @{ state = 'present'; owner = 'S-1-5-20'; kept_versions = 2; reloaded_service = $null; probe = $true; probe_in_check_mode = $false
        api_url = 'https://localhost:404/rapid'; timeout_seconds = 5; sac_content = $null; sac_passphrase = $null }
    foreach ($each in $step.params.PSObject.Properties) { $params[$each.Name] = $each.Value }
    $sac = if ($step.sac) { $input.sacs.($step.sac) }
    if ($sac) { $params.sac_content = $sac.certificates }
    $module = [pscustomobject] @{ Params = $params; CheckMode = [bool] $step.check }
    $result = @{}
    try {
        $result = Invoke-SacOperation -Module $module
        $result.is_sent = $false
        if ($result.sealing_key) {
            $key = [Security.Cryptography.RSACryptoServiceProvider]::new()
            $public = [Security.Cryptography.RSAParameters]::new()
            $public.Modulus, $public.Exponent = [Convert]::FromBase64String($result.sealing_key), [byte[]] (1, 0, 1)
            $key.ImportParameters($public)
            $params.sac_content = $sac.certificates + "-----BEGIN PKCS12-----`n" + $sac.bundle + "`n-----END PKCS12-----`n"
            $params.sac_passphrase = [Convert]::ToBase64String($key.Encrypt([Text.Encoding]::ASCII.GetBytes($input.passphrase), $true))
            $result = Invoke-SacOperation -Module $module
            $result.is_sent = $true
        }
    }
    catch { $result = @{ error_kind = $_.Exception.Data['error_kind']; msg = $_.Exception.Message } }
    $result.my, $result.ca = (Find-All My), (Find-All CA)
    $result.deleted, $result.asked, $result.is_unfinished = (Read-Log 'C:\deleted.txt'), (Read-Log 'C:\asked.txt'), (Test-Unfinished)
    $answers.Add($result)
}
$answers.Add((Find-All Root).Contains('Own Root'))
[IO.File]::WriteAllText('ANSWERS', (ConvertTo-Json -InputObject $answers.ToArray() -Compress -Depth 5))
"""
RENAME = r"""
foreach ($each in 'THUMBPRINTS'.Split(' ')) { Set-SacName -Thumbprint $each -Name 'eccops.rapid SAC' -Confirm:$false }
Set-Unfinished -IsUnfinished $true -Confirm:$false
"""


def steps_of(world):
    """Yields (name, step, what is expected of its result)."""
    one, other = world.thumbprint("A"), world.thumbprint("B")
    stranger = "Intermediate=* issuer"
    in_use = {"my": "SAC A=*", "ca": stranger, "is_unfinished": False}
    # Services of wine: this one runs and cannot be stopped, PlugPlay restarts.
    unstoppable = {"reloaded_service": "Eventlog"}
    yield "check", {"sac": "A", "check": True}, {"outcome": "installed", "my": "", "ca": "", "version_path": None, "asked": ""}
    yield "Everyone", {"sac": "A", "params": {"owner": "S-1-1-0"}}, {"error_kind": "invalid_input", "my": ""}
    yield "nobody", {"sac": "A", "params": {"owner": "No Such Account"}}, {"error_kind": "invalid_input", "my": ""}
    yield "no service", {"sac": "A", "params": {"reloaded_service": "No Such"}}, {"error_kind": "invalid_input", "my": ""}
    yield "refused", {"sac": "A", "params": {"api_url": REFUSING}}, {"error_kind": "sac_refused", "my": "", "ca": "", "deleted": one}
    yield "install", {"sac": "A"}, {**in_use, "outcome": "installed", "is_proven": True, "is_sent": True, "changed": True, "deleted": "",
                                    "previous_sha256_fingerprint": None, "version_path": "Cert:\\LocalMachine\\My\\" + one}
    yield "again", {"sac": "A"}, {**in_use, "outcome": "unchanged", "changed": False, "is_sent": False, "is_proven": None, "asked": ""}
    yield "check again", {"sac": "A", "check": True, "params": {"probe_in_check_mode": True}}, {**in_use, "outcome": "unchanged", "is_proven": True}
    yield "refused B", {"sac": "B", "params": {"api_url": REFUSING}}, {**in_use, "error_kind": "sac_refused", "deleted": other}
    broken = r"$null = [IO.Directory]::CreateDirectory('C:\broken'); [IO.File]::WriteAllText('C:\broken\%s', '-2147023584')" % other
    yield "no profile", {"do": broken, "sac": "B"}, {**in_use, "error_kind": "not_readable", "deleted": other}
    removed = r"[IO.File]::Delete('C:\broken\%s')" % other
    yield "no restart", {"do": removed, "sac": "B", "params": unstoppable}, {**in_use, "error_kind": "service_not_reloaded", "deleted": other}
    yield "replace", {"sac": "B"}, {"outcome": "replaced", "is_sent": True, "my": "SAC A=*, replaced 1; SAC B=*", "ca": stranger, "deleted": "",
                                    "previous_sha256_fingerprint": world.certificates["A"].fingerprint(hashes.SHA256()).hex()}
    yield "back", {"sac": "A"}, {"outcome": "replaced", "is_sent": False, "my": "SAC A=*; SAC B=*, replaced 2", "is_proven": True, "deleted": ""}
    killed = RENAME.replace("THUMBPRINTS", one + " " + other)
    yield "killed", {"do": killed, "sac": "B", "params": {"reloaded_service": "PlugPlay"}}, {
        "outcome": "repaired", "is_sent": False, "is_proven": None, "my": "SAC A=*, replaced 1; SAC B=*", "is_unfinished": False}
    yield "tidy", {"sac": "B", "params": {"kept_versions": 1}}, {"outcome": "tidied", "my": "SAC B=*", "deleted": one}
    opened = r"[IO.File]::WriteAllText('C:\keys\%s', 'O:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;WD)')" % other
    yield "access", {"do": opened, "sac": "B"}, {"outcome": "repaired", "is_proven": None, "my": "SAC B=*"}
    yield "access again", {"sac": "B"}, {"outcome": "unchanged"}
    yield "issuer", {"do": "$null = Remove-Issuer -Confirm:$false", "sac": "B"}, {"outcome": "repaired", "ca": stranger}
    missing = broken.replace("-2147023584", "-2146893802")
    yield "no key, and refused", {"do": missing, "sac": "B"}, {"error_kind": "not_readable", "my": "SAC B=*", "deleted": other}
    yield "absent, check", {"do": removed, "check": True, "params": {"state": "absent"}}, {"outcome": "removed", "my": "SAC B=*", "ca": stranger}
    yield "absent", {"params": {"state": "absent"}}, {"outcome": "removed", "my": "", "ca": "", "is_unfinished": False, "deleted": other}
    yield "absent again", {"params": {"state": "absent"}}, {"outcome": "unchanged", "changed": False, "diff": {"before": {}, "after": {}}}


def test_what_each_run_leaves_in_the_stores(windows_position, world, tmp_path):
    sacs = {}
    for name in "AB":
        sac = usable_sac({"sac_content": world.pem(name), "sac_passphrase": PASSPHRASE}, utc_now())
        certificates = b"".join(each.public_bytes(Encoding.PEM) for each in (sac.certificate, world.intermediate)).decode()
        sacs[name] = {"certificates": certificates, "bundle": b64(encode_bundle(sac, b"one-time"))}
    names, steps, expected = zip(*steps_of(world))
    (tmp_path / "steps.json").write_text(json.dumps({"passphrase": "one-time", "sacs": sacs, "steps": [
        {"do": None, "sac": None, "check": False, "params": {}, **step} for step in steps]}), encoding="utf-8")
    script = LOADING
    for word, path in (("UTILITIES", UTILITIES), ("STAND_IN", STAND_IN), ("STEPS", tmp_path / "steps.json"), ("ANSWERS", tmp_path / "answers.json")):
        script = script.replace("'%s" % word, "'%s" % windows_path(path))
    (tmp_path / "script.ps1").write_text(script, encoding="utf-8")
    windows_position.run("& '%s'" % windows_path(tmp_path / "script.ps1"))
    answers = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    assert len(answers) == len(names) + 1 and answers.pop() is False
    for name, answer, wanted in zip(names, answers, expected):
        assert wanted.items() <= answer.items(), (name, answer)
    said = dict(zip(names, answers))
    assert "0x80070520" in said["no profile"]["msg"] and "become_user: SYSTEM" in said["no profile"]["msg"]
    assert "what was in use stays" in said["refused B"]["msg"] and "the one before is back" in said["no restart"]["msg"]
    assert said["access"]["diff"]["after"]["key_access"] == "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;%s)" % OWNER


def b64(content):
    return base64.b64encode(content).decode("ascii")


@pytest.fixture(name="collections")
def fixture_collections(tmp_path):
    """A copy of the collection whose keys are opened by the stand-in."""
    place = tmp_path / "collections" / "ansible_collections" / "eccops" / "rapid"
    for name in ("plugins", "meta", "roles"):
        shutil.copytree(REPOSITORY / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "galaxy.yml", place)
    shutil.copy(STAND_IN, place / "plugins" / "module_utils" / "_sac_deploy" / "sac_key.psm1")
    return tmp_path / "collections"


def test_the_role_installs_and_removes_it(windows_position, world, collections, tmp_path):
    audit_log = tmp_path / "audit" / "audit.jsonl"
    sac = {"sac_passphrase": PASSPHRASE, "owner": OWNER, "api_url": GOOD, "audit_log_path": str(audit_log)}
    name = "rapidauth_sac_installation"
    role = {"name": "by the role", "ansible.builtin.include_role": {"name": "eccops.rapid.sac_certificate"}, "vars": {
        "sac_certificate_is_wanted_on_workstations": True, "sac_certificate_sac_content": world.pem("A"), "sac_certificate_sac_passphrase": PASSPHRASE,
        "sac_certificate_owner": OWNER, "sac_certificate_api_url": GOOD, "sac_certificate_audit_log_path": str(audit_log)}}
    tasks = [
        task("no path", name, {"ignore_errors": True}, path="C:\\sac", sac_content=world.pem("A"), **sac),
        role,
        task("again", name, sac_content=world.pem("A"), **sac),
        task("absent", name, state="absent", audit_log_path=str(audit_log)),
    ]
    play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    run = Playbooks(None, tmp_path)(play, inventory={"position": windows_position.variables}, verbosity=4, diff=True,
                                    env={"ANSIBLE_COLLECTIONS_PATH": str(collections)})
    assert run.returncode == 0, run.output[-4000:]
    assert run.result("no path")["error_kind"] == "invalid_input" and "for Linux positions only" in run.result("no path")["msg"]
    first = run.result("eccops.rapid.sac_certificate : Install or remove the SAC")
    assert first["outcome"] == "installed" and first["changed"] and first["is_proven"] and first["sac"]["subject"] == "CN=SAC A"
    assert not {"sealing_key", "invocation"} & set(first) and first["diff"]["after"]["not_after"]
    assert run.result("again")["outcome"] == "unchanged" and not run.result("again")["changed"]
    assert run.result("absent")["outcome"] == "removed"
    events = [json.loads(line) for line in audit_log.read_text(encoding="utf-8").splitlines()]
    assert [each["event"] for each in events] == ["sac_installation", "sac_removal"]
    everything = run.output + json.dumps(run.reports)
    secrets = [PASSPHRASE] + [line for line in world.pem("A").partition("ENCRYPTED")[2].splitlines() if len(line) == 64]
    assert [each for each in secrets if each in everything] == [] and "SAC A" in everything
