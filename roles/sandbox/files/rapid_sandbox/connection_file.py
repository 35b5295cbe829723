# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the files a client needs: ``connection.yml`` and ``on_this_machine.yml`` (Ansible extra vars), and ``fleet.yml`` (inventory).

They are YAML written as JSON values, which every YAML reader takes.
"""

import grp
import json
import os
import pathlib

#: What a position runs to collect from the sandbox; a position on another machine needs a copy of its own.
COLLECTOR = pathlib.Path(__file__).resolve().parents[1] / "collect_credential.py"

#: Where such a copy, and one of ca.pem, is on a Windows position.
WINDOWS_DIRECTORY = "C:\\ProgramData\\RapidSandbox"
_IS_WINDOWS = (
    "ansible_shell_type | default('', true) in ['powershell', 'cmd'] or (ansible_connection | default('', true)).split('.') | last in ['winrm', 'psrp']")

_LAUNCHER = {
    "ansible_become": False,
    "provision_is_rehearsal": True,
    "portal_launcher_api_url": "{{ rapidsos_api_url }}",
    "portal_launcher_query_url": "{{ rapidsos_query_url }}",
    "portal_launcher_login_url": "{{ rapidsos_api_url }}/login",
    "portal_launcher_ca_path": "{{ rapidsos_ca_path }}",
    "portal_launcher_email": "{{ rapidsos_email }}",
    "portal_launcher_password": "{{ rapidsos_password }}",
}

#: What names a secret of the site, or another service, may be undefined without its vault; a rehearsal needs none of it.
_OF_THE_SITE = (
    "rapidauth_sac_content", "rapidauth_sac_key_path", "rapidauth_sac_key_content", "rapidauth_service_name", "rapidauth_ledger_url",
    "rapidauth_ledger_password", "rapidsos_environment", "ansible_password", "ansible_ssh_pass",
    "ansible_become_password", "ansible_become_pass")

_HEAD = "# Written by the eccops.rapid sandbox at its start. It holds secrets of the sandbox only.\n"


def write_connection(directory, host_name, ports, secrets, sacs, fleet):
    """All a client needs; returns the values."""
    ca_path = str(directory.file("ca.pem"))
    rapidauth, portal, device, admin = (ports[name] for name in ("rapidauth", "portal", "device", "admin"))
    first = secrets["accounts"][0]
    values = {
        "rapidauth_api_url": f"https://{host_name}:{rapidauth}/rapid",
        "rapidauth_ca_path": ca_path,
        "rapidauth_sac_path": sacs["valid"]["combined_path"],
        "rapidauth_sac_passphrase": sacs["valid"]["passphrase"],
        "rapidsos_api_url": f"https://{host_name}:{portal}",
        "rapidsos_query_url": f"https://{host_name}:{portal}/query-interface",
        "rapidsos_ca_path": ca_path,
        "rapidsos_email": first["email"],
        "rapidsos_password": first["password"],
        "rapidsos_client_id": secrets["client_id"],
        "rapidsos_client_secret": secrets["client_secret"],
        "sandbox_device_url": f"https://{host_name}:{device}/rapid",
        "sandbox_admin_url": f"http://127.0.0.1:{admin}",
        "sandbox_sacs": sacs,
        "sandbox_accounts": [
            {name: account[name] for name in ("email", "password", "ecc", "role")}
            for account in secrets["accounts"]],
        "sandbox_fleet": fleet,
        "sandbox_collect_argv": [
            "{{ ansible_python_interpreter | default('python3', true) }}", str(COLLECTOR), "--request-file", "{request_path}",
            "--device-url", f"https://{host_name}:{device}/rapid", "--ca-path", ca_path],
        "sandbox_windows_collect_argv": [
            "{{ sandbox_powershell | default('powershell.exe', true) }}", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned",
            "-File", WINDOWS_DIRECTORY + "\\collect_credential.ps1", "-RequestFile", "{request_path}",
            "-DeviceUrl", f"https://{host_name}:{device}/rapid", "-CaPath", WINDOWS_DIRECTORY + "\\ca.pem"],
        # A rehearsal never runs the site's own command, which would collect from the real service.
        "rotation_collect_argv": "{{ sandbox_windows_collect_argv if %s else sandbox_collect_argv }}" % _IS_WINDOWS,
        "provision_is_rehearsal": True,
    }
    _write_variables(directory, "connection.yml", values)
    return values


def write_on_this_machine(directory, values):
    """The connection, and what makes this machine play every position of any inventory, so that nothing of the site is touched."""
    _write_variables(directory, "on_this_machine.yml", {
        **values,
        "ansible_connection": "local",
        "ansible_shell_type": "sh",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "rotation_become": False,
        "rotation_request_path": str(directory.file("positions")) + "/{{ inventory_hostname }}/request.json",
        "rapidauth_ledger_path": str(directory.file("ledger.sqlite")),
        "rapidauth_ledger_host": "localhost",
        "rapidauth_audit_log_path": str(directory.file("audit.jsonl")),
        **dict.fromkeys(_OF_THE_SITE, ""),
        **_launcher(),
    })


def _write_variables(directory, name, values):
    directory.write(name, _HEAD + "---\n" + "".join(f"{variable}: {json.dumps(value)}\n" for variable, value in values.items()))


def write_curl_options(directory, values):
    """What opens RapidAuth for ``curl -K``, so that no passphrase is among the arguments."""
    sac = values["sandbox_sacs"]["valid"]
    options = {"cacert": values["rapidauth_ca_path"], "cert": sac["certificate_path"], "key": sac["key_path"], "pass": sac["passphrase"]}
    directory.write("sacs/curl.conf", _HEAD + "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in options.items()))


def write_inventory(directory, fleet):
    """The fleet as hosts of this machine, one group per ECC; what a rotation leaves lies in the data directory."""
    positions = directory.file("positions")
    lines = [_HEAD, "---\ndispatch_workstations:\n  vars:\n    ansible_connection: local\n",
             '    ansible_python_interpreter: "{{ ansible_playbook_python }}"\n',
             f"    rapidauth_ledger_path: {json.dumps(str(directory.file('ledger.sqlite')))}\n"
             f"    rapidauth_audit_log_path: {json.dumps(str(directory.file('audit.jsonl')))}\n"]
    lines += [f"    {name}: {json.dumps(value)}\n" for name, value in _launcher().items()]
    lines.append("  children:\n")
    for ecc in dict.fromkeys(position["ecc"] for position in fleet):
        lines.append(f"    {ecc}:\n      hosts:\n")
        for position in fleet:
            if position["ecc"] == ecc:
                lines.append(
                    f"        {position['position']}:\n"
                    f"          ecc: {json.dumps(ecc)}\n"
                    f"          rapidauth_request_id: {json.dumps(position['request_id'])}\n"
                    f"          rapidauth_anon_id: {json.dumps(position['anon_id'])}\n"
                    f"          rotation_request_path: {json.dumps(str(positions) + '/' + position['position'] + '/request.json')}\n")
    directory.write("fleet.yml", "".join(lines))


def _launcher():
    """What provision_workstations asks for. In check mode it shows what would be on this machine, and without check mode it refuses."""
    try:
        group = grp.getgrgid(os.getegid()).gr_name
    except KeyError:
        group = str(os.getegid())
    return {**_LAUNCHER, "portal_launcher_group": group}
