# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The device's side: the collection call itself, and the collector that positions run."""

import base64
import datetime
import json
import shutil
import stat
import subprocess
import sys

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sandbox_process import COLLECTOR, error

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def body_for(request_id, key=KEY):
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    der = request.public_bytes(serialization.Encoding.DER)
    return {
        "Identifier": request_id,
        "Device": {"SerialNumber": "not_important", "DeviceTypeName": "not_important"},
        "Certificate": {"ContainerName": "RapidContainer", "PKCS10": base64.b64encode(der).decode()},
    }


@pytest.fixture(name="replacement")
def fixture_replacement(sandbox, request_id):
    return sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "north-01_q4"}).json()["RequestId"]


def test_collection_signs_the_request_and_turns_the_status(sandbox, request_id, replacement):
    answer = sandbox.collect(body_for(replacement))
    assert answer.status_code == 200 and list(answer.json()) == ["Certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(answer.json()["Certificate"]))
    issuer = x509.load_pem_x509_certificate((sandbox.directory / "trusted_issuer.pem").read_bytes())
    certificate.verify_directly_issued_by(issuer)
    assert certificate.public_key() == KEY.public_key()
    assert certificate.subject.rfc4514_string() == "CN=north-01_q4"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["north-01_q4"]
    expires = datetime.datetime.fromisoformat(sandbox.row(request_id)["expires_date"][:19] + "+00:00")
    assert certificate.not_valid_after_utc == expires
    value = sandbox.get(f"/requests/{replacement}").json()
    assert value["Status"] == "Collected" and value["CollectedDate"] > value["RequestedDate"]
    error(sandbox.collect(body_for(replacement)), 409, 7706)
    sandbox.advance(days=1)
    assert sandbox.get(f"/requests/{replacement}").json()["Status"] == "Collected"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_request_signed_with_sha1_is_taken_as_the_vendors_sample_sends_it(sandbox, replacement, tmp_path, kind):
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: nothing else here signs with SHA-1")
    new_key = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    line = [program, "req", "-new", "-sha1", *new_key, "-nodes", "-keyout", "key.pem", "-subj", "/CN=x", "-outform", "DER", "-out", "request.der"]
    subprocess.run(line, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    der = (tmp_path / "request.der").read_bytes()
    assert x509.load_der_x509_csr(der).signature_hash_algorithm.name == "sha1"
    body = body_for(replacement)
    body["Certificate"]["PKCS10"] = base64.b64encode(der[:-9] + bytes([der[-9] ^ 1]) + der[-8:]).decode()
    error(sandbox.collect(body), 400, 7709)
    body["Certificate"]["PKCS10"] = base64.b64encode(der).decode()
    answer = sandbox.collect(body)
    certificate = x509.load_der_x509_certificate(base64.b64decode(answer.json()["Certificate"]))
    assert certificate.public_key() == x509.load_der_x509_csr(der).public_key()
    assert certificate.signature_hash_algorithm.name == "sha256"


def test_a_collected_certificate_is_no_sac(sandbox, replacement, tmp_path):
    answer = sandbox.collect(body_for(replacement))
    certificate = x509.load_der_x509_certificate(base64.b64decode(answer.json()["Certificate"]))
    pem = tmp_path / "device.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(sandbox.values["rapidauth_api_url"] + "/requests/x", cert=str(pem), timeout=10,
                     verify=sandbox.values["rapidauth_ca_path"])


def test_collection_refuses(sandbox, replacement):
    error(sandbox.collect(body_for("0a1fd8fa-348f-4ced-a64d-18547feb2848")), 409, 7704)
    error(sandbox.collect(body_for("a322e74b-a292-4b2e-8f63-779924b15923")), 409, 7706)
    error(sandbox.collect(body_for("00000000-0000-0000-0000-000000000000")), 404, 1109)
    error(sandbox.collect(body_for("x")), 400, 7701)
    error(sandbox.collect({"Identifier": replacement}), 400, 7708)
    weak = body_for(replacement)
    for broken in ("", "AAAA", "-----BEGIN CERTIFICATE REQUEST-----\n" + weak["Certificate"]["PKCS10"], None, 7):
        weak["Certificate"]["PKCS10"] = broken
        error(sandbox.collect(weak), 400, 7709)
    tampered = bytearray(base64.b64decode(body_for(replacement)["Certificate"]["PKCS10"]))
    tampered[-1] ^= 1
    weak["Certificate"]["PKCS10"] = base64.b64encode(tampered).decode()
    error(sandbox.collect(weak), 400, 7709)
    sandbox.call("PATCH", f"/requests/{replacement}", {"PreventCollection": "true"})
    error(sandbox.collect(body_for(replacement)), 409, 7705)
    sandbox.call("PATCH", f"/requests/{replacement}", {"PreventCollection": "false"})
    sandbox.switch(writes_refused=True)
    error(sandbox.collect(body_for(replacement)), 403, 7713)
    sandbox.switch(writes_refused=False)
    sandbox.advance(minutes=11)
    error(sandbox.collect(body_for(replacement)), 409, 7704)


class Position:
    """One position: what was delivered to it, and its store."""

    def __init__(self, sandbox, directory, request_id):
        self.sandbox, self.store = sandbox, directory / "store"
        self.delivered = directory / "request.json"
        self.deliver(request_id)

    def deliver(self, request_id, anon_id="north-01_q4"):
        self.delivered.write_text(json.dumps({"request_id": request_id, "anon_id": anon_id}), encoding="utf-8")

    def collect(self, *interpreter_options, **changes):
        options = {"request-file": self.delivered, "store": self.store, "timeout-seconds": 2,
                   "device-url": self.sandbox.values["sandbox_device_url"],
                   "ca-path": self.sandbox.values["rapidauth_ca_path"], **changes}
        line = [sys.executable, *interpreter_options, str(COLLECTOR)]
        for name, value in options.items():
            line += [f"--{name}", str(value)]
        return subprocess.run(line, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture(name="position")
def fixture_position(sandbox, replacement, tmp_path):
    return Position(sandbox, tmp_path, replacement)


def test_the_collector_stores_a_pair_once(sandbox, position, replacement):
    first, second = position.collect(), position.collect()
    reported = json.loads(first.stdout)
    assert (first.returncode, reported.pop("changed")) == (0, True), first.stderr
    assert json.loads(second.stdout) == {**reported, "changed": False}
    assert reported == json.loads((position.store / "collected.json").read_text(encoding="utf-8"))
    assert reported["request_id"] == replacement and reported["anon_id"] == "north-01_q4"
    certificate = x509.load_pem_x509_certificate((position.store / "certificate.pem").read_bytes())
    key = serialization.load_pem_private_key((position.store / "key.pem").read_bytes(), None)
    assert key.public_key() == certificate.public_key() and reported["serial"] == f"{certificate.serial_number:x}"
    files = [path for path in position.store.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert "PRIVATE" not in first.stdout + first.stderr
    assert sandbox.row(replacement)["status"] == "Collected"
    (position.store / "certificate.pem").unlink()
    assert json.loads(position.collect().stdout)["changed"] is True
    assert (position.store / "certificate.pem").exists()


def test_the_next_credential_takes_the_place_of_the_first(sandbox, position, replacement):
    assert position.collect().returncode == 0
    following = sandbox.call("POST", f"/requests/{replacement}/replace", {"AnonId": "north-01_q5"}).json()["RequestId"]
    position.deliver(following, "north-01_q5")
    assert json.loads(position.collect().stdout)["request_id"] == following
    certificate = x509.load_pem_x509_certificate((position.store / "certificate.pem").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=north-01_q5"
    assert len(list(position.store.glob("credential-*"))) == 1


def test_a_lost_answer_is_reported_by_the_next_run(sandbox, position):
    sandbox.fault("collect", "disconnect_after_effect")
    lost, reported = position.collect(), position.collect()
    assert lost.returncode == 1 and "key is kept" in lost.stderr
    assert reported.returncode == 1 and "issued and lost" in reported.stderr and "replace the credential" in reported.stderr
    assert "Traceback" not in lost.stderr + reported.stderr


def test_a_damaged_key_is_named(sandbox, position):
    sandbox.fault("collect", "disconnect_before_effect")
    assert position.collect().returncode == 1
    (key,) = position.store.glob("credential-*/key.pem")
    key.write_text("damaged", encoding="ascii")
    reported = position.collect()
    assert reported.returncode == 1 and f"{key} is damaged" in reported.stderr and "Traceback" not in reported.stderr
    key.unlink()
    assert json.loads(position.collect().stdout)["changed"] is True


def test_a_cut_before_the_effect_is_mended_by_the_next_run(sandbox, position):
    sandbox.fault("collect", "disconnect_before_effect")
    assert position.collect().returncode == 1
    assert json.loads(position.collect().stdout)["changed"] is True


@pytest.mark.parametrize("kind, said", [
    ("garbage", "not with a certificate"), ("html", "not with a certificate"), ("bad_gateway", "HTTP 502"),
    ("truncated_json", "not with a certificate"), ("latency", "timed out")])
def test_the_collector_says_what_went_wrong(sandbox, position, kind, said):
    sandbox.fault("collect", kind, **({"seconds": 3} if kind == "latency" else {}))
    failed = position.collect()
    assert failed.returncode == 1 and said in failed.stderr and "Traceback" not in failed.stderr


def test_the_collector_checks_its_input_and_the_server(sandbox, position):
    foreign = position.collect(**{"ca-path": sandbox.directory / "foreign_ca.pem"})
    assert foreign.returncode == 1 and "not trusted" in foreign.stderr
    assert "https://" in position.collect(**{"device-url": "http://localhost"}).stderr
    missing = position.collect("-c", "import sys; sys.modules['cryptography'] = None; sys.argv = sys.argv[1:];"
                               "import runpy; runpy.run_path(sys.argv[0], run_name='__main__')")
    assert missing.returncode == 1 and "'cryptography' is missing" in missing.stderr
    position.deliver("x")
    assert "GUID" in position.collect().stderr
    position.delivered.unlink()
    assert "cannot read" in position.collect().stderr
