# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the device's side of RapidAuth: collecting a credential with a certificate request.

The vendor's Ruby sample shows the call: no client certificate, PKCS10 as base64 of DER.
"""

import base64
import binascii

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from rapid_sandbox import audit, authority, clock, identifiers
from rapid_sandbox.rapidauth_answers import json_object, refusal_answer
from rapid_sandbox.rapidauth_listener import gate_of_writes
from rapid_sandbox.rapidauth_routes import recorded_refusal
from rapid_sandbox.refusals import Refused
from rapid_sandbox.serving import Route, Surface, json_answer


def collect(world, call):
    """Sign the device's request; the credential turns to Collected in the same transaction."""
    with recorded_refusal(world, call, "collect"):
        fields = json_object(call)
        certificate_fields = fields.get("Certificate")
        if not isinstance(certificate_fields, dict):
            raise Refused("body_malformed")
        request_id = identifiers.normal_request_id(fields.get("Identifier"))
        if request_id is None:
            raise Refused("request_id_malformed")
        call.parameters = {"request_id": request_id}
        public_key = public_key_of(certificate_fields.get("PKCS10"))
        row = world.credentials.by_request_id(request_id, call)
        if row is None:
            raise Refused("unknown_credential")
        refuse_uncollectable(row)
        now = world.clock.now_ticks()
        certificate = authority.sign_device(
            world.device_authority, row["anon_id"], public_key,
            clock.datetime_of_ticks(now), clock.datetime_of_ticks(row["expires_date"]))
        with world.storage.transaction():
            world.credentials.update(request_id, status="Collected", collected_date=now)
            audit.append(world.storage, now, "collect", call, request_id=request_id, anon_id=row["anon_id"],
                         identity=_device_name(fields), detail=f"certificate {certificate.serial_number:x}")
        der = certificate.public_bytes(serialization.Encoding.DER)
        return json_answer(200, {"Certificate": base64.b64encode(der).decode()})


def refuse_uncollectable(row):
    """Pure: raise the refusal that the credential's state asks for."""
    if row["status"] == "Expired":
        raise Refused("credential_expired")
    if row["status"] == "Collected":
        raise Refused("already_collected")
    if row["prevent_collection"]:
        raise Refused("collection_prevented")


def public_key_of(pkcs10):
    """The public key of a certificate request whose signature is good and whose key is strong enough.

    The signature may be by SHA-1, as in the vendor's Ruby sample; cryptography calls every such request invalid.
    """
    try:
        request = x509.load_der_x509_csr(base64.b64decode("".join(pkcs10.split()), validate=True))
        public_key = request.public_key()
        is_strong = (isinstance(public_key, rsa.RSAPublicKey) and public_key.key_size >= 2048
                     or isinstance(public_key, ec.EllipticCurvePublicKey) and public_key.curve.key_size >= 256)
        if is_strong and (request.is_signature_valid or _is_signed_with_sha1(request, public_key)):
            return public_key
    except (AttributeError, ValueError, TypeError, binascii.Error, InvalidSignature, UnsupportedAlgorithm):
        pass
    raise Refused("certificate_request_malformed")


def _is_signed_with_sha1(request, public_key):
    """Whether the request is signed with SHA-1; raises InvalidSignature where the signature is bad."""
    digest = request.signature_hash_algorithm
    if digest is None or digest.name != "sha1":
        return False
    how = (padding.PKCS1v15(), digest) if isinstance(public_key, rsa.RSAPublicKey) else (ec.ECDSA(digest),)
    public_key.verify(request.signature, request.tbs_certrequest_bytes, *how)
    return True


def _device_name(fields):
    device = fields.get("Device")
    serial = device.get("SerialNumber") if isinstance(device, dict) else None
    return f"device {serial[:64]}" if isinstance(serial, str) and serial else "device"


class Device(Surface):
    """The listener for devices: TLS with server authentication only."""

    name = "device"
    routes = (Route("POST", "/rapid/1.0/CollectCredential", "collect", collect, is_write=True),)

    def refusal(self, refused):
        return refusal_answer(refused, self.world.switches)

    def gate(self, route, call, sac):
        return gate_of_writes(self.world, call, route)
