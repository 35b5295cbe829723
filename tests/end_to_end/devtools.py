# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests start a headless Chromium, drive it by its DevTools protocol, and end it."""

import asyncio
import base64
import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import aiohttp

FLAGS = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--disable-extensions", "--force-device-scale-factor=1", "--hide-scrollbars", "--remote-debugging-port=0")
TIMEOUT_SECONDS = 60


def chromium():
    """The path of the browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page of a headless browser; ``events`` are all that it reported. Use it in ``with``."""

    def __init__(self, directory, width=1280, height=900):
        self.directory = pathlib.Path(directory)
        self.events, self._numbers, self._waiting = [], itertools.count(1), {}
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        line = [chromium(), *FLAGS, *root, "--window-size=%d,%d" % (width, height), "--user-data-dir=%s" % self.directory, "about:blank"]
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        # A killed browser leaves its socket behind, and a socket's path must be short.
        self._temporary = tempfile.TemporaryDirectory(prefix="c")  # pylint: disable=consider-using-with
        environment.update(HOME=str(self.directory), TMPDIR=self._temporary.name)
        self._process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        try:
            self._run(self._connect())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its own session: nothing but this browser
        self._process.wait()
        with contextlib.suppress(Exception):
            self._run(self._close())
        self._loop.close()
        self._temporary.cleanup()

    def _run(self, work):
        return self._loop.run_until_complete(asyncio.wait_for(work, TIMEOUT_SECONDS))

    async def _connect(self):
        port_file = self.directory / "DevToolsActivePort"
        while not (port_file.exists() and port_file.read_text().count("\n")):
            assert self._process.poll() is None, "the browser ended"
            await asyncio.sleep(0.05)
        port = port_file.read_text().split()[0]
        self._session = aiohttp.ClientSession()
        async with self._session.get("http://127.0.0.1:%s/json/list" % port) as answer:
            (page,) = [each for each in await answer.json() if each["type"] == "page"]
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        self._reader = self._loop.create_task(self._read())
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            await self._send(domain + ".enable")
        await self._send("Page.setLifecycleEventsEnabled", enabled=True)

    async def _close(self):
        self._reader.cancel()
        await self._session.close()

    async def _read(self):
        async for message in self._socket:
            reported = message.json()
            if "id" in reported:
                self._waiting.pop(reported["id"]).set_result(reported)
            else:
                self.events.append(reported)

    async def _send(self, method, **parameters):
        number = next(self._numbers)
        answer = self._waiting[number] = self._loop.create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        reported = await answer
        assert "error" not in reported, (method, reported)
        return reported["result"]

    def call(self, method, **parameters):
        """One command of the protocol; returns its result."""
        return self._run(self._send(method, **parameters))

    def go(self, url):
        """Opens a page and returns when it is loaded."""
        # The load event of the page before may still be on its way: an answer to what is asked of that page would never come.
        loader = self.call("Page.navigate", url=url)["loaderId"]
        until = time.monotonic() + TIMEOUT_SECONDS
        while not [each for each in self.told("Page.lifecycleEvent") if (each["loaderId"], each["name"]) == (loader, "load")]:
            assert time.monotonic() < until
            self._run(asyncio.sleep(0.01))

    def open(self, url):
        """Opens a page and returns the seconds until its load event was over, as the page measures it."""
        self.go(url)
        return self.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000

    def evaluate(self, expression):
        """Returns the value of a JavaScript expression, which may be a promise."""
        reported = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reported, reported
        return reported["result"].get("value")

    def press(self, *keys):
        """Presses keys one after the other: characters, or names such as Tab."""
        for key in keys:
            code = {"Enter": 13, "Tab": 9, "Escape": 27}.get(key, 0)
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def screenshot(self):
        """Returns the visible part as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def told(self, *methods):
        """The parameters of the events of these methods."""
        return [each["params"] for each in self.events if each["method"] in methods]
