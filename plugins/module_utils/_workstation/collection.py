# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Delivers a RequestId to this position and has the site's command collect the credential.

The position remembers durably for which RequestId its command ended well. The service says Collected as soon as it has
signed, even where the certificate was lost on its way; only this mark says that the command finished.
Python 3.8 and its standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import make_missing, read_json, remove, sync_directory, write_json
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import can_be_passed, is_straight
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.commands import run_command

#: Stands in an argument of the command for the path of the request file, as this position expands it.
REQUEST_PATH = "{request_path}"
#: The longest time that a command may be given.
LONGEST_SECONDS = 3600
#: Room that the request file, the mark and what a collector writes need at the least.
ROOM_BYTES = 65536


class NotCollected(RapidError):
    """The position did not collect: its command failed, took too long, or could not be started."""

    kind = "not_collected"


def run(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result for its params. Raises RapidError where the position is not ready or did not collect."""
    place = RequestPlace(params["request_path"])
    argv = expand_argv(params["argv"], place.path)
    if not 1 <= params["timeout_seconds"] <= LONGEST_SECONDS:
        raise InvalidInput("timeout_seconds must be between 1 and %d" % LONGEST_SECONDS)
    if params["state"] == "ready":
        return _prepare(place, argv, is_check_mode)
    return _collect(place, argv, params, is_check_mode)


def expand_argv(argv: typing.List[str], request_path: str) -> typing.List[str]:
    """Returns the command with the path of the request file filled in. Raises InvalidInput where there is no program."""
    if not argv or not argv[0]:
        raise InvalidInput("argv is empty; give the command that makes this position collect, as a list: the program and its arguments")
    if not all(map(can_be_passed, argv)):
        raise InvalidInput("argv contains a character that no command can be given, such as NUL")
    return [each.replace(REQUEST_PATH, request_path) for each in argv]


class RequestPlace:
    """The request file at path, and the mark beside it that says for which RequestId the command ended well."""

    def __init__(self, path: str):
        if not is_straight(path) or path == os.sep:
            raise InvalidInput("request_path '%s' must be an absolute path to a file, without '..' or a slash at its end" % path)
        self.path = path
        self.directory, name = os.path.split(path)
        self._mark_path = os.path.join(self.directory, ".%s.collected" % name)
        self._lock_path = os.path.join(self.directory, ".%s.lock" % name)

    def collected_request_id(self) -> typing.Optional[str]:
        """Returns the RequestId for which the command ended well, or None. A damaged mark counts as none: the command runs again."""
        try:
            mark = read_json(self._mark_path)
        except (ValueError, RecursionError):
            return None
        return mark.get("request_id") if isinstance(mark, dict) else None

    def mark_collected(self, request_id: str) -> None:
        """Returns when the mark is on disk."""
        write_json(self._mark_path, {"request_id": request_id})
        sync_directory(self.directory)

    def deliver(self, request: dict) -> None:
        """Returns when the request file is on disk, whole, readable by its owner only."""
        write_json(self.path, request)
        sync_directory(self.directory)

    def make_directory(self) -> bool:
        """Makes the directory, closed to others, and those that lead to it; returns whether it was missing."""
        made: typing.List[str] = []
        make_missing(self.directory, made, 0o700)
        return bool(made)

    def held(self, wait_seconds: float) -> contextlib.AbstractContextManager:
        """Lets one run at a time collect here; a second one waits. Raises RapidError of the kind busy where that takes too long."""
        return locks.held(self._lock_path, "collecting with %s" % self.path, wait_seconds, is_kept=False)

    def ensure_room(self) -> None:
        """Raises OSError where a file of some size cannot be written beside the mark, under no shorter name. It is removed again."""
        descriptor, temporary = tempfile.mkstemp(dir=self.directory, prefix=os.path.basename(self._mark_path) + ".")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(b"\0" * ROOM_BYTES)
                stream.flush()
                os.fsync(descriptor)
        finally:
            remove(temporary)

    def ensure_possible(self) -> None:
        """Raises OSError where the directory neither is there nor could be made; touches nothing."""
        above = self.directory
        while not os.path.lexists(above):
            above = os.path.dirname(above)
        if not stat.S_ISDIR(os.stat(above).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "is not a directory", above)
        if not os.access(above, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "is not writable", above)


def validate_program(argv: typing.List[str]) -> None:
    """Raises RapidError unless the command's program is a file that may be run here."""
    program = argv[0]
    if os.sep in program and not os.path.isabs(program):
        raise InvalidInput("the program '%s' must be an absolute path or a name on the PATH" % program)
    if shutil.which(program) is None:
        reason = "is not executable" if os.path.isfile(program) else "does not exist"
        raise RapidError("the program '%s' %s on this position; install it, or correct rotation_collect_argv" % (program, reason), kind="not_ready")


def _prepare(place: RequestPlace, argv: list[str], is_check_mode: bool) -> dict:
    validate_program(argv)
    is_made = False
    try:
        place.ensure_possible()
        if not is_check_mode:
            is_made = place.make_directory()
            place.ensure_room()
    except OSError as error:
        raise RapidError(
            "%s %s; correct rotation_request_path or the permissions of its directory, or free space"
            % (error.filename if error.errno in (errno.ENOTDIR, errno.EACCES) and error.filename else place.directory, _reason(error)),
            kind="not_ready",
        ) from None
    return {"changed": is_made, "is_delivered": False, "is_collected": False}


def _collect(place: RequestPlace, argv: list[str], params: dict, is_check_mode: bool) -> dict:
    try:
        is_collected = place.collected_request_id() == params["request_id"]
        if is_collected or is_check_mode:
            return _unchanged(is_collected)
        place.make_directory()
        with place.held(params["timeout_seconds"]):
            if place.collected_request_id() == params["request_id"]:  # another run has just done it
                return _unchanged(True)
            place.ensure_room()  # else it would collect again and again
            place.deliver({"request_id": params["request_id"], "anon_id": params["anon_id"]})
            _run(place, argv, params)
    except OSError as error:
        raise NotCollected("the RequestId cannot be delivered to %s: %s" % (place.path, _reason(error)), is_delivered=False) from None
    return {"changed": True, "is_delivered": True, "is_collected": True}


def _unchanged(is_collected: bool) -> dict:
    """Returns the result where nothing is done: it was collected before, or check mode says that it would be."""
    return {"changed": not is_collected, "is_delivered": is_collected, "is_collected": is_collected}


def _run(place: RequestPlace, argv: list[str], params: dict) -> None:
    """Runs the command and marks that it ended well. Raises RapidError otherwise; the RequestId is delivered by now."""
    try:
        validate_program(argv)
        exit_code, output = run_command(argv, params["timeout_seconds"])
    except OSError as error:
        raise NotCollected("%s cannot be started: %s" % (argv[0], _reason(error)), is_delivered=True) from None
    except RapidError as error:
        error.details["is_delivered"] = True
        raise
    if exit_code != 0:
        ended = "did not end within %d s and was stopped" % params["timeout_seconds"] if exit_code is None else "ended with %d" % exit_code
        raise NotCollected("%s %s%s" % (argv[0], ended, ": " + output if output else ""), is_delivered=True, exit_code=exit_code)
    try:
        place.mark_collected(params["request_id"])
    except OSError as error:
        raise NotCollected(
            "the command succeeded, but that cannot be recorded beside %s: %s" % (place.path, _reason(error)), is_delivered=True
        ) from None


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


OPERATION = Operation(run=run, spec={
    "argument_spec": {
        "state": {"type": "str", "choices": ["ready", "collected"], "default": "collected"},
        "request_path": {"type": "path", "required": True},
        "request_id": {"type": "str"},
        "anon_id": {"type": "str"},
        "argv": {"type": "list", "elements": "str", "required": True},
        "timeout_seconds": {"type": "int", "default": 300},
    },
    "required_if": [("state", "collected", ("request_id",))],
})
