# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the demo prints: each chapter's title with its time, what happened, and why it matters. On a terminal a line shows the progress."""

import contextlib
import shutil
import textwrap
import time

_INDENT = "     "


class Terminal:
    """Prints chapters to a stream."""

    def __init__(self, stream):
        self._stream = stream
        self._is_interactive = stream.isatty()
        self._began_at = time.monotonic()
        self._number = 0

    def say(self, text=""):
        print(text, file=self._stream, flush=True)

    @contextlib.contextmanager
    def chapter(self, title, total):
        """Yields a function that shows the progress; the chapter's own lines follow with happened and matters."""
        self._number += 1
        label = "%d/%d  %s" % (self._number, total, title)
        began_at = time.monotonic()

        def show(progress):
            if self._is_interactive:
                width = shutil.get_terminal_size().columns - 1
                line = "%s ... %s (%d s)" % (label, progress, time.monotonic() - began_at)
                self._stream.write("\r\x1b[K" + line[:width])
                self._stream.flush()

        show("starting")
        yield show
        if self._is_interactive:
            self._stream.write("\r\x1b[K")
        self.say("%-84s%4d s" % (label, round(time.monotonic() - began_at)))

    def explain(self, happened, matters):
        self.say(textwrap.fill("%s %s" % (happened, matters), 100, initial_indent=_INDENT, subsequent_indent=_INDENT))

    @property
    def seconds(self):
        return round(time.monotonic() - self._began_at)
