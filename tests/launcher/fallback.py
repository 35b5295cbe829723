# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a dispatcher has to find on the screen whenever the Portal cannot be opened on the caller."""

from position import SHOWN


def assert_fallback(position, ended, code, reason, headline=SHOWN):
    """The page and the plain login were opened in time, and the reason was reported in one line."""
    assert ended.code == code, ended
    page, login = sorted(ended.opened, key=lambda note: not note["url"].startswith("http://127.0.0.1:"))
    assert login["url"] == position.values["rapidsos_api_url"] + "/login"
    assert page["answer"]["status"] == 200 and page["answer"]["headers"]["Cache-Control"] == "no-store"
    html = page["answer"]["body"]
    assert f"<title>{headline}</title>" in html and f"<h1>{headline}</h1>" in html
    assert f'<a href="{login["url"]}">' in html and "<script" not in html and "http://" not in html
    assert ended.stderr.count("\n") == 1 and reason in ended.stderr and f"(exit code {code})" in ended.stderr
    assert ended.seconds < position.most_seconds and page["answered_at"] - page["started_at"] < position.most_seconds
    return html
