# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves of the Windows tasks what can be proved without a Windows: their modules' options, their order, and where the password goes."""

import ast
import os
import pathlib
import re
import subprocess
import sys

import jinja2
import powershell
import pytest
import yaml

COLLECTIONS = powershell.REPOSITORY / "build" / "collections"
MODULES = COLLECTIONS / "ansible_collections" / "ansible" / "windows" / "plugins" / "modules"
PRESENT, ABSENT = (
    yaml.safe_load((powershell.ROLES / "portal_launcher" / "tasks" / name).read_text(encoding="utf-8"))
    for name in ("windows_present.yml", "windows_absent.yml"))
VARIABLES = yaml.safe_load((powershell.ROLES / "portal_launcher" / "vars" / "main.yml").read_text(encoding="utf-8"))
BLOCK, RESCUE = PRESENT[0]["block"], PRESENT[0]["rescue"]
SCRIPTS = {name: script for name, script in powershell.task_scripts().items() if name.startswith("portal_launcher")}


@pytest.fixture(scope="module", name="modules")
def fixture_modules():
    """Returns a function: name -> options of a module of ansible.windows, from its documentation."""
    subprocess.run([sys.executable, str(powershell.REPOSITORY / "tests" / "checks" / "install_ansible_windows.py")], check=True, timeout=300)

    def options(name):
        for node in ast.parse((MODULES / (name + ".py")).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and node.targets[0].id == "DOCUMENTATION":
                return yaml.safe_load(node.value.value)["options"]
        raise AssertionError(name)

    return options


def calls():
    """Yields (module's short name, arguments) of each task; all but the last word on a failure is of ansible.windows."""
    for task in BLOCK + RESCUE + ABSENT:
        for key, arguments in task.items():
            if key.startswith("ansible.windows."):
                yield key.rpartition(".")[2], arguments
            else:
                assert "." not in key or key == "ansible.builtin.fail"


def test_modules_are_given_options_that_they_have(modules):
    assert {name for name, _arguments in calls()} == {"win_copy", "win_powershell", "win_template"}
    for name, arguments in calls():
        options = modules(name)
        assert set(arguments) <= set(options), name
        for option, value in arguments.items():
            assert value in options[option].get("choices", [value])
        for parameter in arguments.get("sensitive_parameters", []):
            assert set(parameter) <= set(options["sensitive_parameters"]["suboptions"])


def test_scripts_take_the_parameters_that_tasks_give_them():
    for task in BLOCK + RESCUE + ABSENT:
        arguments = task.get("ansible.windows.win_powershell")
        if arguments:
            given = set(arguments["parameters"]) | {each["name"] for each in arguments.get("sensitive_parameters", [])}
            block = next(powershell.nodes(powershell.parse(arguments["script"]), "param_block"))
            declared = {powershell.text_of(each.children[-1]).lstrip("$") for each in powershell.nodes(block, "script_parameter")}
            assert given == declared, task["name"]


def test_scripts_that_run_in_check_mode_look_before_they_change_anything():
    """Each line that changes something is under a test of CheckMode, or after the line that ends a script in check mode."""
    changes = re.compile(r"Delete|CreateSubKey|CreateDirectory|SetAccessControl|WriteAll|New-EventLog|Remove-|Copy-Item|Replace\(|::Move|FileStream")
    for name, script in SCRIPTS.items():
        if "SupportsShouldProcess" not in script:
            assert name.endswith("Restore the previous files")  # not run in check mode
            continue
        guard, is_over = [], False
        for line in script.splitlines():
            depth = len(line) - len(line.lstrip())
            guard = [each for each in guard if each < depth or line.strip() == "}"]
            if "CheckMode" in line and "if (" in line:
                if "return" in line:
                    is_over = True
                else:
                    guard.append(depth)
            elif changes.search(line) and not is_over and "OpenSubKey" not in line:
                assert guard, "%s: %s" % (name, line.strip())


def test_the_password_is_a_sensitive_parameter_and_goes_nowhere_else():
    text = (powershell.ROLES / "portal_launcher" / "tasks" / "windows_present.yml").read_text(encoding="utf-8")
    assert text.count("portal_launcher_password") == 1
    (task,) = [each for each in BLOCK if "portal_launcher_password" in str(each)]
    (parameter,) = task["ansible.windows.win_powershell"]["sensitive_parameters"]
    assert "portal_launcher_password" in parameter["value"] and "loop" not in task
    script = task["ansible.windows.win_powershell"]["script"]
    root = powershell.parse(script)
    for command in powershell.nodes(root, "command"):
        assert not re.search(r"\$(secret|opened|sealed|Password)\b", powershell.text_of(command)), powershell.text_of(command)
    for said in re.findall(r"\$Ansible\.\w+ = .*|throw .*", script):
        assert not re.search(r"\$(secret|opened|sealed|Password)\b", said)


def test_role_and_program_agree():
    program, tasks = powershell.PROGRAM.read_text(encoding="ascii"), "\n".join(SCRIPTS.values())
    entropy = set(re.findall(r"GetBytes\('([^']*)'\)", program + tasks))
    assert entropy == {"eccops.rapid portal-launcher"}
    handler = PRESENT[0]["vars"]["portal_launcher_windows_handler"]
    words = "".join(re.findall(r"'([^']*)'", re.search(r"function Get-HandlerCommand \{(.*?)\n\}", program, re.DOTALL).group(1)))
    for part in ("-NoProfile", "-NonInteractive", "-ExecutionPolicy RemoteSigned", "-WindowStyle Hidden", '--number "%1"'):
        assert part in handler and part in words
    assert handler.endswith('"{{ portal_launcher_windows_program }}\\portal-launcher.ps1" --number "%1"')
    state = re.search(r"\$StatePath = '([^']*)'", program).group(1)
    assert state in SCRIPTS["portal_launcher/tasks/windows_absent.yml: " + ABSENT[0]["name"]]
    configuration = re.search(r"\$ConfigurationPath = '([^']*)'", program).group(1)
    assert configuration == VARIABLES["portal_launcher_windows_data"] + "\\launcher.ini"


def test_what_a_killed_run_left_is_verified_by_the_next():
    """Everything may be in place already: it is the killed run's, and nothing has checked it."""
    first, seal = BLOCK[0]["ansible.windows.win_powershell"], BLOCK[-1]["ansible.windows.win_powershell"]
    assert "is_unfinished = Test-Path -LiteralPath (Join-Path $aside 'complete')" in first["script"]
    assert "or portal_launcher_windows_position.result.is_unfinished" in seal["parameters"]["HasChange"]
    assert "if ($IsVerified -and ($HasChange -or $Ansible.Changed))" in seal["script"]


def test_the_shortcut_is_an_internet_shortcut():
    template = powershell.ROLES / "portal_launcher" / "templates" / "windows" / "portal-login.url.j2"
    assert template.read_text(encoding="utf-8") == "[InternetShortcut]\nURL={{ portal_launcher_login_url }}\n"


def test_ansible_reads_the_tasks(modules, tmp_path):
    assert modules("win_powershell")
    files = [powershell.ROLES / "portal_launcher" / "tasks" / name for name in ("windows_present.yml", "windows_absent.yml")]
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.import_tasks": str(path)} for path in files]}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(powershell.REPOSITORY / "tests" / "ansible.cfg")}
    done = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "--syntax-check", "play.yml"], cwd=tmp_path, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("reached, platform", (
    ({}, "linux"), ({"ansible_connection": "ssh"}, "linux"), ({"ansible_connection": "winrm"}, "windows"),
    ({"ansible_connection": "ansible.builtin.psrp"}, "windows"), ({"ansible_connection": "ssh", "ansible_shell_type": "powershell"}, "windows")))
def test_the_platform_is_derived_from_how_a_position_is_reached(reached, platform):
    defaults = yaml.safe_load((powershell.ROLES / "portal_launcher" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert jinja2.Template(defaults["portal_launcher_platform"]).render(reached) == platform
