# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The tasks in which a secret takes part: every module, succeeding and failing, in each place a task can run."""

import functools
import os
import pwd

import harness
from harness import task

TOKEN, REQUEST, INFO, CHECK, FILES = "rapidsos_portal_token", "rapidauth_request", "rapidauth_request_info", "credential_check_info", "workstation_files"
ME = pwd.getpwuid(os.geteuid()).pw_name
SHIPPED = harness.SHIPPED["vars"]
#: How a task runs: in the controller's process twice, and in three ways as a module. ``become_path`` is a program that becomes nobody else.
WAYS = {
    "here": {},
    "environment": {"environment": {"NO_PROXY": "localhost", "no_proxy": "localhost"}},
    "talkative": {"delegate_to": "elsewhere", "vars": SHIPPED},
    "become": {"become": True, "become_user": "somebody", "vars": {
        **SHIPPED, "ansible_connection": "local", "ansible_become_exe": "{{ become_path }}", "ansible_become_flags": "-n"}},
}
SHIPPING = ("talkative", "become")


def named_task(way, keywords, name, module, more=None, **options):
    return task("%s %s" % (way, name), module, {**keywords, **(more or {})}, **options)


def tasks_of(cache):
    """Every module, succeeding and failing in each way a secret takes part in, in each place a task can run."""
    tasks = []
    for way, keywords in WAYS.items():
        tasks += _tasks_of_one_way(functools.partial(named_task, way, keywords), way, cache)
        if way in SHIPPING:
            not_pipelined = {**keywords, "vars": {**keywords["vars"], "ansible_pipelining": False}}
            tasks += _refused_tasks(functools.partial(named_task, way + " without pipelining", not_pipelined), cache)
        tasks += _refused_tasks(functools.partial(named_task, way + " async", {**keywords, "async": 30, "poll": 1}), cache)
    return tasks + [
        task("garbled", TOKEN, {"delegate_to": "elsewhere", "vars": {**SHIPPED, "ansible_python_interpreter": "{{ garbling_python }}"}}),
        task("unreachable", TOKEN, {"loop": "{{ planted_accounts }}", "ignore_unreachable": True, "vars": {
            "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_pipelining": True}}, **LOGIN_OF_ITEM),
        task("check", TOKEN, {"check_mode": True}, cache_path=str(cache), caller_id="15555555555"),
        task("replace", REQUEST, request_id="{{ sandbox_fleet[1].request_id }}", state="replaced", anon_id="leaks"),
    ]


LOGIN_OF_ITEM = {"email": "{{ item.email }}", "password": "{{ item.password }}"}


def _tasks_of_one_way(named, way, cache):
    content = {"sac_path": "{{ omit }}", "request_id": "{{ sandbox_fleet[0].request_id }}"}
    planted = {"loop": "{{ planted_accounts }}", "register": "failing"}
    service = {name: "{{ rapidauth_%s }}" % name for name in ("api_url", "ca_path", "sac_path", "sac_passphrase")}
    account = {"api_url": "{{ rapidsos_api_url }}", "ca_path": "{{ rapidsos_ca_path }}", "email": "nobody@ecc.example", "password": "{{ planted_password }}"}
    portal = {"services": [{**service, "positions": {"north": {"ecc": "north", "request_id": "{{ sandbox_fleet[0].request_id }}"}}}], "accounts": [account]}
    directory = "{{ place }}/position-" + way
    files = {"owner": ME, "directories": [{"path": directory, "mode": "0755"}]}
    file = {"path": directory + "/account.json", "mode": "0640"}
    return [
        named("log in", TOKEN, {"register": "portal"}, caller_id="15555555555", cache_path=str(cache)),
        named("reuse", TOKEN, {"register": "portal"}, caller_id="15555555555", cache_path=str(cache)),
        named("loop", TOKEN, {"loop": "{{ sandbox_accounts[1:3] }}", "register": "looped"}, **LOGIN_OF_ITEM),
        named("with items", TOKEN, {"with_items": ["{{ rapidsos_password }}"], "register": "items"}, password="{{ item }}"),
        named("loop that shows", REQUEST, {"loop": "{{ sac_items }}", "register": "shown"}, request_id="{{ sandbox_fleet[0].request_id }}",
              sac_passphrase="{{ item.passphrase }}"),
        named("failing loop", TOKEN, planted, **LOGIN_OF_ITEM),
        named("failing loop of all", TOKEN, {**planted, "loop_control": {"extended": True, "loop_var": "each", "index_var": "number"}},
              email="{{ each.email }}", password="{{ each.password }}"),
        named("failing loop of texts", TOKEN, {"with_items": ["{{ planted_password }}"]}, email="nobody@ecc.example", password="{{ item }}"),
        named("failing loop with a label", TOKEN, {**planted, "loop_control": {"label": "{{ item.password }} of {{ item.email }}"}}, **LOGIN_OF_ITEM),
        {"name": way + " show what the loops left", "ansible.builtin.debug": {"msg": "{{ shown }} {{ failing }}"}},
        named("irpv2", TOKEN, {"register": "oauth"}, api_version="irpv2", client_id="{{ rapidsos_client_id }}",
              client_secret="{{ rapidsos_client_secret }}"),
        named("failed when", TOKEN, {"failed_when": True}),
        named("wrong password", TOKEN, password="{{ planted_password }}", cache_path=str(cache)),
        named("wrong client secret", TOKEN, api_version="irpv2", client_id="x", client_secret="{{ planted_client_secret }}"),
        named("secret elsewhere", TOKEN, password="{{ planted_password }}", caller_id="{{ planted_password }}"),
        named("bad option", TOKEN, password="{{ planted_client_secret }}", timeout_seconds="{{ planted_client_secret }}"),
        named("no such option", TOKEN, pasword="{{ rapidsos_email }}", password="{{ planted_password }}"),
        named("wrong passphrase", REQUEST, request_id="{{ sandbox_fleet[0].request_id }}", sac_passphrase="{{ planted_passphrase }}"),
        named("clear key", REQUEST, sac_content="{{ lookup('file', sandbox_sacs.valid.certificate_path) }}", sac_key_content="{{ planted_key }}",
              **content),
        named("combined content", REQUEST, sac_content="{{ planted_sac }}", prevent_collection=True, **content),
        named("PKCS12 content", REQUEST, sac_content="{{ planted_pkcs12 }}", prevent_collection=False, **content),
        named("broken content", REQUEST, sac_content="{{ planted_sac[:-60] }}", **content),
        named("key twice", REQUEST, sac_content="{{ planted_sac }}", sac_key_content="{{ planted_key }}", **content),
        named("look at many", INFO, request_ids="{{ sandbox_fleet | map(attribute='request_id') | list }}"),
        named("check all", CHECK, expect_accounts=True, fail_on="never", **portal),
        named("install an account", FILES, **files, files=[{**file, "secret": "account"}], secrets={"account": "{{ planted_password }}"}),
        named("forget the account", FILES, **files, files=[file]),
        # The test's own copy: the sandbox keeps digests only.
        {"name": way + " keep the tokens", "no_log": True, "ansible.builtin.copy": {
            "dest": "{{ tokens_path }}/%s.json" % way, "mode": "0600",
            "content": "{{ ([portal.token, oauth.token] + (looped.results + items.results) | map(attribute='token') | list) | to_json }}"}},
        {"name": way + " keep what is no secret", "ansible.builtin.set_fact": {
            "cacheable": True, "kept": "{{ portal | dict2items | rejectattr('key', 'in', ['token', 'query_url']) | items2dict }}"}},
        {"name": way + " show what is no secret", "ansible.builtin.debug": {"msg": "{{ portal.expires_at }} {{ portal.is_from_cache }}"}},
    ]


def _refused_tasks(named, cache):
    """Tasks that must not be shipped as they are asked for."""
    return [
        named("log in", TOKEN, cache_path=str(cache)),
        named("loop", TOKEN, {"loop": "{{ planted_accounts }}"}, **LOGIN_OF_ITEM),
        named("look", REQUEST, request_id="{{ sandbox_fleet[0].request_id }}", sac_content="{{ planted_sac }}", sac_path="{{ omit }}"),
        named("check all", CHECK, accounts=[{"api_url": "https://portal.example", "email": "a@ecc.example", "password": "{{ planted_password }}"}]),
    ]
