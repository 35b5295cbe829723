# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads an HTML page as a browser would, as far as the standard library does."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a browser makes of a page: ``tags`` [(name, attributes)] and the ``texts`` that people see."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.data, self._inside = [], [], "", None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id", tag)

    def handle_data(self, data):
        if self._inside == "data":
            self.data += data
        elif self._inside not in ("style", "script"):
            self.texts.append(data)

    def handle_endtag(self, tag):
        self._inside = None
