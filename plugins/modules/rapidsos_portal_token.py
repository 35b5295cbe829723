#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidsos_portal_token
short_description: Get a valid RapidSOS Portal token, with a login only when needed
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - Logs in to the RapidSOS Portal and returns a login token. With O(caller_id) it also returns the URL that opens the Portal on that caller.
  - >-
    With O(cache_path) the token is stored, encrypted with a key derived from the account's password, and reused while enough of its validity is left. A
    hundred hosts that request the same token then cause only one login.
  - >-
    Each login is tried once. After a refused login, the same run, and any run with the same O(cache_path), does not try that password again for 15
    minutes, because a few wrong attempts lock the dispatcher's account.
  - The token grants access like a login. The output of a successful task is hidden; the registered result contains the token.
options:
  state:
    description:
      - V(present) returns a token, V(absent) removes the cached token.
    type: str
    choices: [present, absent]
    default: present
  environment:
    description:
      - The RapidSOS environment to use. The host names of the production API and of the sandbox's query URL are inferred from the vendor's other hosts.
      - Exactly one of this option and O(api_url) is required. One environment is never used in place of the other.
    type: str
    choices: [production, sandbox]
  api_url:
    description:
      - Base URL of another Portal API without the endpoint's path, such as the sandbox for rehearsals.
    type: str
  api_version:
    description:
      - V(irpv1) logs in with e-mail address and password. The vendor still supports it for existing integrations.
      - >-
        V(irpv2) uses the OAuth password grant with O(client_id) and O(client_secret). The vendor does not publicly document how to create a deeplink with
        its token, so the module does not offer that.
    type: str
    choices: [irpv1, irpv2]
    default: irpv1
  email:
    description:
      - E-mail address of the Portal account.
    type: str
    required: true
  password:
    description:
      - Password of the Portal account. Required if O(state=present).
    type: str
  client_id:
    description:
      - Client ID of the ECC's integration. Required if O(api_version=irpv2).
    type: str
  client_secret:
    description:
      - Client secret of the ECC's integration. Required if O(api_version=irpv2).
    type: str
  cache_path:
    description:
      - >-
        Directory in which to store the token, created with mode 0700. It must belong to the user that runs the task and be inaccessible to all others.
        Only root and that user may be able to change its parent directories. Without this option no token is stored.
      - Each entry belongs to one account at one URL and API version.
      - >-
        Anyone who copies the directory can guess the password offline with a stored token, at the cost of one scrypt (about 0.1 s and 32 MiB) for each
        guess. A refused password, which is often almost correct, is remembered for 15 minutes; guessing it also requires the file C(secret) of the same
        directory. Keep the directory out of backups, and use long passwords.
    type: path
  min_remaining_seconds:
    description:
      - Minimum remaining validity in seconds of a cached token. If less is left, the module logs in again.
    type: int
    default: 600
  caller_id:
    description:
      - Phone number with its country code, such as V(15555555555), to open the Portal on.
    type: str
  query_url:
    description:
      - URL of the Portal's query page. The default is that of the O(environment). Required if O(api_url) and O(caller_id) are set.
    type: str
  query_token_parameter:
    description:
      - Name of the URL parameter for the token. The default is inferred, because the vendor's page truncates the name.
    type: str
    default: access_token
extends_documentation_fragment:
  - eccops.rapid.service
  - eccops.rapid.audit
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_portal
attributes:
  check_mode:
    support: full
    details: Contacts no service and creates nothing. Returns the cached token if it would be used.
  diff_mode:
    support: none
    details: Only a secret would change.
notes:
  - Pass secrets as variables, preferably from a vault. A secret that is written literally in a task may be shown in the task's banner.
  - >-
    A local task without C(become) runs in the controller's own process, with the variables of C(environment). In every other case the module is shipped to
    the host, and without O(cache_path) each host tries a wrong password once.
  - The task is shipped only through pipelining. Without pipelining it fails before anything is sent.
  - >-
    In a loop over accounts set C(loop_control.label) to something that is not secret, such as the e-mail address. Secrets in items are hidden even without
    it, except in items that C(when) skips.
seealso:
  - plugin: eccops.rapid.portal_query_url
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Get a token for the launcher account
  eccops.rapid.rapidsos_portal_token:
    environment: production
    email: launcher@ecc.example
    password: "{{ vault_portal_password }}"
    cache_path: ~/.cache/eccops.rapid
  delegate_to: localhost
  register: portal

- name: Get the URL that opens the Portal on a caller
  eccops.rapid.rapidsos_portal_token:
    environment: production
    email: launcher@ecc.example
    password: "{{ vault_portal_password }}"
    caller_id: "15555555555"
  delegate_to: localhost
  register: portal

- name: Get a token with the OAuth password grant
  eccops.rapid.rapidsos_portal_token:
    environment: production
    api_version: irpv2
    client_id: harbor-county-cad
    client_secret: "{{ vault_portal_client_secret }}"
    email: launcher@ecc.example
    password: "{{ vault_portal_password }}"
  delegate_to: localhost
  register: portal

- name: Remove the cached token
  eccops.rapid.rapidsos_portal_token:
    state: absent
    environment: production
    email: launcher@ecc.example
    cache_path: ~/.cache/eccops.rapid
  delegate_to: localhost
"""

RETURN = r"""
token:
  description: The login token. Not returned in check mode if a login would be needed.
  type: str
  returned: when O(state=present)
  sample: "(a secret)"
query_url:
  description: URL that opens the Portal on O(caller_id), logged in. Keep it as secret as the token.
  type: str
  returned: when O(caller_id) is set
  sample: "(a secret)"
issued_at:
  description: When the login took place, in UTC.
  type: str
  returned: when O(state=present)
  sample: "2026-11-22T08:00:00Z"
expires_at:
  description: When the token expires, in UTC.
  type: str
  returned: when O(state=present)
  sample: "2026-11-22T10:00:00Z"
expires_basis:
  description:
    - How RV(expires_at) was determined.
    - V(jwt_exp) is the claim in the token, V(expires_in) the field of the response, V(documented_session) the documented session of one hour.
  type: str
  returned: when O(state=present)
  sample: jwt_exp
session_expires_at:
  description: Latest end of a browser session that was opened with the token, in UTC. The vendor documents one hour after the login.
  type: str
  returned: when O(state=present)
  sample: "2026-11-22T09:00:00Z"
api_url:
  description: Base URL of the API that was or would be called.
  type: str
  returned: when O(state=present)
  sample: https://api.rapidsos.com
is_from_cache:
  description: Whether the token came from the cache, without a login.
  type: bool
  returned: when O(state=present)
  sample: false
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - For example V(login_refused), V(account_locked) or V(throttled).
  type: str
  returned: failure
  sample: login_refused
http_status:
  description: HTTP status of the response that caused the failure, if there was one.
  type: int
  returned: failure
  sample: 401
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
