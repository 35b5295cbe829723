# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Talks to the sandbox's admin API between two tasks of one play, from the controller's own process: no second run is needed."""

from __future__ import annotations

import requests
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Option ``calls``: a list of [method, path, body]; the result has their ``answers`` in the same order."""

    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        session = requests.Session()
        session.trust_env = False
        answers = []
        for method, path, body in self._task.args["calls"]:
            answer = session.request(str(method), task_vars["sandbox_admin_url"] + path, json=body, timeout=10)
            if not answer.ok:
                return dict(result, failed=True, msg="%s %s: HTTP %d %s" % (method, path, answer.status_code, answer.text))
            answers.append(answer.json())
        return dict(result, answers=answers)
