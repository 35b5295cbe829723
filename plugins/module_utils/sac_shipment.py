# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What leaves the controller for a position: a SAC that was judged usable, its key encrypted anew with AES-256."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils.sac import Sac
from ansible_collections.eccops.rapid.plugins.module_utils.sac_chain import path_of
from ansible_collections.eccops.rapid.plugins.module_utils.sac_inspection import problems_of
from ansible_collections.eccops.rapid.plugins.module_utils.sac_reading import read_sac, sac_source

LONGEST_PASSPHRASE_BYTES = 1023  # OpenSSL's limit


def shipment_of(params, now):
    """Returns ({sac_content, sac_passphrase}, summary) for the options that name a SAC; raises RapidError.

    C(sac_content) is PEM: the certificate, its chain in order, the encrypted key.
    """
    sac = read_sac(sac_source(params))
    for kind, reason, what_to_do in problems_of(sac, now):
        raise SacUnusable("%s; %s" % (reason, what_to_do), kind=kind)
    passphrase = params["sac_passphrase"]
    if not passphrase or len(passphrase.encode("utf-8")) > LONGEST_PASSPHRASE_BYTES:
        raise InvalidInput("sac_passphrase must have 1 to %d bytes: the installed key is encrypted with it" % LONGEST_PASSPHRASE_BYTES)
    ordered = Sac(sac.certificate, sac.key, path_of(sac), sac.name)
    pem = ordered.encrypted_pem(passphrase.encode("utf-8")).decode("ascii")
    return {"sac_content": pem, "sac_passphrase": passphrase}, sac.summary(now)
