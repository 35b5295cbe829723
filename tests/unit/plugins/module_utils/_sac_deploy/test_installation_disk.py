# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A disk that does not take a SAC whole leaves what was there."""

from __future__ import annotations

import json
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

import pytest

from ansible_collections.eccops.rapid import plugins
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import NEEDS_ROOT, refusal


def test_a_file_that_cannot_be_written_whole_leaves_what_was_there(place, sacs):
    place.have(sacs[0])
    left = place.listing()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for size in (0, 10, 600, 700):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
            refusal("not_written", lambda: place.have(sacs[1]), "File too large", "is intact")
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert place.listing() == left
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert place.have(sacs[1])["outcome"] == "replaced"


ON_A_SMALL_DISK = """
import json, os, subprocess, sys
sys.path.insert(0, %(collections)r)
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place
sacs, disk = json.load(sys.stdin), %(disk)r
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k,mode=755", "tmpfs", disk], check=True)
place, said = Place(disk + "/place"), []
def refused(**options):
    left = place.listing()
    try:
        place.have(sacs[1], **options)
        said.append("done")
    except RapidError as error:
        said.append(error.kind + ": " + error.message)
    assert place.listing() == left, options
place.have(sacs[0])
with open(disk + "/filling", "wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError:
        pass
refused()
os.unlink(disk + "/filling")
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
refused()
refused(state="absent")
refused(is_check_mode=True)
subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
said.append(place.have(sacs[1])["outcome"])
place.assert_clean(2)
print(json.dumps(said))
"""


@NEEDS_ROOT
def test_a_full_disk_and_one_that_is_read_only_leave_what_was_there(tmp_path, sacs):
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace of our own can be had here: a full and a read-only disk are not tried")
    (tmp_path / "disk").mkdir()
    script = ON_A_SMALL_DISK % {"collections": str(pathlib.Path(next(iter(plugins.__path__))).parents[3]), "disk": str(tmp_path / "disk")}
    done = subprocess.run([unshare, "--mount", sys.executable, "-c", script], input=json.dumps(sacs), text=True, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    full, read_only, absent, check, afterwards = json.loads(done.stdout)
    assert full.startswith("not_written: ") and "No space left on device" in full
    assert all(each.startswith("not_written: ") and "Read-only file system" in each for each in (read_only, absent))
    assert (check, afterwards) == ("done", "replaced")
