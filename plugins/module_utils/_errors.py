# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The one family of expected errors, and the table of their kinds; front ends turn an error into ``fail_json``."""

from __future__ import annotations

import collections
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._text import printable, printable_tree

#: The groups of error kinds, by what they say about running the same command again.
NOTHING_CONTACTED, NOTHING_DONE, MAY_HAVE_BEEN_DONE, ON_A_POSITION = "nothing_contacted", "nothing_done", "may_have_been_done", "on_a_position"

#: ``meaning`` and ``remedy`` are Markdown; ``run_again`` is one of the four words above.
ErrorKind = collections.namedtuple("ErrorKind", "run_again meaning remedy")

#: The one table of error kinds. docs/errors.md is written from it: see tests/checks/error_handbook.py.
KINDS = {kind: ErrorKind(run_again, *texts) for run_again, kinds in {
    NOTHING_CONTACTED: {
        "invalid_input": ("An option is wrong, or two options contradict each other.", "The message names the option and what is accepted."),
        "fleet_invalid": ("Variables of the inventory cannot be used; the message lists all problems, each with its position.",
                          "Correct them in the inventory, the vault or on the command line."),
        "another_service": ("The ledger knows this RequestId under another service name. Under a new name, every credential would be replaced again.",
                            "Set `service_name`, or name the other service in `other_service_names` (in playbooks with the prefix `rapidauth_`)."),
        "request_id_malformed": ("The text is not a RequestId.", "Copy it from the RapidAuth dashboard or from the ledger."),
        "anon_id_malformed": ("RapidAuth accepts only a-z, A-Z, 0-9, `_` and `-`.", "Check the template that the AnonId is made from."),
        "anon_id_too_long": ("RapidAuth accepts 64 characters at most.", "Leave `anon_id_template` at its default, or use `{position_id}` in it."),
        "caller_id_malformed": ("The Portal accepts only digits, beginning with the country code.", "Correct `caller_id`."),
        "missing_library": ("A Python library is missing.", "Install it for the Python that runs the task; on the controller `ansible --version` names it."),
        "sac_unreadable": ("The file of the SAC cannot be read.", "Check the path, and that the user who runs the task may read it."),
        "sac_malformed": ("The content is not a SAC, is damaged, or is another file of the dashboard.", "Export or download it again; do not edit it."),
        "sac_passphrase_missing": ("The private key is encrypted.", "Put the passphrase into the vault and set `sac_passphrase` to that variable."),
        "sac_wrong_passphrase": ("The passphrase does not open the key. Often it is the passphrase of the previous SAC.",
                                 "Try it with `openssl pkcs12 -info -noout -in sac.p12`."),
        "sac_key_mismatch": ("The certificate and the key belong to two different SACs.", "Give both from the same SAC."),
        "sac_not_for_clients": ("The certificate is a server's, or the Trusted Issuer Certificate of the dashboard.", "Give the SAC itself."),
        "sac_expired": ("RapidAuth would refuse this SAC.", "Download a new one from the RapidAuth dashboard."),
        "sac_expiring": ("The SAC works, but has fewer days left than `min_days_left` asks for.", "Download a new one from the RapidAuth dashboard."),
        "sac_not_yet_valid": ("Usually the clock of this machine is wrong.", "Set it by NTP."),
        "audit_log_unusable": ("The audit log cannot be written, so nothing was done that could not be recorded. It must be a regular file of this user "
                               "(`chmod 600`, or 640 for a log collector's group) in a directory that only this user and root can write to.",
                               "Correct what the message names, or set another `audit_log_path`. On Ubuntu, use a directory below `/var/lib`."),
        "ledger_missing": ("The ledger is not there. A new one would not know what was replaced.", "Restore it, or correct `ledger_path`."),
        "ledger_unusable": ("The ledger, or a file that belongs to it, is damaged, full, from another release, or open to other users.",
                            "Do what the message says. To restore a backup, wait until no run uses the ledger, move the file and those beside it away, "
                            "and copy the backup to the same place with mode 0600."),
        "cache_unusable": ("`cache_path` is a symbolic link, belongs to another user, is open to others, or cannot be written.",
                           "Give it a directory that only this user can enter."),
        "busy": ("Another run uses the same file or works on the same credential, and this one gave up waiting. A killed run holds no lock.",
                 "Wait until the other run has ended."),
    },
    NOTHING_DONE: {
        "connection_refused": ("Nothing listens at the address, or a firewall refuses.", "Check the address, and that the service is up."),
        "connect_timed_out": ("A firewall drops the packets, or the address is wrong.", "Check both."),
        "name_not_resolved": ("The host name is mistyped, or this machine has no DNS.", "Check the URL and DNS."),
        "proxy_failed": ("The environment names a proxy that is down, refuses, or is not supported.", "See [the supported proxies](networks.md)."),
        "tls_failed": ("The other side is not a TLS service, is very old, or a firewall cuts TLS.", "Check the URL and the firewall."),
        "server_not_trusted": ("The server's certificate is not trusted. Verification cannot be switched off.",
                               "Set `ca_path` for a private CA; otherwise find out what answers in the service's place."),
        "host_name_mismatch": ("The certificate was issued for another host name.", "Correct the URL."),
        "sac_refused": ("The service refused the SAC by a TLS alert, HTTP 401 or 403, or a web server's own page. It is not the active SAC of the company, or "
                        "the API belongs to another company.", "Check in the RapidAuth dashboard which SAC is active."),
        "unknown": ("RapidAuth has no such credential (error 1109): the id is mistyped, belongs to another company, or lapsed uncollected and was deleted.",
                    "Check the id and the SAC's company."),
        "expired": ("The credential has expired and cannot be replaced.", "Request a new one in the dashboard; put its RequestId into the inventory."),
        "collection_prevented": ("Collection was prevented, perhaps because the device is lost.", "Ask who prevented it before you allow it again."),
        "anon_id_unexpected": ("Another device than expected holds the credential.", "Find out which one before you replace anything."),
        "anon_id_taken": ("The AnonId belongs to another credential.", "Use another `rotation_id`, or correct the template."),
        "replacement_expired": ("The replacement lapsed uncollected; the credential before it still works.", "Replace it again under another AnonId."),
        "not_prevented": ("Some credentials are not blocked; the list in the result shows each one's state.", "Correct the reasons, and block them again."),
        "not_replaced": ("The answer was lost, and the service has no replacement: nothing was replaced.", "Run the same task again."),
        "wave_incomplete": ("Some positions are not confirmed as replaced; `positions` has the `error_kind` and the reason of each.",
                            "Correct those, and run the same rotation again: it does not repeat what succeeded."),
        "no_licences": ("A new credential needs a licence (error 1402); a replacement does not.", "Buy licences in the RapidAuth dashboard."),
        "maintenance": ("RapidAuth is in maintenance (error 13).", "Wait until it is over."),
        "throttled": ("The service asked to slow down (HTTP 429), longer than the task could wait.", "Lower `concurrency`, and run it later."),
        "refused": ("The service refused for a reason that is not documented: see `http_status`, `number` and `service_message`.",
                    "Correct that. After a status of 500 or above without `number`, use the same ids again, as it may have been done."),
        "login_refused": ("The Portal refused the password. It was tried once, and is not tried again for 15 minutes, as five failures may lock the account.",
                          "Try the password on the Portal's login page, and correct the vault before the next run."),
        "account_locked": ("The Portal account is locked.", "Ask a Portal administrator to unlock it; do not run again before."),
        "login_malformed": ("The Portal redirected the login or rejected its form.", "Check `api_version` and `api_url`."),
        "service_trouble": ("The Portal answered with a status of 500 or above; the login counts as neither refused nor done.", "Run it later."),
    },
    MAY_HAVE_BEEN_DONE: {
        "unresolved": ("It is not known whether the credential was replaced; the ledger records that.",
                       "Run it again. Where AnonIds are not unique, [resolve it](rotate_credentials.md#exactly-once) after a look in the dashboard."),
        "taken_over": ("The connection to the ledger was lost while the credential was replaced, and another run has taken it over.",
                       "Run it again: it looks first, and replaces nothing twice."),
        "request_id_unknown": ("The credential was replaced, and the service does not return the new RequestId.",
                               "Look it up in the RapidAuth dashboard, and put it into the inventory."),
        "answer_timed_out": ("The service was too slow, or something in between kept the answer.", "Run it again, or raise `timeout_seconds`."),
        "connection_cut": ("A proxy, a firewall or the service cut the connection.", "Check what stands between, and run it again."),
        "unusable_answer": ("The answer is not the service's, or has an undocumented form. Its text is never shown.", "Check the URL and any proxy."),
        "wrong_request_id": ("The answer was about another credential and was ignored.", "Run it again, then ask the vendor."),
        "wrong_anon_id": ("The answer was about another credential and was ignored.", "Run it again, then ask the vendor."),
        "not_taken": ("The service accepted a change, and a look afterwards showed no effect.", "Run it again, then ask the vendor."),
    },
    ON_A_POSITION: {
        "not_ready": ("The position cannot collect yet. Nothing was replaced.", "Correct the command, or the path of the request file and its permissions."),
        "not_collected": ("The credential was replaced, and the position did not collect it.",
                          "Correct the cause, and run the same rotation again **within minutes**, before the replacement lapses."),
        "unreadable": ("The check runs as a user who may not read the launcher or the SAC's link.", "Give that user the right to read, or use become."),
        "not_written": ("The file system refused: it is full, read-only, or the task is not root. The message says whether files were put back.",
                        "Correct that; a run that was killed is completed by the next one."),
        "not_readable": ("The SAC's account cannot read what it should use, or Windows does not open its key.",
                         "Check owner and mode of the directories above; on Windows do what the message says."),
        "not_proven": ("It is not known whether the service accepts the SAC from there.", "Run it again, or raise `sac_certificate_timeout_seconds`."),
        "not_verified": ("The launcher's own check failed, so everything was put back.", "Correct what it reports."),
        "service_not_reloaded": ("The new SAC was proved, but `reloaded_service` could not load it, so the previous state is back.",
                                 "See `systemctl status` on the position, on Windows the event log System."),
        "report_not_written": ("Some files of the report could not be written; `changed_paths` names the others. The verdict is returned.",
                               "Free space, or correct the directory."),
    },
}.items() for kind, texts in kinds.items()}


class RapidError(Exception):
    """An expected failure: one sentence with what, where and what to do.

    ``kind`` is a stable word of KINDS that a playbook can branch on. ``details`` are returned beside the
    message (HTTP status, the service's Number and Message, ...) and never hold a secret.
    Whatever the text quotes of others, it is one printable line.
    """

    kind = "error"
    #: True when the call may have had its effect at the service although it failed here.
    is_effect_unknown = False
    #: True when every further call of this run would fail for the same reason.
    is_service_wide = False
    #: True when the same call may go through a moment later.
    is_temporary = False

    def __init__(self, message: str, kind: str | None = None, **details: typing.Any) -> None:
        if kind is not None and kind not in KINDS:
            raise ValueError("there is no error kind %r" % (kind,))
        self.message = printable(message, None)
        super().__init__(self.message)
        self.kind = kind or self.kind
        self.details = {name: printable_tree(value, None) for name, value in details.items() if value is not None}

    def as_result(self) -> dict[str, typing.Any]:
        """Returns the keys a failed task shows: ``msg``, ``error_kind`` and the details."""
        result = dict(self.details)
        result.update(msg=self.message, error_kind=self.kind)
        return result


#: Kinds of failures where nothing came back: the next call would most likely wait as long for nothing.
SILENT_KINDS = ("answer_timed_out", "connect_timed_out", "connection_cut")


class InvalidInput(RapidError):
    """What the user gave cannot be right; nothing was contacted."""

    kind = "invalid_input"
    is_service_wide = True


class MissingLibrary(RapidError):
    """A Python library this code needs is not installed where it runs."""

    kind = "missing_library"
    is_service_wide = True


class SacUnusable(RapidError):
    """The Service Authentication Certificate cannot be used; nothing was contacted."""

    kind = "sac_unusable"
    is_service_wide = True


class NotSent(RapidError):
    """The request certainly did not reach the service's application."""

    kind = "not_sent"
    is_service_wide = True
    is_temporary = True


class StartedTooLate(NotSent):
    """A call was not begun, as it had to wait longer than the ledger's intent allows."""

    is_service_wide = False


class ProxyFailed(NotSent):
    """The proxy that the environment names cannot be used; nothing reached the service."""

    kind = "proxy_failed"

    def __init__(self, message: str, is_temporary: bool = False, **details: typing.Any) -> None:
        super().__init__(message, **details)
        self.is_temporary = is_temporary


class ServerNotTrusted(NotSent):
    """The server could not prove who it is; nothing was sent to it."""

    kind = "server_not_trusted"
    is_temporary = False


class SacRefused(NotSent):
    """The service refused the client certificate, by a TLS alert or by an HTTP status (which is not documented)."""

    kind = "sac_refused"
    is_temporary = False


class AnswerLost(RapidError):
    """The request was sent, and no usable answer came back."""

    kind = "answer_lost"
    is_effect_unknown = True
    is_temporary = True


#: What HTTP defines as not acted upon. Not among them: 408 and 499, which an intermediary gives while the service works,
#: and 409, which may be about what this very call has just done.
_STATUSES_WITHOUT_EFFECT = (400, 401, 402, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431)


class Refusal(RapidError):
    """The service answered with an error.

    ``http_status`` is the status; ``number`` and ``service_message`` come from RapidAuth's body
    ``{"Number": int, "Message": str}``. An answer without a number leaves the effect unknown, unless its status says
    that nothing was done: a sibling service was seen to store data and answer 500 with an empty body.
    """

    kind = "refused"

    def __init__(
        self, message: str, kind: str | None = None, http_status: int | None = None, number: int | None = None, **details: typing.Any
    ) -> None:
        super().__init__(message, kind=kind, http_status=http_status, number=number, **details)
        self.http_status = http_status
        self.number = number

    @property
    def is_effect_unknown(self) -> bool:  # type: ignore[override]
        return self.http_status is not None and self.http_status not in _STATUSES_WITHOUT_EFFECT and self.number is None

    @property
    def is_service_wide(self) -> bool:  # type: ignore[override]
        return self.kind in ("throttled", "maintenance")
