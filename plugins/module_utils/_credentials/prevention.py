# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Prevents collection, replacement and renewal of every credential that lost positions have had, and lists their AnonIds.

A position has had more credentials than its newest: after a rotation that was not collected the device still holds the one before.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.history import Member, list_members, mark_held
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.state import patch_and_verify
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import NoRecord, open_record
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import (
    LEDGER_RULES, RAPIDAUTH_RULES, audit_options, ledger_place_options, merge_rules, rapidauth_options, service_name_options)
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client, find_service_name
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential, is_same_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.lookup import known
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.request_ids import validate_credentials
from ansible_collections.eccops.rapid.plugins.module_utils._text import join_reasons, printable, printable_tree

#: After as many calls in a row without an answer of the service the rest is not tried.
MOST_CALLS_WITHOUT_ANSWER = 3
#: Of each position: what is known of its credentials, and what went wrong.
Found = typing.Dict[str, typing.Tuple[typing.List[dict], typing.List[str]]]


def run(params: dict, is_check_mode: bool) -> dict:
    """Returns {changed, positions, failed_positions, lines}. In check mode it only reads.

    positions is {position: [{anon_id, request_id, status, is_prevented, is_held_by_device}]}, oldest first. Raises RapidError, with the
    same in its details where a position is not blocked, and without where nothing could be begun.
    """
    for position, problem in validate_credentials(params["credentials"]):
        raise InvalidInput("nothing was changed: %s: %s" % (position, problem))
    names = [each["position"] for each in params["credentials"]]
    if len(set(names)) < len(names):
        raise InvalidInput("nothing was changed: %s is given twice" % next(name for name in names if names.count(name) > 1))
    audit_log = AuditLog(None if is_check_mode else params.get("audit_log_path"), "rapidauth_prevention")
    audit_log.ensure_writable()
    client = rapidauth_client(params).audited(audit_log)
    with open_record(find_place(params), find_service_name(params, client), client.api_url, True) as record:
        work = _Prevention(client, record, params, is_check_mode)
        found = {each["position"]: work.prevent(each["request_id"]) for each in params["credentials"]}
        has_ledger = record.ledger is not None
    result = audit_log.with_warnings(_describe(params, found, work.changed, is_check_mode, has_ledger))
    if result["failed_positions"]:
        incomplete = RapidError(_complain(found), kind="not_prevented")
        incomplete.details.update(result)
        raise incomplete
    return result


class _Prevention:
    """The calls to one service. No failure of one credential keeps another from being prevented."""

    def __init__(self, client: RapidAuthClient, record: NoRecord, params: dict, is_check_mode: bool) -> None:
        self._client, self._record, self._is_check_mode = client, record, is_check_mode
        self._other_names = params.get("other_service_names") or ()
        self._without_answer = 0
        self.changed = False

    def prevent(self, request_id: str) -> typing.Tuple[typing.List[dict], typing.List[str]]:
        """Returns what is known of each credential of the history, and what went wrong."""
        problems: typing.List[str] = []
        try:
            self._record.validate_same_service([request_id], self._other_names)
            chain = self._record.chain(request_id)
        except RapidError as error:
            return [], [error.message]
        members = list_members(chain, request_id)
        for member in members:
            self._note(problems, self._look_up, member, members)
        if not problems and not any(member.credential for member in members):
            problems.append("the service has no credential for it; check rapidauth_request_id and which company the SAC belongs to")
        for member in reversed(members):  # the newest first: it is what is collected or replaced next
            if member.is_open_to_collection():
                self._note(problems, self._prevent_one, member)
        return mark_held(members), problems

    def _look_up(self, member: Member, members: list[Member]) -> None:
        if member.request_id is None:
            self._find(member, members)
        else:
            member.credential = self._ask(known, self._client.get_request, member.request_id)

    def _find(self, member: Member, members: list[Member]) -> None:
        """Looks for what an unresolved replacement left under its AnonId."""
        found = self._ask(known, self._client.get_credential, member.anon_id)
        if found is None:
            return
        member.credential = found
        if found.request_id is None:
            raise RapidError("the service does not return the RequestId of AnonId %s; prevent its collection in the RapidAuth dashboard" % member.anon_id,
                             kind="not_prevented")
        if any(is_same_request_id(found.request_id, other.request_id) for other in members if other is not member):
            member.credential = None  # it is listed already
            return
        chain = self._record.chain(found.request_id)
        confirmed = self._ask(known, self._client.get_request, found.request_id)
        if confirmed is None or confirmed.anon_id not in (None, member.anon_id) or (chain and not is_same_request_id(
                chain[0]["original_request_id"], members[0].request_id)):
            member.credential = None
            raise RapidError(
                "the service returned RequestId %s for AnonId %s, but it belongs to another credential; look at both in the RapidAuth dashboard"
                % (found.request_id, member.anon_id), kind="not_prevented")
        member.request_id, member.credential = found.request_id, confirmed

    def _prevent_one(self, member: Member) -> None:
        if self._is_check_mode:
            self.changed = True
            return
        member.credential = self._ask(patch_and_verify, self._client, member.request_id, True)
        self.changed = True

    def _note(self, problems: list[str], work: typing.Callable[..., None], member: Member, *arguments: typing.Any) -> None:
        try:
            work(member, *arguments)
        except RapidError as error:
            member.is_uncertain = True
            problems.append(error.message)

    def _ask(self, call: typing.Callable, *arguments: typing.Any) -> Credential | None:
        if self._without_answer >= MOST_CALLS_WITHOUT_ANSWER:
            raise RapidError("it was not tried, since the service did not answer %d times in a row" % MOST_CALLS_WITHOUT_ANSWER, kind="not_prevented")
        try:
            answer = call(*arguments)
        except RapidError as error:
            is_answer = isinstance(error, Refusal) and not error.is_service_wide
            self._without_answer = 0 if is_answer else self._without_answer + 1
            raise
        self._without_answer = 0
        return answer


def _describe(params: dict, found: Found, is_changed: bool, is_check_mode: bool, has_ledger: bool) -> dict:
    problems = {name: "; ".join(dict.fromkeys(texts)) for name, (unused_entries, texts) in found.items() if texts}
    result = {
        "changed": is_changed,
        "positions": printable_tree({name: entries for name, (entries, unused_texts) in found.items()}),
        "failed_positions": list(problems),
    }
    result["lines"] = _describe_lines(params, result["positions"], problems, is_check_mode, has_ledger)
    return result


def _complain(found: Found) -> str:
    reasons = {name: "; ".join(dict.fromkeys(texts)) for name, (unused_entries, texts) in found.items() if texts}
    return "%d of %d positions are not blocked: %s | Fix that and run the same command again: what is already prevented stays prevented." % (
        len(reasons), len(found), printable(join_reasons(reasons), 6000))


def _describe_lines(params: dict, positions: dict[str, list[dict]], problems: dict[str, str], is_check_mode: bool, has_ledger: bool) -> list[str]:
    widest = max([8, *map(len, positions)])
    widest_id = max([6, *(len(each["anon_id"] or "-") for entries in positions.values() for each in entries)])
    lines = []
    if not has_ledger:
        lines.append("NO LEDGER%s: only the RequestIds of the inventory are known, and what a rotation put in their place is not blocked."
                     % (" at %s" % find_place(params) if find_place(params) else ""))
    lines.append("%s. The devices keep working until the relying party refuses all of these AnonIds:"
                 % ("Collection would be prevented" if is_check_mode else "Collection is prevented"))
    lines.append("%s  %s  %s  COLLECTION" % ("POSITION".ljust(widest), "ANONID".ljust(widest_id), "STATUS".ljust(9)))
    for name, entries in positions.items():
        lines += ["%s  %s  %s  %s" % (
            name.ljust(widest), (each["anon_id"] or "-").ljust(widest_id), (each["status"] or "-").ljust(9), _describe_entry(each, is_check_mode)
        ) for each in entries]
        if name in problems:
            lines.append("%s  NOT BLOCKED" % name.ljust(widest))  # the failure says why
        elif not entries:
            lines.append("%s  every credential has expired: there is nothing to block" % name.ljust(widest))
    return [printable(line, 2000) for line in lines]


def _describe_entry(entry: dict, is_check_mode: bool) -> str:
    if entry["is_prevented"]:
        ending = "prevented"
    elif entry["status"] is None:
        ending = "no longer known to the service"
    else:
        ending = "would be prevented" if is_check_mode else "NOT prevented"
    return ending + (", the device holds it" if entry["is_held_by_device"] else "")


_CREDENTIAL = {"position": {"type": "str", "required": True}, "request_id": {"type": "str", "required": True}}
OPERATION = Operation(run=run, spec=dict(merge_rules(RAPIDAUTH_RULES, LEDGER_RULES), argument_spec=dict(
    rapidauth_options(),
    credentials={"type": "list", "elements": "dict", "required": True, "options": _CREDENTIAL},
    **ledger_place_options(),
    **audit_options(),
    **service_name_options(),
)))
