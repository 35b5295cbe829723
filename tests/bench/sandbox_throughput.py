# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Measures the sandbox: mutual-TLS GETs per second over kept-alive connections, client included.

It starts a sandbox of its own and measures from this process, so both share the machine's cores:

    python tests/bench/sandbox_throughput.py [--connections 16] [--seconds 5] [--rounds 3]

The client is asyncio from the standard library and reads every answer whole; each must be the right
credential. It prints one line per round and the median.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def start_sandbox(directory):
    """A running sandbox on free ports and its connection values."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "roles/sandbox/files")}
    command = [sys.executable, "-m", "rapid_sandbox", "--data-directory", directory]
    for listener in ("rapidauth", "portal", "device", "admin"):
        command += [f"--{listener}-port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.strip() == "ready":
            break
    text = pathlib.Path(directory, "connection.yml").read_text(encoding="utf-8")
    values = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith("#"))
    return process, {name: json.loads(value) for name, value in values.items()}


class Connection(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it has an answer."""

    def __init__(self, requests, has_time, done):
        self.requests, self.has_time, self.done = requests, has_time, done
        self.count, self.position, self.received = 0, 0, b""

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.position = (self.position + 1) % len(self.requests)
        self.transport.write(self.requests[self.position][0])

    def data_received(self, data):
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = int(_LENGTH.search(self.received, 0, end)[1])
        if len(self.received) < end + 4 + length:
            return
        if not self.received.startswith(b"HTTP/1.1 200") or self.requests[self.position][1] not in self.received:
            raise SystemExit(f"a wrong answer: {self.received[:300]!r}")
        self.received = b""
        self.count += 1
        if self.has_time():
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc):
        if not self.done.done():
            self.done.set_result(self.count)


async def measure(values, connections, seconds):
    """GETs per second in one round; the handshakes are done before the clock starts."""
    base = urllib.parse.urlsplit(values["rapidauth_api_url"])
    context = ssl.create_default_context(cafile=values["rapidauth_ca_path"])
    context.load_cert_chain(values["rapidauth_sac_path"], password=values["rapidauth_sac_passphrase"])
    requests = [
        (f"GET {base.path}/requests/{position['request_id']} HTTP/1.1\r\nHost: {base.netloc}\r\n"
         "Accept: application/json\r\n\r\n".encode(), position["request_id"].encode())
        for position in values["sandbox_fleet"]]
    loop = asyncio.get_running_loop()
    protocols, finishes, deadline = [], [], [float("inf")]
    for _number in range(connections):
        done = loop.create_future()
        finishes.append(done)
        _transport, protocol = await loop.create_connection(
            lambda done=done: Connection(requests, lambda: time.monotonic() < deadline[0], done),
            base.hostname, base.port, ssl=context)
        protocols.append(protocol)
    begin, before = time.monotonic(), sum(protocol.count for protocol in protocols)
    deadline[0] = begin + seconds
    counts = await asyncio.gather(*finishes)
    return (sum(counts) - before) / (time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        process, values = start_sandbox(directory)
        try:
            rates = []
            for number in range(options.rounds):
                rates.append(asyncio.run(measure(values, options.connections, options.seconds)))
                print(f"round {number + 1}: {rates[-1]:.0f} GET/s", flush=True)
            print(f"median: {statistics.median(rates):.0f} mutual-TLS GET/s over {options.connections} "
                  f"kept-alive connections, {os.cpu_count()} cores, client included")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


if __name__ == "__main__":
    main()
