# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Measures rotations and checks of 1, 100 and 1,000 positions from one controller. Apart from C(make bench), for it takes long.

    python tests/bench/scale.py [--local 1 100 1000] [--rotated 100] [--waves 1 5 100] [--hosts 1 10] [--settings 10] [--budget-seconds 1800]

C(--local) are directories of this machine over connections of the kind local: their modules run on the controller's own cores, which is more
than a controller has to do; where that would take too long, only the first C(--rotated) are rotated, by --limit, in one wave or in C(--waves).
C(--hosts) are real hosts over SSH: there a rotation is also compared with one ping of each position, in the same run.
And C(--settings) is what forks, pipelining and waves give on so many of those; without root and podman both
are left out, aloud. The positions collect by themselves, at once. Nothing fails by a number.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

from arrangement import BIN, REPOSITORY, Arrangement
from run import machine

sys.path[:0] = [str(REPOSITORY / "tests" / "hosts")]

import host_fleet  # noqa: E402  # pylint: disable=wrong-import-position
import host_images  # noqa: E402  # pylint: disable=wrong-import-position
import host_podman  # noqa: E402  # pylint: disable=wrong-import-position

NETWORK = "10.231.73.0/24"
PIPELINED = {"ANSIBLE_PIPELINING": "1"}
#: What each row changes of the first: (name, forks, environment, waves; None is one wave of all).
SETTINGS = [
    ("forks 20, pipelining, one wave", 20, PIPELINED, None),
    ("forks 5", 5, PIPELINED, None),
    ("forks 1", 1, PIPELINED, None),
    ("no pipelining", 20, {"ANSIBLE_PIPELINING": "0"}, None),
    ("PYTHONUNBUFFERED=1", 20, {**PIPELINED, "PYTHONUNBUFFERED": "1"}, None),
    ("waves of 1, 2 and the rest", 20, PIPELINED, [1, 2, "100%"]),
]
COLUMNS = ("job", "positions", "of", "what", "wall_seconds", "longest_wave_seconds", "cpu_seconds", "peak_mib", "peak_tree_mib", "load")


class Collecting(threading.Thread):
    """Has the service call a successor Collected as soon as it is there, as if its position had collected on its own schedule."""

    def __init__(self, arrangement):
        super().__init__(daemon=True)
        self._arrangement, self._is_over, self._seen = arrangement, threading.Event(), 0

    def __enter__(self):
        self.start()

    def __exit__(self, *unused):
        self._is_over.set()
        self.join()

    def run(self):
        while not self._is_over.wait(0.2):
            for entry in self._arrangement.asked("GET", f"/audit?after={self._seen}&effect=replace&limit=1000")["entries"]:
                self._arrangement.asked("PATCH", f"/credentials/{entry['request_id']}", {"status": "Collected"})
                self._seen = entry["seq"]


class Scale:
    """Measures one run after the other; C(rows) are what came out."""

    def __init__(self, arrangement, ends_at):
        self._arrangement, self._ends_at = arrangement, ends_at
        self.rows = []

    def rotate(self, hosts, of, what, forks, settings, waves, most=None):
        """Rotates C(hosts), {name: variables}, whose credentials are made for it; at the most the first C(most) of them."""
        place = self._arrangement.directory / f"fleet-{len(self.rows)}"
        for (name, variables), request_id in zip(hosts.items(), self._arrangement.fresh_credentials(len(hosts))):
            variables.update(rapidauth_request_id=request_id)
            variables.setdefault("rotation_request_path", str(place / name / "request.json"))
        limit = []
        if most and most < len(hosts):
            limit, what = ["--limit", ",".join(list(hosts)[:most])], f"{what}; {most} of them, by --limit"
        extra_vars = {"rotation_id": f"scale-{len(self.rows)}", "rotation_waves": waves or ["100%"], "rotation_collect_argv": ["/bin/true"]}
        with Collecting(self._arrangement):
            self._run("rotate", hosts, of, what, forks, settings, extra_vars, limit)

    def ping(self, hosts, forks, settings):
        """Measures the least that reaches every position: one task of one module."""
        play = [{"hosts": "dispatch_workstations", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}]
        self._run("ping", hosts, "ssh", "", forks, settings, {}, playbook=self._arrangement.write(play, ".yml"))

    def check(self, hosts, of):
        for variables, request_id in zip(hosts.values(), self._arrangement.request_ids):
            variables.update(rapidauth_request_id=request_id)
        self._run("check", hosts, of, "", 20, {}, {"check_fail_on": "never"})

    def _run(self, job, hosts, of, what, forks, settings, extra_vars, arguments=(), playbook=None):
        title = f"{job} {len(hosts)} {of} {what}"
        if time.monotonic() > self._ends_at:
            print(f"not measured, there is no time left: {title}", file=sys.stderr)
            return
        arrangement = self._arrangement
        results = arrangement.write("", ".results")
        inventory = arrangement.write({"dispatch_workstations": {"hosts": hosts}}, ".yml")
        extra_vars = {**extra_vars, "rapidauth_ledger_path": str(arrangement.directory / f"ledger-{len(self.rows)}.sqlite")}
        reported = {"ANSIBLE_CALLBACK_PLUGINS": REPOSITORY / "tests" / "functional" / "callback_plugins", "ANSIBLE_CALLBACKS_ENABLED": "task_results",
                    "TASK_RESULTS_PATH": results}
        line = ["env", *(f"{name}={value}" for name, value in {**reported, **settings}.items()), BIN / "ansible-playbook"]
        line += [playbook or f"eccops.rapid.{job}_credentials", "-i", inventory, "-f", forks, *arguments]
        line += ["-e", f"@{arrangement.connection_path}", "-e", f"@{arrangement.write(extra_vars)}"]
        load = os.getloadavg()[0]
        described = arrangement.measure(line, is_tree_watched=True)
        lines = [json.loads(each) for each in results.read_text(encoding="utf-8").splitlines()]
        waves = [float(each["result"]["ansible_facts"]["eccops_rapid_progress"]["wave_seconds"]) for each in lines
                 if each.get("task") == "Record the results of the wave"]
        row = {"job": job, "positions": len(hosts), "of": of, "what": what, "wall_seconds": described["wall_seconds"],
               "longest_wave_seconds": max(waves, default=None), "cpu_seconds": described["cpu_seconds"],
               "peak_mib": described["peak_memory_mib"], "peak_tree_mib": described["peak_tree_memory_mib"], "load": load}
        self.rows.append({name: round(value, 1) if isinstance(value, float) else value for name, value in row.items()})
        print(f"{title}: {described['wall_seconds']:.1f} s", file=sys.stderr, flush=True)


def local_hosts(count):
    own = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {f"position-{number:04}": dict(own) for number in range(count)}


@contextlib.contextmanager
def real_hosts(count):
    """Gives {name: variables} of real hosts that are gone afterwards."""
    host_podman.imported(host_images.built("bookworm"))
    name = f"bench-scale-{count}"
    fleet = host_fleet.Fleet(name, {f"position-{number:04}": "bookworm" for number in range(count)}, NETWORK)
    try:
        fleet.create()
        yield {host: {"ansible_ssh_common_args": f"-F {fleet.ssh_config}", "ansible_python_interpreter": "/usr/bin/python3", "rotation_become": True,
                      "rotation_request_path": "/var/lib/rapidauth/request.json"} for host in fleet.images}
    finally:
        host_fleet.destroy(name)


def measure_real(scale, counts, settings_count):
    """On real hosts, where the machine can have them."""
    try:
        host_podman.install(host_podman.lacking())
    except RuntimeError as reason:
        print(f"real hosts are not measured: {reason}", file=sys.stderr)
        return
    for count in sorted({*counts, *([settings_count] if settings_count else [])}):
        with real_hosts(count) as hosts:
            rows = SETTINGS if count == settings_count else SETTINGS[:1]
            scale.ping(hosts, *SETTINGS[0][1:3])
            for what, forks, settings, waves in rows:
                scale.rotate(hosts, "ssh", what, forks, settings, waves)


def ratios(rows):
    """Returns a line for each number of real hosts: how many pings of each position one rotation of all of them costs."""
    pings = {row["positions"]: row["wall_seconds"] for row in rows if row["job"] == "ping"}
    return [f"{row['positions']} hosts over ssh, {row['what']}: "
            f"a rotation takes {row['wall_seconds'] / pings[row['positions']]:.2f} x one ping of each position"
            for row in rows if row["job"] == "rotate" and row["of"] == "ssh" and row["what"] == SETTINGS[0][0]]


def table(rows):
    lines = ["| " + " | ".join(name.replace("_", " ") for name in COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return "\n".join(lines + ["| " + " | ".join("-" if row[name] is None else str(row[name]) for name in COLUMNS) + " |" for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--local", type=int, nargs="*", default=[1, 100, 1000])
    parser.add_argument("--rotated", type=int, default=100, help="local positions to rotate at the most")
    parser.add_argument("--waves", type=int, nargs="*", help="sizes of the waves of local positions, the last for all that follow; one wave without")
    parser.add_argument("--hosts", type=int, nargs="*", default=[1, 10])
    parser.add_argument("--settings", type=int, default=10, help="real hosts for the rows of settings; 0 for none")
    parser.add_argument("--budget-seconds", type=float, default=1800, help="after which no row is begun")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))  # so that what was made is removed
    with tempfile.TemporaryDirectory(prefix="rapid-bench-") as directory, Arrangement(directory, max([1, *options.local])) as arrangement:
        scale = Scale(arrangement, time.monotonic() + options.budget_seconds)
        measure_real(scale, options.hosts, options.settings)
        for count in options.local:
            scale.check(local_hosts(count), "-")
            what = "forks 20, pipelining, waves of " + ", ".join(map(str, options.waves)) if options.waves else SETTINGS[0][0]
            scale.rotate(local_hosts(count), "local", what, *SETTINGS[0][1:3], options.waves, most=options.rotated)
    print(table(scale.rows))
    print("\n".join(["", *ratios(scale.rows)]))
    about = machine()
    print(f"\n{about['cores']} cores, Python {about['python']}; one run each; sandbox and positions share the cores; CPU is that of Ansible, and of "
          "the modules of local positions")
    path = pathlib.Path(REPOSITORY, "build", "bench-scale.json")
    path.write_text(json.dumps({"machine": about, "rows": scale.rows}, indent=2) + "\n", encoding="utf-8")
    print(f"written: {path.relative_to(REPOSITORY)}", file=sys.stderr)


if __name__ == "__main__":
    main()
