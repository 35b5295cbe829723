# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Compares every script, module, embedded script and C# file with Windows PowerShell 5.1 and .NET Framework 4.8, and plants each mistake.

One process of PowerShell 7 judges all. Set WINDOWS_API_DATA to the directory with the two lists; where it is set, nothing is skipped."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import documented_commands as documented
import pytest
import yaml
from planted_mistakes import PLANTED, SOUND

ROOT = documented.ROOT
CHECKER = ROOT / "tests" / "checks" / "windows_api.ps1"
DATA = os.environ.get("WINDOWS_API_DATA")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    not DATA, reason="PowerShell is not compared with 5.1 and .NET Framework 4.8: WINDOWS_API_DATA is not set")]


def tracked(*patterns):
    """Returns the files that are, or are about to be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60).stdout.decode()
    return sorted(path for path in (ROOT / name for name in set(listed.split("\0")) if name) if path.is_file())


def embedded():
    """Yields (name, script) of each script in a workflow or a page."""
    def look(value):
        if isinstance(value, dict):
            if value.get("shell") in ("powershell", "pwsh"):  # of a workflow
                yield value["run"]
            for each in value.values():
                yield from look(each)
        elif isinstance(value, list):
            for each in value:
                yield from look(each)

    for path in tracked("*.yml"):
        text = path.read_text(encoding="utf-8")
        if "shell: p" in text:
            for number, script in enumerate(look(yaml.safe_load(text)), 1):
                yield "%s script %d" % (path.relative_to(ROOT), number), script
    for path in tracked("*.md"):
        for line, language, lines in documented.blocks_of(path.read_text(encoding="utf-8")):
            if language == "powershell":
                yield "%s from line %d" % (path.relative_to(ROOT), line), "\n".join(lines) + "\n"


@pytest.fixture(scope="module", name="mistakes")
def fixture_mistakes(tmp_path_factory):
    """Returns {name: [line of the checker]} of all that was looked at, mistakes or not."""
    directory = tmp_path_factory.mktemp("scripts")
    entries = [{"path": str(path), "name": str(path.relative_to(ROOT)), "style": path.suffix in (".ps1", ".psm1")}
               for path in tracked("*.ps1", "*.psm1", "*.psd1", "*.cs") if path.parent != CHECKER.parent]
    texts = [("%s.ps1" % name, script, False) for name, script in embedded()]
    texts += [("planted/%s%s" % (name, suffix), text, True) for name, (suffix, text, unused_found) in PLANTED.items()]
    texts += [("sound/%s%s" % (name, suffix), text, True) for name, (suffix, text) in SOUND.items()]
    for number, (name, text, has_style) in enumerate(texts):
        path = directory / ("%d%s" % (number, name[name.rindex("."):]))
        path.write_text(text, encoding="utf-8")
        entries.append({"path": str(path), "name": name, "style": has_style})
    (directory / "list.json").write_text(json.dumps(entries), encoding="utf-8")
    program = shutil.which("pwsh")
    assert program, "WINDOWS_API_DATA is set, and there is no PowerShell 7 (pwsh) on the PATH"
    done = subprocess.run(
        [program, "-NoProfile", "-NonInteractive", "-File", CHECKER, "-DataDirectory", DATA, "-ListPath", directory / "list.json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1 and not done.stderr, done.stdout[-2000:] + done.stderr
    found = {entry["name"]: [] for entry in entries}
    for line in done.stdout.splitlines():
        found[re.match(r"(.*?\.\w+):\d+: ", line).group(1)].append(line)
    return found


@pytest.mark.parametrize("path", tracked(".github/workflows/*.yml"), ids=lambda path: path.name)
def test_a_workflow_may_do_little_and_runs_only_what_is_pinned(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert workflow["permissions"] == {"contents": "read"} and all("permissions" not in job and "timeout-minutes" in job for job in workflow["jobs"].values())
    assert used and all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each) for each in used)
    assert not [step for step in steps if "${{" in step.get("run", "")]
    named = re.findall(r"(?:tests[/\\\\][\w./\\\\]+|\./\w+\.psd1)", " ".join(step.get("run", "") for step in steps))
    assert named and all((ROOT / pathlib.PureWindowsPath(each).as_posix()).exists() for each in named)


def test_ours_have_nothing_that_a_real_windows_lacks(mistakes):
    ours = [line for name, lines in mistakes.items() if not name.startswith("planted/") for line in lines]
    assert len(mistakes) > len(PLANTED) + 10
    assert ours == [], "\n" + "\n".join(ours)


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_mistake_is_found(mistakes, name):
    suffix, unused_text, expected = PLANTED[name]
    found = mistakes["planted/%s%s" % (name, suffix)]
    assert len(found) == 1 and expected in found[0], found
