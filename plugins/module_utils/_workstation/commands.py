# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs a site's command on a position: from a list, with a time limit for all that it starts and a limit on what it says.

Python 3.8 and its standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import typing

#: What is kept of a command's output: its end, where the reason of a failure stands.
KEPT_BYTES = 2000
#: After a command has ended, for the rest of its output. What it left running may hold its output open for ever.
DRAIN_SECONDS = 2


def run_command(argv: typing.List[str], timeout_seconds: float) -> typing.Tuple[typing.Optional[int], str]:
    """Returns the exit code, None where the time limit ended it, and the end of what it said, standard error last.

    No shell is involved, and standard input is empty. The time limit ends the whole process group. Raises OSError where the
    program cannot be started.
    """
    with subprocess.Popen(  # pylint: disable=ansible-bad-function  # run_command has no time limit
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        tails = [_Tail(process.stdout), _Tail(process.stderr)]
        try:
            exit_code: typing.Optional[int] = process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            exit_code = None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return exit_code, " | ".join(filter(None, (tail.text() for tail in tails)))


class _Tail:
    """Reads a stream to its end, whatever its length, and keeps the last bytes."""

    def __init__(self, stream: typing.Any) -> None:
        self._stream, self._kept = stream, b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed while it was read
            for chunk in iter(lambda: os.read(self._stream.fileno(), 65536), b""):
                self._kept = (self._kept + chunk)[-KEPT_BYTES:]

    def text(self) -> str:
        self._thread.join(DRAIN_SECONDS)
        return " ".join(self._kept.decode("utf-8", "replace").split())
