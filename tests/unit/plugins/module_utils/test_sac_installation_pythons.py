# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The installation runs on the position with Python 3.8 and newer, and nothing but its standard library."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from ansible_collections.eccops.rapid import plugins
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place, shipped
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

COLLECTIONS = str(pathlib.Path(next(iter(plugins.__path__))).parents[3])
SCRIPT = """
import json, sys
sys.path.insert(0, %(collections)r)
for name in ("requests", "cryptography", "urllib3"):
    sys.modules[name] = None  # not there, as on a position
from ansible_collections.eccops.rapid.plugins.module_utils.sac_installation import have_sac
params = json.load(sys.stdin)
results = [have_sac(dict(params, **more), False) for more in ({}, {}, {"state": "absent"})]
json.dump([[each["outcome"], each.get("is_proven")] for each in results], sys.stdout)
"""


def pythons():
    """Returns {version: path} of the Pythons of this machine that a position may have."""
    folders = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv") / "versions"
    found = {}
    for minor in range(8, 15):
        version = "3.%d" % minor
        candidates = [*sorted(folders.glob(version + ".*/bin/python")), shutil.which("python" + version), sys.executable]
        for each in filter(None, candidates):
            told = subprocess.run([str(each), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
            if told.stdout.strip() == version:
                found[version] = str(each)
                break
    return found


@pytest.mark.slow
def test_every_python_of_a_position_installs_proves_and_removes_it(tmp_path, authority, serve, server_context, ca_path):
    server = serve(response(404, {"Number": 1109, "Message": "x"}), context=server_context(client_ca_path=ca_path))
    found = pythons()
    missing = ["3.%d" % minor for minor in range(8, 15) if "3.%d" % minor not in found]
    print("not on this machine: %s" % (", ".join(missing) or "none"))
    assert found
    for version, python in found.items():
        params = Place(tmp_path / version, probe=True, api_url=server.url() + "/rapid", ca_path=ca_path).options
        done = subprocess.run(
            [python, "-W", "error", "-c", SCRIPT % {"collections": COLLECTIONS}], input=json.dumps({**params, **shipped(authority, "SAC")}), text=True,
            capture_output=True, check=False, env={"PATH": os.defpath, "LC_ALL": "C"}, timeout=60)
        assert done.returncode == 0, (version, done.stderr[-2000:])
        assert json.loads(done.stdout) == [["installed", True], ["unchanged", None], ["removed", None]], version
        assert not (tmp_path / version).exists()
