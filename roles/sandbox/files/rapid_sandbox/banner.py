# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The text that the program prints when it starts: addresses, paths and commands to try."""

import shlex


def text(directory, values, is_fleet_given=False):
    """Returns the banner, which names files with secrets but shows none."""
    curl = f"curl -K {shlex.quote(str(directory.file('sacs/curl.conf')))}"
    # The last position's: the first one is the canary of the rotation that the README rehearses.
    request_id = values["sandbox_fleet"][-1]["request_id"] if values["sandbox_fleet"] else "<RequestId>"
    options = f"-e @{directory.file('connection.yml')} -i {directory.file('fleet.yml')}"
    if is_fleet_given:
        options = f"-e @{directory.file('on_this_machine.yml')}, with your own inventory"
    base, admin = values["rapidauth_api_url"], values["sandbox_admin_url"]
    return f"""eccops.rapid sandbox: RapidAuth and the RapidSOS Portal, simulated on this machine

  RapidAuth (mutual TLS)   {base}
  Portal                   {values['rapidsos_api_url']}
  device collection        {values['sandbox_device_url']}/1.0/CollectCredential
  admin API                {admin}
  data directory           {directory.path}
  Ansible options          {options}

Commands to try (curl.conf names the SAC; the third one takes back what the second one does):

  {curl} {base}/requests/{request_id}
  {curl} -X PATCH {base}/requests/{request_id} -d '{{"PreventCollection":"true"}}'
  {curl} -X PATCH {base}/requests/{request_id} -d '{{"PreventCollection":"false"}}'
  curl {admin}/audit
  curl '{admin}/switches?describe'

Press Ctrl-C to stop."""
