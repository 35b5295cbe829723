#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_report
short_description: Write the report of a check as HTML, JUnit XML, Prometheus metrics, JSON and Markdown
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Renders the report of M(eccops.rapid.credential_check_info) into C(report.html), C(report.json), C(junit.xml), C(report.md) and C(metrics.prom). All
    files are made from the same data, and each file is replaced atomically.
  - >-
    The module runs on the controller. A task that uses C(become), or that is delegated to a host with another connection than
    C(local), is refused.
options:
  report:
    description:
      - The C(report) returned by M(eccops.rapid.credential_check_info).
    type: dict
    required: true
  directory:
    description:
      - Directory for the files. The module creates it if it does not exist.
    type: path
    required: true
  formats:
    description:
      - Formats to write.
    type: list
    elements: str
    choices: [html, json, junit, markdown, metrics]
    default: [html, json, junit, markdown, metrics]
  metrics_path:
    description:
      - >-
        File for the metrics instead of C(metrics.prom) in O(directory), for example in node_exporter's textfile directory. Its directory must exist.
        node_exporter reads only names that end in C(.prom).
    type: path
  mode:
    description:
      - Mode of the files, in octal digits and in quotes.
    type: str
    default: "0640"
  metrics_mode:
    description:
      - Mode of the metrics file, in octal digits and in quotes. The default lets node_exporter read it as its own user.
    type: str
    default: "0644"
  trend_length:
    description:
      - >-
        Number of runs in the trend, 1 to 1000. The module reads the counts of earlier runs from the C(report.json) in O(directory), so keep that file
        between runs. With V(1) there is no trend.
    type: int
    default: 30
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: The files differ after every check.
  platform:
    details: The module runs on the controller only.
seealso:
  - module: eccops.rapid.credential_check_info
"""

EXAMPLES = r"""
- name: Check the fleet
  eccops.rapid.credential_check_info:
    services:
      - sac_path: /etc/rapidauth/sac.p12
        sac_passphrase: "{{ vault_sac_passphrase }}"
        positions:
          north-01:
            ecc: North
            request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
  delegate_to: localhost
  run_once: true
  register: fleet

- name: Write the report of the check
  eccops.rapid.credential_report:
    report: "{{ fleet.report }}"
    directory: "{{ playbook_dir }}/build/credentials"
    metrics_path: /var/lib/prometheus/node-exporter/rapidauth.prom
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
paths:
  description: Path of the file of each format.
  type: dict
  returned: success
  sample:
    html: build/credentials/report.html
changed_paths:
  description: Files that were written, or would be written in check mode.
  type: list
  elements: str
  returned: success
  sample: [build/credentials/report.html]
verdict:
  description: The verdict of the report.
  type: dict
  returned: success
  sample:
    severity: fine
    is_failing: false
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: report_not_written
"""
