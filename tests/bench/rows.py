# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is measured: each row's command, and how to see that it did its work."""

import atexit
import dataclasses
import json
import pathlib
import shutil
import sys

from arrangement import BIN, REPOSITORY

sys.path.append(str(REPOSITORY / "build" / "collections"))

from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PostgresqlServer, find_reason  # noqa: E402

FORKS = 20
CONCURRENCY = 16
LOAD_SECONDS = 3
CORE_RUN = pathlib.Path(__file__).with_name("core_run.py")
SERVICE = {
    "api_url": "{{ rapidauth_api_url }}", "ca_path": "{{ rapidauth_ca_path }}",
    "sac_path": "{{ rapidauth_sac_path }}", "sac_passphrase": "{{ rapidauth_sac_passphrase }}",
}
#: ansible-core would look for the interpreter of each host first.
SAME_PYTHON = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}


_databases = []


@dataclasses.dataclass
class Row:
    """One thing to measure. ``command(arrangement, row)`` prepares a run, which is not timed, and returns its command.

    ``calls_each`` is how many calls the sandbox must have got for each of the ``n``.
    """

    name: str
    n: int
    command: object
    most_rounds: int = 7
    latencies_ms: tuple = (0, 50)
    concurrency: int = CONCURRENCY
    calls_each: int = 1
    is_tree_watched: bool = False


def ansible_playbook(arrangement, tasks, variables=None, inventory="localhost,", hosts="localhost", forks=5, **keywords):
    play = {"name": "Bench", "hosts": hosts, "connection": "local", "gather_facts": False, **keywords, "tasks": tasks}
    playbook = arrangement.write([play], ".yml")
    line = [BIN / "ansible-playbook", "-i", inventory, "-f", forks, "-e", f"@{arrangement.connection_path}"]
    return [*line, "-e", f"@{arrangement.write(variables or {})}", playbook]


def core(arrangement, kind, row, **parameters):
    values = arrangement.values
    service = {name: values[f"rapidauth_{name}"] for name in SERVICE}
    limits = {"timeout_seconds": 30, "retry_budget_seconds": 60, "concurrency": row.concurrency}
    return [BIN / "python", CORE_RUN, kind, arrangement.write({**service, **limits, **parameters})]


def empty_playbook(arrangement, _row):
    return ansible_playbook(arrangement, [])


def facts_of_one_host(arrangement, _row):
    return ansible_playbook(arrangement, [], gather_facts=True, vars=SAME_PYTHON)


def status_checks(arrangement, row):
    options = {**SERVICE, "request_ids": "{{ bench_request_ids }}", "concurrency": row.concurrency}
    task = {"name": "Look", "eccops.rapid.rapidauth_request_info": options, "register": "looked"}
    return ansible_playbook(arrangement, [task], {"bench_request_ids": arrangement.request_ids[:row.n]})


def status_checks_core(arrangement, row):
    return core(arrangement, "check", row, request_ids=arrangement.request_ids[:row.n])


def check_credentials_playbook(arrangement, row):
    hosts = {f"position-{number:05}": {"rapidauth_request_id": each} for number, each in enumerate(arrangement.request_ids[:row.n])}
    inventory = arrangement.write({"dispatch_workstations": {"hosts": hosts}}, ".yml")
    line = [BIN / "ansible-playbook", "eccops.rapid.check_credentials", "-i", inventory]
    return [*line, "-e", f"@{arrangement.connection_path}", "-e", "check_fail_on=never"]


def _wave(arrangement, row):
    request_ids = arrangement.fresh_credentials(row.n)
    ledger = arrangement.write("", ".new").with_suffix(".sqlite")
    credentials = [{"position": f"position-{number:05}", "request_id": each} for number, each in enumerate(request_ids)]
    # The sandbox knows the AnonIds of the earlier waves: each wave has its own.
    return {"credentials": credentials, "rotation_id": ledger.stem, "ledger_path": str(ledger)}


def replacements(arrangement, row):
    wave = _wave(arrangement, row)
    options = {**SERVICE, **wave, "credentials": "{{ bench_credentials }}", "concurrency": row.concurrency}
    task = {"name": "Rotate", "eccops.rapid.rapidauth_rotation": options, "register": "rotated"}
    return ansible_playbook(arrangement, [task], {"bench_credentials": wave["credentials"]})


def replacements_core(arrangement, row, **changes):
    rest = {"resolutions": {}, "max_failures": 0, "anon_id_template": "{position_id}-{rotation_id}", "replace_lapsed": False}
    return core(arrangement, "rotate", row, **{**_wave(arrangement, row), "anon_ids_are_unique": True, **rest, **changes})


def replacements_core_no_ledger(arrangement, row):
    return replacements_core(arrangement, row, ledger_path=None)


def find_database():
    """Returns the URL of a database of a server that syncs, which is started when it is first asked for and ends with this process."""
    if not _databases:
        server = PostgresqlServer(is_durable=True)
        atexit.register(server.close)
        _databases.append(server.url(server.new_database()).url)
    return _databases[0]


def replacements_core_postgresql(arrangement, row):
    return replacements_core(arrangement, row, ledger_path=None, ledger_url=find_database())


def _uri(arrangement, request_id):
    certificate, key = arrangement.unencrypted_sac()
    url = "{{ rapidauth_api_url }}/requests/{{ %s }}" % request_id
    return {"url": url, "client_cert": certificate, "client_key": key, "ca_path": "{{ rapidauth_ca_path }}"}


def uri_loop(arrangement, row):
    task = {"name": "Look", "ansible.builtin.uri": _uri(arrangement, "item"), "loop": "{{ bench_request_ids }}"}
    variables = {"bench_request_ids": arrangement.request_ids[:row.n]}
    return ansible_playbook(arrangement, [task], variables, vars=SAME_PYTHON)


def _per_host(arrangement, row, module, options, forks):
    hosts = {f"position-{number:05}": {"request_id": each} for number, each in enumerate(arrangement.request_ids[:row.n])}
    inventory = arrangement.write({"all": {"hosts": hosts}}, ".yml")
    return ansible_playbook(arrangement, [{"name": "Look", module: options}], None, inventory, "all", forks, vars=SAME_PYTHON)


def uri_per_host(arrangement, row):
    return _per_host(arrangement, row, "ansible.builtin.uri", _uri(arrangement, "request_id"), FORKS)


def request_per_host(arrangement, row, forks=FORKS):
    return _per_host(arrangement, row, "eccops.rapid.rapidauth_request", {**SERVICE, "request_id": "{{ request_id }}"}, forks)


def request_per_host_5_forks(arrangement, row):
    return request_per_host(arrangement, row, 5)


def curl_parallel(arrangement, row):
    certificate, key = arrangement.unencrypted_sac()
    values = arrangement.values
    lines = ["parallel", f"parallel-max = {row.concurrency}", "silent", "show-error", "fail"]
    lines += [f'cert = "{certificate}"', f'key = "{key}"', f'cacert = "{values["rapidauth_ca_path"]}"']
    for request_id in arrangement.request_ids[:row.n]:
        lines += [f'url = "{values["rapidauth_api_url"]}/requests/{request_id}"', 'output = "/dev/null"']
    return ["curl", "--config", arrangement.write("\n".join(lines), ".curl")]


def load_generator(arrangement, row):
    return core(arrangement, "load", row, seconds=LOAD_SECONDS, values=arrangement.values)


def rows(is_quick):
    """Returns the rows in the order they are measured in each round."""
    wave, some, many = (200, 20, []) if is_quick else (1000, 100, [10000])
    found = [Row("empty_playbook", 0, empty_playbook, calls_each=0)]
    found += [Row("status_checks", n, status_checks, 7 if n < 10000 else 3, is_tree_watched=n > 1000) for n in (100, 1000, *many)]
    if shutil.which("curl"):
        found.append(Row("curl_parallel", 1000, curl_parallel))
    found += [Row("status_checks_core", n, status_checks_core, 7 if n < 10000 else 3, (0,) if n != 1000 else (0, 50)) for n in (100, 1000, *many)]
    for concurrency in (64,) if is_quick else (8, 32, 64):
        found.append(Row(f"status_checks_core_concurrency_{concurrency}", 1000, status_checks_core, 2, (50,), concurrency))
    found += [Row("status_checks_concurrency_64", n, status_checks, 3, (50,), 64) for n in (1000, *many)]
    found.append(Row("check_credentials_playbook", 1000, check_credentials_playbook, 3, (0,) if is_quick else (0, 50)))
    found.append(Row("replacements_core_no_ledger", wave, replacements_core_no_ledger, 4, calls_each=2))
    found.append(Row("replacements_core", wave, replacements_core, 4, calls_each=2))
    if find_reason():
        print(find_reason())
    else:
        found.append(Row("replacements_core_postgresql", wave, replacements_core_postgresql, 4, calls_each=2))
    found.append(Row("replacements", wave, replacements, 2, calls_each=2))
    found.append(Row("load_generator", 1000, load_generator, 3))
    found.append(Row("facts_of_one_host", 1, facts_of_one_host, 3, (0,), calls_each=0))
    found.append(Row("rapidauth_request_per_host_5_forks", some, request_per_host_5_forks, 2))
    found.append(Row("rapidauth_request_per_host_20_forks", some, request_per_host, 2))
    found.append(Row("uri_per_host_20_forks", some, uri_per_host, 1))
    found.append(Row("uri_loop", 10 if is_quick else 100, uri_loop, 1))
    return found


def measured(arrangement, row):
    """Measures a row once and returns what it cost, for ``row.n`` things."""
    command = row.command(arrangement, row)
    reported = arrangement.measure(command, row.is_tree_watched)
    expected = row.calls_each * row.n
    if row.command is load_generator:  # it goes on for a while instead of to a number
        done = json.loads(reported["last_line"])
        reported["wall_seconds"], reported["cpu_seconds"] = (row.n / done["count"] * each for each in (done["seconds"], reported["cpu_seconds"]))
        expected = done["count"]
    assert expected <= reported["calls"] <= 2 * expected, f"{row.name}: {reported['calls']} calls instead of {expected}"
    return reported
