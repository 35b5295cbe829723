#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_check_info
short_description: Look at a whole fleet's credentials, SACs and Portal accounts, and judge them
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks up every credential of a fleet in one task, resolves replacements through the ledger, reads each SAC, and
    returns one report with a verdict, findings, counts and what to do, for M(eccops.rapid.credential_report).
  - >-
    A SAC that cannot be used, or a service that does not answer, is a finding about those positions and does not hide
    the others. The task fails only where the check itself is set up wrongly.
options:
  services:
    description:
      - Each SAC with the positions it belongs to.
    type: list
    elements: dict
    default: []
    suboptions:
      positions:
        description: >-
          Mapping from the name of a position to its C(ecc) and C(request_id).
        type: dict
        required: true
      service_name:
        description: Name under which the ledger keeps the service, as in M(eccops.rapid.rapidauth_request_info).
        type: str
      other_service_names:
        description: Names of services in the ledger that really are others.
        type: list
        elements: str
        default: []
      api_url:
        description: Base URL of RapidAuth, https only.
        type: str
        default: https://request.rapidauth.com/rapid
      sac_path:
        description: The SAC as a file, PEM or PKCS#12.
        type: path
      sac_content:
        description: The SAC as PEM text, or PKCS#12 in base64.
        type: str
      sac_key_path:
        description: The SAC's key as a file, where it is not in the SAC itself.
        type: path
      sac_key_content:
        description: The SAC's key as PEM text instead of a file.
        type: str
      sac_passphrase:
        description: What opens the SAC's key.
        type: str
      ca_path:
        description: PEM file or directory of the CAs to trust instead of the system's.
        type: path
      timeout_seconds:
        description: Seconds that one call may take, from connecting to the last byte of the answer.
        type: int
        default: 30
      retry_budget_seconds:
        description: Seconds that may be spent waiting before look-ups are repeated.
        type: int
        default: 60
  accounts:
    description:
      - Portal accounts to log in with, each once. Check mode does not log in.
    type: list
    elements: dict
    default: []
    suboptions:
      api_url:
        description: Base URL of the Portal's API.
        type: str
        required: true
      ca_path:
        description: PEM file or directory of the CAs to trust instead of the system's.
        type: path
      email:
        description: The account.
        type: str
        required: true
      password:
        description: Its password.
        type: str
        required: true
      ecc:
        description: The center it belongs to.
        type: str
  launchers:
    description:
      - >-
        Mapping from a position to what was seen of its launcher: C(ecc), C(is_reachable), C(program_sha256) and
        C(configuration_sha256), empty where there is none.
    type: dict
    default: {}
  installed_sacs:
    description:
      - >-
        Mapping from a position to what was seen of its installed SAC: C(is_reachable) and C(sha256_fingerprint), empty where
        there is none.
    type: dict
    default: {}
  unreadable:
    description:
      - >-
        Mapping from a position whose variables cannot be used to its C(ecc) and the C(reason). Each is a finding, and the others are
        checked all the same.
    type: dict
    default: {}
  is_account_expected:
    description:
      - Whether it is a finding when O(accounts) is empty.
    type: bool
    default: false
  launcher_sha256:
    description:
      - SHA-256 that the program of O(launchers) must have. Without it only its being there is asked for.
    type: str
  launcher_configuration_sha256:
    description:
      - SHA-256 that the configuration of O(launchers) must have. Without it only its being there is asked for.
    type: str
  ledger_path:
    description:
      - >-
        Ledger of replacements. With it the current RequestIds are taken from it, ends are reckoned from the first of each
        history, and what is unresolved or differs from the service is found.
    type: path
  is_fleet_from_ledger:
    description:
      - Whether all positions that the ledger knows at a service are checked, instead of those given.
      - >-
        The ledger does not know which SAC a position belongs to: it is looked up with the SAC that it was given for, and one
        that was given for none with the first of O(services) at its URL.
    type: bool
    default: false
  concurrency:
    description:
      - Connections to use at the most, 1 to 64. The service's limits are not published.
    type: int
    default: 16
  now:
    description:
      - The time to judge by, in UTC, such as V(2026-11-22T08:00:00Z). Default is the clock.
    type: str
  expiry_warning_days:
    description:
      - Days that must be left of a credential's year, else it is a warning.
    type: float
    default: 60
  expiry_critical_days:
    description:
      - Days that must be left of a credential's year, else it is critical.
    type: float
    default: 14
  expiry_warning_percent:
    description:
      - Percent of its year that must be left, else it is a warning. Whichever limit is reached first counts.
    type: float
  expiry_critical_percent:
    description:
      - Percent of its year that must be left, else it is critical.
    type: float
  sac_warning_days:
    description:
      - Days that a SAC must still be valid, else it is a warning.
    type: float
    default: 60
  sac_critical_days:
    description:
      - Days that a SAC must still be valid, else it is critical.
    type: float
    default: 14
  sac_warning_percent:
    description:
      - Percent of its validity that must be left of a SAC, else it is a warning.
    type: float
  sac_critical_percent:
    description:
      - Percent of its validity that must be left of a SAC, else it is critical.
    type: float
  validity_days:
    description:
      - Days that a credential is valid from its first collection.
    type: int
    default: 365
  collection_minutes:
    description:
      - Minutes after which a credential that nobody collected lapses. The vendor's own client says 10.
    type: int
    default: 10
  fail_on:
    description:
      - From which severity on the verdict is a failure. The task itself does not fail by it.
    type: str
    choices: [critical, warning, never]
    default: critical
  show_ids:
    description:
      - Whether AnonIds and RequestIds stand in the report in full.
    type: bool
    default: false
extends_documentation_fragment:
  - eccops.rapid.audit
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, in check mode and without; logins, where they are asked for, are left out in check mode.
  diff_mode:
    support: none
    details: It changes nothing.
seealso:
  - module: eccops.rapid.credential_report
  - module: eccops.rapid.rapidauth_request_info
"""

EXAMPLES = r"""
- name: Check the whole fleet
  eccops.rapid.credential_check_info:
    services:
      - sac_path: /etc/rapidauth/sac.p12
        sac_passphrase: "{{ vault_sac_passphrase }}"
        positions:
          north-01:
            ecc: North
            request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    expiry_critical_days: 21
    expiry_warning_percent: 25
  delegate_to: localhost
  run_once: true
  register: fleet

- name: Say what has to be done
  ansible.builtin.debug:
    msg: "{{ item.title }}: {{ item.what_to_do }}"
  loop: "{{ fleet.report.to_do }}"
  loop_control:
    label: "{{ item.kind }}"
  run_once: true
"""

RETURN = r"""
report:
  description: The report, as docs/credential_report.md and docs/credential_report.schema.json describe it.
  type: dict
  returned: success
  contains:
    verdict:
      description: As RV(verdict).
      type: dict
    counts:
      description: As RV(counts).
      type: dict
    to_do:
      description: The findings in groups of one kind, the most urgent first.
      type: list
      elements: dict
    findings:
      description: Each with C(about), C(subject), C(ecc), C(severity), C(kind), C(reason) and C(what_to_do); critical ones first.
      type: list
      elements: dict
verdict:
  description: >-
    C(severity), C(is_failing), C(answer), C(headline), C(advice), the C(fail_on) it was judged by, and a C(message) that names
    each finding it fails for.
  type: dict
  returned: success
  sample:
    severity: fine
    is_failing: false
    fail_on: critical
    answer: "yes"
    headline: Yes, dispatch can work tomorrow.
    advice: Nothing has to be done.
    message: Yes, dispatch can work tomorrow. Nothing has to be done.
lines:
  description: The fleet as a table for a terminal, of more than 200 positions those that are not fine, and the verdict.
  type: list
  elements: str
  returned: success
  sample: ["POSITION  ECC  STATUS     COLLECTED   ENDS        FINDING"]
counts:
  description: How many subjects are in which state, how many findings there are, by kind, status and ECC.
  type: dict
  returned: success
  sample:
    findings:
      total: 0
      critical: 0
      warning: 0
stats:
  description: The verdict and the number of findings under the names that the playbook hands to C(set_stats).
  type: dict
  returned: success
  sample:
    check_verdict: fine
    check_is_fine: true
    check_findings_count: 0
    check_critical_count: 0
    check_warning_count: 0
error_kind:
  description: A stable word for the cause of a failure.
  type: str
  returned: failure
  sample: invalid_input
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.eccops.rapid.plugins.module_utils._argspec import credential_check_info_spec
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check import check_fleet
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main():
    run_module(AnsibleModule(supports_check_mode=True, **credential_check_info_spec()), check_fleet)


if __name__ == "__main__":
    main()
