# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Lets ``python -m rapid_demo`` start the program: its options, and its exit code."""

import argparse
import pathlib
import sys

from rapid_demo import story
from rapid_demo.stage import DemoError, Stage
from rapid_demo.terminal import Terminal


def main(arguments=None):
    options = argparse.ArgumentParser(prog="rapid_demo", description="Shows the collection's jobs on this machine; needs neither root nor a network.")
    options.add_argument("--directory", type=pathlib.Path, default=pathlib.Path("build/demo"), metavar="DIR",
                         help="directory of everything that the demo writes (default: build/demo)")
    directory = options.parse_args(arguments).directory.resolve()
    try:
        with Stage(directory) as stage:
            return story.tell(stage, Terminal(sys.stdout))
    except DemoError as error:
        print("rapid_demo: error: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nrapid_demo: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
