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
        PEM file, or directory prepared by C(openssl rehash), of the CAs that the service's certificate must come from,
        instead of the system's. Verification cannot be switched off.
      - Without it the environment variable E(REQUESTS_CA_BUNDLE) is honoured, then the system's CAs.
    type: path
  timeout_seconds:
    description:
      - Seconds that one call may take, from connecting to the last byte of the answer.
    type: int
    default: 30
requirements:
  - requests >= 2.28
  - cryptography >= 41
notes:
  - Proxies are taken from the environment variables E(HTTPS_PROXY), E(ALL_PROXY) and E(NO_PROXY); only http:// proxies are supported.
"""
