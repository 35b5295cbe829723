# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves a SAC by one authenticated GET; Python 3.8 and its standard library only, since it runs on workstations too."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._errors import Refusal

#: A RequestId that no credential has: any answer about it proves that the service took the SAC.
NOBODYS_REQUEST_ID = "00000000-0000-0000-0000-000000000000"


def ensure_accepted(client):
    """Returns once RapidAuth answered ``client`` (a RapidAuthClient); raises the RapidError of what came instead.

    Error 1109, no such credential, is the answer that is expected. A web server's error page proves nothing.
    """
    try:
        client.get_request(NOBODYS_REQUEST_ID)
    except Refusal as error:
        if error.number is None:
            raise
