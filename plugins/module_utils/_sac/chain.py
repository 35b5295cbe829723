# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The chain that came with a SAC: which certificate issued which, whatever the order in the file."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac

try:
    from cryptography import x509
except ImportError:
    pass  # read_sac says so


def path_of(sac: Sac) -> list[x509.Certificate]:
    """Returns the SAC's issuers, each before its own issuer, as far as they came with it."""
    path, remaining, current = [], list(sac.chain), sac.certificate
    while not _is_self_issued(current):
        issuer = next((each for each in remaining if _did_issue(each, current)), None)
        if issuer is None:
            break
        remaining.remove(issuer)
        path.append(issuer)
        current = issuer
    return path


def describe_chain(sac: Sac) -> dict:
    """Returns {subjects, is_in_order, is_complete, missing_issuer} of what came beside the certificate.

    ``is_complete`` is true where the path ends in a root, false where certificates came that do not lead there, and None
    where the path just ends: what is missing may be the root alone, which TLS does not send.
    """
    path = path_of(sac)
    last = path[-1] if path else sac.certificate
    is_rooted = _is_self_issued(last)
    has_strangers = len(path) < len(sac.chain)
    return {
        "subjects": [each.subject.rfc4514_string() for each in sac.chain],
        "is_in_order": path == sac.chain,
        "is_complete": True if is_rooted else False if has_strangers else None,
        "missing_issuer": None if is_rooted else last.issuer.rfc4514_string(),
    }


def _is_self_issued(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer


def _did_issue(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # a wrong signature, or an algorithm that cryptography does not verify
        return False
    return True
