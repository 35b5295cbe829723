# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Checks that several modules make of their options before anything is contacted."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput

#: Every character that str.splitlines breaks a text at.
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_VAULT_HEADER = "$ANSIBLE_VAULT;"
#: Options that name something, beside ids.
_NAMES = ("email", "position", "positions", "service_name", "other_service_names")


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
