# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes SACs as they reach a position, runs the installation on them, and says what is in a place."""

from __future__ import annotations

import os
import pwd
import ssl

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.access import Access
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.directory import PASSPHRASES, VERSIONS
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.installation import run
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import build_payload
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.store import SacStore
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.tests.unit.support import certificates

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can install for another account, or make a file system")


def shipped(authority, name, passphrase="correct horse", key=None):
    """Returns {sac_content, sac_passphrase} of a new SAC, as the action plugin ships it."""
    key = key or certificates.new_key()
    pem = certificates.certificate_pem(authority.issue(name, key)) + certificates.key_pem(key)
    options, unused_summary = build_payload({"sac_content": pem.decode(), "sac_passphrase": passphrase}, utc_now())
    return options


class Place:
    """A directory to install into, and what is asked for besides the SAC."""

    def __init__(self, path, **options):
        self.path = str(path)
        self.options = {
            "state": "present", "path": self.path, "owner": pwd.getpwuid(os.geteuid()).pw_name, "group": None, "mode": None, "kept_versions": 2,
            "reloaded_service": None, "probe": False, "probe_in_check_mode": False, "api_url": "https://127.0.0.1:1/rapid", "ca_path": None,
            "timeout_seconds": 10}
        self.options.update(options)

    def have(self, sac=None, is_check_mode=False, **options):
        """Returns the result of the operation."""
        return run({**self.options, **(sac or {}), **options}, is_check_mode)

    @property
    def store(self):
        return SacStore(self.path, Access(self.options["owner"], self.options["group"], self.options["mode"]))

    def at(self, *names):
        return os.path.join(self.path, *names)

    def listing(self):
        """Returns {path below the place: (mode, content or target of the link)}: all that is there."""
        found = {}
        for directory, directories, files in os.walk(self.path):
            for name in directories + files:
                path = os.path.join(directory, name)
                mode = os.lstat(path).st_mode
                content = os.readlink(path) if os.path.islink(path) else None
                if content is None and name in files:
                    with open(path, "rb") as file:
                        content = file.read()
                found[os.path.relpath(path, self.path)] = mode, content
        return found

    def in_use(self):
        """Returns (certificate, passphrase) of the version in use after loading it; None where there is none."""
        if not os.path.lexists(self.at("current")):
            return None
        return load_whole(os.path.realpath(self.at("current")))

    def assert_clean(self, versions=None):
        """Asserts that nothing is there but whole versions with their passphrases, in their modes."""
        store = self.store
        store.ensure_ours()
        names = store.names()
        assert sorted(os.listdir(self.at(VERSIONS))) == names == sorted(os.listdir(self.at(PASSPHRASES)))
        assert set(os.listdir(self.path)) == {"current", ".lock", VERSIONS, PASSPHRASES}
        assert store.wrong_attributes() == {}
        assert [store.version(name).damage for name in names] == [None] * len(names)
        assert store.current_name() == names[-1]
        assert versions is None or len(names) == versions


def load_whole(directory):
    """Returns (certificate, passphrase) of a version that a reader found; raises where its files do not belong together."""
    def read(name):
        with open(os.path.join(directory, name), "rb") as file:
            return file.read()

    passphrase = read("passphrase")[:-1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem"), lambda: passphrase)
    context.load_cert_chain(os.path.join(directory, "sac.pem"), password=lambda: passphrase)
    certificate = read("certificate.pem")
    assert read("sac.pem") == certificate + read("chain.pem") + read("key.pem")
    return certificate, passphrase


def refusal(kind, call, *words):
    """Returns the RapidError that a call must end with: of that kind, saying these words, and no secret."""
    with pytest.raises(RapidError) as caught:
        call()
    assert caught.value.kind == kind, caught.value.message
    for each in words:
        assert each in caught.value.message, caught.value.message
    assert "passphrase " not in caught.value.message.replace("sac_passphrase ", "") and "BEGIN" not in caught.value.message
    return caught.value
