# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""How long one call may take and how much may come back, on every kind of socket; when its first byte may have left.

A timeout of a socket starts again with every byte, so a server that drips bytes could hold a task for ever.
"""

from __future__ import annotations

import socket
import threading
import time


class AnswerTooLong(Exception):
    """More bytes came than any answer has."""


class Deadline(threading.local):
    """The limits of the call that this thread makes; ``at`` is a time.monotonic value, None outside of a call.

    ``sent_at`` is when the first byte of the request may have left, or None; ``has_received`` says whether a byte of the
    answer came.
    """

    at: float | None = None
    sent_at: float | None = None
    has_received = False
    _bytes_left = 0

    def start(self, seconds: float, most_bytes: int) -> None:
        self.at = time.monotonic() + seconds
        self.sent_at, self.has_received, self._bytes_left = None, False, most_bytes

    def stop(self) -> None:
        self.at = None

    def remaining_seconds(self) -> float | None:
        """Returns the seconds that are left (None outside of a call); raises socket.timeout where none are."""
        if self.at is None:
            return None
        remaining = self.at - time.monotonic()
        if remaining <= 0:
            raise socket.timeout("the call took longer than the time allowed")
        return remaining

    def limit_delivery(self, connection: socket.socket) -> None:
        """Has the system discard what is not delivered in the time that is left, even when this process has ended by then.

        Without a limit it goes on sending for minutes: a call that was given up, or whose process was killed, would arrive when a
        network works again. Other systems than Linux have no such limit.
        """
        remaining = self.remaining_seconds()
        if remaining is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * remaining) + 1)

    def note_sending(self) -> None:
        if self.sent_at is None:
            self.sent_at = time.monotonic()

    def note_received(self, count: int) -> None:
        """Raises AnswerTooLong where ``count`` more bytes are too many."""
        if self.at is None or not count:
            return
        self.has_received = True
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise AnswerTooLong


deadline = Deadline()


def open_connection(host: str, port: int) -> socket.socket:
    """Returns a TCP socket to ``host``; every address of its name gets its share of the time that is left. Raises OSError."""
    addresses = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    failure = None
    for index, (family, kind, protocol, unused_name, address) in enumerate(addresses):
        connection = None
        try:
            remaining = deadline.remaining_seconds()
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(None if remaining is None else remaining / (len(addresses) - index))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as error:
            # What refuses says more than what keeps silent.
            failure = error if failure is None or not isinstance(error, socket.timeout) else failure
            if connection is not None:
                connection.close()
    raise failure or OSError("the name has no address")
