# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The program's options and its error messages."""

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
        raise argparse.ArgumentTypeError("must be a port from 0 to 65535 (0 selects a free one)")
    return port


def _address(text):
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError("must be an IP address such as 127.0.0.1") from None


def _size(text):
    size = int(text)
    if not 0 <= size <= 100_000:
        raise argparse.ArgumentTypeError("must be a number of positions from 0 to 100000")
    return size


def parser():
    options = argparse.ArgumentParser(
        prog="rapid_sandbox", description="A local server that simulates RapidAuth and the RapidSOS Portal.")
    options.add_argument("--data-directory", required=True, metavar="DIR", help="directory for all data of the sandbox, created if it does not exist")
    for name, port in PORTS.items():
        options.add_argument(f"--{name}-port", type=_port, default=port, metavar="PORT",
                             help=f"port to listen on; 0 selects a free one (default: {port})")
    options.add_argument("--listen-address", type=_address, default="127.0.0.1", metavar="ADDRESS",
                         help="address to listen on (default: 127.0.0.1); the admin API always listens on 127.0.0.1")
    options.add_argument("--host-name", default="localhost", metavar="NAME",
                         help="host name for clients and for the server certificate (default: localhost)")
    options.add_argument("--fleet-size", type=_size, default=12, metavar="N",
                         help="number of positions in the initial fleet, used at the first start only (default: 12)")
    options.add_argument("--inventory", metavar="FILE",
                         help="serve the positions of this inventory, as 'ansible-inventory --list' prints it, instead of the initial fleet")
    options.add_argument("--stop-with-process", type=int, metavar="PID",
                         help="stop when the process with this id ends; for demos and tests")
    options.add_argument("--version", action="version", version=VERSION)
    return options


def main(arguments=None):
    """Runs the sandbox in the foreground and returns the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if sys.version_info < (3, 11):
        print("rapid_sandbox: error: Python 3.11 or later is required", file=sys.stderr)
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
