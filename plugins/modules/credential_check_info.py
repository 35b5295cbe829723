#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_check_info
short_description: Check a fleet's credentials, SACs and Portal accounts
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks up every credential of a fleet in one task, finds the current RequestIds through the ledger, reads each SAC, and returns one report with a
    verdict, findings, counts and recommended actions, for M(eccops.rapid.credential_report).
  - >-
    A SAC that cannot be used or a service that does not respond is a finding about the positions it concerns; the other positions are still checked. The
    task fails only if the check itself is configured incorrectly.
options:
  services:
    description:
      - The SACs, each with the positions that use it.
    type: list
    elements: dict
    default: []
    suboptions:
      positions:
        description: Mapping from the name of a position to its C(ecc) and C(request_id).
        type: dict
        required: true
      service_name:
        description: Name of the service in the ledger, as in M(eccops.rapid.rapidauth_request_info).
        type: str
      other_service_names:
        description: Names in the ledger that belong to services other than this one.
        type: list
        elements: str
        default: []
      api_url:
        description: Base URL of the RapidAuth service. Only https is allowed.
        type: str
        default: https://request.rapidauth.com/rapid
      sac_path:
        description: File with the SAC, PEM or PKCS#12.
        type: path
      sac_content:
        description: The SAC as PEM text, or as PKCS#12 in base64.
        type: str
      sac_key_path:
        description: PEM file with the private key of the SAC, if the key is not in the certificate's file.
        type: path
      sac_key_content:
        description: The private key of the SAC as PEM text.
        type: str
      sac_passphrase:
        description: Passphrase of the SAC's private key or of the PKCS#12 file.
        type: str
      ca_path:
        description: PEM file or directory with the CA certificates to trust instead of the system's.
        type: path
      timeout_seconds:
        description: Time limit in seconds for one call, from connecting to the last byte of the response.
        type: int
        default: 30
      retry_budget_seconds:
        description: Time limit in seconds for repeating look-ups.
        type: int
        default: 60
  accounts:
    description:
      - Portal accounts to test with one login each. In check mode the module does not log in.
    type: list
    elements: dict
    default: []
    suboptions:
      api_url:
        description: Base URL of the Portal API.
        type: str
        required: true
      ca_path:
        description: PEM file or directory with the CA certificates to trust instead of the system's.
        type: path
      email:
        description: E-mail address of the account.
        type: str
        required: true
      password:
        description: Password of the account.
        type: str
        required: true
      ecc:
        description: The ECC that the account belongs to.
        type: str
  launchers:
    description:
      - >-
        Mapping from a position to the observed state of its launcher: C(ecc), C(is_reachable), C(program_sha256) and C(configuration_sha256). A hash is
        empty if the file does not exist. C(expected_program_sha256) and C(expected_configuration_sha256) take precedence over O(launcher_sha256) and
        O(launcher_configuration_sha256) for this position.
    type: dict
    default: {}
  installed_sacs:
    description:
      - >-
        Mapping from a position to the observed state of its installed SAC: C(is_reachable) and C(sha256_fingerprint), which is empty if no SAC is
        installed. If C(is_readable) is false, a finding says that the SAC was not checked.
    type: dict
    default: {}
  unreadable:
    description:
      - >-
        Mapping from a position whose variables cannot be used to its C(ecc) and the C(reason). Each becomes a finding, and the other positions are still
        checked.
    type: dict
    default: {}
  expect_accounts:
    description:
      - Whether an empty O(accounts) is a finding.
    type: bool
    default: false
  launcher_sha256:
    description:
      - Expected SHA-256 of the launcher program on each position. Without it the module only checks that the program exists.
    type: str
  launcher_configuration_sha256:
    description:
      - Expected SHA-256 of the launcher configuration on each position. Without it the module only checks that the configuration exists.
    type: str
  ledger_path:
    description:
      - >-
        Ledger of replacements. With it the module takes the current RequestIds from the ledger, calculates expiry from the first credential of each
        history, and reports replacements that are unresolved or that differ from the service.
    type: path
  fleet_from_ledger:
    description:
      - Whether to check all positions that the ledger has for a service, instead of the positions given.
      - >-
        The ledger does not record which SAC a position uses. A position is looked up with the SAC under which O(services) lists it, and otherwise with the
        first SAC of O(services) for the same URL.
    type: bool
    default: false
  concurrency:
    description:
      - Maximum number of connections, 1 to 64. The service's limits are not published.
    type: int
    default: 16
  now:
    description:
      - Time to evaluate against, in UTC, such as V(2026-11-22T08:00:00Z). The default is the current time.
    type: str
  expiry_warning_days:
    description:
      - Report a warning if a credential expires in fewer than this many days.
    type: float
    default: 60
  expiry_critical_days:
    description:
      - Report a critical finding if a credential expires in fewer than this many days.
    type: float
    default: 14
  expiry_warning_percent:
    description:
      - Report a warning if less than this percentage of a credential's validity is left. The limit that is reached first applies.
    type: float
  expiry_critical_percent:
    description:
      - Report a critical finding if less than this percentage of a credential's validity is left.
    type: float
  sac_warning_days:
    description:
      - Report a warning if a SAC expires in fewer than this many days.
    type: float
    default: 60
  sac_critical_days:
    description:
      - Report a critical finding if a SAC expires in fewer than this many days.
    type: float
    default: 14
  sac_warning_percent:
    description:
      - Report a warning if less than this percentage of a SAC's validity is left.
    type: float
  sac_critical_percent:
    description:
      - Report a critical finding if less than this percentage of a SAC's validity is left.
    type: float
  validity_days:
    description:
      - Validity of a credential in days, from its first collection.
    type: int
    default: 365
  collection_minutes:
    description:
      - Minutes after which an uncollected credential lapses. The vendor's own client states 10.
    type: int
    default: 10
  fail_on:
    description:
      - The lowest severity that makes the verdict a failure. The task itself does not fail because of the verdict.
    type: str
    choices: [critical, warning, never]
    default: critical
  show_ids:
    description:
      - Whether the report shows AnonIds and RequestIds in full. By default it shortens them.
    type: bool
    default: false
extends_documentation_fragment:
  - eccops.rapid.ledger.place
  - eccops.rapid.audit
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, both in check mode and otherwise. Check mode omits the logins with O(accounts).
  diff_mode:
    support: none
    details: The module changes nothing.
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

- name: Show what has to be done
  ansible.builtin.debug:
    msg: "{{ item.title }}: {{ item.what_to_do }}"
  loop: "{{ fleet.report.to_do }}"
  loop_control:
    label: "{{ item.kind }}"
  run_once: true
"""

RETURN = r"""
report:
  description: The report. Its format is described in docs/credential_report.md and docs/credential_report.schema.json.
  type: dict
  returned: success
  contains:
    verdict:
      description: Same as RV(verdict).
      type: dict
    counts:
      description: Same as RV(counts).
      type: dict
    to_do:
      description: The findings grouped by kind, most urgent first.
      type: list
      elements: dict
    findings:
      description: The findings, critical ones first. Each has C(about), C(subject), C(ecc), C(severity), C(kind), C(reason) and C(what_to_do).
      type: list
      elements: dict
verdict:
  description: >-
    The verdict: C(severity), C(is_failing), C(answer), C(headline), C(advice), the value of O(fail_on) as C(fail_on), and a C(message) that names
    what has to be done where if it is a failure.
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
  description: For a terminal of 88 columns, the verdict, a table of what is not fine, the worst first, at most 200 rows, and the verdict again.
  type: list
  elements: str
  returned: success
  sample: ["POSITION  ECC    STATUS     ENDS        FINDING"]
all_lines:
  description: The same with what is fine.
  type: list
  elements: str
  returned: success
  sample: ["POSITION  ECC    STATUS     ENDS        FINDING"]
counts:
  description: Number of subjects in each state, and number of findings by kind, status and ECC.
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
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: invalid_input
"""

from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
