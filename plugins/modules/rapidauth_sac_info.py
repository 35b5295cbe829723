#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_sac_info
short_description: Say what a Service Authentication Certificate is, and prove it
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Reads a Service Authentication Certificate (SAC) from PKCS#12 or PEM and says whose it is, how long it is valid, whether
    its key belongs to it, whether it may identify a TLS client, what its chain is, and which of its algorithms are weak.
  - >-
    A SAC that can be read and cannot be used (expired, wrong key, wrong purpose, refused by the service) is a result:
    RV(is_usable) is false and RV(problems) say why. The task fails where it cannot be read: no such file, damaged or cut
    off, wrong or missing passphrase, no or several keys.
  - >-
    PEM may have Windows line ends, a byte order mark or text around its blocks. A certificate or key in DER alone is no
    SAC, and is named as what it is.
options:
  probe:
    description:
      - >-
        Whether to prove the SAC to the service, by one C(GET) of a RequestId that nobody has. Any answer of RapidAuth's own
        proves it, error 1109 (no such credential) included; a web server's error page does not.
      - A SAC that has other problems already is not shown to the service.
    type: bool
    default: false
  min_days_left:
    description:
      - Days that the SAC must still be valid; fewer are a problem.
    type: int
    default: 0
  now:
    description:
      - The time to judge by, in UTC, such as V(2026-11-22T08:00:00Z). Default is the clock.
    type: str
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only, in check mode and without. With O(probe=true) it contacts the service in both.
  diff_mode:
    support: none
    details: It changes nothing.
seealso:
  - module: eccops.rapid.rapidauth_sac_installation
"""

EXAMPLES = r"""
- name: Look at the SAC and prove it to the service
  eccops.rapid.rapidauth_sac_info:
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
    min_days_left: 30
    probe: true
  delegate_to: localhost
  run_once: true
  register: sac

- name: Fail where it will not do
  ansible.builtin.assert:
    that: sac.is_usable
    fail_msg: "{{ sac.problems | map(attribute='reason') | join('; ') }}"
  run_once: true
"""

RETURN = r"""
subject:
  description: Whose certificate it is.
  type: str
  returned: success
  sample: CN=Service Authentication Certificate,O=Harbor County ECC
issuer:
  description: Who issued it.
  type: str
  returned: success
  sample: CN=RapidAuth Issuing CA
serial:
  description: Its serial number in hexadecimal digits.
  type: str
  returned: success
  sample: 4f1c
sha256_fingerprint:
  description: SHA-256 of the certificate, in hexadecimal digits.
  type: str
  returned: success
  sample: 5d0f6c...
not_before:
  description: Since when it is valid, in UTC.
  type: str
  returned: success
  sample: "2026-05-01T00:00:00Z"
not_after:
  description: Until when it is valid, in UTC.
  type: str
  returned: success
  sample: "2027-05-01T00:00:00Z"
days_left:
  description: Whole days from RV(now) until then; negative once it expired.
  type: int
  returned: success
  sample: 160
key_type:
  description: Kind of its key, such as V(RSA), V(EC) or V(Ed25519).
  type: str
  returned: success
  sample: RSA
key_size_bits:
  description: Size of its key; null where the kind says all.
  type: int
  returned: success
  sample: 2048
does_key_match:
  description: Whether the private key belongs to the certificate.
  type: bool
  returned: success
  sample: true
allows_client_authentication:
  description: Whether the certificate's usages let it identify a TLS client.
  type: bool
  returned: success
  sample: true
chain:
  description:
    - >-
      The certificates that came with it. C(is_complete) is true where they lead to a root, false where others came that do
      not, and null where the path just ends at C(missing_issuer), which may be a root that TLS does not send.
  type: dict
  returned: success
  sample:
    subjects: [CN=RapidAuth Issuing CA]
    is_in_order: true
    is_complete: null
    missing_issuer: CN=RapidAuth Root CA
weaknesses:
  description:
    - >-
      What is not as it should be and keeps nobody from using it. C(kind) is V(weak_algorithm) (RSA below 2048 bits, SHA-1,
      a file sealed with RC2, 3DES and the like), V(chain_out_of_order), V(chain_incomplete) or V(chain_expired).
  type: list
  elements: dict
  returned: success
  sample:
    - kind: weak_algorithm
      reason: /etc/rapidauth/sac.p12 is sealed with 40-bit RC2
      what_to_do: export it again with AES-256, and destroy the weak copies
problems:
  description:
    - >-
      Why it cannot be used, the worst first. C(kind) is V(sac_key_mismatch), V(sac_expired), V(sac_not_yet_valid),
      V(sac_expiring), V(sac_not_for_clients), or, where the proof failed, the C(error_kind) of a failed call such as
      V(sac_refused) or V(connection_refused).
  type: list
  elements: dict
  returned: success
  sample:
    - kind: sac_expiring
      reason: SAC 'CN=...' (serial 4f1c, valid until 2026-12-01T00:00:00Z) from sac.p12 is valid for 9 more days, fewer than the 30 asked for
      what_to_do: download a new SAC from the RapidAuth dashboard
is_usable:
  description: Whether there are no problems.
  type: bool
  returned: success
  sample: true
is_proven:
  description: Whether the service took it; false where it refused it, null where it could not be asked.
  type: bool
  returned: success and O(probe=true)
  sample: true
now:
  description: The time that was judged by.
  type: str
  returned: success
  sample: "2026-11-22T08:00:00Z"
error_kind:
  description: A stable word for the cause of a failure.
  type: str
  returned: failure
  sample: sac_wrong_passphrase
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
