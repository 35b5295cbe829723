# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Hides the secrets of a task in what its worker process sends to the callbacks beside the module's own result.

Ansible adds a loop's item, its label and the items around it to a result after the action has returned, whatever it returned, and
sends a task's arguments along. Both pass one queue, in a process of their own for each task and host.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from typing import Any

from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import HIDDEN, hide

#: Of ``loop_control.extended``: these are other items, whose secrets are not known here.
_OTHER_ITEMS = ("allitems", "nextitem", "previtem")


def hide_outgoing(secrets: Iterable[str]) -> None:
    """From now on hides ``secrets`` in items and arguments that leave this worker process; does nothing in any other process."""
    queue = getattr(Display(), "_final_q", None)
    if queue is None:
        return
    if not hasattr(queue, "eccops_rapid_secrets"):
        queue.eccops_rapid_secrets = set()
        for name in ("send_callback", "send_task_result"):
            setattr(queue, name, _hiding(getattr(queue, name), queue.eccops_rapid_secrets))
    queue.eccops_rapid_secrets.update(secrets)


def _hiding(send, secrets):
    def send_hidden(*arguments: Any, **keywords: Any) -> Any:
        with contextlib.ExitStack() as stack:
            for each in itertools.chain(arguments, keywords.values()) if secrets else ():
                stack.enter_context(_hidden(each, secrets))
            return send(*arguments, **keywords)

    return send_hidden


@contextlib.contextmanager
def _hidden(sent, secrets):
    """Hides the secrets in one argument of a sending method: a task, a result as a dictionary, or an object that has either."""
    for name in ("_result", "_return_data"):  # a TaskResult, until ansible-core 2.20
        _hide_items(getattr(sent, name, None), secrets)
    _hide_items(sent, secrets)
    _hide_fields(getattr(sent, "_task_fields", sent), secrets)
    if hasattr(sent, "loop_item_label"):
        _hide_attributes(sent, secrets)
    is_task = hasattr(sent, "dump_attrs") and isinstance(getattr(sent, "args", None), dict)
    given = sent.args if is_task else None
    if is_task:
        sent.args = hide(given, secrets)  # only while it is sent: the next attempt needs them
    try:
        yield
    finally:
        if is_task:
            sent.args = given


def _hide_fields(fields, secrets):
    """Hides them in the arguments of a task that was made a dictionary."""
    if isinstance(fields, dict) and "action" in fields and isinstance(fields.get("args"), dict):
        fields["args"] = hide(fields["args"], secrets)


def _hide_items(result, secrets):
    """Hides them in a result of ansible-core 2.20 and before, and in those of its items."""
    if not isinstance(result, dict):
        return
    for name in (result.get("ansible_loop_var"), "_ansible_item_label"):
        if name in result:
            result[name] = _shown(result[name], secrets)
    if "ansible_loop" in result:
        result["ansible_loop"] = _without_other_items(result["ansible_loop"])
    for each in result["results"] if isinstance(result.get("results"), list) else ():
        _hide_items(each, secrets)
        if isinstance(each, dict) and each.get("_ansible_no_log"):
            result["_ansible_no_log"] = True  # before ansible-core 2.19 the whole shows what each item hides


def _hide_attributes(result, secrets):
    """Hides them in a result since ansible-core 2.21, and in those of its items."""
    result.loop_item = _shown(result.loop_item, secrets)
    result.loop_item_label = _shown(result.loop_item_label, secrets)
    result.loop_extended = _without_other_items(result.loop_extended)
    for each in result.loop_results or ():
        _hide_attributes(each, secrets)


def _shown(value, secrets):
    shown = hide(value, secrets)
    return value if shown == value else wrap_var(shown)


def _without_other_items(extended):
    return extended and {name: HIDDEN if name in _OTHER_ITEMS else value for name, value in extended.items()}
