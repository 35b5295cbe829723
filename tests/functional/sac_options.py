# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests give a task one of the sandbox's SACs, whole or in a way that cannot work."""

#: Stands for the key of another SAC, and its passphrase.
FOREIGN_KEY = "/foreign/"


def sac_options(sandbox, which, **given):
    """Returns a task's options for the SAC ``which`` of connection.yml; ``given`` may name its files by their keys there, as in ``sac_path="pkcs12_path"``."""
    files = sandbox.values["sandbox_sacs"][which]
    options = {"sac_path": files["combined_path"], "sac_passphrase": files["passphrase"]}
    options.update({name: files.get(value, value) if isinstance(value, str) else value for name, value in given.items()})
    if options.get("sac_key_path") == FOREIGN_KEY:
        foreign = sandbox.values["sandbox_sacs"]["foreign_authority"]
        options.update(sac_key_path=foreign["key_path"], sac_passphrase=foreign["passphrase"])
    if "sac_content" in options:
        options["sac_path"] = "{{ omit }}"
    return options
