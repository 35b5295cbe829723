# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Where a ledger may be said to be, and that a password in a URL is found, however it is written."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place


@pytest.mark.parametrize("url, words", [
    ("https://db.example/ledger", "must be a URL such as postgresql://user@host"), ("postgresql:ledger", "must be a URL"),
    ("postgresql://u:secret@db/ledger", "ledger_url contains a password"), ("postgresql://db/ledger?password=secret", "ledger_url contains a password"),
    ("postgresql://u:se?cret@db/ledger", "contains a password"), ("postgresql://u:se/cret@db/ledger", "contains a password"),
    ("postgresql://u:se#cret@db/ledger", "contains a password"), ("postgresql://u:se%40cret@db/ledger", "contains a password"),
    ("postgresql://u:@db/ledger", "contains a password"), ("postgres://db/ledger?pass%77ord=secret", "contains a password"),
    ("postgresql:///ledger?sslpassword=secret", "contains a password"), ("postgresql:///ledger?oauth_client_secret=secret", "contains a password"),
    ("postgresql://[db/ledger", "must be a URL"), ("postgresql://db:secret/ledger", "must be a URL"), ("postgresql://[::1]x/ledger", "must be a URL"),
    ("postgresql://db/led ger", "must be a URL"), ("postgresql://db/ledger\0", "must be a URL"), ("postgresql://db/\udcff", "must be a URL"),
    ("postgresql://db/ledger#secret", "must be a URL"), ("POSTGRESQL://db/ledger", "must be a URL"), ("postgresql+psycopg://db/ledger", "must be a URL")])
def test_a_url_that_cannot_be_right_or_would_show_a_password(url, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        find_place({"ledger_url": url})
    assert "secret" not in caught.value.message


def test_one_place_only():
    with pytest.raises(InvalidInput, match="mutually exclusive"):
        find_place({"ledger_url": "postgresql://db/ledger", "ledger_path": "/ledger"})
    with pytest.raises(InvalidInput, match="give it as ledger_url"):
        find_place({"ledger_path": "postgresql://db/ledger"})
    assert find_place({"ledger_path": "/ledger"}) == "/ledger" and find_place({}) is None
    place = find_place({"ledger_url": "postgresql://u@db/ledger?sslmode=verify-full", "ledger_password": "secret"})
    assert (str(place), "secret" in repr(place)) == ("postgresql://u@db/ledger", False)


@pytest.mark.parametrize("url, name", [
    ("postgres://u@db:5432/ledger?sslmode=verify-full", "postgres://u@db:5432/ledger"),
    ("postgresql://u@[::1]:5432/ledger", "postgresql://u@[::1]:5432/ledger"),
    ("postgresql://a:5432,b:5433/ledger?target_session_attrs=read-write", "postgresql://a:5432,b:5433/ledger"),
    ("postgresql://u@%2Frun%2Fpostgresql/ledger", "postgresql://u@%2Frun%2Fpostgresql/ledger"), ("postgresql:///ledger?host=/run", "postgresql:///ledger"),
    ("postgresql://?service=site&passfile=/p", "postgresql://?service=site"), ("postgresql://u%40realm@db/ledger", "postgresql://u%40realm@db/ledger")])
def test_a_url_that_is_right_and_how_it_is_shown(url, name):
    assert str(find_place({"ledger_url": url})) == name
