# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What went wrong on the way to a service: one error per cause, and whether the request can have arrived.

``where`` is the service's URL, with the proxy if there is one. Python 3.8 and its standard library only.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, NotSent, RapidError, SacRefused, ServerNotTrusted
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import AnswerTooLong, deadline
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import LONGEST_ANSWER_BYTES
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import ClientCertificate

# The alerts by which a server says that it does not like the client certificate; others are about something else.
_CERTIFICATE_ALERTS = re.compile("CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR")
# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
_NAME_MISMATCHES = (62, 64)


def not_connected(error: Exception, where: str, timeout_seconds: float) -> NotSent:
    """Returns the RapidError for an exception of opening a TCP connection."""
    if isinstance(error, (socket.gaierror, ValueError)):
        return NotSent("the host name of %s cannot be resolved; check the URL and DNS" % where, kind="name_not_resolved")
    if isinstance(error, socket.timeout):
        return NotSent("%s accepted no connection within %s s; check the address and the firewall" % (where, timeout_seconds), kind="connect_timed_out")
    return NotSent(
        "%s refused the connection or cannot be reached; check that the service is up and the address is right" % where,
        kind="connection_refused",
    )


def no_tls(error: BaseException, where: str, sac: ClientCertificate | None, timeout_seconds: float) -> NotSent:
    """Returns the RapidError for an exception of the TLS handshake; ``sac`` is the one presented, if any."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_trusted(error, where)
    if isinstance(error, socket.timeout):
        return NotSent(
            "%s did not finish the TLS handshake within %s s; check what stands between (proxy, firewall)" % (where, timeout_seconds),
            kind="connect_timed_out",
        )
    if _is_alert(error):
        return _alert(error, where, sac if getattr(error, "is_hello_answered", True) else None)
    return NotSent("%s did not agree to TLS 1.2 or newer; is it an https service?" % where, kind="tls_failed")


def no_answer(error: BaseException, where: str, sac: ClientCertificate | None, timeout_seconds: float) -> RapidError:
    """Returns the RapidError for an exception of a connection that was open."""
    if deadline.sent_at is None:
        return no_tls(error, where, sac, timeout_seconds)
    # A TLS 1.3 server judges the client certificate after the handshake, a web server maybe only for this path.
    if _is_alert(error) and _CERTIFICATE_ALERTS.search(error.reason) and not deadline.has_received:
        return _alert(error, where, sac)
    if isinstance(error, socket.timeout):
        return AnswerLost(
            "%s gave no whole answer within %s s; run again later, or raise timeout_seconds" % (where, timeout_seconds), kind="answer_timed_out"
        )
    if isinstance(error, AnswerTooLong):
        return _final(AnswerLost("%s answered with more than %d bytes; this is not the service" % (where, LONGEST_ANSWER_BYTES), kind="unusable_answer"))
    is_cut = isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead))
    if isinstance(error, (http.client.HTTPException, ValueError)) and not isinstance(error, OSError) and not is_cut:
        return _final(AnswerLost(
            "%s answered with something that is not HTTP; check that the URL is the service's and no proxy or portal stands between" % where,
            kind="unusable_answer",
        ))
    return AnswerLost(
        "%s cut the connection before a whole answer came; check what stands between (proxy, firewall), then run again" % where,
        kind="connection_cut",
    )


def _final(error: AnswerLost) -> AnswerLost:
    """Returns the error as one that the same call would meet again."""
    error.is_temporary = False
    return error


def _is_alert(error: BaseException) -> typing.TypeGuard[ssl.SSLError]:
    return isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")


def _not_trusted(cause: ssl.SSLCertVerificationError, where: str) -> ServerNotTrusted:
    if cause.verify_code in _NAME_MISMATCHES:
        return ServerNotTrusted(
            "the certificate of %s was issued for another host name; check the URL (%s)" % (where, cause.verify_message),
            kind="host_name_mismatch",
        )
    return ServerNotTrusted(
        "the certificate of %s is not trusted: %s; set ca_path to its CA if it is a private one" % (where, cause.verify_message)
    )


def _alert(cause: ssl.SSLError, where: str, sac: ClientCertificate | None) -> NotSent:
    said = cause.reason.replace("_", " ").lower()
    if sac is None or not _CERTIFICATE_ALERTS.search(cause.reason):
        return NotSent("%s ended the TLS handshake: %s" % (where, said), kind="tls_failed")
    return SacRefused("%s refused the %s: %s; ask the RapidAuth dashboard whether it is the active one" % (where, sac.describe(), said))
