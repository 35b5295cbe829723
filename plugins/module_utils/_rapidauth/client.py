# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The RapidAuth client: the documented calls of the Requests API, and look-up by AnonId.

Sources: the vendor's Requests API page for /requests; GET /credentials/{AnonId}, the error body and
its numbers as the vendor's WordPress plugin uses them.
"""

from __future__ import annotations

import re
import typing
from urllib.parse import quote

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import NO_AUDIT_LOG, AuditLog
from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, Refusal, SacRefused
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import ServiceResponse, printable_object, unusable
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential, is_same_request_id, validate_anon_id, validate_request_id

NUMBER_UNKNOWN = 1109
NUMBER_NO_LICENCES = 1402
NUMBER_MAINTENANCE = 13
#: A RequestId that no credential has: any answer about it proves that the service took the SAC.
NOBODYS_REQUEST_ID = "00000000-0000-0000-0000-000000000000"


class RapidAuthClient:
    """The calls; ``transport`` is a Transport for the base URL, such as https://request.rapidauth.com/rapid."""

    def __init__(self, transport: Transport, sac: typing.Any, audit_log: AuditLog = NO_AUDIT_LOG) -> None:
        self._transport, self.sac, self._audit_log = transport, sac, audit_log

    def audited(self, audit_log: AuditLog) -> RapidAuthClient:
        """Returns a client over the same connections whose calls that change something are recorded in an AuditLog."""
        return RapidAuthClient(self._transport, self.sac, audit_log)

    @property
    def api_url(self) -> str:
        return self._transport.base_url

    @property
    def clock_skew_seconds(self) -> int | None:
        return self._transport.clock_skew_seconds

    def seconds_at_work(self) -> float:
        """Returns for how many seconds the service may still be at work on this thread's last call that changes something."""
        return self._transport.seconds_at_work()

    def sleep(self, seconds: float) -> None:
        self._transport.sleep(seconds)

    def get_request(self, request_id: str) -> Credential:
        """Returns the Credential of a RequestId. Raises Refusal (kind ``unknown`` if there is none)."""
        validate_request_id(request_id)
        credential = self._credential(self._transport.get("/requests/" + request_id), "GET for RequestId " + request_id)
        self._ensure_about(credential, request_id)
        return credential

    def get_credential(self, anon_id: str) -> Credential:
        """Returns the Credential of an AnonId; its RequestId may be missing on this route (SDK overview)."""
        validate_anon_id(anon_id)
        credential = self._credential(self._transport.get("/credentials/" + quote(anon_id, safe="")), "GET for AnonId " + anon_id)
        if credential.anon_id is not None and credential.anon_id != anon_id:
            raise AnswerLost(
                "%s was asked for AnonId %s and answered about %s; do not rely on it, ask the vendor"
                % (self.api_url, anon_id, credential.anon_id),
                kind="wrong_anon_id",
            )
        return credential

    def set_prevent_collection(self, request_id: str, is_prevented: bool) -> None:
        """Sends the only field a PATCH may carry; the caller verifies by a GET."""
        validate_request_id(request_id)
        subject = {"api_url": self.api_url, "request_id": request_id, "prevent_collection": is_prevented}
        with self._audit_log.effect("credential_patch", subject):
            answer = self._transport.send_once("PATCH", "/requests/" + request_id, json={"PreventCollection": is_prevented})
            self._ensure_success(answer, "PATCH of RequestId " + request_id)

    @property
    def call_seconds(self) -> float:
        """For how long a call may have its effect after it began."""
        return self._transport.most_seconds_of_call

    def replace(self, request_id: str, anon_id: str, must_start_by: float | None = None) -> Credential:
        """Returns the successor. Cannot be undone and is never repeated here.

        Raises StartedTooLate, with nothing sent, where it cannot begin by ``must_start_by``, a time.monotonic() value.
        Raises an error with ``is_effect_unknown`` where the credential may have been replaced all the same.
        """
        validate_request_id(request_id)
        validate_anon_id(anon_id)
        with self._audit_log.effect("credential_replacement", {"api_url": self.api_url, "request_id": request_id, "new_anon_id": anon_id}) as subject:
            successor = self._replaced(request_id, anon_id, must_start_by)
            subject["new_request_id"] = successor.request_id
        return successor

    def _replaced(self, request_id: str, anon_id: str, must_start_by: float | None) -> Credential:
        what = "replace of RequestId " + request_id
        answer = self._transport.send_once("POST", "/requests/%s/replace" % request_id, json={"AnonId": anon_id}, must_start_by=must_start_by)
        credential = self._credential(answer, what)
        if credential.request_id is None or is_same_request_id(credential.request_id, request_id):
            raise AnswerLost("%s answered %s without a new RequestId" % (self.api_url, what), kind="unusable_answer")
        if credential.anon_id is not None and credential.anon_id != anon_id:
            raise AnswerLost(
                "%s was asked for AnonId %s and answered about %s" % (self.api_url, anon_id, credential.anon_id),
                kind="wrong_anon_id",
            )
        return credential

    def _ensure_about(self, credential: Credential, request_id: str) -> None:
        if credential.request_id is not None and not is_same_request_id(credential.request_id, request_id):
            raise AnswerLost(
                "%s was asked for RequestId %s and answered about %s; do not rely on it, ask the vendor"
                % (self.api_url, request_id, credential.request_id),
                kind="wrong_request_id",
            )

    def _credential(self, answer: ServiceResponse, what: str) -> Credential:
        response = self._ensure_success(answer, what)
        if response is None or not {"AnonId", "RequestId", "Status"} & set(response):
            raise unusable(self.api_url, what, answer)
        return Credential(response)

    def _ensure_success(self, answer: ServiceResponse, what: str) -> dict | None:
        """Returns the JSON object of a 2xx answer (None if there is none); raises Refusal for an error.

        An error body under a 2xx status counts as an error too: the vendor's PHP SDK looks only at the body.
        """
        response = printable_object(answer.body)
        error = response if response and "Status" not in response and ("Message" in response or "Number" in response) else {}
        if 200 <= answer.status < 300 and not error:
            return response
        number = _number(error.get("Number"))
        if number is None and _is_about_sac(answer):
            said = ": %s" % str(error.get("Message"))[:300] if error else ""
            raise SacRefused(
                "%s refused the %s (HTTP %d%s); ask the RapidAuth dashboard whether it is the active one"
                % (self.api_url, self.sac.describe(), answer.status, said),
                http_status=answer.status,
            )
        if 300 <= answer.status < 400:
            raise unusable(self.api_url, what, answer)
        message = error.get("Message")
        raise self._refusal(what, answer, number, str(message)[:300] if message else None)

    def _refusal(self, what: str, answer: ServiceResponse, number: int | None, message: str | None) -> Refusal:
        kind, meaning = _MEANINGS.get(number or 0, ("refused", None))
        said = "HTTP %d" % answer.status
        if number is not None:
            said += ", error %s" % number
        if message:
            said += ": " + message
        if meaning is None:
            meaning = "try again later" if answer.status >= 500 else "see its message" if message else "check api_url"
        return Refusal(
            "%s refused the %s (%s); %s" % (self.api_url, what, said, meaning),
            kind=kind,
            http_status=answer.status,
            number=number,
            service_message=message,
        )


def _number(value: object) -> int | None:
    if isinstance(value, str) and re.match(r"[0-9]{1,9}\Z", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def ensure_accepted(client: RapidAuthClient) -> None:
    """Returns once RapidAuth answered the client; raises the RapidError of what came instead.

    Error 1109, no such credential, is the answer that is expected. A web server's error page proves nothing.
    """
    try:
        client.get_request(NOBODYS_REQUEST_ID)
    except Refusal as error:
        if error.number is None:
            raise


def _is_about_sac(answer: ServiceResponse) -> bool:
    """Says whether an answer refuses the client certificate: by nginx's own statuses, or by 400 and nginx's page."""
    return answer.status in (401, 403, 495, 496) or (answer.status == 400 and _CERTIFICATE_PAGE.search(answer.body) is not None)


#: "400 No required SSL certificate was sent" and "400 The SSL certificate error" are nginx's.
_CERTIFICATE_PAGE = re.compile(rb"(?i)\b(ssl|tls|client)[ -]certificate\b")
_MEANINGS = {
    NUMBER_UNKNOWN: ("unknown", "no such credential: check the id and which company the SAC belongs to; one that is never collected is deleted by the service"),
    NUMBER_NO_LICENCES: ("no_licences", "buy licences in the RapidAuth dashboard"),
    NUMBER_MAINTENANCE: ("maintenance", "the service is in maintenance: run again when it is over"),
}
