# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes and destroys fleets of real hosts from the command line; see `python tests/hosts/hosts.py --help`.

Exit codes: 0 done, 3 this machine cannot have real hosts (standard error says why), 1 anything else.
"""

import argparse
import json
import sys

import host_files
import host_fleet
import host_images
import host_podman
import host_sandbox

CANNOT = 3


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        missing = host_podman.lacking()
    except RuntimeError as reason:
        print(reason, file=sys.stderr)
        return CANNOT
    if options.verb == "down" and "podman" in missing:
        return 0  # then nothing was ever made
    if missing:
        print(f"Installing {', '.join(missing)} ...", file=sys.stderr, flush=True)
        host_podman.install(missing)
    if options.verb == "possible":
        pass
    elif options.verb == "build":
        for image in options.images:
            host_podman.imported(host_images.built(image))
    elif options.verb == "up":
        hosts = dict(each.split("=", 1) for each in options.hosts)
        print(host_fleet.Fleet(options.fleet, hosts, options.network).create().ssh_config)
    elif options.verb == "list":
        fleet = host_fleet.Fleet(options.fleet)
        listings = {host: host_files.listing(fleet, host) for host in fleet.images}
        (fleet.directory / f"{options.to}.json").write_text(json.dumps(listings), encoding="utf-8")
    elif options.verb == "fetch-sandbox":
        host_sandbox.HostSandbox(host_fleet.Fleet(options.fleet), options.host).fetch()
    else:
        host_fleet.destroy(options.fleet)
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="hosts.py", description="Real Debian hosts with systemd and SSH, for tests.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("possible", help="tell whether this machine can have real hosts; installs what is needed")
    build = verbs.add_parser("build", help="install what is needed and build images that are missing")
    build.add_argument("images", nargs="+", choices=sorted(host_images.IMAGES))
    up = verbs.add_parser("up", help="make a fleet anew; prints the path of its ssh_config")
    up.add_argument("--fleet", required=True, help="its name")
    up.add_argument("--network", required=True, help="a /24 that nobody uses here")
    up.add_argument("hosts", nargs="+", metavar="NAME=IMAGE")
    files = verbs.add_parser("list", help="keep a list of all files of a fleet's hosts, to compare with a later one")
    files.add_argument("--fleet", required=True)
    files.add_argument("--to", required=True, metavar="NAME", help="kept as NAME.json in the fleet's directory")
    sandbox = verbs.add_parser("fetch-sandbox", help="copy what clients need of the sandbox on a host into the fleet's directory")
    sandbox.add_argument("--fleet", required=True)
    sandbox.add_argument("--host", required=True)
    down = verbs.add_parser("down", help="destroy a fleet, or all of them; also what a killed run left")
    down.add_argument("--fleet")
    return parser


if __name__ == "__main__":
    sys.exit(main())
