# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A local server that speaks RapidAuth and the RapidSOS Portal, for rehearsals and tests."""

VERSION = "1.0.0"
