# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The outcome: medians of each row, the ratios between rows with their goals, one table, one JSON file."""

import collections
import json
import statistics

Ratio = collections.namedtuple("Ratio", "name formula goal says")


class Outcome:
    """What was measured, round by round."""

    def __init__(self):
        self._rounds = {}  # {(name, n, latency_ms): {round: what it cost}}

    def add(self, row, latency_ms, number, reported):
        self._rounds.setdefault((row.name, row.n, latency_ms), {})[number] = reported

    def last_wall_seconds(self, row, latency_ms):
        rounds = self._rounds.get((row.name, row.n, latency_ms))
        return list(rounds.values())[-1]["wall_seconds"] if rounds else 0.0

    def entries(self):
        """Returns one entry for each row and latency."""
        return [_entry(*key, list(rounds.values())) for key, rounds in self._rounds.items()]

    def value(self, formula):
        """Returns the median over all rounds in which everything that ``formula`` asks for was measured, else None.

        Both sides of a ratio come from the same round: what else the machine does changes from minute to minute.
        """
        values = []
        for number in sorted({number for rounds in self._rounds.values() for number in rounds}):
            try:
                values.append(formula(lambda name, n, latency_ms, field="wall_seconds": self._rounds[name, n, latency_ms][number][field]))
            except KeyError:
                continue
        return round(statistics.median(values), 3) if values else None


def _entry(name, n, latency_ms, costs):
    middle = {field: statistics.median(cost[field] for cost in costs) for field in ("wall_seconds", "cpu_seconds", "tls_handshakes")}
    entry = {
        "name": name, "n": n, "latency_ms": latency_ms,
        "median_wall_seconds": round(middle["wall_seconds"], 3), "cpu_seconds": round(middle["cpu_seconds"], 3),
        "peak_memory_mib": round(max(cost["peak_memory_mib"] for cost in costs), 1),
        "tls_handshakes": round(middle["tls_handshakes"]), "rounds": len(costs),
    }
    if costs[0]["peak_tree_memory_mib"] is not None:
        entry["peak_tree_memory_mib"] = round(max(cost["peak_tree_memory_mib"] for cost in costs), 1)
    return entry


def _speedup(checks, n, latency_ms, loop_n):
    return lambda of: of("uri_loop", loop_n, latency_ms) / loop_n / (of(checks, n, latency_ms) / n)


def _ledger_share(n, latency_ms):
    return lambda of: of("replacements_core", n, latency_ms) / of("replacements_core_no_ledger", n, latency_ms) - 1


def _database_share(n, latency_ms):
    return lambda of: of("replacements_core_postgresql", n, latency_ms) / of("replacements_core", n, latency_ms) - 1


def _cpu_of_one_more(of, fewer, more):
    return (of("status_checks", more, 0, "cpu_seconds") - of("status_checks", fewer, 0, "cpu_seconds")) / (more - fewer)


def ratios(wave, loop_n):
    """Returns the ratios; a goal is ``(">=" or "<=", number)``, or None where the number only informs."""
    fast, low = (">=", 200), ("<=", 1.3)
    found = [Ratio(f"status_checks_{n}_times_faster_than_uri_loop_per_item_{latency_ms}ms", _speedup("status_checks", n, latency_ms, loop_n), fast,
                   f"whole playbooks, {n} checks, 16 at once") for latency_ms in (0, 50) for n in (1000, 10000)]
    found += [Ratio(f"status_checks_{n}_concurrency_64_times_faster_than_uri_loop_per_item_50ms",
                    _speedup("status_checks_concurrency_64", n, 50, loop_n), fast, "the same with 64 at once") for n in (1000, 10000)]
    return [
        *found,
        Ratio("status_checks_over_curl_plus_ansible_start_50ms",
              lambda of: of("status_checks", 1000, 50) / (of("curl_parallel", 1000, 50) + of("empty_playbook", 0, 50)), low,
              "1,000 checks, both 16 at once"),
        Ratio("ledger_share_50ms", _ledger_share(wave, 50), ("<=", 0.1), f"what the ledger adds to a wave of {wave}"),
        Ratio("ledger_in_postgresql_over_sqlite_50ms", _database_share(wave, 50), ("<=", 0.1), f"what the ledger costs more in PostgreSQL, a wave of {wave}"),
        Ratio("ledger_share_0ms", _ledger_share(wave, 0), None, "the same, at a server that answers at once"),
        Ratio("peak_memory_mib_10000", lambda of: of("status_checks", 10000, 0, "peak_memory_mib"), ("<=", 150), "of the process doing it"),
        Ratio("peak_tree_memory_mib_10000", lambda of: of("status_checks", 10000, 0, "peak_tree_memory_mib"), None, "of all of ansible-playbook"),
        Ratio("growth_per_item_100_to_10000",
              lambda of: of("status_checks", 10000, 0) / of("status_checks", 100, 0) / 100, ("<=", 1), "wall per item at 10,000 / at 100"),
        Ratio("growth_cpu_of_one_more_item", lambda of: _cpu_of_one_more(of, 1000, 10000) / _cpu_of_one_more(of, 100, 1000), None,
              "CPU for one more item beyond 1,000 / below: without Ansible's start"),
        Ratio("playbook_1000_over_empty_playbook_0ms",
              lambda of: of("status_checks", 1000, 0) / of("empty_playbook", 0, 0), ("<=", 3), "a playbook of one task, 1,000 checks"),
        Ratio("check_credentials_1000_over_empty_playbook_0ms",
              lambda of: of("check_credentials_playbook", 1000, 0) / of("empty_playbook", 0, 0), None,
              "eccops.rapid.check_credentials, inventory of 1,000"),
        Ratio("status_checks_per_second_over_bare_server_0ms",
              lambda of: of("load_generator", 1000, 0) / of("status_checks", 1000, 0), None, "1: as many as the server can at all"),
    ]


def is_met(value, goal):
    return None if goal is None or value is None else value >= goal[1] if goal[0] == ">=" else value <= goal[1]


def table(entries, values):
    """Returns the text for people; ``values`` is [(Ratio, value)]."""
    lines = [f"{'row':38} {'n':>6} {'latency':>8} {'wall':>9} {'per item':>10} {'CPU':>8} {'peak':>9} {'TLS':>5} {'rounds':>7}"]
    for each in entries:
        per_item = f"{each['median_wall_seconds'] * 1000 / each['n']:.2f} ms" if each["n"] else "-"
        lines.append(f"{each['name']:38} {each['n']:>6} {each['latency_ms']:>5} ms {each['median_wall_seconds']:>7.2f} s {per_item:>10} "
                     f"{each['cpu_seconds']:>6.2f} s {each['peak_memory_mib']:>5.0f} MiB {each['tls_handshakes']:>5} {each['rounds']:>7}")
    lines += ["", f"{'ratio':74} {'value':>9} {'goal':>8} met"]
    for ratio, value in values:
        goal = f"{ratio.goal[0]} {ratio.goal[1]:g}" if ratio.goal else "-"
        met = {None: "-", True: "yes", False: "NO"}[is_met(value, ratio.goal)]
        lines += [f"{ratio.name:74} {'-' if value is None else f'{value:.3g}':>9} {goal:>8} {met}", f"    {ratio.says}"]
    return "\n".join(lines)


def write(path, about, entries, values):
    content = {**about, "rows": entries, "ratios": {ratio.name: value for ratio, value in values}}
    content["goals"] = {
        ratio.name: {"goal": "%s %g" % ratio.goal, "is_met": is_met(value, ratio.goal)} for ratio, value in values if ratio.goal}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
