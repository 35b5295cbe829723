# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_sac_info: what a SAC is, and whether the service accepts it.

A SAC that can be read is described, however bad it is; only one that cannot be read raises.
"""

from __future__ import annotations

import datetime
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import RAPIDAUTH_RULES, rapidauth_options, validate_limits
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import ensure_accepted
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client
from ansible_collections.eccops.rapid.plugins.module_utils._sac.algorithms import describe_key_type, weak_algorithms
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac, describe_chain, is_key_of, reasons_against, valid_until
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import read_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._sac.parts import SacSource
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, given_now

try:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError:
    pass  # read_sac says so


def inspect_sac(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result for its ``params``; it reads only, in check mode too. Raises RapidError."""
    validate_limits(params)
    min_days_left = params["min_days_left"]
    if not 0 <= min_days_left <= 36500:
        raise InvalidInput("min_days_left must be between 0 and 36500")
    now = given_now(params.get("now"))
    source = sac_source(params)
    sac = read_sac(source, now)
    result = describe_sac(sac, source, now)
    result["problems"] = [_finding(*each) for each in find_problems(sac, now, min_days_left)]
    if params["probe"]:
        result["is_proven"] = None
        if not result["problems"]:
            result["is_proven"], finding = prove(params)
            result["problems"] += [_finding(*finding)] if finding else []
    result.update(changed=False, now=format_instant(now), is_usable=not result["problems"])
    return result


def _finding(kind: str, reason: str, what_to_do: str) -> dict[str, str]:
    return {"kind": kind, "reason": reason, "what_to_do": what_to_do}


def describe_sac(sac: Sac, source: SacSource, now: datetime.datetime) -> dict:
    """Returns the properties of a SAC, and the ``weaknesses`` that do not prevent its use."""
    try:
        chain, (key_type, key_size_bits) = describe_chain(sac), describe_key_type(sac)
        return dict(
            sac.summary(now),
            issuer=sac.certificate.issuer.rfc4514_string(),
            not_before=format_instant(sac.not_before),
            key_type=key_type,
            key_size_bits=key_size_bits,
            does_key_match=is_key_of(sac.key, sac.certificate),
            allows_client_authentication=not list(_usage_against(sac)),
            chain=chain,
            weaknesses=[_finding(*each) for each in _weaknesses(sac, source, chain, now)],
        )
    except ValueError as error:  # an extension, or a name in the chain, that cannot be parsed
        raise SacUnusable(
            "%s is damaged or not supported (%s); download the SAC again" % (source.name, type(error).__name__), kind="sac_malformed"
        ) from None


def find_problems(sac: Sac, now: datetime.datetime, min_days_left: int = 0) -> typing.Iterator[tuple[str, str, str]]:
    """Yields (kind, reason, what_to_do) of everything that keeps the SAC from being used, or from being used long enough."""
    yield from reasons_against(sac, now)
    days_left = (sac.not_after - now).days
    if 0 <= days_left < min_days_left:
        yield (
            "sac_expiring",
            "%s from %s is valid for %d more days, fewer than the %d asked for" % (sac.describe(), sac.name, days_left, min_days_left),
            "download a new SAC from the RapidAuth dashboard",
        )
    yield from _usage_against(sac)


def _usage_against(sac: Sac) -> typing.Iterator[tuple[str, str, str]]:
    """Yields a problem where the certificate says that it may not identify a TLS client (RFC 5280, 4.2.1.3 and 4.2.1.12)."""
    usages = _extension(sac, "ExtendedKeyUsage")
    if usages is not None and not {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usages):
        yield _no_client("its extended key usage is for other purposes", sac)
    usage = _extension(sac, "KeyUsage")
    if usage is not None and not usage.digital_signature:
        yield _no_client("its key may not sign", sac)


def _no_client(why: str, sac: Sac) -> tuple[str, str, str]:
    return (
        "sac_not_for_clients",
        "%s from %s may not be used as a TLS client's certificate: %s" % (sac.describe(), sac.name, why),
        "give the SAC itself, not another certificate of the dashboard",
    )


def _extension(sac: Sac, name: str) -> typing.Any:
    try:
        return sac.certificate.extensions.get_extension_for_class(getattr(x509, name)).value
    except x509.ExtensionNotFound:
        return None


def _weaknesses(sac: Sac, source: SacSource, chain: dict, now: datetime.datetime) -> typing.Iterator[tuple[str, str, str]]:
    for reason, what_to_do in weak_algorithms(sac, source):
        yield "weak_algorithm", reason, what_to_do
    if chain["is_complete"] is False:
        yield "chain_incomplete", "certificates came with it that do not lead to its issuer '%s'" % chain["missing_issuer"], "add the issuer's certificate"
    elif not chain["is_in_order"]:
        yield "chain_out_of_order", "the certificates of its chain are out of order or not its own", "put each before the one that issued it"
    for certificate in sac.chain:
        if now >= valid_until(certificate):
            yield "chain_expired", "'%s' of its chain expired on %s" % (
                certificate.subject.rfc4514_string(), format_instant(valid_until(certificate))), "ask for the chain that is in use now"


def prove(params: dict) -> tuple[bool | None, tuple[str, str, str] | None]:
    """Returns (is_proven, finding): whether the service takes the SAC; None and why where it could not be asked."""
    try:
        ensure_accepted(rapidauth_client(params))
    except RapidError as error:
        return (False if error.kind == "sac_refused" else None), _unproven(error)
    return True, None


def _unproven(error: RapidError) -> tuple[str, str, str]:
    reason, unused_semicolon, what_to_do = error.message.rpartition("; ")
    return error.kind, reason or what_to_do, what_to_do if reason else "run again"


OPERATION = Operation(run=inspect_sac, spec=dict(RAPIDAUTH_RULES, argument_spec=dict(
    rapidauth_options(),
    probe={"type": "bool", "default": False},
    min_days_left={"type": "int", "default": 0},
    now={"type": "str"},
)))
