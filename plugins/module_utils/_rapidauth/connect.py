# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""From the module options that name a service and a SAC to a client, made once per process.

Reading an encrypted key, making an SSLContext and a TLS handshake each cost more than a request, and all items of a
loop run in one process: a client made for the same options and environment is used again. A fork starts with none of its own.
"""

from __future__ import annotations

import hashlib
import os

from ansible_collections.eccops.rapid.plugins.module_utils._http.requests_connection import RequestsConnection
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.plugins.module_utils._options import service_name, validate_https_url, validate_limits
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import ensure_usable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import load_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now

_clients: dict[bytes, RapidAuthClient] = {}


def find_service_name(params: dict, client: RapidAuthClient) -> str:
    """Returns the name under which the ledger keeps the client's service: the option service_name, else made from its URL."""
    return params.get("service_name") or service_name(client.api_url)


def rapidauth_client(params: dict) -> RapidAuthClient:
    """Returns the RapidAuthClient for the options of the fragment ``rapidauth``; the SAC is checked on every call."""
    validate_limits(params)
    api_url = validate_https_url(params["api_url"], "api_url")
    source = sac_source(params)
    key = _build_key(api_url, params.get("ca_path"), params["timeout_seconds"], params["retry_budget_seconds"], _environment(), *source)
    if key not in _clients:
        sac = load_sac(source)
        ensure_usable(sac, utc_now())  # before OpenSSL meets it, whose words are worse
        context = client_context(params.get("ca_path"), sac)
        transport = Transport(RequestsConnection, api_url, context, params["timeout_seconds"], params["retry_budget_seconds"], sac)
        _clients[key] = RapidAuthClient(transport, sac)
    ensure_usable(_clients[key].sac, utc_now())
    return _clients[key]


def _environment() -> list[tuple[str, str]]:
    """Returns the variables that a client is made by: its proxies and the CAs it trusts. The ``environment`` of one task is not that of another."""
    return sorted(
        (name, value) for name, value in os.environ.items()
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
    )


def _build_key(*parts: object) -> bytes:
    """Returns a digest, so that no passphrase serves as a dictionary key; the process id keeps forks apart."""
    digest = hashlib.sha256()
    for part in (os.getpid(),) + parts:
        encoded = part if isinstance(part, bytes) else repr(part).encode("utf-8")
        digest.update(b"%d:" % len(encoded) + encoded)
    return digest.digest()
