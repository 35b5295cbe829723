# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs one command and prints as JSON what it cost: wall and CPU seconds, the peak memory of its largest process.

It is a small process of its own, because Linux charges a child with the memory of the process that forked it. With
``--tree`` it also samples the memory of all processes of the command together, shared pages counted once.
"""

import json
import os
import subprocess
import sys
import threading
import time

SECONDS_BETWEEN_SAMPLES = 0.2


def process_ids(root):
    """Returns ``root`` and all its living descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def proportional_kib(process_id):
    """Returns the process's memory, with its part of what it shares (PSS); 0 where it has just ended."""
    try:
        with open(f"/proc/{process_id}/smaps_rollup", encoding="utf-8") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except OSError:
        return 0


class TreeWatch(threading.Thread):
    """Keeps the highest memory seen of a process and its descendants together."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self._root, self.is_over, self.highest_kib = root, threading.Event(), 0

    def run(self):
        while not self.is_over.wait(SECONDS_BETWEEN_SAMPLES):
            self.highest_kib = max(self.highest_kib, sum(proportional_kib(each) for each in process_ids(self._root)))


def measure(command, output_path, is_tree_watched):
    with open(output_path, "wb") as output:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        watch = TreeWatch(process.pid)
        if is_tree_watched:
            watch.start()
        _process_id, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - begin
        watch.is_over.set()
    return {
        "exit_code": os.waitstatus_to_exitcode(status),
        "wall_seconds": wall_seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory_mib": usage.ru_maxrss / 1024,
        "peak_tree_memory_mib": watch.highest_kib / 1024 if is_tree_watched else None,
    }


if __name__ == "__main__":
    OPTION, OUTPUT_PATH, *COMMAND = sys.argv[1:]
    print(json.dumps(measure(COMMAND, OUTPUT_PATH, OPTION == "--tree")))
