# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Lets ``python -m rapid_sandbox`` start the program."""

import sys

from rapid_sandbox.command_line import main

if __name__ == "__main__":
    sys.exit(main())
