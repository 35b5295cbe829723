# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The options the modules share, each beside the documentation fragment of the same name (plugins/doc_fragments)."""

from __future__ import annotations


def service_options():
    """How a service is called: fragment C(service)."""
    return {
        "ca_path": {"type": "path"},
        "timeout_seconds": {"type": "int", "default": 30},
    }


def rapidauth_options():
    """Where RapidAuth is and which SAC opens it: fragments C(rapidauth) and C(service)."""
    return {
        **service_options(),
        "api_url": {"type": "str", "default": "https://request.rapidauth.com/rapid"},
        "sac_path": {"type": "path"},
        "sac_content": {"type": "str", "no_log": True},
        "sac_key_path": {"type": "path", "no_log": False},
        "sac_key_content": {"type": "str", "no_log": True},
        "sac_passphrase": {"type": "str", "no_log": True},
        "retry_budget_seconds": {"type": "int", "default": 60},
    }


#: Rules over those options, in AnsibleModule's terms.
RAPIDAUTH_RULES = {
    "mutually_exclusive": [("sac_path", "sac_content"), ("sac_key_path", "sac_key_content")],
    "required_one_of": [("sac_path", "sac_content")],
}


def ledger_options(is_required=False):
    """Where replacements are recorded: fragment C(ledger)."""
    return {
        "ledger_path": {"type": "path", "required": is_required},
        "anon_ids_are_unique": {"type": "bool", "default": True},
        **service_name_options(),
    }


def service_name_options():
    """Under which name a ledger keeps the service: fragment C(ledger.service_name)."""
    return {"service_name": {"type": "str"}, "other_service_names": {"type": "list", "elements": "str", "default": []}}


def audit_options():
    """Where logins and changes are recorded: fragment C(audit)."""
    return {"audit_log_path": {"type": "path"}}


def request_spec():
    """Returns what AnsibleModule takes for rapidauth_request."""
    options = rapidauth_options()
    options.update(
        request_id={"type": "str", "required": True},
        state={"type": "str", "choices": ["present", "replaced"], "default": "present"},
        prevent_collection={"type": "bool"},
        anon_id={"type": "str"},
        expect_anon_id={"type": "str"},
        position={"type": "str"},
        rotation_id={"type": "str"},
        **audit_options(),
        **ledger_options(),
    )
    return dict(
        RAPIDAUTH_RULES,
        argument_spec=options,
        required_if=[("state", "replaced", ("anon_id", "rotation_id"), True)],
    )


def request_info_spec():
    """Returns what AnsibleModule takes for rapidauth_request_info."""
    options = rapidauth_options()
    options.update(
        request_ids={"type": "list", "elements": "str", "default": []},
        anon_ids={"type": "list", "elements": "str", "default": []},
        concurrency={"type": "int", "default": 16},
        rotate_after_days={"type": "float"},
        now={"type": "str"},
        ledger_path={"type": "path"},
        **service_name_options(),
    )
    return dict(RAPIDAUTH_RULES, argument_spec=options)


def rotation_spec():
    """Returns what AnsibleModule takes for rapidauth_rotation."""
    options = rapidauth_options()
    credential = {
        "position": {"type": "str", "required": True},
        "request_id": {"type": "str", "required": True},
        "anon_id": {"type": "str"},
    }
    options.update(
        credentials={"type": "list", "elements": "dict", "required": True, "options": credential},
        rotation_id={"type": "str", "required": True},
        anon_id_template={"type": "str", "default": "{position_id}-{rotation_id}"},
        replace_lapsed={"type": "bool", "default": False},
        resolutions={"type": "dict", "default": {}},
        concurrency={"type": "int", "default": 16},
        max_failures={"type": "int", "default": 0},
        **ledger_options(is_required=True),
    )
    return dict(RAPIDAUTH_RULES, argument_spec=options)


def sac_info_spec():
    """Returns what AnsibleModule takes for rapidauth_sac_info."""
    options = rapidauth_options()
    options.update(
        probe={"type": "bool", "default": False},
        min_days_left={"type": "int", "default": 0},
        now={"type": "str"},
    )
    return dict(RAPIDAUTH_RULES, argument_spec=options)


def ledger_info_spec():
    """Returns what AnsibleModule takes for rapidauth_ledger_info."""
    return {
        "argument_spec": {
            "ledger_path": {"type": "path", "required": True},
            "api_url": {"type": "str"},
            "request_ids": {"type": "list", "elements": "str", "default": []},
            "positions": {"type": "list", "elements": "str", "default": []},
            "rotation_id": {"type": "str"},
            "service_name": {"type": "str"},
        }
    }


def portal_token_spec():
    """Returns what AnsibleModule takes for rapidsos_portal_token."""
    options = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "environment": {"type": "str", "choices": ["production", "sandbox"]},
        "api_url": {"type": "str"},
        "api_version": {"type": "str", "choices": ["irpv1", "irpv2"], "default": "irpv1"},
        "email": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        "cache_path": {"type": "path"},
        "min_remaining_seconds": {"type": "int", "default": 600},
        "caller_id": {"type": "str"},
        "query_url": {"type": "str"},
        "query_token_parameter": {"type": "str", "default": "access_token", "no_log": False},
        **service_options(),
        **audit_options(),
    }
    return {
        "argument_spec": options,
        "mutually_exclusive": [("environment", "api_url")],
        "required_one_of": [("environment", "api_url")],
        "required_if": [("state", "present", ("password",)), ("state", "absent", ("cache_path",))],
    }


def credential_check_info_spec():
    """Returns what AnsibleModule takes for credential_check_info."""
    service = rapidauth_options()
    service.update(positions={"type": "dict", "required": True}, **service_name_options())
    account = {
        "api_url": {"type": "str", "required": True},
        "ca_path": {"type": "path"},
        "email": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "ecc": {"type": "str"},
    }
    return {
        "argument_spec": {
            "services": {"type": "list", "elements": "dict", "options": service, "default": [], **RAPIDAUTH_RULES},
            "accounts": {"type": "list", "elements": "dict", "options": account, "default": []},
            "is_account_expected": {"type": "bool", "default": False},
            "launchers": {"type": "dict", "default": {}},
            "installed_sacs": {"type": "dict", "default": {}},
            "unreadable": {"type": "dict", "default": {}},
            "launcher_sha256": {"type": "str"},
            "launcher_configuration_sha256": {"type": "str"},
            "ledger_path": {"type": "path"},
            "is_fleet_from_ledger": {"type": "bool", "default": False},
            "concurrency": {"type": "int", "default": 16},
            "now": {"type": "str"},
            "expiry_warning_days": {"type": "float", "default": 60},
            "expiry_critical_days": {"type": "float", "default": 14},
            "expiry_warning_percent": {"type": "float"},
            "expiry_critical_percent": {"type": "float"},
            "sac_warning_days": {"type": "float", "default": 60},
            "sac_critical_days": {"type": "float", "default": 14},
            "sac_warning_percent": {"type": "float"},
            "sac_critical_percent": {"type": "float"},
            "validity_days": {"type": "int", "default": 365},
            "collection_minutes": {"type": "int", "default": 10},
            "fail_on": {"type": "str", "choices": ["critical", "warning", "never"], "default": "critical"},
            "show_ids": {"type": "bool", "default": False},
            **audit_options(),
        }
    }


def credential_report_spec():
    """Returns what AnsibleModule takes for credential_report."""
    formats = ["html", "json", "junit", "markdown", "metrics"]
    return {
        "argument_spec": {
            "report": {"type": "dict", "required": True},
            "directory": {"type": "path", "required": True},
            "formats": {"type": "list", "elements": "str", "choices": formats, "default": formats},
            "metrics_path": {"type": "path"},
            "mode": {"type": "str", "default": "0640"},
            "metrics_mode": {"type": "str", "default": "0644"},
            "trend_length": {"type": "int", "default": 30},
        }
    }
