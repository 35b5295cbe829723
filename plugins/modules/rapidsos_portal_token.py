#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidsos_portal_token
short_description: Have a valid RapidSOS Portal token, minted only when needed
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - Logs in to the RapidSOS Portal and returns a login token; with O(caller_id) also the URL that opens the Portal on that caller.
  - >-
    With O(cache_path) a token is kept, encrypted under the account's password, and used again while enough of it is
    left: a hundred hosts that ask for the same token make one login.
  - >-
    A login is tried once. A password that was refused is not tried again for 15 minutes by the same run, or by any run
    with the same O(cache_path): a few wrong attempts lock a dispatcher out.
  - The token is a login. A success is hidden from all output; the registered result has it.
options:
  state:
    description:
      - V(present) returns a token, V(absent) removes the cached one.
    type: str
    choices: [present, absent]
    default: present
  environment:
    description:
      - >-
        Which RapidSOS environment to use. The host names of the production API and of the sandbox's query URL are
        inferred from the vendor's other hosts.
      - This or O(api_url) must be given. One environment is never used in place of the other.
    type: str
    choices: [production, sandbox]
  api_url:
    description:
      - Base URL of another Portal API, without the path of the endpoint, such as the rehearsal sandbox's.
    type: str
  api_version:
    description:
      - V(irpv1) logs in with e-mail address and password. The vendor still supports it for existing integrations.
      - >-
        V(irpv2) uses the OAuth password grant with O(client_id) and O(client_secret). Creating a deeplink with its token
        is not publicly documented and therefore not offered.
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
      - Password of the Portal account. Required with O(state=present).
    type: str
  client_id:
    description:
      - Client ID of the ECC's integration, for O(api_version=irpv2).
    type: str
  client_secret:
    description:
      - Client secret of the ECC's integration, for O(api_version=irpv2).
    type: str
  cache_path:
    description:
      - >-
        Directory to keep the token in, created with mode 0700. It must belong to the user that runs the task and be
        closed to all others, below directories that nobody but root and that user can change. Without it nothing is kept.
      - One entry belongs to one account at one URL and API version.
      - >-
        Whoever copies the directory can guess the password against a kept token, offline, at the cost of one scrypt (about 0.1 s and
        32 MiB) for each guess. A refused password, which is often nearly the right one, is remembered for 15 minutes; its entry cannot be
        guessed against without the file C(secret) of the same directory. Keep the directory out of backups, and a password long.
    type: path
  min_remaining_seconds:
    description:
      - A cached token is used only while more than these seconds of it are left.
    type: int
    default: 600
  caller_id:
    description:
      - Phone number to open the Portal on, with its country code, such as V(15555555555).
    type: str
  query_url:
    description:
      - The Portal's query page; the environment's own by default. Needed where O(api_url) and O(caller_id) are given.
    type: str
  query_token_parameter:
    description:
      - Name of the parameter that carries the token in the query URL. Inferred, since the vendor's page shows it cut off.
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
    details: Contacts nobody and creates nothing. A cached token that would be used is returned.
  diff_mode:
    support: none
    details: What would change is a secret.
notes:
  - Pass secrets as variables, best from a vault; what is typed literally into a task may show in its banner.
  - >-
    A local task without C(become) runs inside the controller's own process, with the variables of C(environment); in every
    other case the module is shipped to the host, and without O(cache_path) each host tries a wrong password once.
  - The task is shipped through pipelining only, and otherwise refused before anything is sent.
  - >-
    In a loop over accounts set C(loop_control.label) to what is no secret, such as the e-mail address. Secrets in items are hidden
    without it too, but not in the items that C(when) skips.
seealso:
  - plugin: eccops.rapid.portal_query_url
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Have a token for the shift's launcher account
  eccops.rapid.rapidsos_portal_token:
    environment: production
    email: "{{ portal_email }}"
    password: "{{ vault_portal_password }}"
    cache_path: ~/.cache/eccops.rapid
  delegate_to: localhost
  register: portal

- name: Have the URL that opens the Portal on a caller
  eccops.rapid.rapidsos_portal_token:
    environment: production
    api_version: irpv2
    client_id: "{{ ecc_client_id }}"
    client_secret: "{{ vault_ecc_client_secret }}"
    email: "{{ portal_email }}"
    password: "{{ vault_portal_password }}"
    caller_id: "15555555555"
  delegate_to: localhost
  register: portal

- name: Forget the cached token
  eccops.rapid.rapidsos_portal_token:
    state: absent
    environment: production
    email: "{{ portal_email }}"
    cache_path: ~/.cache/eccops.rapid
  delegate_to: localhost
"""

RETURN = r"""
token:
  description: The login token. Not in check mode where a login would be needed.
  type: str
  returned: when O(state=present)
  sample: "(a secret)"
query_url:
  description: The URL that opens the Portal on O(caller_id), logged in. As secret as the token.
  type: str
  returned: when O(caller_id) was given
  sample: "(a secret)"
issued_at:
  description: When the login was made, in UTC.
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
    - Where RV(expires_at) comes from.
    - V(jwt_exp) is the token's own claim, V(expires_in) the answer's field, V(documented_session) the documented hour.
  type: str
  returned: when O(state=present)
  sample: jwt_exp
session_expires_at:
  description: When a browser session opened with the token ends at the latest; the vendor documents one hour after the login.
  type: str
  returned: when O(state=present)
  sample: "2026-11-22T09:00:00Z"
api_url:
  description: The API that was or would be asked.
  type: str
  returned: when O(state=present)
  sample: https://api.rapidsos.com
is_from_cache:
  description: Whether no login was made.
  type: bool
  returned: when O(state=present)
  sample: false
error_kind:
  description: A stable word for the cause of a failure, such as V(login_refused), V(account_locked) or V(throttled).
  type: str
  returned: failure
  sample: login_refused
http_status:
  description: Status of the answer that made the task fail, where there was one.
  type: int
  returned: failure
  sample: 401
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
