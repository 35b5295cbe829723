# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs workstation_files: installs a set of files on a position, or removes all of it. Python 3.8, standard library only."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.desired import Change, changes_to, wanted_directories, wanted_files
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.transaction import FileSetChange, explain_failure, remove_unused_directories

COMMAND_SECONDS = 60


def run(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result; raises a RapidError when the position is as it was before."""
    if not params["directories"] or not params["files"]:
        raise InvalidInput("directories or files is empty; name at least one of each: the first directory keeps the journal of the change")
    _refuse_windows_options(params)
    is_absent = params["state"] == "absent"
    try:
        return (_absent if is_absent else _present)(params, is_check_mode)
    except OSError as error:
        raise explain_failure(error, "what was removed stays removed" if is_absent else "nothing was changed") from error


def _present(params: dict, is_check_mode: bool) -> dict:
    directories, files = wanted_directories(params), wanted_files(params)
    change = FileSetChange(directories, files)
    with change.locked(is_check_mode):
        changes = changes_to(directories, files)
        is_unfinished = change.is_unfinished()
        if not is_check_mode and not changes and not is_unfinished:
            change.tidy()
        if not is_check_mode and (changes or is_unfinished):
            _apply(change, changes, params)
    return _result(changes, is_unfinished)


def _refuse_windows_options(params: dict) -> None:
    given = [name for name in ("url_schemes", "event_sources", "user_registry_keys") if params.get(name)]
    given += [name for name in ("sealed_for",) if any(each.get(name) for each in params["files"])]
    if given:
        raise InvalidInput("%s can be used on Windows positions only; nothing was changed" % " and ".join(given))


def _apply(change: FileSetChange, changes: list[Change], params: dict) -> None:
    def verify() -> None:
        _refresh(params["refresh_commands"])
        _verify(params["verify_command"])

    try:
        change.apply(changes, verify)
    except BaseException:
        _refresh(params["refresh_commands"])
        raise


def _absent(params: dict, is_check_mode: bool) -> dict:
    # Only the paths matter here: neither the group nor the secrets need to be there any more.
    wanted = dict(params, files=[dict(each, group=None, secret=None, content=None) for each in params["files"]],
                  directories=[dict(each, group=None) for each in params["directories"]])
    change = FileSetChange(wanted_directories(wanted), wanted_files(wanted))
    with change.locked(is_check_mode):
        traces = sorted(path for pattern in params["trace_patterns"] for path in glob.glob(pattern))
        removals = change.removals(traces)
        if removals and not is_check_mode:
            made = change.remove(removals)
            _refresh(params["refresh_commands"])
            remove_unused_directories(made)
    return _result(removals, False)


def _result(changes: list[Change], is_unfinished: bool) -> dict:
    return {
        "changed": bool(changes) or is_unfinished,
        "was_unfinished": is_unfinished,
        "changed_paths": [each.path for each in changes],
        "diff": [each.as_diff() for each in changes],
    }


def _refresh(commands: list[list]) -> None:
    """Runs the commands that refresh the desktop, and skips those that are not installed."""
    for command in commands:
        if command and shutil.which(command[0]):
            _run([str(each) for each in command])


def _verify(command: list[str] | None) -> None:
    """Raises with what ``command`` said when it does not end with 0."""
    if command:
        completed = _run(command)
        if completed.returncode != 0:
            said = " | ".join((completed.stdout + completed.stderr).split("\n")).strip(" |")
            raise RapidError("%s ended with %d: %s" % (os.path.basename(command[0]), completed.returncode, said[-2000:]), kind="not_verified")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    environment.update({name: value for name, value in os.environ.items() if name.lower() in ("https_proxy", "no_proxy")})
    try:
        return subprocess.run(  # pylint: disable=ansible-bad-function  # run_command knows no time limit
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=COMMAND_SECONDS,
            universal_newlines=True, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise RapidError("%s could not be run: %s" % (command[0], error), kind="not_verified") from error


_DIRECTORY = {"path": {"type": "path", "required": True}, "mode": {"type": "str", "default": "0755"}, "group": {"type": "str"}}
_FILE = dict(_DIRECTORY, mode={"type": "str", "default": "0644"}, content={"type": "str"}, secret={"type": "str", "no_log": False}, sealed_for={"type": "str"},
             diff={"type": "str", "choices": ["content", "hash"], "default": "content"})
_SCHEME = {name: {"type": "str", "required": True} for name in ("name", "description", "command")}
OPERATION = Operation(run=run, spec={
    "argument_spec": {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "directories": {"type": "list", "elements": "dict", "required": True, "options": _DIRECTORY},
        "files": {"type": "list", "elements": "dict", "required": True, "options": _FILE, "mutually_exclusive": [("content", "secret")]},
        "secrets": {"type": "dict", "no_log": True},
        "owner": {"type": "str", "default": "root"},
        "refresh_commands": {"type": "list", "elements": "list", "default": []},
        "verify_command": {"type": "list", "elements": "str"},
        "trace_patterns": {"type": "list", "elements": "str", "default": []},
        "url_schemes": {"type": "list", "elements": "dict", "options": _SCHEME, "default": []},
        "event_sources": {"type": "list", "elements": "str", "default": []},
        "user_registry_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    }
})
