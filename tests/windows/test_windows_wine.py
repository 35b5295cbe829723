# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what reaches powershell.exe of what a CAD, a link or a person gives, on wine: no part of it becomes a command or an option."""

import shutil

import jinja2
import powershell
import pytest
import yaml
from wine import PROGRAM_DIRECTORY, Wine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("wine") and shutil.which("wineserver")), reason="wine is not installed: apt-get install wine"),
]

TASKS = yaml.safe_load((powershell.ROLES / "portal_launcher" / "tasks" / "windows.yml").read_text(encoding="utf-8"))
HANDLER = jinja2.Template(TASKS[0]["vars"]["portal_launcher_windows_handler"]).render(portal_launcher_windows_program=PROGRAM_DIRECTORY)
SCRIPT = PROGRAM_DIRECTORY + "\\portal-launcher.ps1"
CALLED = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File", SCRIPT]
LINKED = CALLED[:4] + ["-WindowStyle", "Hidden"] + CALLED[4:] + ["--number"]
REGISTRY = """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\eccops-portal]
@="URL:RapidSOS Portal"
"URL Protocol"=""

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\eccops-portal\\shell\\open\\command]
@="%s"
"""


@pytest.fixture(scope="module", name="wine")
def fixture_wine(tmp_path_factory):
    """Wine with the role's files and registry values as the role leaves them."""
    directory = tmp_path_factory.mktemp("wine")
    wine = Wine(directory)
    try:
        program = wine.drive / "Program Files" / "PortalLauncher"
        program.mkdir()
        for path in powershell.FILES.iterdir():
            shutil.copy(path, program)
        template = (powershell.ROLES / "portal_launcher" / "templates" / "windows" / "portal-login.url.j2").read_text(encoding="utf-8")
        shortcut = jinja2.Template(template).render(portal_launcher_login_url="https://portal.example/login")
        (program / "portal-login.url").write_bytes(shortcut.replace("\n", "\r\n").encode("ascii"))
        command = '"C:\\windows\\system32\\WindowsPowerShell\\v1.0\\powershell.exe" ' + HANDLER
        (directory / "handler.reg").write_text(REGISTRY % command.replace("\\", "\\\\").replace('"', '\\"'), encoding="utf-16")
        assert wine.run("regedit", "/S", str(directory / "handler.reg")).returncode == 0
        yield wine
    finally:
        wine.stop()


#: With a blank each, so that they come in double quotes, as a CAD has to hand them over.
HOSTILE = (
    "5 &echo x>c:\\pwned.txt",
    "5 |echo x>c:\\pwned.txt",
    "5 ^&echo x>c:\\pwned.txt",
    "5 >c:\\pwned.txt",
    "5 !PATH!",
    "5 $(calc);`calc`;'calc'",
    "5 -Command calc",
)


def untouched(wine):
    return not (wine.drive / "pwned.txt").exists()


@pytest.mark.parametrize("number", ("5555555555", "+1 (555) 555-5555", "-", "--check", "--configuration=c:\\evil.ini") + HOSTILE)
def test_the_cmd_hands_on_what_a_cad_quotes(wine, number):
    """No % here: cmd.exe, and wine's in a way of its own, reads it before any line of the file. docs/windows_runbook.md says so to the CAD."""
    wine.use_recorder()
    wine.run(PROGRAM_DIRECTORY + "\\portal-launcher.cmd", "--number", number)
    assert wine.recorded() == [CALLED + ["--number", number]] and untouched(wine)


@pytest.mark.parametrize("link", ("15555555555", "//15555555555/", "%2B1%20(555)%20555-5555", "5&echo x>c:\\pwned.txt", "5%22%20--check") + HOSTILE)
def test_a_link_arrives_as_one_text_after_the_word_number(wine, link):
    wine.use_recorder()
    wine.run("start", "eccops-portal:" + link)
    assert wine.recorded() == [LINKED + ["eccops-portal:" + link]] and untouched(wine)


@pytest.mark.parametrize("link", ('1" --configuration "c:\\evil.ini', '1" & echo x>c:\\pwned.txt & "', '1" -Command calc "', '1\\" --check "'))
def test_a_link_that_closes_the_quotes_gives_more_text_and_no_option(wine, link):
    """The program takes everything after --number as the link's text: see parsed_arguments in cases.json."""
    wine.use_recorder()
    wine.run("start", "eccops-portal:" + link)
    (called,) = wine.recorded()
    assert called[:9] == LINKED and called[9].startswith("eccops-portal:1") and untouched(wine)


@pytest.mark.parametrize("ends_with, code, does_open_login", (
    (0, 0, False), (6, 6, False), (101, 1, False), (1, 3, True), (0xFFFD0000, 3, True), (None, 3, True)))
def test_the_cmd_opens_the_login_page_where_powershell_may_not_run_the_program(wine, ends_with, code, does_open_login):
    """PowerShell ends with 1 where scripts are not allowed, and with 0xFFFD0000 where there is no such file; 101 is the program's own 1."""
    if ends_with is not None:
        wine.use_code(ends_with)
    else:
        wine.use_recorder()
        wine.powershell.unlink()
    assert wine.run(PROGRAM_DIRECTORY + "\\portal-launcher.cmd", "5555555555").returncode == code
    if does_open_login:
        assert wine.recorded() == [["https://portal.example/login"]]
    else:
        assert not wine.record.exists()


def test_the_shortcut_opens_the_login_page(wine):
    wine.use_recorder()
    wine.run("start", PROGRAM_DIRECTORY + "\\portal-login.url")
    assert wine.recorded() == [["https://portal.example/login"]]
