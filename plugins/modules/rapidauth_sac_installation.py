#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_sac_installation
short_description: Install a Service Authentication Certificate on a Linux position
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Installs a Service Authentication Certificate (SAC) as a whole version beside the one in use, proves it to the service from
    the position, as the account that will use it, and switches to it by one rename.
  - >-
    The SAC is read and judged on the controller. One that has expired, has another's key or may not identify a TLS client is
    refused there. What is shipped is PEM with the key encrypted by AES-256, through pipelining only, so that nothing of it lies
    in the position's temporary directory.
  - >-
    Whatever fails, the SAC that was in use stays. A run that was killed at any instant is mended by the next.
  - >-
    A SAC opens every credential of the company. Read the role P(eccops.rapid.sac_certificate#role) before you put one on a
    workstation.
options:
  state:
    description:
      - Whether the SAC is installed, or nothing of it is left.
    type: str
    choices: [present, absent]
    default: present
  path:
    description:
      - >-
        The directory it is installed in, which holds nothing else. C(current) in it leads to the version in use, with
        C(sac.pem) (certificate, chain and encrypted key), C(certificate.pem), C(chain.pem), C(key.pem), and C(passphrase),
        which lies in a directory of its own.
      - Nobody but root may be able to write to the directories above it.
    type: path
    default: /etc/rapidauth-sac
  sac_path:
    description:
      - File on the controller with the SAC, PKCS#12 or PEM.
    type: path
  sac_content:
    description:
      - The SAC itself instead of a file, for example from a vault. PEM text, or a PKCS#12 file in base64.
    type: str
  sac_key_path:
    description:
      - File on the controller with the private key in PEM, where it is not in the file of the certificate.
    type: path
  sac_key_content:
    description:
      - The private key in PEM itself.
    type: str
  sac_passphrase:
    description:
      - Passphrase of the SAC. The installed key is encrypted with the same one, also where the SAC given here is not encrypted.
      - Without line breaks, since it is kept in a file of one line. Required for O(state=present).
    type: str
  owner:
    description:
      - The account that uses the SAC. The files belong to it, the directories to the user that runs the task.
    type: str
    default: root
  group:
    description:
      - A group whose members may use the SAC too.
    type: str
  mode:
    description:
      - Mode of the files, V(0400), V(0600), or with O(group) V(0440) or V(0640). Default is V(0400), with a group V(0440).
    type: str
  kept_versions:
    description:
      - How many versions are kept in all, the one in use included. Older ones are removed; no overwriting is tried, which no
        flash memory and no journaling file system would honour.
    type: int
    default: 2
  reloaded_service:
    description:
      - >-
        A systemd unit that is reloaded, or restarted where it cannot reload, once another version is in use. One that does not
        run is left alone. If that fails, the version before is back and the task fails.
    type: str
  probe:
    description:
      - Whether the SAC is proved to the service from the position before it is switched to.
    type: bool
    default: true
  probe_in_check_mode:
    description:
      - Whether the service is contacted in check mode too, with the SAC held in memory.
    type: bool
    default: false
  api_url:
    description:
      - Base URL of the RapidAuth service that it is proved to.
    type: str
    default: https://request.rapidauth.com/rapid
  ca_path:
    description:
      - File or directory on the position with the CAs that the service's certificate must come from, instead of the system's.
    type: path
  timeout_seconds:
    description:
      - Seconds that the proof may take in all. Temporary trouble is tried three times within them.
    type: int
    default: 30
  audit_log_path:
    description:
      - >-
        File of the controller to which a line is appended when something was changed or failed: what, when, where, by whom, to
        what, with which outcome, and no secret. Where it cannot be written nothing is done. Created with mode 0600.
    type: path
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Writes nothing. Contacts the service only with O(probe_in_check_mode=true).
  diff_mode:
    support: full
    details: Shows fingerprints, subject, owners and modes; never a key or a passphrase.
requirements:
  - Python 3.8 on the position, with nothing but its standard library; no cryptography, no requests
  - cryptography >= 41 on the controller
notes:
  - Proxies are taken from the position's environment variables E(HTTPS_PROXY), E(ALL_PROXY) and E(NO_PROXY); only http:// proxies are supported.
  - >-
    A program that reads several of the files resolves the link C(current) once and reads all from there, or reads C(sac.pem)
    and C(passphrase) from there. The version stays for as long as it is among O(kept_versions).
seealso:
  - module: eccops.rapid.rapidauth_sac_info
"""

EXAMPLES = r"""
- name: Install the SAC for the account of the dispatch gateway
  eccops.rapid.rapidauth_sac_installation:
    sac_path: "{{ playbook_dir }}/files/sac.p12"
    sac_passphrase: "{{ vault_sac_passphrase }}"
    owner: dispatch-gateway
    reloaded_service: dispatch-gateway.service
  become: true
  vars:
    ansible_pipelining: true

- name: Leave nothing of it
  eccops.rapid.rapidauth_sac_installation:
    state: absent
  become: true
"""

RETURN = r"""
outcome:
  description:
    - >-
      What was done, in check mode what would be: V(installed), V(replaced), V(rebuilt) (it was damaged), V(repaired) (owner or
      mode), V(reloaded) (an earlier run died before that), V(tidied) (what is no longer kept), V(removed) or V(unchanged).
  type: str
  returned: success
  sample: replaced
reason:
  description: Why.
  type: str
  returned: success
  sample: another SAC is wanted
version_path:
  description: The directory of the version in use; null in check mode where it is not there yet.
  type: str
  returned: success and O(state=present)
  sample: /etc/rapidauth-sac/versions/0002-5d0f6c...
sha256_fingerprint:
  description: SHA-256 of the certificate that is wanted.
  type: str
  returned: success and O(state=present)
  sample: 5d0f6c...
previous_sha256_fingerprint:
  description: That of the certificate that was in use; null where none was.
  type: str
  returned: success and O(state=present)
  sample: 91be07...
is_proven:
  description: Whether the service took it in this run; null where it was not asked, because nothing changed or nobody wanted it.
  type: bool
  returned: success and O(state=present)
  sample: true
sac:
  description: The SAC, as the controller read it.
  type: dict
  returned: success and O(state=present)
  sample:
    subject: CN=Service Authentication Certificate,O=Harbor County ECC
    serial: 4f1c
    sha256_fingerprint: 5d0f6c...
    not_after: "2027-05-01T00:00:00Z"
    days_left: 160
error_kind:
  description: >-
    A stable word for the cause of a failure, such as V(sac_expired), V(invalid_input), V(not_written), V(not_readable),
    V(service_not_reloaded), V(busy), or that of the proof, such as V(sac_refused).
  type: str
  returned: failure
  sample: sac_refused
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.installation import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
