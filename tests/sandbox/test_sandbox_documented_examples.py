# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The vendors' own examples, word for word but for host, port, authority and the values in brackets."""

import json
import os
import shutil
import subprocess
import sys

import pytest

# Requests API page: the three cURL examples.
CURL_EXAMPLES = {
    "get": "curl https://request.rapidauth.com/rapid/requests/<Current RequestId> -E ./SAC.pem:<SAC Password> -v",
    "replace": "curl https://request.rapidauth.com/rapid/requests/<Current RequestId>/replace "
               "-d '{\"AnonId\":\"<New AnonId>\"}' -E ./SAC.pem:<SAC Password>",
    "patch": "curl -X PATCH https://request.rapidauth.com/rapid/requests/<Current RequestId> "
             "-d '{\"PreventCollection\":\"true\"}' -E ./SAC.pem:<SAC Password>",
}

# Integrated RapidSOS Portal (iRP) API page: the code sample, its missing parenthesis added.
PYTHON_SAMPLE = '''
import requests
import argparse
import getpass
import json
def get_login_token(creds):
        url = 'https://api-sandbox.rapidsos.com/v1/scorpius/user/api-token-auth'
        email = creds.email
        password = creds.password
        payload_dict = {
                'email': f"{email}",
                'password': f"{password}"
        }
        payload = json.dumps(payload_dict)
        headers = {
                'Content-Type':"application/json"
        }
        response = requests.request("POST", url, data=payload, headers=headers)
        print("This is your token:","\\n",(json.loads(response.text)['token']))
if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description="""Generate a user token for Rapidsos Portal.
        Press CTRL+C to terminate early.
        """
    )
    parser.add_argument(
        '-e',
        '--email',
        required=True,
        help='Email associated with the Rapidsos Portal account'
    )
    parser.add_argument(
        '-p',
        '--password',
        required=True,
        help='Password associated with the Rapidsos Portal account'
    )
    args = parser.parse_args()
    get_login_token(args)
'''


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the vendor's examples with it were not run")
@pytest.mark.parametrize("name", CURL_EXAMPLES)
def test_the_curl_examples(sandbox, request_id, name, tmp_path):
    sac = sandbox.values["sandbox_sacs"]["valid"]
    os.symlink(sac["combined_path"], tmp_path / "SAC.pem")
    line = CURL_EXAMPLES[name]
    for example, ours in (
            ("https://request.rapidauth.com/rapid", sandbox.values["rapidauth_api_url"]),
            ("<Current RequestId>", request_id), ("<New AnonId>", "from-curl"), ("<SAC Password>", sac["passphrase"]),
            ("curl ", f"curl -sS --cacert {sandbox.values['rapidauth_ca_path']} ")):
        line = line.replace(example, ours)
    reported = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True)
    value = json.loads(reported.stdout)
    assert value == sandbox.get(f"/requests/{value['RequestId']}").json()
    if name == "replace":
        assert value["AnonId"] == "from-curl" and value["RequestId"] != request_id
    else:
        assert value["RequestId"] == request_id and value["PreventCollection"] is (name == "patch")


def test_the_python_sample(sandbox, tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text(PYTHON_SAMPLE.replace(
        "https://api-sandbox.rapidsos.com", sandbox.values["rapidsos_api_url"]), encoding="utf-8")
    for account in sandbox.values["sandbox_accounts"]:
        reported = subprocess.run(
            [sys.executable, str(sample), "-e", account["email"], "-p", account["password"]], check=True, timeout=20,
            env={**os.environ, "REQUESTS_CA_BUNDLE": sandbox.values["rapidsos_ca_path"]}, capture_output=True, text=True)
        head, token = reported.stdout.split("\n")[:2]
        assert head.strip() == "This is your token:"
        page = sandbox.query_page("15555555555", token.strip())
        assert page.status_code == 200 and account["email"] in page.text
