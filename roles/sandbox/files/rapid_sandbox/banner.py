# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The text that the program prints when it starts: addresses, paths and commands to try."""


def text(directory, values, is_fleet_given=False):
    """Returns the banner, which names files with secrets but shows none."""
    sac = values["sandbox_sacs"]["valid"]["combined_path"]
    # The last position's: the first one is the canary of the rotation that the README rehearses.
    request_id = values["sandbox_fleet"][-1]["request_id"] if values["sandbox_fleet"] else "<RequestId>"
    options = f"-e @{directory.file('connection.yml')} -i {directory.file('fleet.yml')}"
    if is_fleet_given:
        options = f"-e @{directory.file('on_this_machine.yml')}, with your own inventory"
    base, ca = values["rapidauth_api_url"], values["rapidauth_ca_path"]
    return f"""eccops.rapid sandbox: RapidAuth and the RapidSOS Portal, simulated on this machine

  RapidAuth (mutual TLS)   {base}
  Portal                   {values['rapidsos_api_url']}
  device collection        {values['sandbox_device_url']}/1.0/CollectCredential
  admin API                {values['sandbox_admin_url']}
  data directory           {directory.path}
  Ansible options          {options}

Commands to try (the passphrase is rapidauth_sac_passphrase in connection.yml):

  curl --cacert {ca} {base}/requests/{request_id} -E {sac}:<passphrase>
  curl --cacert {ca} -X PATCH {base}/requests/{request_id} -d '{{"PreventCollection":"true"}}' -E {sac}:<passphrase>
  curl {values['sandbox_admin_url']}/audit
  curl {values['sandbox_admin_url']}/switches?describe

Press Ctrl-C to stop."""
