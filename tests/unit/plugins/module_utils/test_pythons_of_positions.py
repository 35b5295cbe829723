# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What runs on positions does so with Python 3.8 and newer, and nothing but its standard library."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest

from ansible_collections.eccops.rapid import plugins
from ansible_collections.eccops.rapid.tests.unit.support import pythons
from ansible_collections.eccops.rapid.tests.unit.support.file_sets import ENDS_WELL, params, temporary_place
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place, shipped
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

COLLECTIONS = str(pathlib.Path(next(iter(plugins.__path__))).parents[3])
PATHS = pythons.found(["3.%d" % minor for minor in range(8, 15)])
SCRIPT = """
import json, sys
sys.path.insert(0, %(collections)r)
for name in ("requests", "cryptography", "urllib3"):
    sys.modules[name] = None  # not there, as on a position
from ansible_collections.eccops.rapid.plugins.module_utils.%(module)s import run
params = json.load(sys.stdin)
json.dump([run(dict(params, **more), False) for more in ({}, {}, {"state": "absent"})], sys.stdout)
assert not [name for name in sys.modules if name.endswith("requests_connection")]
"""


@pytest.fixture(name="results_of", params=list(PATHS))
def fixture_results_of(request):
    """Returns a function that gives the results of an operation that ensures its state, ensures it again, and removes it, on that Python."""
    if not PATHS[request.param]:
        pytest.skip("no Python %s on this machine" % request.param)

    def run(module, wanted):
        script = SCRIPT % {"collections": COLLECTIONS, "module": module}
        done = subprocess.run(
            [PATHS[request.param], "-W", "error", "-c", script], input=json.dumps(wanted), text=True, capture_output=True, check=False,
            env={"PATH": os.defpath, "LC_ALL": "C"}, timeout=60)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


@pytest.mark.slow
def test_installs_proves_and_removes_a_sac(results_of, tmp_path, authority, serve, server_context, ca_path):
    server = serve(response(404, {"Number": 1109, "Message": "x"}), context=server_context(client_ca_path=ca_path))
    options = Place(tmp_path / "sac", probe=True, api_url=server.url() + "/rapid", ca_path=ca_path).options
    results = results_of("_sac_deploy.installation", {**options, **shipped(authority, "SAC")})
    assert [(each["outcome"], each.get("is_proven")) for each in results] == [("installed", True), ("unchanged", None), ("removed", None)]
    assert not (tmp_path / "sac").exists()


@pytest.mark.slow
def test_installs_verifies_and_removes_a_set_of_files(results_of):
    with temporary_place() as place:
        results = results_of("_workstation.files", params(place, "1", verify_command=ENDS_WELL))
        assert [each["changed"] for each in results] == [True, False, True]
        assert not [path for path in place.rglob("*") if path.is_file()]
