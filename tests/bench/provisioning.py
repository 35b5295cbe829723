# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Measures provision_workstations on real hosts over SSH, beside the engine's own floor: part of ``make bench``.

    python tests/bench/provisioning.py [--hosts 1 10 50] [--rounds 3] [--sac]

The floor is what the same number of ``ping`` tasks costs over the same hosts with the same forks. Needs root and podman;
without them it says so and measures nothing. Nothing fails by a number.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import sys
import time

from arrangement import REPOSITORY

sys.path[:0] = [str(REPOSITORY / "tests" / "hosts")]

import host_fleet  # noqa: E402  # pylint: disable=wrong-import-position
import host_images  # noqa: E402  # pylint: disable=wrong-import-position
import host_podman  # noqa: E402  # pylint: disable=wrong-import-position
import provisioning_arrangement  # noqa: E402  # pylint: disable=wrong-import-position

FORKS = 20
NETWORK = "10.231.71.0/24"
#: Remote tasks on each host: everything of the launcher in one, and everything of the SAC in one.
TASKS_LAUNCHER, TASKS_BOTH = 1, 2


def measure(fleet, rounds, is_sac_wanted):
    """Returns {row: [wall seconds, one of each round]}; the rounds interleave the rows."""
    arrangement = provisioning_arrangement.Arrangement(fleet, FORKS, is_sac_wanted)
    tasks = TASKS_BOTH if is_sac_wanted else TASKS_LAUNCHER
    rows = {"one ping": lambda: arrangement.ping(1), "floor": lambda: arrangement.ping(tasks), "first run": arrangement.provision,
            "no change": arrangement.provision, "no change, one wave": lambda: arrangement.provision(waves=["100%"])}
    walls = {name: [] for name in rows}
    with arrangement:
        arrangement.ping(1)  # opens the connections that all rows share
        for number in range(rounds):
            for name, run in rows.items():
                begin = time.monotonic()
                run()
                walls[name].append(time.monotonic() - begin)
                print(f"round {number + 1}: {name}, {len(fleet.images)} hosts: {walls[name][-1]:.2f} s", file=sys.stderr, flush=True)
            arrangement.remove()
    return walls


def table(found):
    lines = [f"{'hosts':>5}  {'row':22} {'wall':>8}  {'/ one ping':>10}  {'/ floor':>8}"]
    for count, walls in found.items():
        middle = {name: statistics.median(values) for name, values in walls.items()}
        for name, wall in middle.items():
            lines.append(f"{count:>5}  {name:22} {wall:>6.2f} s  {wall / middle['one ping']:>10.2f}  {wall / middle['floor']:>8.2f}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sac", action="store_true", help="the SAC too, instead of the launcher alone")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))
    try:
        missing = host_podman.lacking()
    except RuntimeError as reason:
        print(f"\nprovisioning is not measured: {reason}")
        return
    host_podman.install(missing)
    host_podman.imported(host_images.built("bookworm"))
    found = {}
    for count in options.hosts:
        name = f"bench-{count}"
        fleet = host_fleet.Fleet(name, {f"position-{number:03}": "bookworm" for number in range(count)}, NETWORK)
        try:
            found[count] = measure(fleet.create(), options.rounds, options.sac)
        finally:
            host_fleet.destroy(name)
    print(table(found))
    print(f"\n{os.cpu_count()} cores, {FORKS} forks, medians of {options.rounds} rounds; the hosts run on the same cores as the controller")
    path = pathlib.Path(REPOSITORY, "build", "bench-provisioning.json")
    path.write_text(json.dumps({"is_sac_wanted": options.sac, "forks": FORKS, "wall_seconds": found}, indent=2) + "\n", encoding="utf-8")
    print(f"written: {path.relative_to(REPOSITORY)}", file=sys.stderr)


if __name__ == "__main__":
    main()
