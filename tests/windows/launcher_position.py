# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Windows program on a Windows position of wine's: the same helpers as for the Linux program, so that one expectation serves both.

The program is run as it is delivered, by PowerShell 7. One thing wine cannot do: its files belong to its only user and to nobody else. So a call goes
through a script that lets the program see that user as the administrators; what others may do to a file is judged as wine shows it.
"""

import base64
import dataclasses
import hashlib
import json
import pathlib
import shutil
import struct
import subprocess
import sys

from position import BROWSER, Position
from windows_position import PROGRAM, WindowsPosition, windows_path

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "portal_launcher"
PROGRAM_DIRECTORY, DATA_DIRECTORY = "C:\\Program Files\\PortalLauncher", "C:\\ProgramData\\PortalLauncher"
SCRIPT = PROGRAM_DIRECTORY + "\\portal-launcher.ps1"
MEMORY = "HKCU\\Software\\PortalLauncher"
LANGUAGE = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
PROXY = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"
WINE = next((path for path in map(shutil.which, ("/usr/lib/wine/wine64", "/usr/lib/wine/wine", "wine64", "wine")) if path), None)
LOGIN_LINK = "[InternetShortcut]\r\nURL=%s\r\n"

STAND_IN = """
function Get-Acl([string]$LiteralPath) {
    $security = Microsoft.PowerShell.Security\\Get-Acl -LiteralPath $LiteralPath
    $user = [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value
    $security.SetSecurityDescriptorSddlForm($security.Sddl.Replace($user, 'BA'))
    return $security
}
%s
& '%s' @args
exit $LASTEXITCODE
"""
#: Has authorities trusted; seals texts, and writes what comes of it.
PREPARE = """
$store = [System.Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$store.Open('ReadWrite')
foreach ($pem in @(%s)) {
    $store.Add([System.Security.Cryptography.X509Certificates.X509Certificate2]::new([System.Convert]::FromBase64String($pem)))
}
$store.Close()
Add-Type -AssemblyName System.Security
$entropy = [System.Text.Encoding]::ASCII.GetBytes('eccops.rapid portal-launcher')
foreach ($text in @(%s)) {
    $sealed = [System.Security.Cryptography.ProtectedData]::Protect([System.Convert]::FromBase64String($text), $entropy, 'LocalMachine')
    [System.Convert]::ToBase64String($sealed)
}
"""


def quoted(texts):
    """Returns a list of PowerShell with each text in base64."""
    return ", ".join("'%s'" % base64.b64encode(text).decode("ascii") for text in texts)


class WindowsLauncher(Position):
    """One Windows position; clean() makes it a new one before each test."""

    #: Proves only that nothing waits for ever: PowerShell's own start is in it, on a machine that runs other tests at once.
    most_seconds = 45

    def __init__(self, values, directory, authorities, accounts):
        """``values`` is the sandbox's connection.yml; ``authorities`` are PEM that the position trusts, ``accounts`` name: account that can be sealed."""
        self.values, self.directory, self.accounts, self.environment = values, directory, accounts, {}
        self.windows = WindowsPosition(directory / "prefix").start()
        self.path, self.notes = self.windows.path(DATA_DIRECTORY + "\\launcher.ini"), directory / "notes"
        self.program = self.windows.path(SCRIPT)
        for each in (self.path.parent, self.program.parent):
            each.mkdir()
        for path in (ROLE / "files" / "windows").iterdir():
            shutil.copy(path, self.program.parent)
        link = LOGIN_LINK % (values["rapidsos_api_url"] + "/login")
        (self.program.parent / "portal-login.url").write_bytes(link.encode("ascii"))
        browser = directory / "browser"
        browser.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {BROWSER} {self.notes} "$(cat {directory}/manner)" "$1" 2>/dev/null\n', encoding="utf-8")
        browser.chmod(0o755)
        assert self.wine("reg", "add", "HKCU\\Software\\Wine\\WineBrowser", "/v", "Browsers", "/d", str(browser), "/f").returncode == 0
        self.stand_in, self.has_proxy = directory / "stand-in.ps1", False
        self.stand_in.write_text(PREPARE % (quoted(authorities), quoted(json.dumps(each).encode("utf-8") for each in accounts.values())), encoding="utf-8")
        process = self.start()
        lines, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        self.sealed = dict(zip(accounts, map(base64.b64decode, lines.split()), strict=True))
        self.clean()

    def clean(self):
        """Forgets what the program keeps, and gives the position its usual configuration and account."""
        self.wine("reg", "delete", MEMORY, "/f")
        shutil.rmtree(self.notes, ignore_errors=True)
        self.notes.mkdir()
        self.account, self.changes, self.environment = self.accounts["good"], {}, {}
        self.stand_in.write_text(STAND_IN % ("", SCRIPT), encoding="utf-8")
        if self.has_proxy:
            self.use_proxy("")
        self.configure()
        self.write_account()

    def configure(self, manner="fetch", **changes):
        (self.directory / "manner").write_text(manner, encoding="ascii")
        # As long a login as can be set: the machine may run other tests at once.
        usual = {"portal_ca_path": None, "browser_command": None, "session_login_timeout_seconds": "4"}
        super().configure(manner, **{**usual, **changes})

    def write_account(self, mode=0o640, **changes):
        """Puts the good account into its place. Its rights and its text are those it was sealed with."""
        self.use_account("good")

    def use_account(self, name):
        """Puts a sealed account into its place."""
        self.account = self.accounts[name]
        (self.path.parent / "account.dpapi").write_bytes(self.sealed[name])

    def use_proxy(self, server, exceptions=""):
        """Sets the user's proxy as Windows keeps it; "" for none."""
        value = struct.pack("<3I", 0x46, 0, 3 if server else 1)
        for text in (server, exceptions, ""):
            value += struct.pack("<I", len(text)) + text.encode("ascii")
        self.wine("reg", "add", PROXY, "/v", "DefaultConnectionSettings", "/t", "REG_BINARY", "/d", value.hex(), "/f")
        self.has_proxy = bool(server)

    def wine(self, *command):
        """Returns the finished process of one of wine's own programs."""
        return subprocess.run([WINE, *command], env=self.windows.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)

    def command(self, *arguments, has_configuration=False):
        assert not has_configuration
        return [PROGRAM, "-NoProfile", "-NonInteractive", "-File", windows_path(self.stand_in), *arguments]

    def start(self, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        environment = {name: value for name, value in self.windows.environment.items() if not name.lower().endswith("_proxy")}
        environment.update(self.environment)
        return subprocess.Popen(self.command(*arguments), env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def call(self, *arguments, count=1, **options):
        """As a Linux position's; a crash of wine or .NET says nothing about the program, and is repeated once."""
        seen = len(self.opened())
        ended = super().call(*arguments, count=0, **options)
        if "Fatal error." in ended.stderr or "Internal CLR error" in ended.stderr:
            print("wine or .NET crashed; the call is repeated:", ended.stderr[-500:])
            seen = len(self.opened())
            ended = super().call(*arguments, count=0, **options)
        return dataclasses.replace(ended, opened=self.opened(seen + count)[seen:])

    def kept(self, name):
        """Whether the program keeps something under this name until the user logs off; it is sealed."""
        lines = self.wine("reg", "query", MEMORY, "/v", name).stdout.decode("utf-8", "replace").splitlines()
        return next((line for line in lines if "REG_BINARY" in line), None)

    def digest(self):
        return hashlib.sha256(self.program.read_bytes()).hexdigest()

    def stop(self):
        self.windows.stop()
