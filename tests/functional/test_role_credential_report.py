# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The role's files: what they are, who may read them, and what a second run, check mode and a full disk do."""

import json
import os
import pathlib
import stat
import threading
from xml.etree import ElementTree

import harness
import jsonschema
import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.plugin_utils._report import writer as report_files
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import entry, large_fleet, report, unknown

FILES = {"report.html", "report.json", "junit.xml", "report.md", "metrics.prom"}
SCHEMA = json.loads((harness.REPOSITORY / "docs" / "credential_report.schema.json").read_text(encoding="utf-8"))


def role(name, **variables):
    options = {"credential_report_" + key: value for key, value in variables.items()}
    return {"name": name, "ansible.builtin.import_role": {"name": "eccops.rapid.credential_report"}, "vars": options}


def modes(directory):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in pathlib.Path(directory).iterdir()}


def test_it_writes_once_what_it_was_given(run_playbook, tmp_path):
    made = report({"north-01": ("north", entry(1)), "north-02": ("north", unknown(2))}, [("north", "CN=x", 300)])
    first, check = tmp_path / "some reports", tmp_path / "never"
    plays = [harness.play([
        {"name": "Rehearse", "check_mode": True, "block": [role("Rehearse it", report=made, directory=str(check))]},
        role("First", report=made, directory=str(first)),
        role("Second", report=made, directory=str(first)),
        role("Third", report=made, directory=str(first), formats=["metrics"], metrics_path=str(tmp_path / "rapidauth.prom"), mode="0600"),
    ])]
    run = run_playbook(plays)
    assert run.returncode == 0, run.output
    written = [each["result"] for each in run.reports if each["task"].endswith("Write the report")]
    assert [each["changed"] for each in written][-3:] == [True, False, True]
    assert modes(first) == {**dict.fromkeys(FILES - {"metrics.prom"}, 0o640), "metrics.prom": 0o644}
    assert set(written[-3]["paths"]) == {"html", "json", "junit", "markdown", "metrics"}
    assert [each["changed"] for each in written][0] and not check.exists()
    jsonschema.validate(json.loads((first / "report.json").read_text()), SCHEMA)
    assert ElementTree.parse(first / "junit.xml").getroot().get("tests") == "3"
    assert (tmp_path / "rapidauth.prom").read_text() == (first / "metrics.prom").read_text()


@pytest.mark.parametrize("keywords", [harness.SHIPPED, {"become": True}], ids=["another connection", "become"])
def test_it_is_refused_anywhere_but_on_the_controller(run_playbook, tmp_path, keywords):
    run = run_playbook([harness.task("write", "credential_report", keywords, report={}, directory=str(tmp_path / "report"))])
    assert run.result("write")["msg"].startswith("credential_report writes on the controller only; set delegate_to: localhost")
    assert not (tmp_path / "report").exists()


def test_the_trend_is_in_the_report_that_stands_there(tmp_path):
    options = {"directory": str(tmp_path), "formats": list(report_files.RENDERERS), "mode": "0640", "metrics_mode": "0644", "trend_length": 3}
    made = report({"north-01": ("north", unknown(1))})
    for day in range(1, 6):
        given = dict(made, generated_at="2026-11-0%dT00:00:00Z" % day, trend=[dict(made["trend"][0], generated_at="2026-11-0%dT00:00:00Z" % day)])
        assert report_files.write_report(dict(options, report=given), False)["changed"]
        assert not report_files.write_report(dict(options, report=given), False)["changed"]
    kept = json.loads((tmp_path / "report.json").read_text())
    assert [point["generated_at"][:10] for point in kept["trend"]] == ["2026-11-03", "2026-11-04", "2026-11-05"]
    assert 'polyline class="critical"' in (tmp_path / "report.html").read_text()
    (tmp_path / "report.json").write_text('{"format": "eccops.rapid.credential_report", "format_version": 1, "trend": [{"generated_at": 1}]}')
    report_files.write_report(dict(options, report=given), False)  # what is spoiled is no history
    assert len(json.loads((tmp_path / "report.json").read_text())["trend"]) == 1


def test_two_at_once_leave_the_files_of_one(tmp_path):
    options = {"directory": str(tmp_path), "formats": list(report_files.RENDERERS), "mode": "0640", "metrics_mode": "0644", "trend_length": 1}
    fleets = [large_fleet(size) for size in (300, 600)]
    threads = [threading.Thread(target=report_files.write_report, args=(dict(options, report=fleets[number % 2]), False)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(modes(tmp_path)) == FILES
    total = json.loads((tmp_path / "report.json").read_text())["counts"]["subjects"]["total"]
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("tests") == str(total)
    assert '"all":{"columns"' in (tmp_path / "report.html").read_text() and total in (306, 606)


@pytest.mark.parametrize(("changes", "reported"), [
    ({"report": {}}, "report is not eccops.rapid.credential_report of version 1"),
    ({"mode": "rw"}, "mode is 'rw'; give octal digits"),
    ({"trend_length": 0}, "trend_length must be between"),
    ({"metrics_path": "/proc/none/rapidauth.prom"}, "cannot be written"),
    ({"directory": "/dev/null/report"}, "cannot be written to '/dev/null"),
])
def test_what_cannot_be_done_is_said_and_spoils_nothing(tmp_path, changes, reported):
    options = {"report": report({"a": ("b", entry(1))}), "directory": str(tmp_path), "formats": ["metrics"], "mode": "0640", "metrics_mode": "0644",
               "trend_length": 30}
    with pytest.raises(RapidError, match=reported):
        report_files.write_report(dict(options, **changes), False)
    assert os.listdir(tmp_path) == []
