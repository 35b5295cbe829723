# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What went wrong on the way to a service: one error per cause, and whether the request can have arrived."""

from __future__ import annotations

import re
import socket
import ssl

from ansible_collections.eccops.rapid.plugins.module_utils.errors import AnswerLost, NotSent, SacRefused, ServerNotTrusted

try:
    import requests
    from urllib3 import exceptions as urllib3_exceptions
except ImportError:
    pass  # transport says so

# The alerts by which a server says that it does not like the client certificate; others are about something else.
_CERTIFICATE_ALERTS = re.compile("CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR")
# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
_NAME_MISMATCHES = (62, 64)


def explain(error, base_url, timeout_seconds, sac=None, is_sent=True):
    """Returns the RapidError for an exception of C(requests).

    C(sac) is the Sac presented, if any; C(is_sent) says whether any of the request can have left this machine.
    """
    causes = list(causes_of(error))
    about_tls = explain_tls(causes, base_url, sac, is_sent)
    if about_tls is not None:
        return about_tls
    if isinstance(error, requests.exceptions.ProxyError):
        return NotSent("the proxy for %s cannot be used; check HTTPS_PROXY and NO_PROXY" % base_url, kind="proxy_failed")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return not_resolved(base_url)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NotSent(
            "%s accepted no connection within %s s; check the address and the firewall" % (base_url, timeout_seconds),
            kind="connect_timed_out",
        )
    for cause in causes:
        if isinstance(cause, urllib3_exceptions.NewConnectionError):
            return not_reached(base_url)
    if isinstance(error, requests.exceptions.Timeout) or any(isinstance(cause, socket.timeout) for cause in causes):
        return timed_out(base_url, timeout_seconds)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return NotSent("%s is not a usable https URL" % base_url, kind="invalid_input")
    if not is_sent:
        return NotSent("no TLS 1.2 or newer could be agreed with %s; is it an https service?" % base_url, kind="tls_failed")
    return cut_off(base_url)


def explain_tls(causes, base_url, sac, is_sent):
    """Returns the RapidError where one of C(causes) is about certificates or the handshake, else None."""
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _not_trusted(cause, base_url)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "") and (not is_sent or _CERTIFICATE_ALERTS.search(cause.reason)):
            return _alert(cause, base_url, sac)
    return None


def not_resolved(base_url):
    return NotSent("the host name of %s cannot be resolved; check the URL and DNS" % base_url, kind="name_not_resolved")


def not_reached(base_url):
    return NotSent(
        "%s refused the connection or cannot be reached; check that the service is up and the address is right" % base_url,
        kind="connection_refused",
    )


def timed_out(base_url, timeout_seconds):
    return AnswerLost(
        "%s gave no whole answer within %s s; run again later, or raise timeout_seconds" % (base_url, timeout_seconds),
        kind="answer_timed_out",
    )


def cut_off(base_url):
    return AnswerLost(
        "%s cut the connection before a whole answer came; check what stands between (proxy, firewall), then run again" % base_url,
        kind="connection_cut",
    )


def causes_of(error):
    """Yields the exceptions an exception of requests was made from, itself first."""
    seen, pending = set(), [error]
    while pending:
        current = pending.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        pending += list(current.args)


def _not_trusted(cause, base_url):
    if cause.verify_code in _NAME_MISMATCHES:
        return ServerNotTrusted(
            "the certificate of %s was issued for another host name; check the URL (%s)" % (base_url, cause.verify_message),
            kind="host_name_mismatch",
        )
    return ServerNotTrusted(
        "the certificate of %s is not trusted: %s; set ca_path to its CA if it is a private one"
        % (base_url, cause.verify_message)
    )


def _alert(cause, base_url, sac):
    said = cause.reason.replace("_", " ").lower()
    if sac is None or not _CERTIFICATE_ALERTS.search(cause.reason):
        return NotSent("%s ended the TLS handshake: %s" % (base_url, said), kind="tls_failed")
    return SacRefused("%s refused the %s: %s; ask the RapidAuth dashboard whether it is the active one" % (base_url, sac.describe(), said))
