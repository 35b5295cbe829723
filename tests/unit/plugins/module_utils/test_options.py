# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A secret that cannot be what somebody chose is refused before anything is contacted, and never quoted."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_secret, validate_texts
from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import provide_token
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import sac_source

SPOILED = {
    "line break": ("kept3cret\n", "ends with a line break"),
    "Windows line break": ("kept3cret\r\n", "ends with a line break"),
    "several line breaks": ("kept3cret\n\n\n", "ends with a line break"),
    "Unicode line break": ("kept3cret\u2028", "ends with a line break"),
    "two lines": ("kept3cret\nother", "contains a line break"),
    "line break before it": ("\nkept3cret", "contains a line break"),
    "NUL": ("kept3cret\0", "contains a NUL character"),
    "not UTF-8": ("kept3cret\udcff", "contains bytes that are not UTF-8"),
    "vaulted": ("$ANSIBLE_VAULT;1.1;AES256\n6b6570743363726574\n", "is still encrypted with Ansible Vault"),
}
NOT_TEXT = {
    "integer": (71003, "a number"), "fraction": (7.1003, "a number"), "boolean": (True, "a boolean"), "list": (["kept3cret"], "list"),
    "bytes": (b"kept3cret", "bytes")}
CHOSEN = [None, "", "kept3cret", " with spaces ", "0071", "Grüße, 世界 $%\"'\\", "tab\tinside", "{{ braces }}", "\\n", "x" * 2000]


@pytest.mark.parametrize("value", CHOSEN)
def test_what_somebody_can_have_chosen_is_taken(value):
    validate_secret("password", value)


@pytest.mark.parametrize("name", SPOILED)
def test_what_a_file_adds_is_named(name):
    value, words = SPOILED[name]
    with pytest.raises(InvalidInput) as caught:
        validate_secret("client_secret", value)
    assert caught.value.message.startswith("client_secret " + words), caught.value.message
    assert "kept" not in caught.value.message and "6b65" not in caught.value.message and caught.value.message.isprintable()


@pytest.mark.parametrize("name", NOT_TEXT)
def test_what_is_not_text_is_refused(name):
    value, kind = NOT_TEXT[name]
    with pytest.raises(InvalidInput, match="password is not text: YAML read it as %s and may have changed it; put it in quotes" % kind) as caught:
        validate_secret("password", value)
    assert "1003" not in caught.value.message and "kept" not in caught.value.message


@pytest.mark.parametrize("name", SPOILED)
def test_a_sac_is_not_opened_with_such_a_passphrase(name):
    with pytest.raises(InvalidInput, match="sac_passphrase " + SPOILED[name][1]):
        sac_source({"sac_path": "/no/such/file", "sac_passphrase": SPOILED[name][0]})


@pytest.mark.parametrize("option", ["password", "client_id", "client_secret"])
@pytest.mark.parametrize("name", SPOILED)
def test_a_login_is_not_tried_with_such_a_secret(name, option, serve, ca_path):
    server = serve()
    params = {
        "state": "present", "environment": None, "api_url": server.url(), "api_version": "irpv2", "email": "dispatch@ecc.example", "password": "p",
        "client_id": "c", "client_secret": "s", "cache_path": None, "min_remaining_seconds": 600, "caller_id": None, "query_url": None,
        "query_token_parameter": "access_token", "ca_path": ca_path, "timeout_seconds": 5, option: SPOILED[name][0]}
    for is_check_mode in (True, False):
        with pytest.raises(InvalidInput, match="%s %s" % (option, SPOILED[name][1])):
            provide_token(params, is_check_mode)
    assert server.connections == 0


SPEC = {
    "email": {"type": "str"}, "password": {"type": "str", "no_log": True}, "number": {"type": "int", "no_log": True},
    "services": {"type": "list", "elements": "dict", "options": {"sac_passphrase": {"no_log": True}}},
    "account": {"type": "dict", "options": {"secret": {"type": "str", "no_log": True}}},
}


@pytest.mark.parametrize("arguments, name", [
    ({"password": 57}, "password"), ({"password": False}, "password"), ({"services": [{}, {"sac_passphrase": 57}]}, "sac_passphrase"),
    ({"account": {"secret": 1.5}}, "secret")])
def test_a_number_is_refused_as_long_as_it_is_one(arguments, name):
    with pytest.raises(InvalidInput, match="^%s is not text" % name):
        validate_texts(arguments, SPEC)


def test_what_is_no_secret_text_is_left_to_ansible():
    validate_texts({"number": 57, "password": "57", "services": [{"sac_passphrase": "57"}, 57], "account": "x", "unknown": 57}, SPEC)
