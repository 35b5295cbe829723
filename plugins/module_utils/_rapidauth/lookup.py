# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Look-ups of a credential that the service may not have, or may not have yet."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential


def known(look_up: typing.Callable[[str], Credential], identifier: str) -> Credential | None:
    """Returns the credential, or None where the service says that it has none."""
    try:
        return look_up(identifier)
    except Refusal as error:
        if error.kind == "unknown":
            return None
        raise


def look_while_at_work(client: RapidAuthClient, look: typing.Callable[[], Credential | None]) -> Credential | None:
    """Returns what ``look()`` returns; asks again as long as that is None and the service may still be at work on the last call.

    Raises the RapidError of the last look, at once where another one would fail too.
    """
    pause_seconds = 0.5
    while True:
        found, failure = None, None
        try:
            found = look()
        except RapidError as error:
            if not error.is_temporary:
                raise
            failure = error
        seconds_left = client.seconds_at_work()
        if found is None and seconds_left > 0:
            client.sleep(min(pause_seconds, seconds_left))
            pause_seconds = min(4, 2 * pause_seconds)
        elif failure is not None:
            raise failure
        else:
            return found
