# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the program's options and how its failures are told."""

import argparse
import asyncio
import ipaddress
import logging
import sys

from rapid_sandbox import VERSION
from rapid_sandbox.data_directory import StartupError

PORTS = {"rapidauth": 8443, "portal": 8444, "device": 8445, "admin": 8446}


def _port(text):
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 (pick a free one) to 65535")
    return port


def _address(text):
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError("give an IP address, such as 127.0.0.1") from None


def _size(text):
    size = int(text)
    if not 0 <= size <= 100_000:
        raise argparse.ArgumentTypeError("the fleet has 0 to 100000 positions")
    return size


def parser():
    options = argparse.ArgumentParser(
        prog="rapid_sandbox", description="A local server that speaks RapidAuth and the RapidSOS Portal.")
    options.add_argument("--data-directory", required=True, metavar="DIR", help="where everything is kept; made if missing")
    for name, port in PORTS.items():
        options.add_argument(f"--{name}-port", type=_port, default=port, metavar="PORT",
                             help=f"default {port}; 0 picks a free one")
    options.add_argument("--listen-address", type=_address, default="127.0.0.1", metavar="ADDRESS",
                         help="default 127.0.0.1; the admin API is on 127.0.0.1 always")
    options.add_argument("--host-name", default="localhost", metavar="NAME",
                         help="the name clients use and the server certificate bears; default localhost")
    options.add_argument("--fleet-size", type=_size, default=12, metavar="N",
                         help="positions of the seeded fleet, at the first start; default 12")
    options.add_argument("--stop-with-process", type=int, metavar="PID",
                         help="stop when the process with this id is gone; for demos and tests that start a sandbox")
    options.add_argument("--version", action="version", version=VERSION)
    return options


def main(arguments=None):
    """Run the sandbox in the foreground; the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if sys.version_info < (3, 11):
        print("rapid_sandbox: error: Python 3.11 or newer is needed", file=sys.stderr)
        return 1
    try:
        from rapid_sandbox.program import run
    except ModuleNotFoundError as error:
        print(f"rapid_sandbox: error: the Python package {error.name} is missing; "
              "install aiohttp and cryptography", file=sys.stderr)
        return 1
    try:
        asyncio.run(run(options))
    except StartupError as error:
        print(f"rapid_sandbox: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
