# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The action behind every module of this collection: runs the module's operation in the controller's own process when the
task is local, ships the module when it is delegated elsewhere, and keeps secrets out of the output.

A module call costs 0.3 s and more of the controller's CPU, the same operation in this process 0.02 s.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from typing import Any

from ansible import constants as C
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_texts
from ansible_collections.eccops.rapid.plugins.plugin_utils.outgoing import hide_outgoing
from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import censor, plain, secrets_in
from ansible_collections.eccops.rapid.plugins.plugin_utils.shipped_result import LONGEST_TEXT, filter_output, filter_result


class ControllerAction(ActionBase):
    """Subclasses name the operation that the module of the same name runs too."""

    _supports_check_mode = True
    # The options of a background job lie in a file on its host, and its answer does not come through this plugin.
    _supports_async = False

    #: True where a success returns a secret. Failures stay readable: no message of ours holds one.
    is_result_secret = False

    #: The keys that a module which ran on another host may return, beside those that filter_result lets through for all.
    returned_keys: frozenset[str] = frozenset()

    #: How many characters each text in them may have.
    longest_returned_text = LONGEST_TEXT

    operation: Operation

    def run_operation(self, params: dict, is_check_mode: bool) -> dict:
        """Returns the operation's result in this process. Subclasses may pass it more than the module does."""
        return self.operation.run(params, is_check_mode)

    def run(self, tmp: str | None = None, task_vars: dict | None = None) -> dict:
        # Callbacks are given the task afterwards, with the templates filled in; a retry starts with the same task again.
        shown, given = getattr(self._task, "_eccops_rapid_arguments", (None, {}))
        if shown is None or self._task.args is not shown:
            given = self._task.args
        self._task.args = given
        hide_outgoing(self._secrets(given))
        try:
            return self._run(tmp, task_vars)
        finally:
            shown = self._task.args = censor(given, self.operation.spec["argument_spec"])
            self._task._eccops_rapid_arguments = shown, given

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Hides a secret as soon as its template is filled in: a task without a connection fails before run(). Called since ansible-core 2.19."""
        final = super().finalize_task_arg(name, value, templar, context)
        hide_outgoing(secrets_in({name: plain(final)}, cls.operation.spec["argument_spec"]))
        return final

    def _secrets(self, arguments):
        return set(secrets_in(plain(arguments), self.operation.spec["argument_spec"]))

    def _run(self, tmp, task_vars):
        result = super().run(tmp, task_vars)
        try:
            validate_texts(plain(self._task.args), self.operation.spec["argument_spec"])
        except InvalidInput as error:
            return dict(result, failed=True, **error.as_result())
        if self._is_for_this_process():
            result.update(self._run_here())
        else:
            result.update(self._ship(task_vars))
        if self.is_result_secret:
            if not result.get("failed"):
                result["_ansible_no_log"] = True
            # Where something else wrote into the module's output Ansible cannot read it, and would show it all.
            for name in {"module_stdout", "module_stderr"} & set(result):
                result[name] = "(hidden, since it may hold a login)"
        return result

    def _ship(self, task_vars):
        """Returns the result of the module, run where the task is delegated to."""
        return self._ship_with(self._task.args, task_vars)

    def _ship_with(self, arguments, task_vars):
        """Ships the module with ``arguments``, and returns what its host may say."""
        if self.must_pipeline(arguments) and not self._is_pipelining_enabled("new"):
            return {"failed": True, "msg": (
                "without pipelining the secrets of this task would be written to the temporary directory of %s; nothing was sent: set 'pipelining = true' "
                "below [connection] in ansible.cfg, or ansible_pipelining: true, unset ANSIBLE_KEEP_REMOTE_FILES, and become by another method than su"
                % (self._task.delegate_to or self._play_context.remote_addr or "the host"))}
        with self._hide_output():
            said = self._execute_module(module_args=arguments, task_vars=task_vars)
        result = filter_result(said, self.returned_keys, self.longest_returned_text)
        return {**remove_values(result, self._secrets(arguments)), **self._discovered_facts()}

    def must_pipeline(self, arguments: Mapping[str, Any]) -> bool:
        """Says whether ``arguments`` must not lie on the host's disk, as a shipped module's do without pipelining."""
        return bool(self._secrets(arguments))

    def _parse_returned_data(self, res, *arguments, **keywords):
        try:
            return super()._parse_returned_data({**res, "stdout": filter_output(res.get("stdout") or "")}, *arguments, **keywords)
        except Exception:  # pylint: disable=broad-exception-caught  # the host named a type that Ansible does not know: that is no result
            return super()._parse_returned_data({**res, "stdout": ""}, *arguments, **keywords)

    def _discovered_facts(self):
        """Returns the one fact that Ansible itself adds to a module's result: with which Python the host is to be met again."""
        path = str(self._discovered_interpreter)
        if not self._discovered_interpreter_key or not re.fullmatch(r"[\w./+-]{1,200}", path, re.ASCII):
            return {}
        return {"ansible_facts": {self._discovered_interpreter_key: path}}

    @contextlib.contextmanager
    def _hide_output(self):
        """Keeps a connection such as ssh from showing a module's whole output at -vvv, where that holds a secret, and Ansible from its debug output."""
        contexts = [self._play_context, getattr(self._connection, "_play_context", self._play_context)]
        before, is_debugging = [context.no_log for context in contexts], C.DEFAULT_DEBUG
        if self.is_result_secret:
            for context in contexts:
                context.no_log = True
        C.DEFAULT_DEBUG = False
        try:
            yield
        finally:
            C.DEFAULT_DEBUG = is_debugging
            for context, no_log in zip(contexts, before):
                context.no_log = no_log

    def _is_for_this_process(self):
        """Says whether a module shipped by this task would run beside us as the same user."""
        return self._connection.transport == "local" and not self._play_context.become

    def _run_here(self):
        with self._task_environment():
            return self._with_params(lambda params: self.run_operation(params, self._task.check_mode))

    @contextlib.contextmanager
    def _task_environment(self):
        """Sets the variables of the task's ``environment`` in this process, which runs nothing else meanwhile, and puts back what was there."""
        wanted: dict[str, object] = {}
        self._compute_environment_string(wanted)
        before = {name: os.environ.get(name) for name in map(str, wanted)}
        os.environ.update({str(name): str(value) for name, value in wanted.items()})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _with_params(self, function):
        """Returns what ``function`` makes of the task's validated options, or its RapidError as a failure."""
        validated = ArgumentSpecValidator(**self.operation.spec).validate(plain(self._task.args))
        try:
            if validated.error_messages:
                raise InvalidInput("; ".join(validated.error_messages))
            return function(validated.validated_parameters)
        except RapidError as error:
            return remove_values(dict(error.as_result(), failed=True), validated._no_log_values)

    def run_directory(self) -> str:
        """Returns a directory private to this Ansible run, shared by its forks and removed at its end."""
        return C.DEFAULT_LOCAL_TMP
