# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A report as Prometheus metrics, for the textfile collector of node_exporter."""

from __future__ import annotations

import collections
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import STATES
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant

_SEVERITIES = {"fine": 0, "warning": 1, "critical": 2}


def render_metrics(report: dict[str, Any]) -> str:
    """Returns the text exposition format. All are gauges. Times are Unix seconds."""
    findings = collections.Counter((each["ecc"], each["about"], each["kind"], each["severity"]) for each in report["findings"])
    families: list[tuple[str, str, list[tuple[dict[str, str], int]]]] = [
        ("rapidauth_check_timestamp_seconds", "The time that was judged by.", [({}, _seconds(report["generated_at"]))]),
        ("rapidauth_check_severity", "The verdict: 0 fine, 1 warning, 2 critical.", [({}, _SEVERITIES[report["verdict"]["severity"]])]),
        (
            "rapidauth_credentials",
            "Credentials by state: critical, warning, unchecked or fine.",
            [({"ecc": ecc, "state": state}, counts[state]) for ecc, counts in report["counts"]["by_ecc"].items() for state in STATES],
        ),
        (
            "rapidauth_findings",
            "Findings by kind; there is no sample where there is no finding.",
            [({"ecc": ecc, "about": about, "kind": kind, "severity": level}, n) for (ecc, about, kind, level), n in sorted(findings.items())],
        ),
        (
            "rapidauth_credential_expiry_timestamp_seconds",
            "When the credential of a position ends.",
            [(_names(row, "position"), _seconds(row["expires_date"])) for row in report["credentials"] if row["expires_date"]],
        ),
        (
            "rapidauth_sac_expiry_timestamp_seconds",
            "When a SAC ends.",
            [(dict(_names(row, "subject"), serial=row["serial"]), _seconds(row["expires_date"])) for row in report["sacs"] if row["expires_date"]],
        ),
        (
            "rapidsos_account_usable",
            "Whether a Portal account could log in: 1 or 0.",
            [(_names(row, "account"), int(row["state"] == "fine")) for row in report["accounts"] if row["state"] != "unchecked"],
        ),
    ]
    lines = []
    for name, description, samples in families:
        if samples:
            lines += ["# HELP %s %s" % (name, description), "# TYPE %s gauge" % name]
            lines += ["%s%s %d" % (name, _labels(labels), value) for labels, value in _distinct(samples)]
    return "\n".join(lines) + "\n"


def _distinct(samples: list[tuple[dict[str, str], int]]) -> list[tuple[dict[str, str], int]]:
    """Returns the samples with the last value for each set of labels. A duplicate would make the whole file invalid."""
    return [(dict(labels), value) for labels, value in {tuple(labels.items()): value for labels, value in samples}.items()]


def _names(row: dict[str, Any], name: str) -> dict[str, str]:
    return {"ecc": row["ecc"], name: row["name"]}


def _seconds(text: str) -> int:
    return int(parse_instant(text).timestamp())  # type: ignore[union-attr]  # the report formatted it


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{%s}" % ",".join('%s="%s"' % (name, _escape(value)) for name, value in labels.items())


def _escape(value: str | None) -> str:
    return (value or "").replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
