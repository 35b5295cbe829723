# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Measures the collection beside what one would use without it, against one sandbox of its own: ``make bench``.

    python tests/bench/run.py [--quick] [--budget-seconds 660]

Each round measures every row once, at both latencies, so that what else the machine does hits all alike; rows that
take long have fewer rounds, and none begins that would not end within the budget. Nothing fails by a number: it prints
one table and writes build/bench.json.
"""

import argparse
import os
import pathlib
import platform
import signal
import sys
import tempfile
import time

import report
import rows
from arrangement import REPOSITORY, Arrangement

LATENCIES_MS = (0, 50)
MOST_ROUNDS = 7


def progress(text):
    print(text, file=sys.stderr, flush=True)


def measure_all(arrangement, wanted, most_rounds, ends_at):
    """Returns the Outcome. The first round is measured whole, whatever it takes."""
    outcome = report.Outcome()
    for number in range(most_rounds):
        for latency_ms in LATENCIES_MS:
            arrangement.slow_down(latency_ms)
            for row in wanted:
                has_time = number == 0 or time.monotonic() + 1.2 * outcome.last_wall_seconds(row, latency_ms) < ends_at
                if latency_ms not in row.latencies_ms or number >= row.most_rounds or not has_time:
                    continue
                reported = rows.measured(arrangement, row)
                outcome.add(row, latency_ms, number, reported)
                progress(f"round {number + 1}: {row.name} n={row.n} at {latency_ms} ms: {reported['wall_seconds']:.2f} s")
    return outcome


def machine():
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {"cores": os.cpu_count(), "memory_gib": round(pages * size / 2**30), "python": platform.python_version()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="about a minute: one round, smaller numbers, nothing with 10,000")
    parser.add_argument("--budget-seconds", type=float, default=660)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))  # so that what was made is removed
    wanted = rows.rows(options.quick)
    sizes = {row.name: row.n for row in wanted}
    begin, load_before = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="rapid-bench-") as directory:
        with Arrangement(directory, max(sizes.values()) if options.quick else 10000) as arrangement:
            outcome = measure_all(arrangement, wanted, 1 if options.quick else MOST_ROUNDS, begin + options.budget_seconds)
    seconds = round(time.monotonic() - begin)
    load = [round(each, 1) for each in (load_before, os.getloadavg()[0])]
    about = {"is_quick": options.quick, "seconds": seconds, "machine": machine(), "load": load}
    entries = outcome.entries()
    values = [(ratio, outcome.value(ratio.formula)) for ratio in report.ratios(sizes["replacements"], sizes["uri_loop"])]
    print(report.table(entries, values))
    print(f"\n{about['machine']['cores']} cores, Python {about['machine']['python']}, load {load[0]} before and {load[1]} "
          f"after, {seconds} s; medians; the sandbox runs on the same cores and its CPU is not counted")
    path = pathlib.Path(REPOSITORY, "build", "bench.json")
    report.write(path, about, entries, values)
    progress(f"written: {path.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
