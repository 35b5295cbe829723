# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads a SAC from a file or from content, in every form it comes in; every way it can be spoiled has a sentence of its own."""

from __future__ import annotations

import datetime
import os
import stat

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, MissingLibrary, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_secret
from ansible_collections.eccops.rapid.plugins.module_utils._sac import parts
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import (
    CRYPTOGRAPHY_ERROR, Sac, ensure_usable, is_key_of, reasons_against, valid_from, valid_until,
)
from ansible_collections.eccops.rapid.plugins.module_utils._sac.identification import recognise
from ansible_collections.eccops.rapid.plugins.module_utils._sac.opening import open_parts
from ansible_collections.eccops.rapid.plugins.module_utils._sac.parts import SacSource
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
except ImportError:
    pass  # read_sac says so

LONGEST_FILE_BYTES = 1024 * 1024


def sac_source(params: dict) -> SacSource:
    """Returns the SacSource the module options name; raises InvalidInput when they contradict each other."""
    if not params.get("sac_path") and not params.get("sac_content"):
        raise InvalidInput("no SAC was given; set sac_path or sac_content (and sac_passphrase)")
    validate_secret("sac_passphrase", params.get("sac_passphrase"))
    name = params.get("sac_path") or "sac_content"
    certificate = _given(params, "sac_path", "sac_content")
    key = _given(params, "sac_key_path", "sac_key_content")
    return SacSource(certificate, key, params.get("sac_passphrase") or None, name)


def _given(params: dict, path_option: str, content_option: str) -> bytes | None:
    if params.get(content_option):
        content = params[content_option].encode("utf-8", "replace")
        if not (parts.has_pem(content) or parts.decode_base64(content) or recognise(content)):
            raise InvalidInput("%s is neither PEM nor base64; give PEM text, or a PKCS#12 file in base64" % content_option)
        content_bytes, where = content, content_option
    elif params.get(path_option):
        content_bytes, where = _read_file(params[path_option], path_option), params[path_option]
    else:
        return None
    if len(content_bytes) > LONGEST_FILE_BYTES:
        raise SacUnusable("%s has more than %d bytes, too many for a SAC; check what it is" % (where, LONGEST_FILE_BYTES), kind="sac_malformed")
    return content_bytes


def _read_file(path: str, option: str) -> bytes:
    try:
        # Without O_NONBLOCK a FIFO would be waited for until somebody writes to it.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(0, "it is not a regular file")
            return file.read(LONGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise SacUnusable(
            "%s '%s' cannot be read: %s; check the path and its permissions" % (option, path, getattr(error, "strerror", error)),
            kind="sac_unreadable",
        ) from None


def load_sac(source: SacSource) -> Sac:
    """Returns the Sac of a SacSource, its key proved to belong to it; raises SacUnusable."""
    sac = read_sac(source)
    ensure_usable(sac, sac.not_before)
    return sac


def read_sac(source: SacSource, now: datetime.datetime | None = None) -> Sac:
    """Returns the Sac of a SacSource, whatever its key and dates; raises SacUnusable, saying what is wrong with which input.

    Of several certificates of its key it is the one that is valid at ``now``, by default the present.
    """
    if CRYPTOGRAPHY_ERROR:
        raise MissingLibrary("the Python library 'cryptography' is needed to read a SAC: %s" % CRYPTOGRAPHY_ERROR)
    try:
        key, certificates = open_parts(source)
        sac = _choose(key, certificates, source.name, now or utc_now())
        # cryptography parses names, dates and public keys only when they are used
        sac.describe()
        list(reasons_against(sac, sac.not_before))
    except RapidError:
        raise
    except BaseException as error:  # mostly ValueError and cryptography's UnsupportedAlgorithm; a panic of its Rust is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise SacUnusable(
            "%s is damaged or not supported (%s); download the SAC again" % (source.name, type(error).__name__), kind="sac_malformed"
        ) from None
    return sac


def _choose(key: PrivateKeyTypes, certificates: list[x509.Certificate], name: str, now: datetime.datetime) -> Sac:
    """Returns the Sac of the key's best certificate: one that is valid, or the one that is valid longest.

    Its other certificates, such as the one that was renewed, are no part of the chain.
    """
    own = [each for each in certificates if is_key_of(key, each)]
    best = max(own, key=lambda each: (valid_from(each) <= now < valid_until(each), valid_until(each))) if own else certificates[0]
    return Sac(best, key, [each for each in certificates if each not in own and each is not best], name)
