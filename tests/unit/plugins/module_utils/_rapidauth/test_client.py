# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, InvalidInput, RapidError, Refusal, SacRefused
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import ServiceResponse
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_anon_id

ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"
NEW_ID = "f7500457-5663-4086-a749-d9e2f7a002cc"
DOCUMENTED = {
    "AnonId": "position-7",
    "RequestId": ID,
    "PreventCollection": False,
    "Status": "Collected",
    "RequestedDate": "2016-01-01T12:30:45.9876543Z",
    "CollectedDate": "2016-01-01T12:31:00.0000001Z",
}


class CannedTransport:
    """Answers everything alike and remembers what was asked."""

    base_url = "https://service.example/rapid"

    def __init__(self, body, status=200):
        self._answer = ServiceResponse(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode("utf-8"))
        self.calls = []

    def get(self, path):
        return self.send_once("GET", path)

    def send_once(self, method, path, **content):
        self.calls.append((method, path, content))
        return self._answer


@pytest.fixture
def asked(sac):
    return lambda body, status=200: RapidAuthClient(CannedTransport(body, status), sac)


def changed(**fields):
    return dict(DOCUMENTED, **fields)


@pytest.mark.parametrize(
    "text, kind",
    [("x" * 65, "anon_id_too_long"), ("é" * 65, "anon_id_too_long")]
    + [(text, "anon_id_malformed") for text in ("", "a b", "a\n", "a.b", "a/b", "é", "%41", "٣", None, 7)],
)
def test_other_anon_ids_are_refused_before_anything_is_sent(asked, text, kind):
    client = asked(DOCUMENTED)
    for call in (lambda: validate_anon_id(text), lambda: client.get_credential(text), lambda: client.replace(ID, text)):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.kind == kind
    assert client._transport.calls == []


def test_the_calls_are_the_documented_ones(asked):
    client = asked(changed(RequestId=NEW_ID, AnonId="new"))
    client.get_credential("new")
    client.set_prevent_collection(ID, True)
    client.replace(ID, "new")
    assert client._transport.calls == [
        ("GET", "/credentials/new", {}),
        ("PATCH", "/requests/" + ID, {"json": {"PreventCollection": True}}),
        ("POST", "/requests/%s/replace" % ID, {"json": {"AnonId": "new"}, "must_start_by": None}),
    ]


def test_the_documented_object_is_read(asked):
    assert asked(DOCUMENTED).get_request(ID).as_dict() == {
        "anon_id": "position-7",
        "request_id": ID,
        "prevent_collection": False,
        "status": "Collected",
        "requested_date": "2016-01-01T12:30:45Z",
        "collected_date": "2016-01-01T12:31:00Z",
    }


@pytest.mark.parametrize("status", [200, 400, 404, 500])
@pytest.mark.parametrize("number", [1109, "1109"])
def test_unknown_is_recognized_by_its_number_under_any_status(asked, status, number):
    with pytest.raises(Refusal, match="gone") as caught:
        asked({"Number": number, "Message": "gone"}, status).get_request(ID)
    assert (caught.value.kind, caught.value.number, caught.value.http_status) == ("unknown", 1109, status)
    assert caught.value.details["service_message"] == "gone"


@pytest.mark.parametrize("number, kind, is_service_wide", [(1402, "no_licences", False), (13, "maintenance", True), (9999, "refused", False)])
def test_the_other_numbers(asked, number, kind, is_service_wide):
    with pytest.raises(Refusal, match="no luck") as caught:
        asked({"Number": number, "Message": "no luck"}, 400).replace(ID, "new")
    assert caught.value.kind == kind
    assert caught.value.is_service_wide is is_service_wide
    assert not caught.value.is_effect_unknown


def test_a_number_without_a_message_counts_too(asked):
    with pytest.raises(Refusal) as caught:
        asked({"Number": 1109}, 404).get_request(ID)
    assert caught.value.kind == "unknown"


def test_a_404_without_a_number_proves_nothing(asked):
    with pytest.raises(Refusal) as caught:
        asked(b"<html>nginx</html>", 404).get_credential("position-7")
    assert caught.value.kind != "unknown"


def test_403_with_a_number_is_an_answer_and_without_one_the_sac_is_refused(asked):
    with pytest.raises(Refusal):
        asked({"Number": 77, "Message": "not yours"}, 403).get_request(ID)
    with pytest.raises(SacRefused, match=r"refused the SAC 'CN=Test SAC' \(serial [0-9a-f]+, valid until \d{4}-"):
        asked(b"<html>403.16</html>", 403).get_request(ID)


@pytest.mark.parametrize("status, body", [
    (400, b"<html><head><title>400 No required SSL certificate was sent</title></head>"), (400, b"<title>400 The SSL certificate error</title>"),
    (401, b"<html>401</html>"), (401, {"Message": "who are you"}), (495, b""), (496, b"")])
def test_other_web_servers_refuse_the_sac_by_other_statuses(asked, status, body):
    with pytest.raises(SacRefused, match=r"refused the SAC 'CN=Test SAC' .*\(HTTP %d.*; ask the RapidAuth dashboard" % status) as caught:
        asked(body, status).replace(ID, "new")
    assert (caught.value.kind, caught.value.is_effect_unknown, caught.value.details["http_status"]) == ("sac_refused", False, status)


@pytest.mark.parametrize("status, body", [(400, b"<html>Bad Request</html>"), (404, b"SSL certificate"), (400, {"Number": 5, "Message": "SSL certificate"})])
def test_a_400_about_something_else_is_not_about_the_sac(asked, status, body):
    with pytest.raises(Refusal) as caught:
        asked(body, status).get_request(ID)
    assert caught.value.kind == "refused"


FORGED = "gone\r\x1b[2Kok: [localhost] all is fine\n\u009b31m\u202e"


def test_no_text_of_the_service_reaches_a_terminal_as_it_is(asked):
    for body, status in (({"Number": 77, "Message": FORGED}, 400), ({"Message": FORGED}, 403)):
        with pytest.raises(RapidError, match="gone") as caught:
            asked(body, status).get_request(ID)
        assert _is_printable(caught.value.as_result()) and str(caught.value).isprintable()
    credential = asked(dict(DOCUMENTED, AnonId=FORGED, Status=FORGED, Other={FORGED: [FORGED]})).get_request(ID)
    assert _is_printable(credential.as_dict()) and _is_printable(credential.response)
    with pytest.raises(AnswerLost, match="answered about gone") as caught:
        asked(dict(DOCUMENTED, AnonId=FORGED)).get_credential("position-7")
    assert caught.value.message.isprintable()


def _is_printable(value):
    if isinstance(value, dict):
        return all(_is_printable(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(map(_is_printable, value))
    return not isinstance(value, str) or value.isprintable()


@pytest.mark.parametrize("status, body", [(500, b""), (502, b"<html>"), (503, {"Message": "busy"}), (504, b"x")])
def test_a_5xx_without_a_number_leaves_the_effect_of_a_replace_unknown(asked, status, body):
    with pytest.raises(Refusal) as caught:
        asked(body, status).replace(ID, "new")
    assert caught.value.is_effect_unknown


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_no_answer_and_leaves_the_effect_unknown(asked, status):
    with pytest.raises(AnswerLost) as caught:
        asked(b"", status).replace(ID, "new")
    assert caught.value.kind == "unusable_answer"


@pytest.mark.parametrize("body", [b"", b"<html>Welcome to hotel Wi-Fi</html>", b'{"AnonId": "position-7', b"[]", {"token": "x"}, {}])
def test_200_with_something_else_is_no_credential(asked, body):
    for call in (lambda client: client.get_request(ID), lambda client: client.replace(ID, "new")):
        with pytest.raises(AnswerLost) as caught:
            call(asked(body))
        assert caught.value.kind == "unusable_answer"


def test_an_answer_about_another_credential_is_not_believed(asked):
    with pytest.raises(AnswerLost, match=NEW_ID) as caught:
        asked(changed(RequestId=NEW_ID)).get_request(ID)
    assert caught.value.kind == "wrong_request_id"
    with pytest.raises(AnswerLost) as caught:
        asked(DOCUMENTED).get_credential("position-8")
    assert caught.value.kind == "wrong_anon_id"
    with pytest.raises(AnswerLost) as caught:
        asked(changed(RequestId=NEW_ID)).replace(ID, "position-8")
    assert caught.value.kind == "wrong_anon_id"


def test_ids_may_come_back_in_capitals_or_be_left_out(asked):
    assert asked(changed(RequestId=ID.upper())).get_request(ID).request_id == ID.upper()
    assert asked(changed(RequestId=None)).get_request(ID).request_id is None
    assert asked({"Status": "Requested"}).get_credential("position-7").status == "Requested"


@pytest.mark.parametrize("request_id", [None, "", ID, ID.upper()])
def test_a_replacement_without_a_new_request_id_leaves_the_effect_unknown(asked, request_id):
    with pytest.raises(AnswerLost) as caught:
        asked(changed(RequestId=request_id, AnonId="new")).replace(ID, "new")
    assert caught.value.is_effect_unknown


@pytest.mark.parametrize("status", [200, 204])
def test_a_patch_needs_no_body_in_its_answer(asked, status):
    asked(b"", status).set_prevent_collection(ID, True)


def test_an_error_under_200_fails_a_patch(asked):
    with pytest.raises(Refusal):
        asked({"Number": 1109, "Message": "gone"}, 200).set_prevent_collection(ID, True)


FIELDS = st.sampled_from([*DOCUMENTED, "Number", "Message"])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(), st.none(), max_size=1),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(FIELDS, VALUES), st.sampled_from([200, 204, 302, 400, 403, 404, 429, 500, 503]))
def test_whatever_comes_it_is_a_credential_or_an_expected_error(asked, fields, status):
    for call in (lambda client: client.get_request(ID), lambda client: client.get_credential("a"), lambda client: client.replace(ID, "a")):
        try:
            assert isinstance(call(asked(fields, status)).as_dict(), dict)
        except RapidError as error:
            json.dumps(error.as_result())
