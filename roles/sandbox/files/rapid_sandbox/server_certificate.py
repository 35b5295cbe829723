# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the listeners' own certificate: kept while it fits the host names, else made anew."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from rapid_sandbox import authority as certificates


def load_or_create(directory, signer, host_name, listen_address):
    """Path of a PEM file with the certificate and its key."""
    wanted = list(dict.fromkeys([host_name, "localhost", "127.0.0.1", "::1"]))
    if listen_address not in wanted and not _is_wildcard(listen_address):
        wanted.append(listen_address)
    path = directory.file("server.pem")
    if not path.exists() or not _fits(path, wanted):
        key = certificates.new_key()
        certificate = certificates.sign_server(signer, key.public_key(), wanted)
        directory.write(path.name, certificate.public_bytes(serialization.Encoding.PEM)
                        + certificates.unencrypted_pem(key))
    return path


def _is_wildcard(address):
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _fits(path, wanted):
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    soon = datetime.datetime.now(datetime.timezone.utc) + 30 * certificates.ONE_DAY
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (certificate.not_valid_after_utc > soon
            and {certificates.general_name(name) for name in wanted} <= set(names))
