# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What leaves the controller for a Linux position: a SAC that was judged usable, its key encrypted anew with AES-256."""

from __future__ import annotations

import datetime

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac, build_path
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import read_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import find_problems

LONGEST_PASSPHRASE_BYTES = 1023  # OpenSSL's limit


def build_payload(params: dict, now: datetime.datetime) -> tuple[dict[str, str], dict]:
    """Returns ({sac_content, sac_passphrase}, summary) for the options that name a SAC; raises RapidError.

    ``sac_content`` is PEM: the certificate, its chain in order, the encrypted key.
    """
    sac = usable_sac(params, now)
    passphrase = params["sac_passphrase"]
    if not passphrase or len(passphrase.encode("utf-8")) > LONGEST_PASSPHRASE_BYTES:
        raise InvalidInput("sac_passphrase must have 1 to %d bytes: the installed key is encrypted with it" % LONGEST_PASSPHRASE_BYTES)
    pem = sac.encrypted_pem(passphrase.encode("utf-8")).decode("ascii")
    return {"sac_content": pem, "sac_passphrase": passphrase}, sac.summary(now)


def usable_sac(params: dict, now: datetime.datetime) -> Sac:
    """Returns the Sac of the options, its chain in order and of its own; raises RapidError where it cannot be used."""
    sac = read_sac(sac_source(params), now)
    for kind, reason, what_to_do in find_problems(sac, now):
        raise SacUnusable("%s; %s" % (reason, what_to_do), kind=kind)
    return Sac(sac.certificate, sac.key, build_path(sac), sac.name)
