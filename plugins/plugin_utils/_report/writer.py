# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of credential_report: renders a report into its formats and puts each in its place in one step."""

from __future__ import annotations

import contextlib
import functools
import json
import operator
import os
import secrets
import stat
import time
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import make_missing, replace
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import open_directory, parse_mode
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._report.model import FORMAT, FORMAT_VERSION
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.html import render_html
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.junit import render_junit
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.markdown import render_markdown
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.prometheus import render_metrics

RENDERERS = {
    "html": ("report.html", render_html),
    "json": ("report.json", lambda report: json.dumps(report, sort_keys=True, separators=(",", ":")) + "\n"),
    "junit": ("junit.xml", render_junit),
    "markdown": ("report.md", render_markdown),
    "metrics": ("metrics.prom", render_metrics),
}
_MOST_TREND = 1000
LOCK_NAME, LOCK_WAIT_SECONDS = ".report.lock", 120


def write_report(params: dict[str, Any], is_check_mode: bool, clock: Any = time) -> dict[str, Any]:
    """Runs credential_report and returns its result.

    Raises InvalidInput, or a RapidError that names the files that could not be written; its details are the rest of the
    result with the verdict. Nothing is written if a format cannot be rendered.
    """
    report = params["report"]
    if (report.get("format"), report.get("format_version")) != (FORMAT, FORMAT_VERSION):
        raise InvalidInput("report is not %s of version %d; give the report that credential_check_info returned" % (FORMAT, FORMAT_VERSION))
    if not 1 <= params["trend_length"] <= _MOST_TREND:
        raise InvalidInput("trend_length must be between 1 and %d" % _MOST_TREND)
    directory = os.path.normpath(os.path.expanduser(params["directory"]))
    modes = {name: parse_mode(params[name], name, lowest=0o400) for name in ("mode", "metrics_mode")}
    files = {}
    for name in params["formats"]:
        path = os.path.join(directory, RENDERERS[name][0])
        if name == "metrics" and params.get("metrics_path"):
            path = os.path.expanduser(params["metrics_path"])
        files[name] = (path, modes["metrics_mode" if name == "metrics" else "mode"])
    with contextlib.ExitStack() as held:
        problem = None if is_check_mode else _lock(directory, [mode for path, mode in files.values() if os.path.dirname(path) == directory], held, clock)
        report = dict(report, trend=_trend(directory, report, params["trend_length"]))
        contents = {name: RENDERERS[name][1](report).encode("utf-8") for name in files}
        changed, problems = [], [problem] if problem else []
        for name, (path, mode) in files.items():
            if problem and os.path.dirname(path) == directory:
                continue
            try:
                if _put(path, contents[name], mode, directory, is_check_mode):
                    changed.append(path)
            except OSError as error:
                problems.append(_describe(path, error))
    result = {"changed": bool(changed), "paths": {name: path for name, (path, unused) in files.items()}, "changed_paths": changed, "verdict": report["verdict"]}
    if problems:
        raise RapidError(
            "the report cannot be written to %s; the files that were there are intact: correct that and run again" % "; ".join(problems),
            kind="report_not_written", **result)
    return result


def _describe(path: str, error: OSError) -> str:
    return "'%s': %s" % (error.filename if os.path.isabs(str(error.filename)) else path, error.strerror or error)


def _lock(directory: str, modes: list[int], held: contextlib.ExitStack, clock: Any) -> str | None:
    """Creates the directory, as readable as its files, and locks it until held is closed. Returns the problem, if any."""
    readers = functools.reduce(operator.or_, modes, 0) & 0o444
    try:
        make_missing(os.path.abspath(directory), [], 0o700 | readers | readers >> 2)
        os.close(open_directory(directory))
        held.enter_context(
            locks.held(os.path.join(directory, LOCK_NAME), "writing the report", LOCK_WAIT_SECONDS, is_kept=False, clock=clock))
    except OSError as error:
        return _describe(directory, error)
    return None


def _trend(directory: str, report: dict[str, Any], length: int) -> list[dict[str, Any]]:
    """Returns the counts of the last runs, this one's last. The earlier ones are in the report.json that is there."""
    earlier = []
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        there = json.loads(_read(None, os.path.join(directory, "report.json")))
        if (there["format"], there["format_version"]) == (FORMAT, FORMAT_VERSION):
            earlier = [_counts(each) for each in there["trend"] if each["generated_at"] < report["generated_at"]]
    return (earlier + [_counts(report["trend"][-1])])[-length:]


def _counts(point: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(point[name]) if name == "generated_at" else int(point[name])
        for name in ("generated_at", "critical", "warning", "unchecked", "fine", "total")
    }


def _put(path: str, content: bytes, mode: int, report_directory: str, is_check_mode: bool) -> bool:
    """Replaces a file in one step and keeps its group. Returns whether it differs from what was there."""
    place, name = os.path.split(os.path.abspath(path))
    if is_check_mode and os.path.dirname(path) == report_directory and not os.path.lexists(place):
        return True
    directory = open_directory(place)
    try:
        group = -1
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                group = status.st_gid
                if status.st_mode & 0o7777 == mode and _read(directory, name) == content:
                    return False
        if not is_check_mode:
            replace(name, ".%s.%s.new" % (name, secrets.token_hex(4)), content, directory, mode=mode, gid=group)
        return True
    finally:
        os.close(directory)


def _read(directory: int | None, name: str) -> bytes:
    """Returns the content of a file, without following a link or waiting for a pipe that somebody planted."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


OPERATION = Operation(run=write_report, spec={
    "argument_spec": {
        "report": {"type": "dict", "required": True},
        "directory": {"type": "path", "required": True},
        "formats": {"type": "list", "elements": "str", "choices": list(RENDERERS), "default": list(RENDERERS)},
        "metrics_path": {"type": "path"},
        "mode": {"type": "str", "default": "0640"},
        "metrics_mode": {"type": "str", "default": "0644"},
        "trend_length": {"type": "int", "default": 30},
    }
})
