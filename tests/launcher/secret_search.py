# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Planted secrets, and the search for them: in processes, text and files."""

import json
import pathlib
import threading

#: An unusual but possible password, which JSON, forms and shells write differently.
MARKER = 'Mark-4711 "\u00fc'


class Watch:
    """Reads argv and environment of every process again and again."""

    def __init__(self):
        self.seen, self._is_over = set(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._is_over.wait(0.005):
            for path in pathlib.Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        self.seen.add((path / name).read_bytes())
                    except OSError:
                        pass

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_details):
        self._is_over.set()
        self._thread.join()


def forms(secret):
    """The ways in which a secret could be written."""
    return {secret.encode(), json.dumps(secret)[1:-1].encode(), "Mark-4711".encode()} if "Mark-4711" in secret else {secret.encode()}


def assert_nowhere(secrets, texts):
    for secret in secrets:
        for form in forms(secret):
            for text in texts:
                assert form not in text, text[:200]


def files_below(directory):
    return {path: path.read_bytes() for path in pathlib.Path(directory).rglob("*") if path.is_file()}
