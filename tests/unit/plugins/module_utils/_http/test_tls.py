# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import os
import pty
import ssl
import subprocess
import sys
import tempfile

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, key_pem

ENVIRONMENT = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path), PYTHONDONTWRITEBYTECODE="1")
IMPORTS = """
import sys
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._http import tls
from ansible_collections.eccops.rapid.plugins.module_utils._sac import loading
def use(path, passphrase):
    try:
        tls.client_context(None, loading.load_sac(loading.sac_source({"sac_path": path, "sac_passphrase": passphrase})))
        return "used"
    except RapidError as error:
        return error.kind
"""


@pytest.fixture
def encrypted_sac_path(tmp_path, sac):
    path = tmp_path / "sac.pem"
    path.write_bytes(certificate_pem(sac.certificate) + key_pem(sac.key, "correct horse"))
    return str(path)


def test_verification_is_on_and_old_tls_off(ca_path):
    for context in (client_context(), client_context(ca_path)):
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_private_ca_is_trusted_instead_of_the_systems(ca_path, authority):
    assert [int(certificate["serialNumber"], 16) for certificate in client_context(ca_path).get_ca_certs()] == [authority.certificate.serial_number]


def test_the_environment_names_a_ca_where_the_option_does_not(ca_path, other_authority, tmp_path, monkeypatch):
    other = tmp_path / "other.pem"
    other.write_bytes(other_authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert client_context().get_ca_certs()[0]["subject"] == ((("commonName", "Foreign CA"),),)
    assert client_context(ca_path).get_ca_certs()[0]["subject"] == ((("commonName", "Test CA"),),)


@pytest.mark.parametrize(
    "content, reason",
    [(None, "No such file"), (b"", "no PEM certificate"), (b"garbage", "no PEM certificate"), (b"-----BEGIN CERTIFICATE-----\nAAAA", "no PEM certificate")],
)
def test_a_ca_file_that_cannot_be_used_is_named(tmp_path, content, reason):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason) as caught:
        client_context(str(path))
    assert str(path) in caught.value.message


def test_a_ca_path_with_a_nul_character_is_an_expected_error():
    with pytest.raises(InvalidInput):
        client_context("/etc/\0")


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_a_sac_is_presented_and_leaves_nothing_behind(sac, ca_path, has_memory_files, tmp_path, monkeypatch):
    if not has_memory_files:
        monkeypatch.delattr(os, "memfd_create")
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    descriptors = os.listdir("/proc/self/fd")
    client_context(ca_path, sac)
    assert os.listdir(tmp_path) == []
    assert os.listdir("/proc/self/fd") == descriptors


def test_a_key_that_is_too_weak_for_openssl_is_an_expected_error(authority):
    from cryptography.hazmat.primitives.asymmetric import rsa

    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(SacUnusable, match="stronger key") as caught:
        client_context(None, Sac(authority.issue("Weak SAC", weak), weak, [], "weak.pem"))
    assert caught.value.kind == "sac_malformed"


def test_no_file_is_opened_for_writing_while_a_sac_is_used(encrypted_sac_path):
    script = IMPORTS + (
        "import os\n"
        "written = []\n"
        "def watch(event, arguments):\n"
        "    if event == 'open' and not isinstance(arguments[0], int):\n"  # memfd is opened by its number
        "        mode, flags = arguments[1] or '', arguments[2] or 0\n"
        "        if set(mode) & set('wax+') or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):\n"
        "            written.append(str(arguments[0]))\n"
        "    elif event in ('tempfile.mkstemp', 'os.rename', 'os.link', 'os.mkdir', 'subprocess.Popen', 'socket.connect'):\n"
        "        written.append(event)\n"
        "sys.addaudithook(watch)\n"
        "print(use(sys.argv[1], 'correct horse'), written)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, encrypted_sac_path], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert run.stdout == "used []\n", run.stderr


def test_nobody_is_ever_asked_for_a_passphrase(encrypted_sac_path):
    """With a terminal to ask at, and the right answer waiting there."""
    script = IMPORTS + "for passphrase in (None, '', 'wrong', 'correct horse'): print(use(sys.argv[1], passphrase), flush=True)"
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, "-c", script, encrypted_sac_path], ENVIRONMENT)
    os.write(terminal, b"correct horse\ncorrect horse\n")
    shown = b""
    try:
        for chunk in iter(lambda: os.read(terminal, 4096), b""):
            shown += chunk
    except OSError:
        pass  # the terminal ends with its process
    os.close(terminal)
    assert os.waitpid(process, 0)[1] == 0
    answers = shown.decode().replace("\r", "").splitlines()
    assert [line for line in answers if line != "correct horse"] == ["sac_passphrase_missing", "sac_passphrase_missing", "sac_wrong_passphrase", "used"]


@pytest.mark.parametrize("names", [[], ["ca.pem"], ["5ed36f99.r0"], ["5ED36F99.0"], ["5ed36f99.0.pem"]])
def test_a_directory_of_cas_without_hashed_names_is_named(tmp_path, authority, names):
    for name in names:
        (tmp_path / name).write_bytes(authority.pem)
    with pytest.raises(InvalidInput, match="'%s' is a directory without hashed certificates.*openssl rehash" % tmp_path):
        client_context(str(tmp_path))


def test_a_hashed_directory_of_cas_is_used(tmp_path, authority, serve, connect):
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)
    assert connect(serve(), ca=str(tmp_path)).get("/x").status == 200


def test_an_environment_names_the_directory_too(tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    with pytest.raises(InvalidInput, match="REQUESTS_CA_BUNDLE '%s' is a directory without hashed" % tmp_path):
        client_context()
