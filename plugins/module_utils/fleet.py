# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: a fleet as the inventory tells it."""

from __future__ import annotations

import hashlib

#: The variables of a position that say which service and SAC it belongs to, less their prefix C(rapidauth_).
SERVICE_OPTIONS = ("api_url", "ca_path", "sac_path", "sac_content", "sac_key_path", "sac_key_content", "sac_passphrase")
#: The variables of a position that name its center's Portal account, less their prefix C(rapidsos_).
ACCOUNT_OPTIONS = ("api_url", "ca_path", "email", "password")


def fleet_of(variables, names, defaults):
    """Returns {services, accounts, launchers} of the hosts C(names), each of which is looked at once.

    C(services) are [{api_url, sac_path, ..., positions: {position: {ecc, request_id}}}], one for each SAC, with
    C(installed_sac), {is_reachable, sha256_fingerprint}, in positions that a stat of it was registered for; C(accounts)
    [{api_url, ca_path, email, password, ecc}], each Portal account once; C(launchers) {position: {ecc, is_reachable,
    program_sha256, configuration_sha256}} of hosts that a stat of both was registered for.

    C(variables) maps a host to its variables; C(defaults) are variables for hosts that do not have them. Positions of
    one ECC whose variables are written alike have the same SAC: templates and vaults are opened once for them.
    """
    opened, services, accounts, launchers = {}, {}, {}, {}
    for name in names:
        own = variables[name]
        name, ecc = str(name), _text(own, "ecc")
        values = _options(own, "rapidauth_", SERVICE_OPTIONS, ecc, defaults, opened)
        service = services.setdefault(values, dict(_given(SERVICE_OPTIONS, values), positions={}))
        service["positions"][name] = {"ecc": ecc, "request_id": _text(own, "rapidauth_request_id")}
        installed = own.get("check_installed_sac")
        if installed is not None:
            service["positions"][name]["installed_sac"] = _installed_sac(installed)
        values = _options(own, "rapidsos_", ACCOUNT_OPTIONS, ecc, defaults, opened)
        account = _given(ACCOUNT_OPTIONS, values)
        if "email" in account:
            accounts.setdefault((account.get("api_url"), account["email"]), dict(account, ecc=ecc))
        program = own.get("check_launcher_program")
        if program is not None:
            launchers[name] = dict(_launcher(program, own.get("check_launcher_configuration")), ecc=ecc)
    return {"services": list(services.values()), "accounts": list(accounts.values()), "launchers": launchers}


def _launcher(program, configuration):
    told: dict = {"is_reachable": "stat" in program}
    for part, seen in (("program", program), ("configuration", configuration)):
        told[part + "_sha256"] = str(((seen or {}).get("stat") or {}).get("checksum") or "")
    return told


def _installed_sac(link):
    """Returns what the role's link C(current) tells: it leads to versions/NUMBER-FINGERPRINT."""
    target = str((link.get("stat") or {}).get("lnk_target") or "")
    return {"is_reachable": "stat" in link, "sha256_fingerprint": target.rpartition("-")[2].lower()}


def _given(options, values):
    return {option: value for option, value in zip(options, values) if value}


def _text(variables, name):
    return str(variables.get(name) or "")


def _options(variables, prefix, options, ecc, defaults, opened):
    """Returns the values of the options as a tuple, remembered in C(opened) by how they are written."""
    written = variables.raw if hasattr(variables, "raw") else variables
    names = [prefix + option for option in options]
    # By identity: what the inventory says once of a group is one object for all its hosts, vaults included.
    key = (prefix, ecc, *[written[name] if isinstance(written.get(name), str) else id(written.get(name)) for name in names])
    if key not in opened:
        values = [variables.get(name) if written.get(name) else defaults.get(name) for name in names]
        opened[key] = tuple(str(value or "") for value in values)
    return opened[key]


def wave_credentials(variables, names):
    """Returns what rapidauth_rotation takes as C(credentials) for the positions C(names)."""
    credentials = []
    for name in names:
        credential = {"position": str(name), "request_id": str(variables[name].get("rapidauth_request_id") or "")}
        if variables[name].get("rotation_anon_id"):
            credential["anon_id"] = str(variables[name]["rotation_anon_id"])
        credentials.append(credential)
    return credentials


def opaque_position_id(position):
    """Returns what stands for a position in its AnonIds: no personal data, and the same in every run without any record."""
    return hashlib.sha256(position.encode("utf-8")).hexdigest()[:16]
