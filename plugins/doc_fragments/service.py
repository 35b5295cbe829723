# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options in module_utils/_options.py: service_options."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ca_path:
    description:
      - >-
        PEM file with the CA certificates to trust instead of the system's, or a directory prepared with C(openssl rehash). Certificate verification cannot
        be turned off.
      - Without this option the module uses the environment variable E(REQUESTS_CA_BUNDLE) if it is set, and otherwise the CAs of the system.
    type: path
  timeout_seconds:
    description:
      - Time limit in seconds for one call, from connecting to the last byte of the response.
    type: int
    default: 30
requirements:
  - requests >= 2.28
  - cryptography >= 41
notes:
  - Proxies are taken from the environment variables E(HTTPS_PROXY), E(ALL_PROXY) and E(NO_PROXY). Only http:// proxies are supported.
"""
