# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options of rapidauth_sac_installation, on Linux and on Windows positions."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) installs the SAC, V(absent) removes all versions of it.
    type: str
    choices: [present, absent]
    default: present
  sac_path:
    description:
      - File on the controller with the SAC, PKCS#12 or PEM.
    type: path
  sac_content:
    description:
      - >-
        The SAC as text instead of a file, for example from a vault: PEM, or a PKCS#12 file in base64.
    type: str
  sac_key_path:
    description:
      - PEM file on the controller with the private key of the SAC, if the key is not in the certificate's file.
    type: path
  sac_key_content:
    description:
      - The private key of the SAC as PEM text.
    type: str
  sac_passphrase:
    description:
      - >-
        Passphrase of the SAC. On Linux the installed key is encrypted with it, even if the SAC given here is not encrypted. Required if O(state=present).
      - It must not contain line breaks, because it is stored in a file with one line.
    type: str
  group:
    description:
      - Group whose members may also use the SAC. By default there is none. For Linux only.
    type: str
  mode:
    description:
      - >-
        Mode of the files: V(0400) or V(0600), or with O(group) V(0440) or V(0640). The default is V(0400), or V(0440) with a group.
        For Linux only.
    type: str
  kept_versions:
    description:
      - >-
        Number of versions to keep, including the current one. Older versions are deleted. Their data is not overwritten, because flash memory and
        journaling file systems would not overwrite it in place. On Windows a version is a certificate with its key.
    type: int
    default: 2
  reloaded_service:
    description:
      - >-
        Systemd unit to reload after a switch to another version, or to restart if it cannot reload; on Windows, the service to restart, with those that
        depend on it. One that is not running is left alone. If this fails, the module switches back to the previous version and the task fails.
    type: str
  probe:
    description:
      - Whether to test the SAC at the service from the position before the switch.
    type: bool
    default: true
  probe_in_check_mode:
    description:
      - >-
        Whether to contact the service in check mode too. On Linux the SAC is then kept in memory only. Windows can use only a key in a store for TLS:
        there this has an effect only if the SAC is installed already.
    type: bool
    default: false
  api_url:
    description:
      - Base URL of the RapidAuth service for the test.
    type: str
    default: https://request.rapidauth.com/rapid
  ca_path:
    description:
      - >-
        PEM file or directory on the position with the CA certificates to trust instead of the system's. For Linux only: Windows uses the machine's
        trusted root authorities.
    type: path
  timeout_seconds:
    description:
      - Time limit in seconds for the whole test, 1 to 3600. Within it, a request with a temporary error is sent up to five times.
    type: int
    default: 30
  audit_log_path:
    description:
      - >-
        File on the controller to which the task appends a line if something changed or failed: what, when, where, by whom, on what and with which outcome.
        It never contains a secret. It is created with mode 0600. If it cannot be written, nothing is changed.
    type: path
"""
