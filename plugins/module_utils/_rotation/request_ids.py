# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: whether the ids of a wave can be right, before anything is contacted."""

from __future__ import annotations

import re
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_anon_id, validate_request_id

_ROTATION_ID = re.compile(r"[A-Za-z0-9_-]{1,24}\Z")


def validate_rotation_id(rotation_id: str) -> None:
    """Raises InvalidInput unless the name of a rotation is 1 to 24 of the characters that an AnonId may have."""
    if not _ROTATION_ID.match(rotation_id or ""):
        raise InvalidInput("rotation_id '%s' must be 1 to 24 of a-z A-Z 0-9 _ and -" % rotation_id)


def validate_credentials(credentials: typing.Iterable[dict]) -> typing.Iterator[typing.Tuple[str, str]]:
    """Yields (position, problem) for malformed ids, and for a RequestId or AnonId that two positions have.

    Each credential has position, request_id and anon_id (or None).
    """
    holders: typing.Dict[tuple, str] = {}
    for each in credentials:
        position = each["position"]
        for validate, value in ((validate_request_id, each["request_id"]), (validate_anon_id, each.get("anon_id"))):
            try:
                if value:
                    validate(value)
            except InvalidInput as error:
                yield position, error.message
        for key in (("RequestId", each["request_id"].lower()), ("AnonId", each.get("anon_id"))):
            if key[1] and holders.setdefault(key, position) != position:
                yield position, "it has the same %s as %s: %s" % (key[0], holders[key], key[1])
