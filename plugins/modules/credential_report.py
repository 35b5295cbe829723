#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_report
short_description: Write what a check found as HTML, JUnit XML, Prometheus metrics, JSON and Markdown
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Renders the report of M(eccops.rapid.credential_check_info) into C(report.html), C(report.json), C(junit.xml), C(report.md)
    and C(metrics.prom). All come from one data structure, and each file is replaced in one step.
  - >-
    It runs on the controller, which has what renders the page. A task that uses C(become), or that is delegated to a host with
    another connection than C(local), is refused.
options:
  report:
    description:
      - The C(report) that M(eccops.rapid.credential_check_info) returned.
    type: dict
    required: true
  directory:
    description:
      - Where the files are put; it is made if it is missing.
    type: path
    required: true
  formats:
    description:
      - What to write.
    type: list
    elements: str
    choices: [html, json, junit, markdown, metrics]
    default: [html, json, junit, markdown, metrics]
  metrics_path:
    description:
      - >-
        Where the metrics go instead of C(metrics.prom) in O(directory), such as a file in node_exporter's textfile
        directory, which must exist. The name must end in C(.prom) to be read.
    type: path
  mode:
    description:
      - Mode of the files, octal and in quotes.
    type: str
    default: "0640"
  metrics_mode:
    description:
      - Mode of the metrics, which node_exporter reads as a user of its own.
    type: str
    default: "0644"
  trend_length:
    description:
      - >-
        Of how many runs the counts are kept for the trend, 1 to 1000. They are read from the C(report.json) that stands in
        O(directory): keep it between runs. With V(1) there is no trend.
    type: int
    default: 30
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: The files are new at every time of a check.
  platform:
    details: It runs on the controller only.
seealso:
  - module: eccops.rapid.credential_check_info
"""

EXAMPLES = r"""
- name: Write the report of a check
  eccops.rapid.credential_report:
    report: "{{ fleet.report }}"
    directory: "{{ playbook_dir }}/build/credentials"
    metrics_path: /var/lib/prometheus/node-exporter/rapidauth.prom
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
paths:
  description: The file of each format.
  type: dict
  returned: success
  sample:
    html: build/credentials/report.html
changed_paths:
  description: The files that were written, or would be in check mode.
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
  description: A stable word for the cause of a failure.
  type: str
  returned: failure
  sample: report_not_written
"""
