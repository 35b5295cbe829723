# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how to make a device collect its credential: key and certificate request are made here.

It reads what was delivered to the position, {"request_id", "anon_id"}, makes a key, asks the service
to sign, and puts key.pem, certificate.pem and collected.json in place in one step. The key is stored
before the request is sent, so a cut connection or a crash never loses a certificate unnoticed.
Needs Python 3 and the package "cryptography". Prints one JSON object; never key material.
"""
import argparse
import base64
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import platform
import shutil
import ssl
import sys
import urllib.error
import urllib.request
import uuid

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError:
    x509 = None  # type: ignore[assignment]

KEY_FILE, CERTIFICATE_FILE, COLLECTED_FILE = "key.pem", "certificate.pem", "collected.json"
FILES, CURRENT = (KEY_FILE, CERTIFICATE_FILE, COLLECTED_FILE), "current"
LOST = "the key is kept, so run this again; if it then says 'already collected', replace the credential"
LARGEST_ANSWER = 1024 * 1024


class CollectError(Exception):
    """The credential was not collected; the message says why and what to do."""


class RefusedError(CollectError):
    """The service said no: it issued nothing to this call."""


def main():
    """Collect if need be; the exit code."""
    options = _options()
    try:
        if x509 is None:
            raise CollectError("the Python package 'cryptography' is missing on this position: install "
                               "python3-cryptography, or run this with a Python that has it")
        print(json.dumps(collect(options)))
    except CollectError as error:
        print("collect_credential: " + str(error), file=sys.stderr)
        return 1
    return 0


def collect(options):
    """The result object; CollectError where it cannot be."""
    request_id, anon_id = read_delivered(options.request_file)
    store = pathlib.Path(options.store or pathlib.Path(options.request_file).parent / "credential")
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(str(store / ".lock"), os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _collect_locked(options, store, request_id, anon_id)
    except OSError as error:
        raise CollectError("cannot use the directory {0}: {1}".format(store, error)) from error


def _collect_locked(options, store, request_id, anon_id):
    chosen = store / ("credential-" + request_id)
    collected = _read_json(chosen / COLLECTED_FILE)
    is_stored = collected.get("request_id") == request_id and _is_pair(chosen)
    if is_stored and all((store / name).resolve() == (chosen / name).resolve() for name in FILES):
        return dict(collected, changed=False)
    if not is_stored:  # else an earlier run stored all and was killed before it put it in place
        collected = _collect_new(options, chosen, request_id, anon_id)
    _put_in_place(store, chosen)
    return dict(collected, changed=True)


def _collect_new(options, chosen, request_id, anon_id):
    was_begun = (chosen / KEY_FILE).exists()
    key = _load_or_create_key(chosen)
    try:
        certificate = _ask(options, request_id, key, was_begun)
    except RefusedError:
        if not was_begun:  # nothing was ever issued for this key
            shutil.rmtree(chosen)
        raise
    not_after = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    collected = {
        "request_id": request_id,
        "anon_id": anon_id,
        "serial": "{0:x}".format(certificate.serial_number),
        "not_after": not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    write_private(chosen / CERTIFICATE_FILE, certificate.public_bytes(serialization.Encoding.PEM))
    write_private(chosen / COLLECTED_FILE, (json.dumps(collected) + "\n").encode())
    return collected


def _put_in_place(store, chosen):
    """Switch "current" in one step; key.pem and the others lead through it."""
    _link(store / CURRENT, chosen.name)
    for name in FILES:
        if not (store / name).is_symlink():
            _link(store / name, CURRENT + "/" + name)
    for earlier in store.glob("credential-*"):
        if earlier.name != chosen.name:
            shutil.rmtree(earlier)


def _link(path, target):
    temporary = path.with_name("." + path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    os.symlink(target, str(temporary))
    os.replace(str(temporary), str(path))


def read_delivered(path):
    """RequestId and AnonId from the delivered file."""
    try:
        with open(path, encoding="utf-8") as handle:
            delivered = json.load(handle)
        request_id, anon_id = delivered["request_id"], delivered.get("anon_id")
        return str(uuid.UUID(request_id)), anon_id
    except OSError as error:
        raise CollectError("cannot read the delivered request {0}: {1}".format(path, error.strerror)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CollectError("{0} is not a JSON object with request_id, a GUID, and anon_id".format(path)) from error


def write_private(path, content):
    """Write with mode 0600 so that a reader sees the old content or the new."""
    temporary = path.with_name("." + path.name + ".new")
    with open(os.open(str(temporary), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(str(temporary), str(path))


def _load_or_create_key(chosen):
    chosen.mkdir(mode=0o700, exist_ok=True)
    path = chosen / KEY_FILE
    if path.exists():
        try:
            return serialization.load_pem_private_key(path.read_bytes(), None)
        except (ValueError, TypeError) as error:
            raise CollectError("{0} is damaged: it holds no private key; remove it and run this again. If the service then says "
                               "'already collected', replace the credential".format(path)) from error
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_private(path, key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return key


def _ask(options, request_id, key, was_begun):
    """The certificate that the service signs for this key."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    body = {
        "Identifier": request_id,
        "Device": {"SerialNumber": platform.node() or "unknown", "DeviceTypeName": platform.system() or "unknown"},
        "Certificate": {
            "ContainerName": "RapidContainer",
            "PKCS10": base64.b64encode(request.public_bytes(serialization.Encoding.DER)).decode(),
        },
    }
    answer = _post(options, body, was_begun)
    try:
        der = base64.b64decode(json.loads(answer.decode())["Certificate"])
        certificate = x509.load_der_x509_certificate(der)
    except (ValueError, KeyError, TypeError) as error:
        raise CollectError("the service answered, but not with a certificate; " + LOST) from error
    if _public_key(certificate) != _public_key(key):
        raise CollectError("the service answered with a certificate for another key; " + LOST)
    return certificate


def _post(options, body, was_begun):
    url = options.device_url.rstrip("/") + "/1.0/CollectCredential"
    if not url.startswith("https://"):
        raise CollectError("the device URL must begin with https://")
    try:
        context = ssl.create_default_context(cafile=options.ca_path)
    except OSError as error:
        raise CollectError("cannot load the authority {0}: {1}".format(options.ca_path, error)) from error
    message = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json", "Accept": "application/json"})
    try:
        with urllib.request.urlopen(message, timeout=options.timeout_seconds, context=context) as response:
            return response.read(LARGEST_ANSWER)
    except urllib.error.HTTPError as error:
        kind = RefusedError if 400 <= error.code < 500 else CollectError
        raise kind(_refusal(error, url, was_begun)) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise CollectError("the certificate of {0} is not trusted by {1}: {2}".format(
                url, options.ca_path, error.reason.verify_message)) from error
        raise CollectError("no answer from {0} ({1}); {2}".format(url, error.reason, LOST)) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CollectError("the answer of {0} was cut ({1!r}); {2}".format(url, error, LOST)) from error


def _refusal(error, url, was_begun):
    try:
        said = json.loads(error.read(LARGEST_ANSWER).decode())
        text = "error {0}: {1}".format(said["Number"], said["Message"])
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        text = "no readable reason"
    message = "{0} did not issue the credential: HTTP {1}, {2}".format(url, error.code, text)
    if error.code >= 500:
        return message + "; " + LOST
    if was_begun:
        message += (" An earlier run asked for this credential and its answer was lost. If the service says 'already "
                    "collected', the certificate was issued and lost: replace the credential and deliver the new RequestId.")
    return message


def _public_key(holder):
    """The public key of a certificate or of a private key of any kind, as bytes."""
    return holder.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _is_pair(store):
    """Whether key and certificate are there and belong together."""
    try:
        key = serialization.load_pem_private_key((store / KEY_FILE).read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((store / CERTIFICATE_FILE).read_bytes())
        return _public_key(certificate) == _public_key(key)
    except (OSError, ValueError, TypeError):
        return False


def _read_json(path):
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _options():
    parser = argparse.ArgumentParser(description="Collect a RapidAuth credential on this position.")
    parser.add_argument("--request-file", required=True, help="JSON file with request_id and anon_id, as delivered")
    parser.add_argument("--store", help="directory for key, certificate and collected.json; by default credential, beside the request file")
    parser.add_argument("--device-url", required=True, help="base URL, for example https://sandbox.example:8445/rapid")
    parser.add_argument("--ca-path", required=True, help="PEM file of the authority that signed the server")
    parser.add_argument("--timeout-seconds", type=float, default=30, help="default 30")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
