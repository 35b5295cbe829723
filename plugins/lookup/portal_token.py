# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup portal_token: what rapidsos_portal_token does, where an expression needs the token."""

from __future__ import annotations

DOCUMENTATION = r"""
name: portal_token
short_description: Get a valid RapidSOS Portal token within an expression
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Returns the login token of a Portal account by the rules of M(eccops.rapid.rapidsos_portal_token): a stored token is used while enough of its validity
    is left, each login is tried once, and a refused password is not tried again for 15 minutes.
  - >-
    Ansible evaluates an expression whenever it needs its value, and on the controller. Without O(cache_path) the token is therefore stored, encrypted,
    in the run's own temporary directory, and one run logs in once.
  - In check mode no service is contacted; without a stored token the lookup then returns an empty text.
options:
  _terms:
    description: E-mail addresses of the Portal accounts.
    type: list
    elements: str
    required: true
  environment:
    description: The RapidSOS environment. Exactly one of this option and O(api_url) is required.
    type: str
    choices: [production, sandbox]
  api_url:
    description: Base URL of another Portal API, such as the sandbox for rehearsals.
    type: str
  api_version:
    description: V(irpv1) logs in with e-mail address and password, V(irpv2) with the OAuth password grant.
    type: str
    choices: [irpv1, irpv2]
    default: irpv1
  password:
    description: Password of the accounts.
    type: str
    required: true
  client_id:
    description: Client ID of the ECC's integration. Required if O(api_version=irpv2).
    type: str
  client_secret:
    description: Client secret of the ECC's integration. Required if O(api_version=irpv2).
    type: str
  cache_path:
    description: Directory in which to store the tokens beyond the run, as for M(eccops.rapid.rapidsos_portal_token).
    type: path
  min_remaining_seconds:
    description: Minimum remaining validity in seconds of a stored token.
    type: int
    default: 600
  ca_path:
    description: PEM file of the authorities that issue the service's certificate. The default is the system's.
    type: path
  timeout_seconds:
    description: Time limit in seconds of one request.
    type: int
    default: 30
  audit_log_path:
    description: File to which each login is appended.
    type: path
notes:
  - >-
    A task that passes the token on must set C(no_log), because the options of other modules do not know that it is secret. The token is hidden in the
    loop items and the arguments of the task in any case.
seealso:
  - module: eccops.rapid.rapidsos_portal_token
  - plugin: eccops.rapid.portal_query_url
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Open the Portal on a caller, without showing the token
  ansible.builtin.command:
    cmd: /usr/local/bin/site-launcher
    stdin: "{{ portal_token | eccops.rapid.portal_query_url('15555555555') }}"
  no_log: true
  vars:
    portal_token: >-
      {{ lookup('eccops.rapid.portal_token', 'launcher@ecc.example', environment='production', password=vault_portal_password,
      cache_path='~/.cache/eccops.rapid') }}
"""

RETURN = r"""
_raw:
  description: A token for each account, in order. They are secret.
  type: list
  elements: str
"""

import os
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.lookup import LookupBase
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.outgoing import hide_outgoing
from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import plain, secrets_in


class LookupModule(LookupBase):
    """Runs the module's operation for each account."""

    def run(self, terms: list, variables: dict | None = None, **kwargs: Any) -> list:
        options = plain(kwargs)
        hide_outgoing(set(secrets_in(options, OPERATION.spec["argument_spec"])))
        self.set_options(var_options=variables, direct=kwargs)
        is_check_mode = bool((variables or {}).get("ansible_check_mode"))
        unknown = set(options) - set(self.get_options())
        if unknown:
            raise AnsibleError("portal_token has no option %s" % ", ".join(sorted(unknown)))
        options["cache_path"] = options.get("cache_path") or os.path.join(C.DEFAULT_LOCAL_TMP, "eccops.rapid.tokens")
        return [self._find_token(dict(options, email=str(term)), is_check_mode) for term in terms]

    @staticmethod
    def _find_token(options, is_check_mode):
        validated = ArgumentSpecValidator(**OPERATION.spec).validate(options)
        try:
            if validated.error_messages:
                raise AnsibleError(remove_values("portal_token: %s" % "; ".join(validated.error_messages), validated._no_log_values))
            result = OPERATION.run(validated.validated_parameters, is_check_mode)
        except RapidError as error:
            raise AnsibleError(remove_values("portal_token: %s" % error, validated._no_log_values)) from None
        token = result.get("token") or ""
        hide_outgoing({token} - {""})
        return wrap_var(token)
