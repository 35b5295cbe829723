# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The role portal_launcher on a Windows position: installed, refused by its own check, changed, removed. wine forgets access rules, so a
second run there reports them, and nothing else."""

import json

import harness
import pytest
from windows_position import NEEDS_WINE

pytestmark = [pytest.mark.slow, NEEDS_WINE]
PASSWORD = "Planted-Password-55c1 'q\" \u00e9"
TASK = "eccops.rapid.portal_launcher : Ensure the launcher is %s"
PROGRAM, DATA = "C:\\Program Files\\PortalLauncher", "C:\\ProgramData\\PortalLauncher"
MENU = "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\RapidSOS Portal.url"
SCHEME, SOURCE = "SOFTWARE\\Classes\\eccops-portal", "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\PortalLauncher"
FILES = harness.REPOSITORY / "roles" / "portal_launcher" / "files" / "windows"
EVERYTHING = {
    PROGRAM, DATA, MENU, PROGRAM + "\\portal-launcher.ps1", PROGRAM + "\\portal-launcher.cmd", PROGRAM + "\\portal-login.url", DATA + "\\launcher.ini",
    DATA + "\\account.dpapi", "HKLM\\" + SCHEME, "HKLM\\" + SOURCE}
HANDLER = '"C:\\Windows\\System32\\conhost.exe" "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe" ' \
    '-NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -WindowStyle Hidden -File "C:\\Program Files\\PortalLauncher\\portal-launcher.ps1" --number "%1"'
FORMS = (PASSWORD, PASSWORD.encode().hex(), repr(PASSWORD)[1:-1], PASSWORD.replace('"', '\\"'), "Planted-Password-55c1")
#: What a position that 0.1.0 was killed on, or that somebody prepared, may have.
PLANTED = r"""
$null = [IO.Directory]::CreateDirectory('C:\ProgramData\PortalLauncher\previous')
foreach ($name in 'portal-launcher.ps1', 'portal-launcher.cmd', 'complete') {
    [IO.File]::WriteAllText("C:\ProgramData\PortalLauncher\previous\$name", 'planted')
}
$null = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Software\PortalLauncher')
$old = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey('SOFTWARE\Classes\old-portal\shell\open\command')
$old.SetValue('', '"powershell.exe" -File "C:\Program Files\PortalLauncher\portal-launcher.ps1" "%1"')
"""
LOOK = r"""
foreach ($path in 'SOFTWARE\Classes\eccops-portal', 'SOFTWARE\Classes\old-portal', 'SYSTEM\CurrentControlSet\Services\EventLog\Application\PortalLauncher') {
    if ([Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($path)) { $path }
}
if ([Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Software\PortalLauncher')) { 'HKCU' }
$key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SOFTWARE\Classes\eccops-portal\shell\open\command')
if ($key) { $key.GetValue('') }
if ([IO.File]::Exists('C:\ProgramData\PortalLauncher\account.dpapi')) {
    $entropy = [Text.Encoding]::ASCII.GetBytes('eccops.rapid portal-launcher')
    $sealed = [IO.File]::ReadAllBytes('C:\ProgramData\PortalLauncher\account.dpapi')
    [Text.Encoding]::UTF8.GetString([Security.Cryptography.ProtectedData]::Unprotect($sealed, $entropy, 'LocalMachine')).Trim()
}
"""


def play(name, state="present", keywords=None, **variables):
    """A play that runs the role, and goes on after a failure."""
    role = {"name": "eccops.rapid.portal_launcher"}
    ended, failed = ({"name": "Report " + name, "ansible.builtin.set_fact": {"found_" + name: "{{ %s }}" % variable}}
                     for variable in ("portal_launcher_installed", "ansible_failed_result"))
    block = {"block": [{"name": "Run the role", "ansible.builtin.include_role": role}, ended], "rescue": [failed], "vars": {
        "portal_launcher_state": state, "portal_launcher_environment": "sandbox", "portal_launcher_email": "north@example.org",
        "portal_launcher_password": PASSWORD, "portal_launcher_group": "S-1-5-32-545", **variables}}
    return {"hosts": "all", "gather_facts": False, "tasks": [block], **(keywords or {})}


def changed(result):
    """The paths whose difference is more than rights."""
    return {each["after_header"] for each in result["diff"] if not each["before"].startswith("rights ")}


def test_the_role_on_a_windows_position(windows_position, tmp_path):
    position = windows_position
    looks = []

    def look():
        looks.append(position.run_file(tmp_path / "look.ps1", LOOK).split("\n")[:-1])

    position.run_file(tmp_path / "planted.ps1", PLANTED)
    look()
    assert looks.pop() == ["SOFTWARE\\Classes\\old-portal", "HKCU"]

    def found(run, name):
        assert run.returncode == 0, run.output[-6000:]
        outputs.append(run.output)
        return run.result("Report " + name)["ansible_facts"]["found_" + name]

    playbooks, inventory, outputs = harness.Playbooks(None, tmp_path), {"position": position.variables}, []
    commands = len(position.commands_log.read_text(encoding="utf-8").splitlines()) if position.commands_log.exists() else 0
    installed = found(playbooks([play("installed")], inventory=inventory, verbosity=4, diff=True), "installed")
    assert len(position.commands_log.read_text(encoding="utf-8").splitlines()) == commands + 1  # one task, one command on the position
    assert set(installed["changed_paths"]) == EVERYTHING | {DATA + "\\previous", "HKLM\\SOFTWARE\\Classes\\old-portal"}, installed
    look()
    assert looks[0] == [SCHEME, SOURCE, "HKCU", HANDLER, json.dumps({"email": "north@example.org", "password": PASSWORD})]
    assert position.path(PROGRAM + "\\portal-launcher.ps1").read_bytes() == (FILES / "portal-launcher.ps1").read_bytes()
    settings = position.path(DATA + "\\launcher.ini").read_bytes()
    assert b"\r\npattern = \r\nurl_scheme = eccops-portal\r\n" in settings and b"\n\n" not in settings
    assert position.path(MENU).read_bytes() == b"[InternetShortcut]\r\nURL=https://sandbox.rapidsosportal.com/login\r\n"
    assert sorted(each.name for each in position.path(DATA).iterdir()) == ["account.dpapi", "launcher.ini"]

    # The program's own check fails: nobody listens there. Everything is put back, and a run in check mode finds nothing but rights.
    refusal = {"portal_launcher_windows_shell": position.shell, "portal_launcher_api_url": "https://127.0.0.1:1", "portal_launcher_url_scheme": "new-portal"}
    run = playbooks([play("refused", **refusal), play("again", keywords={"check_mode": True})], inventory=inventory, verbosity=4, diff=True)
    refused, again = found(run, "refused"), found(run, "again")
    assert refused["failed"] and refused["error_kind"] == "not_verified" and "everything was put back as it was" in refused["msg"], refused
    assert position.path(DATA + "\\launcher.ini").read_bytes() == settings
    assert changed(again) == set(), again
    look()
    assert looks[1] == looks[0]

    # What a removal by the playbook is given: no account and no address.
    bare = {"portal_launcher_" + name: "" for name in ("email", "password", "group", "api_url", "query_url", "login_url", "url_scheme")}
    removed = found(playbooks([play("removed", "absent", **bare)], inventory=inventory, verbosity=4, diff=True), "removed")
    assert set(removed["changed_paths"]) >= EVERYTHING and not position.path(PROGRAM).exists() and not position.path(DATA).exists()
    assert not position.path(MENU).exists() and position.path(MENU).parent.is_dir()
    look()
    assert looks[2] == []
    for form in FORMS:
        assert not [output for output in outputs if form in output]
        assert not [path for path in position.prefix.rglob("*") if path.is_file() and form.encode() in path.read_bytes()]
