# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Secrets planted for a run, and the search for them in all that it left."""

import base64
import json
import os
import pathlib
import re
import urllib.parse

from cryptography.hazmat.primitives import serialization

ANY_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}")
KEPT_SECRETS = ("connection.yml", "on_this_machine.yml", "secrets.json")  # what the sandbox itself must keep
#: What a test itself writes to run with.
GIVEN = ("extra_vars.json", "playbook.yml")


def markers_of(sandbox):
    """Secrets by name: some planted (wrong ones), some the sandbox's own, among them one of every kind of option."""
    sac = sandbox.values["sandbox_sacs"]["valid"]
    key = serialization.load_pem_private_key(pathlib.Path(sac["key_path"]).read_bytes(), sac["passphrase"].encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return {
        "planted_password": "Planted-Password-7f3a 'q\" \u00e9",
        "planted_passphrase": "Planted-Passphrase-91be",
        "planted_client_secret": "Planted-Client-Secret-44d0",
        "planted_key": pem,
        "planted_sac": pathlib.Path(sac["combined_path"]).read_text(encoding="utf-8"),
        "planted_pkcs12": base64.b64encode(pathlib.Path(sac["pkcs12_path"]).read_bytes()).decode(),
        "real_passphrase": sac["passphrase"],
        "real_client_secret": sandbox.values["rapidsos_client_secret"],
        **{"real_password_%d" % number: account["password"] for number, account in enumerate(sandbox.values["sandbox_accounts"])},
    }


def forms_of(name, secret):
    """The bytes to look for: as it is, in base64 at each offset, URL-encoded, in JSON; a long one by a piece of its middle."""
    if "-----BEGIN" in secret:  # line breaks are written differently everywhere: look for single lines of the private key
        lines = secret.rpartition("-----BEGIN")[2].splitlines()[1:-1]
        return {line.encode() for line in lines if len(line) > 30}
    raw = secret.encode()
    forms = {raw, urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode(),
             json.dumps(secret, ensure_ascii=False)[1:-1].encode(), repr(secret)[1:-1].encode(), raw.hex().encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        forms.add(encoded[4 if offset else 0:-4])  # the ends depend on what stands beside it
    if name == "planted_pkcs12":
        forms = {raw[100:160], raw[400:460], base64.b64decode(raw)[100:140]}
    return {form for form in forms if len(form) >= 12}


def read_command_lines(found):
    """Adds the command lines of all processes at this moment; those that end meanwhile are skipped."""
    for process in pathlib.Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                found.add((process / "cmdline").read_bytes())
            except OSError:
                pass


def searched_files(sandbox, place):
    for path in place.rglob("*"):
        if path.is_file() and path.name not in GIVEN:
            yield path
    for path in sandbox.directory.rglob("*"):
        if path.is_file() and path.name not in KEPT_SECRETS and path.parent.name != "sacs":
            yield path


def leaks_in(content, secrets):
    """The names of the secrets in ``content``, and of any token at all: those of failed tasks nobody could register."""
    found = {name for name, secret in secrets.items() if any(form in content for form in forms_of(name, secret))}
    return sorted(found | ({"some token"} if ANY_TOKEN.search(content) else set()))
