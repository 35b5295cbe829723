# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Tries every supported ansible-core with every Python it runs on that this machine can have, and writes the tables of docs/support_matrix.md.

Each pair gets a virtual environment of its own and a chosen part of the functional tests; each ansible-core gets
ansible-test sanity and units once; C(positions) is what runs on positions, on every Python. Arguments such as C(2.16/3.10),
C(2.16/units) or C(positions) try that again, and keep the rest of the tables.
"""

from __future__ import annotations

import collections
import itertools
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import contained
import positions

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "unit" / "support"))

import pythons  # noqa: E402  # pylint: disable=wrong-import-position

HERE = ROOT / "build" / "collections" / "ansible_collections" / "eccops" / "rapid"
WORK = ROOT / "build" / "matrix"
PAGE = ROOT / "docs" / "support_matrix.md"
MARKS = ("<!-- matrix begins -->\n", "<!-- matrix ends -->\n")
RESULTS = WORK / "results.json"
UV = pathlib.Path(sys.executable).parent / "uv"
#: The Pythons that an ansible-core runs on, by its support matrix.
CORES = {
    "2.16": ("3.10", "3.11", "3.12"), "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"), "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"), "2.21": ("3.12", "3.13", "3.14"),
}
PYTHONS = sorted({python for pythons in CORES.values() for python in pythons}, key=lambda version: int(version.split(".")[1]))
POSITIONS = "positions"
#: What is tried once for each ansible-core, with the Python that all of them have.
KINDS = ("sanity", "units")
PYTHON_OF_ALL_CORES = "3.12"
#: The modules in every way of being called, what they leave of a secret, whole waves, and all plugins of an archive that this core built and installed.
PARTS = (
    "test_modules_shipped.py", "test_leaks.py", "test_rotation_outcomes.py", "test_playbook_block.py", "test_packaging.py",
    "test_hostile_position.py", "test_hostile_windows.py", "test_site_settings.py", "test_windows_rotation.py", "test_windows_rehearsal.py",
)


def environment_for(core, version, python):
    """Makes the virtual environment of a pair and returns its Python."""
    place = WORK / ("%s-%s" % (core, version))
    subprocess.run([UV, "venv", "--quiet", "--clear", "--python", python, place], check=True)
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--python", place / "bin" / "python", "ansible-core==%s.*" % core, "-r", ROOT / "requirements.txt",
         "-r", ROOT / "tests" / "run-requirements.txt", "-r", ROOT / "tests" / "unit" / "requirements.txt", "pytest", "pytest-xdist"], check=True)
    return place / "bin" / "python"


def counts(text):
    """Returns {"passed": number, "failed": ..., "error": ...}, summed over every run of pytest in a log."""
    found = collections.Counter()
    for summary in re.findall(r"^.*\d (?:passed|failed|error).* in [\d.]+s.*$", text, re.MULTILINE):
        for number, word in re.findall(r"(\d+) (passed|failed|error)", summary):
            found[word] += int(number)
    return found


def said_by(name, command, environment=None, place=HERE):
    """Runs a command and returns (its exit code, what it said), which is kept in a log."""
    # The tests set their own; the machine's must not reach ansible-test.
    own = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    log = WORK / (name.replace("/", "-") + ".log")
    with log.open("w") as file:
        code = subprocess.run(
            command, cwd=place, env=environment or dict(own, SANDBOX_PYTHON=sys.executable), stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, check=False).returncode
    return code, log.read_text(errors="replace")


def verdict(name, command, environment=None, place=HERE):
    """Runs a command, and returns what the table shows of it."""
    began = time.monotonic()
    code, said = said_by(name, command, environment, place)
    found = counts(said)
    bad = found["failed"] + found["error"]
    if code == 0:
        reported = "%d pass" % found["passed"] if found else "passes"
    else:
        reported = "**%d of %d fail**" % (bad, bad + found["passed"]) if bad else "**fails**"
    print("%-24s %-20s %4d s" % (name, reported, time.monotonic() - began), flush=True)
    return reported


def attempt(name, core, version, python, image):
    """Tries one entry of the table: C(core/python), C(core/sanity) or C(core/units)."""
    kind = name.split("/")[1]
    if kind in KINDS:
        return verdict(name, [python, ROOT / "tests" / "checks" / "run_ansible_test.py", kind], place=ROOT)
    arguments = ["-q", "-n", "2", "--dist", "loadfile", *("tests/functional/" + part for part in PARTS)]
    if python:
        return verdict(name, [python, "-m", "pytest", *arguments])
    return verdict(name, *contained.command(image, core, version, arguments))


def attempt_positions(images):
    """Returns the outcomes of what runs on positions, on this machine's Pythons and on those of the images."""
    arguments = ["-v", *positions.TESTS]
    seen = positions.outcomes(said_by("positions", [sys.executable, "-m", "pytest", *arguments])[1])
    for version, image in images.items():
        newest = list(CORES)[-1]
        seen.update(positions.outcomes(said_by("positions-" + version, *contained.command(image, newest, version, arguments))[1]))
    print("%-24s %d passed, %d did not" % ("positions", list(seen.values()).count("PASSED"), len(seen) - list(seen.values()).count("PASSED")), flush=True)
    return seen


def table(reported, found):
    lines = ["| ansible-core | %s | sanity | units |" % " | ".join("Python " + version for version in PYTHONS), "|---" * (len(PYTHONS) + 3) + "|"]
    for core, versions in CORES.items():
        row = ["–" if version not in versions else reported.get("%s/%s" % (core, version), "not tried" if version in found else "not here")
               for version in PYTHONS]
        lines.append("| %s | %s |" % (core, " | ".join([*row, *(reported.get("%s/%s" % (core, kind), "not tried") for kind in KINDS)])))
    missing = [version for version in PYTHONS if version not in found]
    lines += ["", *positions.table(reported.get(POSITIONS, {}))]
    lines += ["", "Tried on %s with %s%s." % (
        time.strftime("%Y-%m-%d"), platform.freedesktop_os_release()["PRETTY_NAME"],
        "; it has no Python %s, so nothing could be tried with that" % " and no ".join(missing) if missing else "")]
    return "\n".join(lines)


def entries():
    """Returns {entry of the table: (ansible-core, Python)}; an entry is C(core/python), C(core/sanity) or C(core/units)."""
    return {
        "%s/%s" % (core, each): (core, version) for core, versions in CORES.items() for version in versions
        for each in (version, *(KINDS if version == PYTHON_OF_ALL_CORES else ()))}


def main(wanted):
    unknown = sorted(set(wanted) - {*entries(), POSITIONS})
    if unknown:
        return "the table has no entry %s; give some of %s" % (", ".join(unknown), ", ".join([*entries(), POSITIONS]))
    paths = pythons.found(PYTHONS)
    images = {version: image for version in PYTHONS if not paths[version] and (image := contained.image_of(version))}
    found = [version for version in PYTHONS if paths[version] or version in images]
    print("Pythons: %s; in containers: %s; missing: %s" % (
        ", ".join(version for version in PYTHONS if paths[version]), ", ".join(images) or "none",
        ", ".join(version for version in PYTHONS if version not in found) or "none"), flush=True)
    WORK.mkdir(parents=True, exist_ok=True)
    reported = json.loads(RESULTS.read_text(encoding="utf-8")) if wanted and RESULTS.exists() else {}
    for (core, version), names in itertools.groupby([name for name in entries() if not wanted or name in wanted], entries().get):
        python = environment_for(core, version, paths[version]) if paths[version] else None
        for name in names if version in found else ():
            reported[name] = attempt(name, core, version, python, images.get(version))
            RESULTS.write_text(json.dumps(reported), encoding="utf-8")
    if not wanted or POSITIONS in wanted:
        reported[POSITIONS] = attempt_positions(images)
        RESULTS.write_text(json.dumps(reported), encoding="utf-8")
    page = table(reported, found)
    print("\n" + page)
    before, rest = PAGE.read_text(encoding="utf-8").split(MARKS[0])
    PAGE.write_text(before + MARKS[0] + page + "\n" + MARKS[1] + rest.split(MARKS[1])[1], encoding="utf-8")
    return "**" in page


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
