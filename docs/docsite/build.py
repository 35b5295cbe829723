# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Builds the docs site into build/docs/html from the hand-written pages and the documentation of plugins and roles.

Every warning of Sphinx is a failure: a dead link, an unreachable page, code that is not in its declared language.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "docs" / "docsite"
COLLECTIONS = ROOT / "build" / "collections"
WORK = ROOT / "build" / "docs"
SOURCE = WORK / "source"
BIN = pathlib.Path(sys.executable).parent
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.rst", "docs/*.md", "roles/*/README.md")
PICTURES = ("docs/**/*.png", "docs/**/*.svg", "roles/*/*.png")
FILES_URL = "https://github.com/eccops/ansible-collection-rapid/blob/main/"
LINK = re.compile(r"(?<=\]\()([^)#\s:]+)(?=[)#])")


def matching(patterns):
    return {path for pattern in patterns for path in ROOT.glob(pattern)}


def page_text(page, copied):
    """Returns the text of a page; its links to files that are not C(copied) point to the repository."""

    def target(link):
        path = (page.parent / link.group(1)).resolve()
        if path in copied or not path.is_relative_to(ROOT) or not path.exists():
            return link.group(1)  # Sphinx reports a dead link
        return FILES_URL + path.relative_to(ROOT).as_posix()

    text = page.read_text(encoding="utf-8")
    return LINK.sub(target, text) if page.suffix == ".md" else text


def collect():
    """Recreates SOURCE from the checkout."""
    shutil.rmtree(WORK, ignore_errors=True)
    pages = matching(PAGES)
    pictures = matching(PICTURES)
    for path in pages | pictures:
        (SOURCE / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
    for path in pictures:
        shutil.copy(path, SOURCE / path.relative_to(ROOT))
    for page in pages:
        (SOURCE / page.relative_to(ROOT)).write_text(page_text(page, pages | pictures), encoding="utf-8")
    shutil.copy(HERE / "index.md", SOURCE)
    # antsibull-docs refuses a directory that others may write to.
    (SOURCE / "reference").mkdir(mode=0o700)


def main():
    collect()
    environment = dict(
        os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), PATH=os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]))
    commands = (
        ["antsibull-docs", "collection", "--use-current", "--fail-on-error", "--squash-hierarchy", "--no-add-antsibull-docs-version", "--dest-dir",
         SOURCE / "reference", "eccops.rapid"],
        ["sphinx-build", "-q", "--fail-on-warning", "--keep-going", "-c", HERE, "-d", WORK / "doctrees", SOURCE, WORK / "html"],
    )
    for program, *arguments in commands:
        code = subprocess.run([BIN / program, *arguments], env=environment, stdin=subprocess.DEVNULL, check=False).returncode
        if code:
            return code
    print("The docs site is in %s" % (WORK / "html" / "index.html").relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
