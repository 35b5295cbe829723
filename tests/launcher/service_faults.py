# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the launcher makes of a Portal in trouble: one table for the Linux and the Windows program."""

#: exit code, a word of the reason, and the fault of the sandbox's login
SERVICE_FAULTS = {
    "garbage": (5, "unexpected response", {}),
    "html": (5, "unexpected response", {}),
    "truncated_json": (5, "unexpected response", {}),
    "too_many_requests": (5, "is limiting requests", {"seconds": 60}),
    "unavailable": (5, "returned an error (HTTP 503)", {}),
    "bad_gateway": (5, "returned an error (HTTP 502)", {}),
    "error_after_effect_empty_500": (5, "returned an error (HTTP 500)", {}),
    "disconnect_before_effect": (5, "returned an unexpected response", {}),
    "disconnect_after_effect": (5, "returned an unexpected response", {}),
}
