# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the DevTools protocol as far as the tests need it: which pages are open, what is on them, a click, a page closed."""

import asyncio
import json
import time
import urllib.request

import aiohttp


#: How long a condition is waited for at the most, and a browser's answer to one call: a busy machine takes its time.
LIMIT_SECONDS, CALL_SECONDS = 120, 20


class Chromium:
    """A running Chromium whose debugging port is reached at ``port`` of this machine."""

    def __init__(self, port):
        self._base = f"http://127.0.0.1:{port}"

    def pages(self):
        """[{"id", "url", "title", ...}], [] while there is no browser."""
        try:
            with urllib.request.urlopen(self._base + "/json/list", timeout=CALL_SECONDS) as answer:
                return [page for page in json.load(answer) if page["type"] == "page"]
        except OSError:
            return []

    def wait_for(self, is_wanted, seconds=LIMIT_SECONDS):
        """Returns (page, seconds it took) of the first page that is wanted."""
        began = time.monotonic()
        while True:
            pages = self.pages()
            for page in pages:
                if is_wanted(page):
                    return page, time.monotonic() - began
            assert time.monotonic() - began < seconds, [(page["title"], page["url"][:80]) for page in pages]
            time.sleep(0.05)

    def close_all_but_one(self):
        """Leaves a browser that runs with one empty page."""
        request = urllib.request.Request(self._base + "/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
            kept = json.load(answer)["id"]
        for page in self.pages():
            if page["id"] != kept:
                urllib.request.urlopen(f"{self._base}/json/close/{page['id']}", timeout=CALL_SECONDS).close()

    def close(self):
        """As a user closes the last window."""
        with urllib.request.urlopen(self._base + "/json/version", timeout=CALL_SECONDS) as answer:
            self._call(json.load(answer), ("Browser.close", {}))

    def evaluate(self, page, expression):
        """Returns the value of a JavaScript expression on the page."""
        result = self._call(page, ("Runtime.evaluate", {"expression": expression, "returnByValue": True}))[0]
        return result["result"].get("value")

    def click(self, page, selector):
        """Clicks as a hand would: the browser takes it for the user's own."""
        place = self.evaluate(page, f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")
        mouse = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
        self._call(page, ("Page.bringToFront", {}), *(("Input.dispatchMouseEvent", {"type": kind, **mouse}) for kind in ("mousePressed", "mouseReleased")))

    def _call(self, page, *calls):
        return asyncio.run(self._called(page["webSocketDebuggerUrl"], calls))

    async def _called(self, url, calls):
        results = []
        address = self._base.replace("http", "ws") + "/" + url.split("/", 3)[3]
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            for number, (method, parameters) in enumerate(calls):
                await socket.send_json({"id": number, "method": method, "params": parameters})
                while (answer := await socket.receive_json(timeout=LIMIT_SECONDS)).get("id") != number:
                    pass
                results.append(answer["result"])
        return results
