# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes a directory hold exactly the files given on standard input; prints "changed" or "unchanged".

    python install_program.py DIRECTORY [--check] < {"name.py": "text", ...}

One task puts the whole program on a host; a copy per file takes a minute. Modules that a new version no longer has are removed, and
nobody ever sees a half of it: the directory is made beside the old one and takes its place.
"""

import json
import os
import pathlib
import shutil
import sys


def main(directory, *options):
    directory, wanted = pathlib.Path(directory), json.load(sys.stdin)
    if _read(directory) == wanted:
        return "unchanged"
    if "--check" not in options:
        _replace(directory, wanted)
    return "changed"


def _read(directory):
    """{name: text} of the files, None where modes, owners or names are not as written here."""
    if not directory.is_dir() or _is_wrong(directory, 0o755):
        return None
    paths = [path for path in directory.iterdir() if path.name != "__pycache__"]
    if any(not path.is_file() or path.is_symlink() or _is_wrong(path, 0o644) for path in paths):
        return None
    return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in paths}


def _is_wrong(path, mode):
    status = path.lstat()
    return status.st_mode & 0o7777 != mode or (status.st_uid, status.st_gid) != (0, 0)


def _replace(directory, wanted):
    os.umask(0o022)
    new, old = (directory.with_name(".%s.%s" % (directory.name, word)) for word in ("new", "old"))
    for each in (new, old):
        shutil.rmtree(each, ignore_errors=True)
    new.mkdir()
    for name, text in wanted.items():
        (new / name).write_text(text, encoding="utf-8")
    if directory.exists():
        directory.rename(old)
    new.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
