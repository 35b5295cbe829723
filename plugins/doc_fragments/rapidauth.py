# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options in module_utils/_options.py: rapidauth_options."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Base URL of the RapidAuth service. To rehearse, give the sandbox's.
    type: str
    default: https://request.rapidauth.com/rapid
  sac_path:
    description:
      - >-
        File with the Service Authentication Certificate (SAC): PKCS#12, or PEM with the certificate, its chain and,
        unless O(sac_key_path) or O(sac_key_content) is given, the private key.
      - It is read where the task runs. An encrypted key is decrypted in memory only.
    type: path
  sac_content:
    description:
      - The SAC itself instead of a file, for example from a vault. PEM text, or a PKCS#12 file in base64.
    type: str
  sac_key_path:
    description:
      - File with the SAC's private key in PEM, where it is not in the file of the certificate.
    type: path
  sac_key_content:
    description:
      - The SAC's private key in PEM itself.
    type: str
  sac_passphrase:
    description:
      - Passphrase of the SAC's private key, or of the PKCS#12 file. The task never prompts for it.
    type: str
  retry_budget_seconds:
    description:
      - >-
        Seconds after which a C(GET) is not repeated any more, after connection trouble, silence or HTTP 429, 502, 503
        or 504. A C(Retry-After) that does not fit into them ends the task. At most five attempts are made.
      - Calls that change something are never repeated.
    type: int
    default: 60
notes:
  - >-
    A local task without C(become) runs inside the controller's own process, with the variables of C(environment); in every
    other case the module is shipped to the host, which then needs the two Python libraries.
  - A task that holds a secret is shipped through pipelining only, and otherwise refused before anything is sent.
"""
