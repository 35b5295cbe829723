# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a replacement is asked for, and what came of it."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential


class ReplacementRequest(typing.NamedTuple):
    """What is wanted; ``further_anon_id`` is for the one further replacement where the first one lapsed uncollected."""

    position: str
    request_id: str
    anon_id: str
    rotation_id: str = ""
    expect_anon_id: typing.Optional[str] = None
    anon_ids_are_unique: bool = True
    further_anon_id: typing.Optional[str] = None


class Outcome(typing.NamedTuple):
    """What came of it. ``status`` is one of those below, ``kind`` the error kind of the last three.

    ``credential`` is the current one, ``previous`` what was or would be replaced, ``request_ids`` the history, oldest
    first, ``http`` the details of the error.
    """

    status: str
    reason: str
    kind: typing.Optional[str] = None
    credential: typing.Optional[Credential] = None
    request_ids: typing.Tuple[str, ...] = ()
    anon_id: typing.Optional[str] = None
    previous: typing.Optional[Credential] = None
    http: typing.Optional[dict] = None


REPLACED, ALREADY_REPLACED, ADOPTED = "replaced", "already_replaced", "adopted"
REFUSED, FAILED, UNRESOLVED = "refused", "failed", "unresolved"
