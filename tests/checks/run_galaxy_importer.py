# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Builds the archive, imports it as Galaxy does, and fails by one error, one warning or one plugin without documentation."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "galaxy-importer"
BIN = pathlib.Path(sys.executable).parent
#: Kinds of plugins that ansible-doc documents.
DOCUMENTED_KINDS = ("module", "filter", "lookup", "test")


def undocumented(result):
    """Returns what the importer found no documentation of, of ``result``, the importer's JSON."""
    contents = [each for each in result["docs_blob"]["contents"] if each["content_type"] in DOCUMENTED_KINDS]
    return sorted({each["content_name"] for each in contents} - {each["content_name"] for each in contents if (each["doc_strings"] or {}).get("doc")})


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    environment = dict(
        os.environ, PATH=os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
        GALAXY_IMPORTER_CONFIG=str(ROOT / "tests" / "checks" / "galaxy-importer.cfg"), GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP=str(WORK / "ansible"))
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH"):
        environment.pop(name, None)
    subprocess.run([BIN / "ansible-galaxy", "collection", "build", ROOT, "--output-path", WORK], env=environment, cwd=WORK, check=True)
    (archive,) = WORK.glob("*.tar.gz")
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", archive.name], env=environment, cwd=WORK, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    found = [line for line in lines if line.startswith(("WARNING", "ERROR", "CRITICAL"))]
    if done.returncode and not found:
        found = lines[-20:] or ["galaxy-importer ended with %d" % done.returncode]
    if not found:
        result = json.loads((WORK / "importer_result.json").read_text(encoding="utf-8"))
        found = ["not documented: %s" % name for name in undocumented(result)]
        print("%s: %d contents imported, %d findings" % (archive.name, len(result["contents"]), len(found)))
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
