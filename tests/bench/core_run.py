# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The cores without Ansible, and the load generator, each as a process that can be measured.

    python core_run.py check PARAMETERS.json        what rapidauth_request_info runs
    python core_run.py rotate PARAMETERS.json       what rapidauth_rotation runs; without ledger_path it records nothing
    python core_run.py load PARAMETERS.json         mutual-TLS GETs for some seconds by the client of sandbox_throughput

The last line of its output is JSON: how many were done in how many seconds, the start of the process not counted.
"""

import asyncio
import json
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "build" / "collections"))


def check(parameters):
    from ansible_collections.eccops.rapid.plugins.module_utils._credentials.lookup import check_credentials

    summary = check_credentials(parameters, False)["summary"]
    assert not summary["unknown"] and not summary["failed"], summary
    return summary["total"]


def rotate(parameters):
    from ansible_collections.eccops.rapid.plugins.module_utils._rotation import rotation

    summary = rotation.rotate(parameters, False)["summary"]
    assert summary == {"replaced": summary["total"], "total": summary["total"]}, summary
    return summary["total"]


def load(parameters):
    import sandbox_throughput

    seconds = parameters["seconds"]
    return round(seconds * asyncio.run(sandbox_throughput.measure(parameters["values"], parameters["concurrency"], seconds)))


if __name__ == "__main__":
    KIND, PATH = sys.argv[1:]
    with open(PATH, encoding="utf-8") as file:
        PARAMETERS = json.load(file)
    BEGIN = time.monotonic()
    COUNT = {"check": check, "rotate": rotate, "load": load}[KIND](PARAMETERS)
    print(json.dumps({"count": COUNT, "seconds": PARAMETERS.get("seconds") or time.monotonic() - BEGIN}))
