# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: whether a credential is due for rotation, and why."""

from __future__ import annotations

import datetime
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import EXPIRED, REQUESTED, Credential


class Verdict(typing.NamedTuple):
    """Whether a credential is due, and the reason people read."""

    should_rotate: bool
    reason: str


def judge_rotation(credential: Credential, rotate_after_days: float | None, now: datetime.datetime) -> Verdict:
    """Returns the Verdict whether ``credential`` is due; ``rotate_after_days`` None means that age never makes it due.

    Age counts from collection. The service reports no expiry, and a replacement keeps the expiry of what it replaced
    (Requests API page): age says how long a device has had its key, not how long the certificate will last.
    """
    if credential.status == EXPIRED:
        return Verdict(False, "Expired: cannot be replaced any more, request a new credential")
    if credential.is_collection_prevented:
        return Verdict(False, "collection is prevented: a replacement would be refused")
    if credential.status == REQUESTED:
        return Verdict(False, "not collected yet: have the device collect it before it lapses")
    since = credential.collected_date or credential.requested_date
    if rotate_after_days is None:
        return Verdict(False, "no age threshold was given")
    if since is None:
        return Verdict(False, "the service gave no date to calculate its age from")
    age_days = (now - since) / datetime.timedelta(days=1)
    if age_days >= rotate_after_days:
        return Verdict(True, "%d days old: the threshold is %s" % (age_days, rotate_after_days))
    return Verdict(False, "%d days old: due in %d" % (age_days, max(1, round(rotate_after_days - age_days))))
