# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The demo's chapters, in order. What they say was done is counted in the service's own log, never taken from what a playbook printed."""

import json
import os
import pathlib
import shutil
import sys
import webbrowser

from rapid_demo.stage import DemoError

_ROTATION = {"rotation_id": "demo"}
_CHAPTERS = 7


def tell(stage, terminal):
    """Plays every chapter and returns the exit code."""
    names = list(stage.positions)
    canary, lost_answer, absent, lost_device = names[0], names[3], names[-1], names[5]
    terminal.say("eccops.rapid: %d dispatch positions in 3 centers, rehearsed against a sandbox of RapidAuth and the Portal." % len(names))
    terminal.say("Everything runs on this machine, over real mutual TLS. The full log: %s" % stage.log_path)
    _check(stage, terminal)
    _rotate_canary(stage, terminal, canary)
    _rotate_wave(stage, terminal, [name for name in names if name not in (canary, absent)], lost_answer)
    _let_one_lapse(stage, terminal, absent)
    _block(stage, terminal, lost_device)
    _repeat(stage, terminal)
    _open_caller(stage, terminal)
    _conclude(stage, terminal, [canary, lost_answer, absent])
    return 0


def _require(is_true, what):
    if not is_true:
        raise DemoError("the service's log does not show that %s: please report this as a bug, with the demo's log" % what)


def _replaced(stage, names):
    """How often the service replaced the first credential of each position."""
    replaced = [entry["previous_request_id"] for entry in stage.effects("replace")]
    return [replaced.count(stage.positions[name]["request_id"]) for name in names]


def _run_check(stage, progress):
    stage.play("eccops.rapid.check_credentials", {"check_report_directory": str(stage.report_directory)}, lambda: progress("looking up every credential"))
    return json.loads((stage.report_directory / "report.json").read_text(encoding="utf-8"))


def _check(stage, terminal):
    with terminal.chapter("The nightly check", _CHAPTERS) as progress:
        report = _run_check(stage, progress)
    verdict = report["verdict"]
    planned = "; ".join(each["title"] for each in report["to_do"])
    terminal.explain(
        "%s To plan for: %s." % (verdict["headline"], planned), "One that ends unnoticed takes a position out of service.")


def _rotate_canary(stage, terminal, canary):
    with terminal.chapter("A canary: rotate %s alone" % canary, _CHAPTERS) as progress:
        stage.play("eccops.rapid.rotate_credentials", _ROTATION, lambda: progress("replace, deliver, collect, confirm"), limit=canary)
        _require(_replaced(stage, [canary]) == [1] and len(stage.effects("collect")) == 1, "the canary was replaced once and collected once")
    terminal.explain(
        "Replaced once, delivered, collected, confirmed.", "One position proves each step before the rest.")


def _rotate_wave(stage, terminal, names, lost_answer):
    """The answer for one position is lost on the way; the controller gets SIGKILL while some calls are still unanswered."""
    wave = {**_ROTATION, "rotation_waves": [len(names)]}
    with terminal.chapter("A wave of %d: an answer is lost, and the controller is killed" % len(names), _CHAPTERS) as progress:
        _add_fault(stage, "disconnect_after_effect", lost_answer)
        for name in names[len(names) // 2:]:
            if name != lost_answer:
                _add_fault(stage, "latency", name, seconds=2)
        enough = len(names) // 2

        def is_half_done():
            return sum(_replaced(stage, names)) >= enough

        def show():
            progress("%d of %d replaced" % (sum(_replaced(stage, names)), len(names)))

        stage.play("eccops.rapid.rotate_credentials", wave, show, limit=",".join(names), kill_when=is_half_done)
        before = sum(_replaced(stage, names))
        uncollected = before + 1 - len(stage.effects("collect"))
        _require(uncollected > 0, "the controller was killed between replacing and collecting")
        stage.admin("DELETE", "/faults")
        stage.play("eccops.rapid.rotate_credentials", wave, show, limit=",".join(names))
        replaced = _replaced(stage, names)
        _require(replaced == [1] * len(names), "each credential was replaced exactly once")
        _require(len(stage.effects("collect")) == 1 + len(names), "each replacement was collected once")
    terminal.explain(
        "SIGKILL after %d were replaced, %d of them uncollected. Run again: %d replaced, 0 twice, 0 lost." % (before, uncollected, len(names)),
        "Each intent is on disk before its request is sent.")


def _add_fault(stage, kind, name, **more):
    request_id = stage.positions[name]["request_id"]
    stage.admin("POST", "/faults", {"route": "replace", "kind": kind, "count": 1, "matching": {"request_id": request_id}, **more})


def _let_one_lapse(stage, terminal, absent):
    """The position's command fails, and its replacement lapses: the predecessor is still valid and is replaced once more."""
    with terminal.chapter("A position that cannot collect: its replacement lapses", _CHAPTERS) as progress:
        fails = {**_ROTATION, "rotation_collect_argv": ["/bin/false"]}
        stage.play("eccops.rapid.rotate_credentials", fails, lambda: progress("%s does not collect" % absent), limit=absent, expected_code=2)
        stage.admin("PUT", "/clock", {"advance_seconds": 11 * 60})
        stage.play("eccops.rapid.rotate_credentials", _ROTATION, lambda: progress("eleven minutes later, again"), limit=absent)
        _require(_replaced(stage, [absent]) == [2], "the lapsed credential was replaced once more")
        _require(len(stage.effects("collect")) == len(stage.positions), "every position has collected")
    terminal.explain(
        "Run again: replaced once more, and collected.", "Meanwhile %s kept its old credential." % absent)


def _block(stage, terminal, lost):
    with terminal.chapter("A lost device: block %s" % lost, _CHAPTERS) as progress:
        stage.play("eccops.rapid.block_credentials", {"blocked_positions": lost}, lambda: progress("blocking every credential of its history"))
        blocked = len(stage.effects("patch"))
        _require(blocked >= 2, "the credentials of the lost device were blocked")
    terminal.explain(
        "None of the %d credentials of its history can be collected or renewed." % blocked, "A thief stays out.")


def _repeat(stage, terminal):
    with terminal.chapter("Everything once more", _CHAPTERS) as progress:
        before = stage.admin("GET", "/audit?limit=100000")["entries"]
        stage.play("eccops.rapid.rotate_credentials", _ROTATION, lambda: progress("rotating all positions again"))
        _run_check(stage, progress)
        effects = len(stage.admin("GET", "/audit?limit=100000")["entries"]) - len(before)
        _require(effects == 0, "the second pass did nothing")
    terminal.explain(
        "0 effects at the service.", "Not sure? Run it again: that is the whole procedure for a bad night.")


def _open_caller(stage, terminal):
    with terminal.chapter("A call comes in: the Portal on a caller", _CHAPTERS) as progress:
        stage.play(str(pathlib.Path(__file__).with_name("caller.yml")), {"demo_directory": str(stage.directory)}, lambda: progress("logging in"))
        logins = len(stage.effects("login"))
        _require(logins == 1, "two tokens cost one login")
    terminal.explain(
        "Two tokens cost 1 login.", "A few wrong ones lock a dispatcher out, so a token is kept, encrypted.")


def _conclude(stage, terminal, names):
    replaced = stage.effects("replace")
    terminal.say("Done in %d s: %d positions rotated by %d replacements (1 had lapsed), none doubled, none lost." % (
        terminal.seconds, len(stage.positions), len(replaced)))
    terminal.say("The ledger says (%s):" % (stage.directory / "sandbox" / "ledger.sqlite"))
    for row in stage.ledger():
        if row["position"] in names:
            terminal.say("  %-10s %-9s %s -> %s" % (row["position"], row["outcome"], row["request_id"][:8], (row["new_request_id"] or "-")[:8]))
    report = stage.report_directory / "report.html"
    terminal.say("Report: %s (JUnit, Prometheus, JSON and Markdown beside it)" % report)
    terminal.say("Caller: %s" % (stage.report_directory / "caller.html"))
    terminal.say("Next: step 2 of the quickstart in README.md, a rehearsal with your own inventory.")
    _open_browser(report, terminal)


def _open_browser(path, terminal):
    """Opens the report where somebody sits in front of a display: never over SSH, in CI, or as root."""
    has_display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    is_watched = sys.stdout.isatty() and os.geteuid() != 0 and not os.environ.get("CI") and not os.environ.get("SSH_CONNECTION")
    if has_display and is_watched and shutil.which("xdg-open") is not None and webbrowser.open(path.as_uri()):
        terminal.say("The report is open in your browser.")
