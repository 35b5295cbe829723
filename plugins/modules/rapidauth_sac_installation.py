#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_sac_installation
short_description: Install a Service Authentication Certificate on a position
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Installs a Service Authentication Certificate (SAC) as a complete version beside the current one, tests it at the service from the position as the
    account that will use it, and switches to it with one atomic rename.
  - This page describes Linux positions. On Windows positions the same task runs M(eccops.rapid.win_rapidauth_sac_installation).
  - >-
    The controller reads and validates the SAC. It refuses a SAC that has expired, that does not match its key or that does not allow TLS client
    authentication. It sends PEM with the key encrypted with AES-256, and only through pipelining, so that no part of the SAC is written to the position's
    temporary directory.
  - If anything fails, the current SAC stays in use. If a run is killed, the next run repairs what it left.
  - A SAC gives access to every credential of the company. Read about the role P(eccops.rapid.sac_certificate#role) before you install one on a workstation.
options:
  path:
    description:
      - >-
        Directory for the SAC. It must contain nothing else. Its link C(current) points to the current version, with C(sac.pem) (certificate, chain and
        encrypted key), C(certificate.pem), C(chain.pem), C(key.pem), and C(passphrase), which is stored in a separate directory.
      - Only root may have write access to its parent directories.
    type: path
    default: /etc/rapidauth-sac
  owner:
    description:
      - Account that uses the SAC. It owns the files. The user that runs the task owns the directories.
    type: str
    default: root
extends_documentation_fragment:
  - eccops.rapid.attributes
  - eccops.rapid.sac_installation
attributes:
  check_mode:
    support: full
    details: Writes nothing. Contacts the service only with O(probe_in_check_mode=true).
  diff_mode:
    support: full
    details: Shows fingerprints, owners and modes, but never a key or a passphrase.
requirements:
  - Python 3.8 or later on the position, standard library only; neither cryptography nor requests
  - cryptography >= 41 on the controller
notes:
  - Proxies are taken from the position's environment variables E(HTTPS_PROXY), E(ALL_PROXY) and E(NO_PROXY). Only http:// proxies are supported.
  - >-
    A program that reads several of the files must resolve the link C(current) once and read all of them from there, or read C(sac.pem) and C(passphrase).
    A version stays available as long as it is among O(kept_versions).
seealso:
  - module: eccops.rapid.rapidauth_sac_info
  - module: eccops.rapid.win_rapidauth_sac_installation
"""

EXAMPLES = r"""
- name: Install the SAC for the account of the dispatch gateway
  eccops.rapid.rapidauth_sac_installation:
    sac_path: "{{ playbook_dir }}/files/sac.p12"
    sac_passphrase: "{{ vault_sac_passphrase }}"
    owner: dispatch-gateway
    reloaded_service: dispatch-gateway.service
  become: true
  vars:
    ansible_pipelining: true

- name: Remove the SAC
  eccops.rapid.rapidauth_sac_installation:
    state: absent
  become: true
"""

RETURN = r"""
outcome:
  description:
    - >-
      What was done, or would be done in check mode: V(installed), V(replaced), V(rebuilt) (the version was damaged), V(repaired) (owner or mode was
      wrong), V(reloaded) (an earlier run was killed before the reload), V(tidied) (surplus versions were removed), V(removed) or V(unchanged).
  type: str
  returned: success
  sample: replaced
reason:
  description: The reason for the outcome.
  type: str
  returned: success
  sample: another SAC is wanted
version_path:
  description: Directory of the current version. Null in check mode if it does not exist yet.
  type: str
  returned: success and O(state=present)
  sample: /etc/rapidauth-sac/versions/0002-5d0f6c...
sha256_fingerprint:
  description: SHA-256 of the certificate to install.
  type: str
  returned: success and O(state=present)
  sample: 5d0f6c...
previous_sha256_fingerprint:
  description: SHA-256 of the certificate that was installed before. Null if there was none.
  type: str
  returned: success and O(state=present)
  sample: 91be07...
is_proven:
  description: Whether the service accepted the SAC in this run. Null if it was not asked, because nothing changed or O(probe=false).
  type: bool
  returned: success and O(state=present)
  sample: true
sac:
  description: The SAC as the controller read it.
  type: dict
  returned: success and O(state=present)
  sample:
    subject: CN=Service Authentication Certificate,O=Harbor County ECC
    serial: 4f1c
    sha256_fingerprint: 5d0f6c...
    not_after: "2027-05-01T00:00:00Z"
    days_left: 160
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - >-
      For example V(sac_expired), V(invalid_input), V(not_written), V(not_readable), V(service_not_reloaded) or V(busy), or that of the failed test, such
      as V(sac_refused).
  type: str
  returned: failure
  sample: sac_refused
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.installation import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
