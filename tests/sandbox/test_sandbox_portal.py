# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Portal: logins, lock-out, token formats, OAuth, and the page that a launcher opens."""

import base64
import html
import json
import time

import pytest

CALLER = "15555555555"


def claims(token):
    head, body, _signature = token.split(".")
    parts = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, body)]
    return parts[0], parts[1]


def test_login_gives_tokens_as_real_clients_saw_them(sandbox):
    for account in sandbox.values["sandbox_accounts"]:
        answer = sandbox.login(account["email"], account["password"])
        assert answer.status_code == 200 and set(answer.json()) == {"token", "refresh_token"}
        head, access = claims(answer.json()["token"])
        _head, renewing = claims(answer.json()["refresh_token"])
        assert head == {"alg": "HS512"}
        assert access["iss"] == "RapidSOS" and access["username"] == account["email"] and access["sub"].isdigit()
        assert (access["type"], renewing["type"]) == ("access", "refresh")
        assert abs(access["exp"] - time.time() - 7200) < 5 and abs(renewing["exp"] - time.time() - 86400) < 5


def test_what_login_refuses(sandbox):
    def post(**options):
        return sandbox.portal.post(sandbox.login_url, timeout=10, **options)

    before = sandbox.last_seq()
    assert post(json={"email": "x@y.example"}).json() == {"password": ["This field is required."]}
    assert post(json={"email": 7, "password": "x"}).json() == {"email": ["Not a valid string."]}
    assert post(json=[1]).status_code == post(data="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert post(data={"email": "x", "password": "y"}).status_code == 415
    assert sandbox.portal.get(sandbox.login_url, timeout=10).status_code == 405
    assert sandbox.portal.post(sandbox.login_url + "/", json={}, timeout=10).status_code == 404
    assert sandbox.audit(before) == []
    wrong = sandbox.login(password="wrong")
    assert wrong.status_code == 401 and list(wrong.json()) == ["detail"]
    unknown = sandbox.login("nobody@ecc.example", "wrong")
    assert (unknown.status_code, unknown.text) == (wrong.status_code, wrong.text)
    mistaken = sandbox.login("my-secret-typed-in-the-wrong-field", "x")
    assert mistaken.status_code == 401
    log = sandbox.audit(before)
    assert [entry["effect"] for entry in log] == ["login_refused"] * 3
    assert "my-secret" not in json.dumps(log)
    sandbox.switch(login_refused_status=403)
    assert sandbox.login(password="wrong").status_code == 403


def test_five_bad_attempts_in_fifteen_minutes_lock_until_an_administrator_releases(sandbox):
    for _attempt in range(4):
        assert sandbox.login(password="wrong").status_code == 401
    sandbox.advance(minutes=16)
    before = sandbox.last_seq()
    for _attempt in range(5):
        assert sandbox.login(password="wrong").status_code == 401
    locked = sandbox.login()
    assert locked.status_code == 403 and "locked" in locked.json()["detail"]
    sandbox.advance(days=2)
    assert sandbox.login().status_code == 403
    assert [entry["effect"] for entry in sandbox.audit(before)] == [
        *["login_refused"] * 5, "lockout", "login_refused", "login_refused"]
    email = sandbox.account["email"]
    shown = {account["email"]: account for account in sandbox.admin("GET", "/accounts").json()["accounts"]}
    assert shown[email]["is_locked"] and "password" not in shown[email]
    assert sandbox.admin("POST", f"/accounts/{email}/unlock").json()["was_locked"] is True
    assert sandbox.login().status_code == 200
    assert sandbox.admin("POST", "/accounts/nobody/unlock").status_code == 404


def test_a_good_login_forgets_bad_attempts_and_other_accounts_are_not_touched(sandbox):
    for _round in range(3):
        for _attempt in range(4):
            sandbox.login(password="wrong")
        assert sandbox.login().status_code == 200
    other = sandbox.values["sandbox_accounts"][1]
    for _attempt in range(5):
        sandbox.login(password="wrong")
    assert sandbox.login(other["email"], other["password"]).status_code == 200


def test_refresh_gives_a_token_only_and_the_refresh_token_stays_good(sandbox):
    tokens = sandbox.login().json()

    def refresh(token):
        return sandbox.portal.post(sandbox.login_url + "/refresh", json={"refresh_token": token}, timeout=10)

    sandbox.advance(minutes=5)
    for _time in range(2):
        answer = refresh(tokens["refresh_token"])
        assert answer.status_code == 200 and list(answer.json()) == ["token"]
    assert sandbox.query_page(CALLER, answer.json()["token"]).status_code == 200
    assert refresh(tokens["token"]).status_code == refresh("x").status_code == 401
    sandbox.advance(days=1)
    assert refresh(tokens["refresh_token"]).status_code == 401
    assert [entry["effect"] for entry in sandbox.audit()][-6:] == [
        "refresh", "refresh", "query_page_opened", "refresh_refused", "refresh_refused", "refresh_refused"]


def test_token_formats_by_switch(sandbox):
    sandbox.switch(token_format="jwt_milliseconds", access_token_seconds=60)
    token = sandbox.login().json()["token"]
    assert abs(claims(token)[1]["exp"] / 1000 - time.time() - 60) < 5
    assert sandbox.query_page(CALLER, token).status_code == 200
    sandbox.switch(token_format="opaque")
    token = sandbox.login().json()["token"]
    assert "." not in token and sandbox.query_page(CALLER, token).status_code == 200
    sandbox.advance(seconds=61)
    assert sandbox.query_page(CALLER, token).status_code == 401


def test_oauth_tokens(sandbox):
    values = sandbox.values
    good = {"grant_type": "password", "client_id": values["rapidsos_client_id"],
            "client_secret": values["rapidsos_client_secret"], "username": values["rapidsos_email"],
            "password": values["rapidsos_password"]}

    def post(path, form, **changes):
        return sandbox.portal.post(values["rapidsos_api_url"] + path, data={**form, **changes}, timeout=10)

    answer = post("/oauth/v2/token", good)
    assert answer.status_code == 200
    assert list(answer.json()) == ["access_token", "token_type", "issued_at", "expires_in"]
    assert answer.json()["token_type"] == "Bearer" and answer.json()["expires_in"] == 3599
    assert abs(answer.json()["issued_at"] / 1000 - time.time()) < 5
    head, body = claims(answer.json()["access_token"])
    assert head == {"alg": "HS256"} and body["aud"] == "RapidSOS" and body["email"] == good["username"]
    assert abs(body["exp"] / 1000 - time.time() - 3599) < 5
    assert sandbox.query_page(CALLER, answer.json()["access_token"]).status_code == 401
    sandbox.switch(are_oauth_tokens_accepted_by_query_page=True)
    assert sandbox.query_page(CALLER, answer.json()["access_token"]).status_code == 200
    for changes in ({"client_secret": "x"}, {"password": "x"}):
        refused = post("/oauth/v2/token", good, **changes)
        assert (refused.status_code, refused.json()) == (401, {"detail": "Unauthorized"})
    assert post("/oauth/v2/token", good, grant_type="client_credentials").status_code == 400
    assert post("/oauth/v2/token", {"grant_type": "password"}).json() == {"detail": "Bad Format"}
    client = {name: good[name] for name in ("client_id", "client_secret")}
    answer = post("/oauth/token", client, grant_type="client_credentials")
    assert answer.status_code == 200 and "." not in answer.json()["access_token"]
    sandbox.switch(oauth_client_token_format="jwt_seconds")
    _head, body = claims(post("/oauth/token", client, grant_type="client_credentials").json()["access_token"])
    assert body["sub"] == client["client_id"] and abs(body["exp"] - time.time() - 3599) < 5
    assert sandbox.portal.post(values["rapidsos_api_url"] + "/oauth/token", json=client, timeout=10).status_code == 400


def test_oauth_takes_what_clients_of_the_real_service_send(sandbox):
    values = sandbox.values
    client = {"client_id": values["rapidsos_client_id"], "client_secret": values["rapidsos_client_secret"]}
    password = {**client, "grant_type": "password", "username": values["rapidsos_email"], "password": values["rapidsos_password"]}

    def post(path, form):
        return sandbox.portal.post(values["rapidsos_api_url"] + path, data=form, timeout=10)

    for path in ("/oauth/token", "/oauth/token/"):
        for form in (password, {**client, "grant_type": "client_credentials"}):
            answer = post(path, form)
            assert answer.status_code == 200 and answer.json()["token_type"] == "Bearer" and "refresh_token" not in answer.json()
        assert claims(post(path, password).json()["access_token"])[1]["email"] == values["rapidsos_email"]
        assert post(path, {**password, "password": "x"}).status_code == post(path, {**password, "client_secret": "x"}).status_code == 401
        for form in ({**password, "username": ""}, {**client, "grant_type": "refresh_token"}, client):
            assert (post(path, form).status_code, post(path, form).json()) == (400, {"detail": "Bad Format"})
    assert post("/oauth/v2/token/", password).status_code == 404
    sandbox.switch(oauth_token_type="BearerToken", oauth_issued_at_unit="seconds", does_oauth_return_refresh_token=True, oauth_token_seconds=3600)
    answer = post("/oauth/token/", {**client, "grant_type": "client_credentials"}).json()
    assert (answer["token_type"], answer["expires_in"]) == ("BearerToken", 3600) and abs(answer["issued_at"] - time.time()) < 5
    assert "refresh_token" not in answer
    answer = post("/oauth/token", password).json()
    refreshed = sandbox.portal.post(
        values["rapidsos_api_url"] + "/v1/scorpius/user/api-token-auth/refresh", json={"refresh_token": answer["refresh_token"]}, timeout=10)
    assert refreshed.status_code == 200


def test_oauth_bad_passwords_count_for_the_lock_out(sandbox):
    values = sandbox.values
    form = {"grant_type": "password", "client_id": values["rapidsos_client_id"], "username": values["rapidsos_email"],
            "client_secret": values["rapidsos_client_secret"], "password": "wrong"}
    for _attempt in range(5):
        sandbox.portal.post(values["rapidsos_api_url"] + "/oauth/v2/token", data=form, timeout=10)
    assert sandbox.login().status_code == 403


def test_the_query_page_shows_the_caller_and_whose_session_it_is(sandbox):
    token = sandbox.login().json()["token"]
    page = sandbox.query_page(CALLER, token)
    assert page.status_code == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
    assert "+1 (555) 555-5555" in page.text and sandbox.account["email"] in page.text
    assert "SANDBOX" in page.text and "(in 60 min)" in page.text
    assert token not in page.text and "http://" not in page.text and "https://" not in page.text
    opened = sandbox.audit(effect="query_page_opened")[-1]
    assert opened["identity"] == sandbox.account["email"] and CALLER in opened["detail"]


def test_the_query_page_refuses(sandbox):
    token = sandbox.login().json()["token"]
    assert sandbox.query_page(CALLER, "unknown").status_code == 401
    assert sandbox.query_page(CALLER, sandbox.login().json()["refresh_token"]).status_code == 401
    for caller in ("5555555555", "+15555555555", "1555555555x", "", "155555555551", "\u0661" * 11):
        assert sandbox.query_page(caller, token).status_code == 400
    attack = "<script>alert(1)</script>"
    page = sandbox.query_page(attack, attack)
    assert attack not in page.text and html.escape(attack) not in page.text
    assert sandbox.portal.get(sandbox.values["rapidsos_query_url"] + f"?caller_id={CALLER}", timeout=10).status_code == 401
    sandbox.advance(minutes=59)
    assert sandbox.query_page(CALLER, token).status_code == 200
    sandbox.advance(minutes=2)
    refused = sandbox.query_page(CALLER, token)
    assert refused.status_code == 401 and 'href="/login"' in refused.text
    outcomes = {entry["outcome"] for entry in sandbox.audit(effect="query_page_refused")}
    assert outcomes >= {"unknown token", "no token", "bad caller_id", "token no longer good"}


def test_session_start_invalidation_and_parameter_name_by_switch(sandbox):
    sandbox.switch(portal_session_starts="first_use")
    token = sandbox.login().json()["token"]
    sandbox.advance(minutes=50)
    assert sandbox.query_page(CALLER, token).status_code == 200
    sandbox.advance(minutes=50)
    assert sandbox.query_page(CALLER, token).status_code == 200
    sandbox.advance(minutes=11)
    assert sandbox.query_page(CALLER, token).status_code == 401
    sandbox.switch(login_invalidates_earlier_tokens=True, query_token_param="access_key")
    first, second = sandbox.login().json()["token"], None
    sandbox.advance(seconds=2)
    second = sandbox.login().json()["token"]
    opened = [sandbox.portal.get(sandbox.values["rapidsos_query_url"], timeout=10,
                                 params={"caller_id": CALLER, "access_key": token}) for token in (first, second)]
    assert [page.status_code for page in opened] == [401, 200]


def test_session_length_digits_statuses_and_lock_out_window_by_switch(sandbox):
    sandbox.switch(portal_session_seconds=60, caller_id_digits=12, refresh_token_seconds=60, refresh_refused_status=403, lockout_minutes=1)
    tokens = sandbox.login().json()
    assert sandbox.query_page(CALLER, tokens["token"]).status_code == 400
    assert sandbox.query_page("442079460018", tokens["token"]).status_code == 200
    for _attempt in range(4):
        sandbox.login(password="wrong")
    sandbox.advance(seconds=61)
    assert sandbox.query_page("442079460018", tokens["token"]).status_code == 401
    refused = sandbox.portal.post(sandbox.login_url + "/refresh", json={"refresh_token": tokens["refresh_token"]}, timeout=10)
    assert refused.status_code == 403
    assert sandbox.login(password="wrong").status_code == 401 and sandbox.login().status_code == 200


@pytest.mark.parametrize("path", ["/", "/login"])
def test_the_plain_login_page(sandbox, path):
    page = sandbox.portal.get(sandbox.values["rapidsos_api_url"] + path, timeout=10)
    assert page.status_code == 200 and "Sign in" in page.text and "<form" not in page.text
