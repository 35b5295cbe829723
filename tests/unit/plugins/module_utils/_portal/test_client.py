# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import base64
import datetime
import json
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, InvalidInput, RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import Token, expiry, log_in, normalize_caller_id, portal_query_url
from ansible_collections.eccops.rapid.plugins.module_utils._time import UTC
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR = datetime.timedelta(hours=1)
PARAMS = {"api_version": "irpv1", "email": "dispatch@ecc.example", "password": "pass wörd&=\"'"}


def jwt(claims):
    text = claims if isinstance(claims, bytes) else json.dumps(claims).encode("utf-8")
    return "e30." + base64.urlsafe_b64encode(text).decode("ascii").rstrip("=") + ".c2ln"


@pytest.mark.parametrize("exp", [1795341600, 1795341600.0, 1795341600000])
def test_the_tokens_own_expiry_counts_in_seconds_or_milliseconds(exp):
    expected = datetime.datetime.fromtimestamp(1795341600, UTC)
    assert expiry(jwt({"exp": exp, "sub": "\u00fc\u00ff>?"}), 60, NOW) == (expected, "jwt_exp")


def test_at_the_border_seconds_become_milliseconds():
    assert expiry(jwt({"exp": 10**11}), None, NOW)[0].year == 5138
    assert expiry(jwt({"exp": 10**11 + 1000}), None, NOW)[0].year == 1973


@pytest.mark.parametrize("exp", [None, True, "1795341600", [], 10**400, -(10**400), float("nan"), float("inf"), float("-inf"), 1e300, 10**14 * 1000])
def test_an_expiry_that_makes_no_sense_is_passed_over(exp):
    assert expiry(jwt({"exp": exp}), 3599, NOW) == (NOW + datetime.timedelta(seconds=3599), "expires_in")


@pytest.mark.parametrize(
    "value", ["opaque", "a.b", "a.b.c.d", "..", "e30.!!!.x", "e30.\u00e9.x", jwt(b"[1]"), jwt(b"null"), jwt(b"{"), jwt(b"\xff"), jwt(b"[" * 10000), jwt({})]
)
def test_a_token_without_claims_lasts_as_the_answer_says_or_the_documented_hour(value):
    assert expiry(value, 3599, NOW) == (NOW + datetime.timedelta(seconds=3599), "expires_in")
    for absent in (None, 0, -5, True, "3599", 10**9, [], 1.5):
        assert expiry(value, absent, NOW) == (NOW + HOUR, "documented_session")


@given(
    st.one_of(st.binary().map(jwt), st.text(), st.dictionaries(st.just("exp"), st.one_of(st.integers(), st.floats(), st.text())).map(jwt)),
    st.one_of(st.none(), st.integers(), st.text()),
)
def test_no_token_raises(value, expires_in):
    instant, basis = expiry(value, expires_in, NOW)
    assert instant.tzinfo is not None
    assert basis in ("jwt_exp", "expires_in", "documented_session")


def test_a_browser_gets_an_hour_at_the_most():
    assert Token("x", NOW, NOW + 4 * HOUR, "jwt_exp").session_expires_at == NOW + HOUR
    assert Token("x", NOW, NOW + HOUR / 2, "jwt_exp").session_expires_at == NOW + HOUR / 2


@pytest.mark.parametrize("text", ["15555555555", "+1 (555) 555-5555", "1.555.555.5555", " 1 555 555 5555\t", "+49 30 1234567890"[:17]])
def test_a_callers_number_is_stripped_to_its_digits(text):
    digits = normalize_caller_id(text)
    assert digits.isascii() and digits.isdigit() and 11 <= len(digits) <= 15


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5555555555",
        "05555555555",
        "1555555555a",
        "1" * 16,
        "15555555555x12",
        "15555555555\0",
        "１５５５５５５５５５５",
        "1٥٥٥٥٥٥٥٥٥٥",
        "1²²²²²²²²²²",
        None,
        15555555555,
        "15555555555&access_token=x",
        "tel:15555555555",
    ],
)
def test_anything_else_is_no_callers_number(text):
    with pytest.raises(InvalidInput, match="country code") as caught:
        normalize_caller_id(text)
    assert caught.value.kind == "caller_id_malformed"


@given(st.text(alphabet=[chr(code) for code in range(0x21, 0x7F)], min_size=1))
def test_every_token_arrives_whole_and_alone(token):
    parts = urlsplit(portal_query_url(token, "+1 555 555-5555", "https://portal.example/query-interface"))
    assert parse_qsl(parts.query, strict_parsing=True) == [("caller_id", "15555555555"), ("access_token", token)]
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "portal.example", "/query-interface", "")


@pytest.mark.parametrize("token", ["", "a b", "a\n", "\na", "a\x7f", "tökén", "x" * 16385, None, 5])
def test_what_no_token_looks_like_is_refused_and_not_quoted(token):
    with pytest.raises(InvalidInput) as caught:
        portal_query_url(token, "15555555555")
    assert not token or str(token) not in caught.value.message


@pytest.mark.parametrize("name", ["", "a b", "a&b", "a=b", "a\n", "é"])
def test_what_is_no_parameter_name_is_refused(name):
    with pytest.raises(InvalidInput, match="query_token_parameter"):
        portal_query_url("t", "15555555555", token_parameter=name)


@pytest.mark.parametrize("field", ["token", "access_token"])
def test_irpv1_sends_the_documented_body_and_takes_either_field(serve, connect, field):
    server = serve(response(body={field: jwt({"exp": 1795341600}), "refresh_token": "r"}))
    token = log_in(connect(server), PARAMS, NOW)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/scorpius/user/api-token-auth")
    assert json.loads(request.body) == {"email": PARAMS["email"], "password": PARAMS["password"]}
    assert token.expires_basis == "jwt_exp" and token.issued_at == NOW


def test_irpv2_sends_the_oauth_password_grant(serve, connect):
    server = serve(response(body={"access_token": "opaque", "token_type": "Bearer", "issued_at": 1605805540651, "expires_in": 3599}))
    token = log_in(connect(server), dict(PARAMS, api_version="irpv2", client_id="id", client_secret="se&cret"), NOW)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/oauth/v2/token")
    sent = {name: values[0] for name, values in parse_qs(request.body.decode("ascii"), strict_parsing=True).items()}
    assert sent == {"grant_type": "password", "client_id": "id", "client_secret": "se&cret", "username": PARAMS["email"], "password": PARAMS["password"]}
    assert (token.value, token.expires_at) == ("opaque", NOW + datetime.timedelta(seconds=3599))


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, "login_malformed"),
        (401, "login_refused"),
        (403, "account_locked"),
        (404, "login_malformed"),
        (422, "login_malformed"),
        (423, "account_locked"),
        (302, "login_malformed"),
        (429, "throttled"),
        (500, "service_trouble"),
        (502, "service_trouble"),
        (503, "service_trouble"),
    ],
)
def test_a_login_is_tried_once_and_its_refusal_known_by_the_status_alone(serve, connect, naps, status, kind):
    server = serve(response(status, {"detail": "MARKER", "token": "MARKER"}))
    with pytest.raises(Refusal) as caught:
        log_in(connect(server), PARAMS, NOW)
    assert caught.value.kind == kind
    assert caught.value.http_status == status
    shown = json.dumps(caught.value.as_result(), ensure_ascii=False)
    assert "MARKER" not in shown and "pass w" not in shown
    assert (len(server.requests), naps) == (1, [])


@pytest.mark.parametrize("body, kind", [
    ({"non_field_errors": ["Unable to log in with provided credentials."]}, "login_refused"),
    ({"error": "invalid_grant", "error_description": "MARKER"}, "login_refused"),
    ({"error": "invalid_request"}, "login_malformed"),
    ({"email": ["Enter a valid email address."]}, "login_malformed"),
    (b"<html>non_field_errors</html>", "login_malformed")])
def test_a_400_in_the_form_for_a_wrong_password_is_one(serve, connect, body, kind):
    with pytest.raises(Refusal, match="HTTP 400") as caught:
        log_in(connect(serve(response(400, body))), PARAMS, NOW)
    assert caught.value.kind == kind and "MARKER" not in caught.value.message
    assert ("the password is wrong or the account is locked" in caught.value.message) is (kind == "login_refused")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location, shown", [
    ("https://login.example:8443/path?token=MARKER#MARKER", " to https://login.example:8443 "), ("/MARKER", ""),
    ("https://user:MARKER@h.example/", ""), ("https://\x1b[2K\x9bMARKER", ""), (None, "")])
def test_a_redirect_of_a_login_is_not_followed_and_says_where_to(serve, connect, status, location, shown):
    server = serve(response(status, headers=[("Location", location)] if location else ()))
    with pytest.raises(Refusal, match="redirected the login of %s" % PARAMS["email"]) as caught:
        log_in(connect(server), PARAMS, NOW)
    assert shown in caught.value.message and "set api_url" in caught.value.message and "HTTP %d" % status in caught.value.message
    assert "MARKER" not in caught.value.message and caught.value.message.isprintable() and len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>MARKER</html>",
        b'{"token": "MARK',
        b"[]",
        {},
        {"token": ""},
        {"token": None},
        {"token": 5},
        {"token": "MARKER x"},
        {"token": "MARKER\n"},
        {"token": ["MARKER"]},
    ],
)
def test_a_success_without_a_token_is_no_success(serve, connect, body):
    with pytest.raises(AnswerLost) as caught:
        log_in(connect(serve(response(body=body))), PARAMS, NOW)
    assert caught.value.kind == "unusable_answer"
    assert "MARKER" not in caught.value.message


@pytest.fixture
def portal_server(serve):
    return serve()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["token", "access_token", "expires_in", "exp"]), st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(), max_size=1))
    ),
    st.sampled_from([200, 201, 204, 400]),
)
def test_whatever_is_answered_it_is_a_token_or_an_expected_error(portal_server, connect, body, status):
    portal_server.script = [response(status, body)]
    try:
        assert isinstance(log_in(connect(portal_server), PARAMS, NOW).value, str)
    except RapidError as error:
        assert error.message
