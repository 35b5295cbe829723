# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""When a SAC in memory can be used, what it says of itself, and in which form it goes to OpenSSL."""

from __future__ import annotations

import base64
import datetime

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac, ensure_usable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import SacSource, load_sac
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import days_from_now


@pytest.fixture(name="sac")
def fixture_sac(certificate, key):
    return Sac(certificate, key, [], "the.sac")


def test_the_key_of_another_certificate_is_refused(certificate):
    with pytest.raises(SacUnusable, match="does not belong to the certificate 'CN=Harbor County' of the.sac") as caught:
        ensure_usable(Sac(certificate, certificates.new_key(), [], "the.sac"), utc_now())
    assert caught.value.kind == "sac_key_mismatch"


def test_validity_is_judged_to_the_second_and_says_which_and_since_when(authority, key):
    begin, end = days_from_now(-5).replace(microsecond=0), days_from_now(5).replace(microsecond=0)
    sac = Sac(authority.issue("Harbor County", key, begin, end), key, [], "the.sac")
    second = datetime.timedelta(seconds=1)
    ensure_usable(sac, begin)
    ensure_usable(sac, end - second)
    with pytest.raises(SacUnusable, match=r"CN=Harbor County.*expired on %s.*\(2 days ago\)" % end.strftime("%Y-%m-%dT%H:%M:%SZ")) as caught:
        ensure_usable(sac, end + datetime.timedelta(days=2))
    assert caught.value.kind == "sac_expired"
    with pytest.raises(SacUnusable, match=r"not valid before.*clock") as caught:
        ensure_usable(sac, begin - second)
    assert caught.value.kind == "sac_not_yet_valid"


def test_a_summary_holds_what_people_compare(sac, certificate):
    summary = sac.summary(utc_now())
    assert summary["subject"] == "CN=Harbor County"
    assert int(summary["serial"], 16) == certificate.serial_number
    assert len(bytes.fromhex(summary["sha256_fingerprint"])) == 32
    assert summary["days_left"] == 29


def test_what_goes_to_openssl_holds_the_key_encrypted_only(sac, certificate, key):
    text = sac.encrypted_pem(b"other")
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in text and b"BEGIN PRIVATE KEY" not in text
    assert load_sac(SacSource(text, None, "other", "the.sac")).certificate == certificate
    with pytest.raises(SacUnusable) as caught:
        load_sac(SacSource(text, None, "wrong", "the.sac"))
    assert caught.value.kind == "sac_wrong_passphrase"
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    assert secret not in base64.b64decode(b"".join(line for line in text.splitlines() if b"-" not in line))
