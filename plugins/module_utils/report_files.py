# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The core of credential_report: renders a report into its formats and puts each in its place in one step."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils.report import FORMAT, FORMAT_VERSION
from ansible_collections.eccops.rapid.plugins.module_utils.report_html import html_of
from ansible_collections.eccops.rapid.plugins.module_utils.report_junit import junit_of
from ansible_collections.eccops.rapid.plugins.module_utils.report_markdown import markdown_of
from ansible_collections.eccops.rapid.plugins.module_utils.report_metrics import metrics_of

RENDERERS = {
    "html": ("report.html", html_of),
    "json": ("report.json", lambda report: json.dumps(report, sort_keys=True, separators=(",", ":")) + "\n"),
    "junit": ("junit.xml", junit_of),
    "markdown": ("report.md", markdown_of),
    "metrics": ("metrics.prom", metrics_of),
}
_MOST_TREND = 1000


def write_report(params, is_check_mode):
    """Returns the module's result for its C(params); raises RapidError. Nothing is written where a format cannot be rendered."""
    report = params["report"]
    if (report.get("format"), report.get("format_version")) != (FORMAT, FORMAT_VERSION):
        raise InvalidInput("report is no %s of version %d; give the report that credential_check_info returned" % (FORMAT, FORMAT_VERSION))
    if not 1 <= params["trend_length"] <= _MOST_TREND:
        raise InvalidInput("trend_length must lie between 1 and %d" % _MOST_TREND)
    directory = os.path.expanduser(params["directory"])
    modes = {name: _mode(params, name) for name in ("mode", "metrics_mode")}
    with _locked(directory, is_check_mode):
        report = dict(report, trend=_trend(directory, report, params["trend_length"]))
        changed, paths = [], {}
        contents = {}
        for name in params["formats"]:
            file_name, render = RENDERERS[name]
            path = os.path.join(directory, file_name)
            if name == "metrics" and params.get("metrics_path"):
                path = os.path.expanduser(params["metrics_path"])
            paths[name] = path
            contents[path] = (render(report).encode("utf-8"), modes["metrics_mode" if name == "metrics" else "mode"])
        for path, (content, mode) in contents.items():
            if _is_there(path, content, mode):
                continue
            changed.append(path)
            if not is_check_mode:
                _put(path, content, mode)
    return {"changed": bool(changed), "paths": paths, "changed_paths": changed, "verdict": report["verdict"]}


def _mode(params, name):
    text = params[name]
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0o400 <= mode <= 0o777:
        raise InvalidInput("%s is '%s'; give an octal mode in quotes, such as \"0640\"" % (name, text))
    return mode


@contextlib.contextmanager
def _locked(directory, is_check_mode):
    """Keeps two runs from mixing their files; the lock is the directory itself, so that none is left behind."""
    try:
        if not is_check_mode:
            os.makedirs(directory, mode=0o755, exist_ok=True)
        if not os.path.isdir(directory):
            yield
            return
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if is_check_mode else fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RapidError(
            "the report cannot be written to '%s': %s; nothing that stood there was spoiled" % (error.filename or directory, error.strerror or error),
            kind="report_not_written",
        ) from None


def _trend(directory, report, length):
    """Returns the counts of the last runs, this one's last: they are in the report that stands there."""
    earlier = []
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        with open(os.path.join(directory, "report.json"), encoding="utf-8") as file:
            there = json.load(file)
        if (there["format"], there["format_version"]) == (FORMAT, FORMAT_VERSION):
            earlier = [_counts(each) for each in there["trend"] if each["generated_at"] < report["generated_at"]]
    return (earlier + [_counts(report["trend"][-1])])[-length:]


def _counts(point):
    return {
        name: str(point[name]) if name == "generated_at" else int(point[name])
        for name in ("generated_at", "critical", "warning", "unchecked", "fine", "total")
    }


def _is_there(path, content, mode):
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_mode & 0o7777 == mode and file.read() == content
    except FileNotFoundError:
        return False


def _put(path, content, mode):
    """Writes a file so that its readers see the old one or the new one, whole."""
    directory = os.path.dirname(path) or "."
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".report-", suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
