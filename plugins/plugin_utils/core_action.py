# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The action behind every module of this collection: runs the module's core in the controller's own process when the
task is local, ships the module when it is delegated elsewhere, and keeps secrets out of the output.

A module call costs 0.3 s and more of the controller's CPU, the same core in this process 0.02 s.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_secrets
from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, RapidError

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


class CoreAction(ActionBase):
    """Subclasses say what they run: C(spec()) returns AnsibleModule's arguments, C(core(params, is_check_mode)) the result."""

    _supports_check_mode = True
    _supports_async = True

    #: True where a success returns a secret. Failures stay readable: no message of ours holds one.
    is_result_secret = False

    #: True where the options hold secrets that must not lie on the host's disk, as a shipped module's do without pipelining.
    must_pipeline = False

    def spec(self):
        raise AnsibleError("an action must say its options")

    def core(self, params, is_check_mode):
        raise AnsibleError("an action must say its core")

    def run(self, tmp=None, task_vars=None):
        # Callbacks are given the task afterwards, with the templates filled in; a retry starts with the same task again.
        shown, given = getattr(self._task, "_eccops_rapid_arguments", (None, None))
        if shown is None or self._task.args is not shown:
            given = self._task.args
        self._task.args = given
        try:
            return self._run(tmp, task_vars)
        finally:
            shown = self._task.args = _censored(given, self.spec()["argument_spec"])
            self._task._eccops_rapid_arguments = shown, given

    def _run(self, tmp, task_vars):
        result = super().run(tmp, task_vars)
        try:
            validate_secrets(plain(self._task.args), self.spec()["argument_spec"])
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
        self._refuse_bare_keys()
        return self._ship_with(None, task_vars)

    def _ship_with(self, arguments, task_vars):
        """Ships the module with C(arguments), by default the task's."""
        self._refuse_to_leave_traces()
        with self._untold():
            return self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val)

    def _refuse_bare_keys(self):
        """Raises before an unencrypted key would travel with the module: without pipelining it lies on the host's disk."""
        for options, name in itertools.product(self._options_of_sacs(), ("sac_content", "sac_key_content")):
            text = str(options.get(name) or "")
            if "PRIVATE KEY-----" in text and "ENCRYPTED" not in text:
                raise AnsibleActionFail(
                    "%s holds an unencrypted private key, which would be written to the host that the task is delegated to; "
                    "encrypt it and set sac_passphrase, or run the task on the controller" % name
                )

    def _options_of_sacs(self):
        """Returns the dictionaries of options that each name a SAC: by default the task's own."""
        return [self._task.args]

    def _refuse_to_leave_traces(self):
        if self.must_pipeline and not self._is_pipelining_enabled("new", bool(self._task.async_val)):
            raise AnsibleActionFail(
                "without pipelining the secrets of this task would lie in the temporary directory of %s; nothing was sent: set "
                "'pipelining = true' below [connection] in ansible.cfg, or ansible_pipelining: true, and neither ANSIBLE_KEEP_REMOTE_FILES nor async"
                % (self._task.delegate_to or self._play_context.remote_addr or "the host")
            )

    @contextlib.contextmanager
    def _untold(self):
        """Keeps a connection such as ssh from showing a module's whole output at -vvv, where that holds a secret."""
        contexts = [self._play_context, getattr(self._connection, "_play_context", self._play_context)]
        before = [context.no_log for context in contexts]
        if self.is_result_secret:
            for context in contexts:
                context.no_log = True
        try:
            yield
        finally:
            for context, no_log in zip(contexts, before):
                context.no_log = no_log

    def _is_for_this_process(self):
        """Says whether a module shipped by this task would run beside us as the same user with the same environment."""
        return (
            self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
            and not any(self._task.environment or [])
        )

    def _run_here(self):
        return self._with_params(lambda params: self.core(params, self._task.check_mode))

    def _with_params(self, function):
        """Returns what C(function) makes of the task's validated options, or its RapidError as a failure."""
        validated = ArgumentSpecValidator(**self.spec()).validate(plain(self._task.args))
        try:
            if validated.error_messages:
                raise InvalidInput("; ".join(validated.error_messages))
            return function(validated.validated_parameters)
        except RapidError as error:
            return remove_values(dict(error.as_result(), failed=True), validated._no_log_values)

    def run_directory(self):
        """Returns a directory private to this Ansible run, shared by its forks and removed at its end."""
        return C.DEFAULT_LOCAL_TMP


def _censored(arguments, argument_spec):
    """Returns a task's C(arguments) as they may be shown."""
    is_secret = {name for name, rules in argument_spec.items() if rules.get("no_log")}
    censored = remove_values(plain(arguments), set(_secrets_in(plain(arguments), argument_spec)))
    return {name: HIDDEN if name in is_secret and arguments[name] else value for name, value in censored.items()}


def _secrets_in(arguments, argument_spec):
    """Yields the values of all secret options, also of those inside other options."""
    for name, rules in argument_spec.items():
        value = arguments.get(name)
        if rules.get("no_log") and value:
            yield str(value)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from _secrets_in(each, rules.get("options") or {})


def plain(value):
    """Returns C(value) made of Python's own types only: no tags, no vault objects, no templates' leftovers."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)
