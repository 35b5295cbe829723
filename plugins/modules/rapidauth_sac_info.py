#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_sac_info
short_description: Read and validate a Service Authentication Certificate
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Reads a Service Authentication Certificate (SAC) from PKCS#12 or PEM and returns its subject and validity, whether its key matches, whether it allows
    TLS client authentication, its chain, and which of its algorithms are weak.
  - >-
    If the SAC can be read but not used (expired, wrong key, wrong purpose, refused by the service), the task succeeds: RV(is_usable) is false and
    RV(problems) has the reasons. The task fails if the SAC cannot be read: the file is missing, damaged or truncated, the passphrase is wrong or missing,
    or there is no key or more than one.
  - >-
    PEM files may have Windows line endings, a byte order mark or text around their blocks. A single certificate or key in DER is not a SAC; the error
    message states what it is.
options:
  probe:
    description:
      - >-
        Whether to test the SAC at the service, with one C(GET) of a RequestId that does not exist. Any response from RapidAuth itself proves the SAC,
        including error 1109 (no such credential). An error page of a web server does not.
      - A SAC that already has other problems is not sent to the service.
    type: bool
    default: false
  min_days_left:
    description:
      - Minimum remaining validity in days. A SAC with fewer days left has a problem.
    type: int
    default: 0
  now:
    description:
      - Time to evaluate against, in UTC, such as V(2026-11-22T08:00:00Z). The default is the current time.
    type: str
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only, both in check mode and otherwise. With O(probe=true) it contacts the service in both.
  diff_mode:
    support: none
    details: The module changes nothing.
seealso:
  - module: eccops.rapid.rapidauth_sac_installation
"""

EXAMPLES = r"""
- name: Read the SAC and test it at the service
  eccops.rapid.rapidauth_sac_info:
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
    min_days_left: 30
    probe: true
  delegate_to: localhost
  run_once: true
  register: sac

- name: Fail if the SAC cannot be used
  ansible.builtin.assert:
    that: sac.is_usable
    fail_msg: "{{ sac.problems | map(attribute='reason') | join('; ') }}"
  run_once: true
"""

RETURN = r"""
subject:
  description: Subject of the certificate.
  type: str
  returned: success
  sample: CN=Service Authentication Certificate,O=Harbor County ECC
issuer:
  description: Issuer of the certificate.
  type: str
  returned: success
  sample: CN=RapidAuth Issuing CA
serial:
  description: Serial number in hexadecimal digits.
  type: str
  returned: success
  sample: 4f1c
sha256_fingerprint:
  description: SHA-256 of the certificate in hexadecimal digits.
  type: str
  returned: success
  sample: 5d0f6c...
not_before:
  description: Start of the validity, in UTC.
  type: str
  returned: success
  sample: "2026-05-01T00:00:00Z"
not_after:
  description: End of the validity, in UTC.
  type: str
  returned: success
  sample: "2027-05-01T00:00:00Z"
days_left:
  description: Whole days from RV(now) to RV(not_after). Negative if the SAC has expired.
  type: int
  returned: success
  sample: 160
key_type:
  description: Type of the key, such as V(RSA), V(EC) or V(Ed25519).
  type: str
  returned: success
  sample: RSA
key_size_bits:
  description: Size of the key in bits. Null if the type has only one size.
  type: int
  returned: success
  sample: 2048
does_key_match:
  description: Whether the private key belongs to the certificate.
  type: bool
  returned: success
  sample: true
allows_client_authentication:
  description: Whether the key usages of the certificate allow TLS client authentication.
  type: bool
  returned: success
  sample: true
chain:
  description:
    - >-
      The other certificates in the file. C(is_complete) is true if they lead to a root and false if some of them do not belong to the chain. It is null if
      the chain ends at C(missing_issuer), which may be a root that TLS does not send.
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
      Findings that do not prevent use of the SAC. C(kind) is V(weak_algorithm) (RSA below 2048 bits, SHA-1, or a file encrypted with RC2, 3DES or
      similar), V(chain_out_of_order), V(chain_incomplete) or V(chain_expired).
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
      Reasons why the SAC cannot be used, the most serious first. C(kind) is V(sac_key_mismatch), V(sac_expired), V(sac_not_yet_valid), V(sac_expiring),
      V(sac_not_for_clients), or, if the probe failed, the C(error_kind) of the failed call such as V(sac_refused) or V(connection_refused).
  type: list
  elements: dict
  returned: success
  sample:
    - kind: sac_expiring
      reason: SAC 'CN=...' (serial 4f1c, valid until 2026-12-01T00:00:00Z) from sac.p12 is valid for 9 more days, fewer than the 30 asked for
      what_to_do: download a new SAC from the RapidAuth dashboard
is_usable:
  description: Whether RV(problems) is empty.
  type: bool
  returned: success
  sample: true
is_proven:
  description: Whether the service accepted the SAC. Null if the service could not be asked.
  type: bool
  returned: success and O(probe=true)
  sample: true
now:
  description: The time that was evaluated against, in UTC.
  type: str
  returned: success
  sample: "2026-11-22T08:00:00Z"
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: sac_wrong_passphrase
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
