# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Who can read a report, whose places it is written to, and what is said of it where it cannot be written."""

from __future__ import annotations

import fcntl
import os
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.plugin_utils._report import writer as report_files
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.writer import write_report
from ansible_collections.eccops.rapid.tests.unit.support.clocks import MovedClock
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import entry, report

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: gives files to another account")


@pytest.fixture(name="options")
def fixture_options(tmp_path):
    return {"report": report({"north-01": ("north", entry(1))}), "directory": str(tmp_path / "a" / "report"), "formats": list(report_files.RENDERERS),
            "mode": "0640", "metrics_mode": "0644", "trend_length": 3}


@pytest.mark.parametrize("umask", [0, 0o077])
@pytest.mark.parametrize("mode, metrics_mode, wanted", [("0640", "0644", 0o755), ("0640", "0640", 0o750), ("0600", "0600", 0o700), ("0644", "0600", 0o755)])
def test_a_new_directory_is_as_readable_as_its_files_whatever_the_umask(options, tmp_path, umask, mode, metrics_mode, wanted):
    earlier = os.umask(umask)
    try:
        write_report(dict(options, mode=mode, metrics_mode=metrics_mode), False)
    finally:
        os.umask(earlier)
    assert [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("a", "a/report")] == [wanted, wanted]
    assert stat.S_IMODE((tmp_path / "a" / "report" / "metrics.prom").stat().st_mode) == int(metrics_mode, 8)


def test_a_directory_that_is_there_is_left_as_it_is(options, tmp_path):
    (tmp_path / "a" / "report").mkdir(parents=True)
    (tmp_path / "a" / "report").chmod(0o700)
    write_report(options, False)
    assert stat.S_IMODE((tmp_path / "a" / "report").stat().st_mode) == 0o700


@needs_root
def test_a_replaced_file_keeps_its_group_and_a_new_one_has_the_directorys(options, tmp_path):
    write_report(options, False)
    html = tmp_path / "a" / "report" / "report.html"
    os.chown(html, -1, 4242)
    options["report"] = dict(options["report"], generated_at="2027-01-01T00:00:00Z")
    changed = write_report(options, False)["changed_paths"]
    assert str(html) in changed and html.stat().st_gid == 4242 and stat.S_IMODE(html.stat().st_mode) == 0o640
    assert html.with_name("report.md").stat().st_gid == os.getegid()


def test_whoever_can_read_the_directory_cannot_keep_anybody_from_writing(options, tmp_path):
    write_report(options, False)
    descriptor = os.open(options["directory"], os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert write_report(dict(options, mode="0600"), False)["changed"]
    os.close(descriptor)
    assert not list((tmp_path / "a" / "report").glob(".*"))


def test_another_run_is_waited_for_and_then_named(options):
    write_report(options, False)
    with locks.held(os.path.join(options["directory"], report_files.LOCK_NAME), "writing the report", 0):
        with pytest.raises(RapidError, match=r"another run \(process %d\) is writing the report .*this run waited 120 s" % os.getpid()) as caught:
            write_report(options, False, MovedClock())
        assert not write_report(options, True)["changed"]  # check mode writes nothing, and waits for nobody
    assert caught.value.kind == "busy"


def test_an_unwritable_place_hides_neither_the_findings_nor_what_could_be_written(options, tmp_path):
    (tmp_path / "a").write_text("a file")
    metrics = tmp_path / "metrics.prom"
    with pytest.raises(RapidError, match="the report cannot be written to '%s': " % (tmp_path / "a")) as caught:
        write_report(dict(options, metrics_path=str(metrics)), False)
    assert caught.value.kind == "report_not_written" and metrics.read_bytes()
    details = caught.value.as_result()
    assert details["verdict"] == options["report"]["verdict"] and details["changed_paths"] == [str(metrics)] and details["changed"]


def test_an_unwritable_place_of_the_metrics_does_not_keep_the_report_from_being_written(options, tmp_path):
    with pytest.raises(RapidError, match="'%s/none'" % tmp_path) as caught:
        write_report(dict(options, metrics_path=str(tmp_path / "none" / "metrics.prom")), False)
    assert len(caught.value.as_result()["changed_paths"]) == 4 and (tmp_path / "a" / "report" / "report.html").exists()
    with pytest.raises(RapidError, match="'%s/none'" % tmp_path):
        write_report(dict(options, metrics_path=str(tmp_path / "none" / "metrics.prom")), True)


@needs_root
@pytest.mark.parametrize("what", ["directory", "metrics_path"])
def test_a_link_of_another_account_leads_nowhere(options, tmp_path, what):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    os.chown(tmp_path / "link", 65534, -1, follow_symlinks=False)
    given = {"directory": str(tmp_path / "link" / "report")} if what == "directory" else {"metrics_path": str(tmp_path / "link" / "metrics.prom")}
    with pytest.raises(RapidError, match="it is a link that belongs to the account nobody"):
        write_report(dict(options, **given), False)
    assert not list((tmp_path / "elsewhere").rglob("*.*"))


def test_a_planted_file_is_replaced_and_neither_followed_nor_waited_for(options, tmp_path):
    place = tmp_path / "a" / "report"
    place.mkdir(parents=True)
    (tmp_path / "precious").write_text("precious")
    (place / "report.html").symlink_to(tmp_path / "precious")
    os.mkfifo(place / "report.json")
    write_report(options, False)
    assert (tmp_path / "precious").read_text() == "precious"
    assert all(stat.S_ISREG((place / name).lstat().st_mode) for name in ("report.html", "report.json"))


@pytest.mark.parametrize("name", ["mode", "metrics_mode"])
@pytest.mark.parametrize("mode", ["rw", "0o888", "0040", "4755"])
def test_a_mode_that_is_none_or_closes_the_file_to_its_owner_is_refused(options, name, mode):
    with pytest.raises(InvalidInput, match="%s is '%s'; give octal digits" % (name, mode)):
        write_report(dict(options, **{name: mode}), False)
