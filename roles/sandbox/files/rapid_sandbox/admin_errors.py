# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the refusals of the admin API: one sentence and an HTTP status."""


class AdminError(Exception):
    """The admin request will not do."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status
