# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options in module_utils/_options.py: rapidauth_options."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Base URL of the RapidAuth service. For a rehearsal, use the URL of the sandbox.
    type: str
    default: https://request.rapidauth.com/rapid
  sac_path:
    description:
      - >-
        File with the Service Authentication Certificate (SAC): PKCS#12, or PEM with the certificate, its chain and the private key. The PEM file needs no
        private key if O(sac_key_path) or O(sac_key_content) is set.
      - The file is read on the host where the task runs. An encrypted key is decrypted in memory only.
    type: path
  sac_content:
    description:
      - >-
        The SAC as text instead of a file, for example from a vault: PEM, or a PKCS#12 file in base64.
    type: str
  sac_key_path:
    description:
      - PEM file with the private key of the SAC, if the key is not in the certificate's file.
    type: path
  sac_key_content:
    description:
      - The private key of the SAC as PEM text.
    type: str
  sac_passphrase:
    description:
      - Passphrase of the SAC's private key or of the PKCS#12 file. The task never prompts for it.
    type: str
  retry_budget_seconds:
    description:
      - >-
        Time limit in seconds for repeating a C(GET) after a connection error, a timeout or HTTP 429, 502, 503 or 504. If the service asks for a longer
        wait with C(Retry-After), the task fails. The module makes at most five attempts.
      - Calls that change something are never repeated.
    type: int
    default: 60
notes:
  - >-
    A local task without C(become) runs in the controller's own process, with the variables of C(environment). In every other case the module is shipped to
    the host, which then needs both Python libraries.
  - A task with a secret is shipped only through pipelining. Without pipelining it fails before anything is sent.
"""
