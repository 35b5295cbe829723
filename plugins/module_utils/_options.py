# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The options that modules share, each beside the documentation fragment of the same name, and their validation."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput

#: Every character that str.splitlines breaks a text at.
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_VAULT_HEADER = "$ANSIBLE_VAULT;"
#: Options that name something, beside ids.
_NAMES = ("email", "position", "positions", "service_name", "other_service_names")


def service_options() -> dict[str, dict]:
    """How a service is called: fragment service."""
    return {
        "ca_path": {"type": "path"},
        "timeout_seconds": {"type": "int", "default": 30},
    }


def rapidauth_options() -> dict[str, dict]:
    """Where RapidAuth is and which SAC opens it: fragments rapidauth and service."""
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


def ledger_options() -> dict[str, dict]:
    """Where replacements are recorded: fragment ledger."""
    return {
        **ledger_place_options(),
        "anon_ids_are_unique": {"type": "bool", "default": True},
        **service_name_options(),
    }


def ledger_place_options() -> dict[str, dict]:
    """Where the ledger is: fragment ledger.place."""
    return {"ledger_path": {"type": "path"}, "ledger_url": {"type": "str"}, "ledger_password": {"type": "str", "no_log": True}}


#: Rules over those options, in AnsibleModule's terms.
LEDGER_RULES = {
    "mutually_exclusive": [("ledger_path", "ledger_url")],
    "required_by": {"ledger_password": ("ledger_url",)},
}
LEDGER_REQUIRED_RULES = dict(LEDGER_RULES, required_one_of=[("ledger_path", "ledger_url")])


def merge_rules(*all_rules: dict) -> dict:
    """Returns several sets of such rules as one."""
    merged = {}
    for rules in all_rules:
        for name, rule in rules.items():
            merged[name] = {**merged.get(name, {}), **rule} if isinstance(rule, dict) else merged.get(name, []) + rule
    return merged


def service_name_options() -> dict[str, dict]:
    """Under which name a ledger keeps the service: fragment ledger.service_name."""
    return {"service_name": {"type": "str"}, "other_service_names": {"type": "list", "elements": "str", "default": []}}


def audit_options() -> dict[str, dict]:
    """Where logins and changes are recorded: fragment audit."""
    return {"audit_log_path": {"type": "path"}}


def validate_limits(params: dict) -> None:
    """Raises InvalidInput unless the time limits make sense."""
    for option, least in (("timeout_seconds", 1), ("retry_budget_seconds", 0)):
        if params.get(option) is not None and not least <= params[option] <= 3600:
            raise InvalidInput("%s must be between %d and 3600" % (option, least))


def validate_concurrency(params: dict) -> None:
    """Raises InvalidInput unless ``concurrency`` is a number of connections that one controller should open."""
    if not 1 <= params["concurrency"] <= 64:
        raise InvalidInput("concurrency must be between 1 and 64")


def validate_https_url(url: str, option: str) -> str:
    """Returns ``url`` without a slash at its end; raises InvalidInput unless it is a plain https URL."""
    try:
        parts = urlsplit(url)
        host, unused_port = (parts.hostname or "").encode("idna"), parts.port  # both raise ValueError where there can be none
        is_usable = parts.scheme == "https" and host and "@" not in parts.netloc and not parts.query and not parts.fragment
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInput("%s must be an https URL without user, query and fragment, such as https://host.example/path" % option)
    return url.rstrip("/")


def service_name(api_url: str) -> str:
    """Returns the default name of the service at a URL: the URL without what may differ between two that mean the same.

    Case of the host, a dot after it, the default port, repeated slashes and one at the end do not make another service.
    """
    try:
        parts = urlsplit(api_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return api_url
    if not host:
        return api_url
    if ":" in host:
        host = "[%s]" % host
    if port not in (None, 443):
        host += ":%d" % port
    return "https://" + host + re.sub(r"/+", "/", parts.path).rstrip("/")


def validate_secret(name: str, value: object) -> None:
    """Raises InvalidInput unless the value of the option called name is None or a text that somebody can have chosen.

    A line break is never part of a password or a passphrase: it comes from a file or from the input of ansible-vault, and
    would cost a refused login. A number is not what was written: YAML reads 0071 as 57. The error never quotes the value.
    """
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidInput("%s is not text: YAML read it as %s and may have changed it; put it in quotes" % (name, _describe_type(value)))
    if value.lstrip().startswith(_VAULT_HEADER):
        raise InvalidInput("%s is still encrypted with Ansible Vault; give it as a !vault value or in a vaulted file of variables" % name)
    if any(each in value for each in _LINE_BREAKS):
        where = "ends with" if not any(each in value.rstrip(_LINE_BREAKS) for each in _LINE_BREAKS) else "contains"
        raise InvalidInput(
            "%s %s a line break, which is not part of it; encrypt it again without the line break (printf adds none, echo does), "
            "or remove it with the filter trim" % (name, where)
        )
    if "\0" in value:  # cryptography would end the process over it
        raise InvalidInput("%s contains a NUL character; check how it is passed on" % name)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("%s contains bytes that are not UTF-8 text; check how it is passed on" % name) from None


def validate_texts(arguments: dict, argument_spec: dict) -> None:
    """Raises InvalidInput where an option that is a secret, an id or a name was given as a number or a boolean.

    arguments are the options as the task gives them: once Ansible has validated them a number is a text, and not the one that
    was written: YAML reads 0071 as 57 and 2026_10 as 202610. Options within options are looked at too.
    """
    for name, rules in argument_spec.items():
        value = arguments.get(name)
        values = value if isinstance(value, list) else [value]
        if _must_be_text(name, rules):
            for each in values:
                if isinstance(each, (bool, int, float)):
                    validate_secret(name, each)
        for each in values:
            if isinstance(each, dict) and rules.get("options"):
                validate_texts(each, rules["options"])


def _must_be_text(name: str, rules: dict) -> bool:
    if rules.get("elements", rules.get("type", "str")) != "str":
        return False
    return bool(rules.get("no_log")) or name in _NAMES or name.endswith(("_id", "_ids"))


def _describe_type(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return "a number" if isinstance(value, (int, float)) else type(value).__name__
