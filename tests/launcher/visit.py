# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A visit to the launcher's loopback listener: the test is the browser."""

import http.client
import socket
import time
import urllib.parse


class Visit:
    """A call of the launcher whose browser sends no request of its own."""

    def __init__(self, position, *arguments):
        position.configure(manner="look", **position.changes)
        seen = self._addresses(position)
        self.process = position.start(*arguments)
        until = time.monotonic() + 10
        while not self._addresses(position) - seen:
            assert time.monotonic() < until
            time.sleep(0.02)
        (self.url,) = self._addresses(position) - seen
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port, self.path = parts.netloc, parts.port, parts.path

    @staticmethod
    def _addresses(position):
        """The loopback addresses that browsers were started with so far."""
        return {note["url"] for note in position.opened() if note["url"].startswith("http://127.0.0.1:")}

    def ask(self, method="GET", path=None, host=None, body=None, **headers):
        """Returns (status, headers, text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path or self.path, body, {"Host": host or self.host, **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8")
        finally:
            connection.close()

    def is_gone(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 2).close()
        except ConnectionRefusedError:
            return True
        return False

    def end(self):
        """Returns (exit code, stderr)."""
        stderr = self.process.communicate(timeout=20)[1]
        return self.process.returncode, stderr
