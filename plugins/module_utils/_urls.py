# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The one form of URL that is taken: https, with nothing hidden in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput


def validate_https_url(url, option):
    """Returns C(url) without a slash at its end; raises InvalidInput unless it is a plain https URL."""
    try:
        parts = urlsplit(url)
        host, unused_port = (parts.hostname or "").encode("idna"), parts.port  # both raise ValueError where there can be none
        is_usable = parts.scheme == "https" and host and "@" not in parts.netloc and not parts.query and not parts.fragment
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInput("%s must be an https URL without user, query and fragment, such as https://host.example/path" % option)
    return url.rstrip("/")


def service_name(api_url: str) -> str:
    """Returns the default name of the service at a URL: the URL without what may differ between two that mean the same.

    Case of the host, a dot after it, the default port, repeated slashes and one at the end do not make another service.
    """
    try:
        parts = urlsplit(api_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return api_url
    if not host:
        return api_url
    if ":" in host:
        host = "[%s]" % host
    if port not in (None, 443):
        host += ":%d" % port
    return "https://" + host + re.sub(r"/+", "/", parts.path).rstrip("/")
