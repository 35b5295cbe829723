# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Writes what every task reported, as the callbacks are given it (censored where it was), and the arguments they see, as JSON lines to a file."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_results
type: aggregate
short_description: Task results as JSON lines
description:
  - Writes one line per task, host and item to the file named by the environment variable TASK_RESULTS_PATH.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_runner_item_on_ok(self, result):
        self._write("ok", result, is_item=True)

    def v2_runner_item_on_failed(self, result):
        self._write("failed", result, is_item=True)

    def v2_runner_item_on_skipped(self, result):
        self._write("skipped", result, is_item=True)

    def v2_playbook_on_stats(self, stats):
        self._append({"recap": {host: stats.summarize(host) for host in stats.processed}})

    def _write(self, status, result, is_item=False):
        # Since ansible-core 2.19 the attributes have public names.
        host, task, values = (getattr(result, name, None) or getattr(result, "_" + name) for name in ("host", "task", "result"))
        self._append({
            "task": task.get_name(), "host": host.get_name(), "status": status, "is_item": is_item, "result": values,
            "arguments": None if task.no_log else result._task_fields.get("args")})

    @staticmethod
    def _append(line):
        with open(os.environ["TASK_RESULTS_PATH"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
