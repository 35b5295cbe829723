# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A browser for the tests: browser.py NOTES MANNER URL writes to NOTES how it was started, and what it was answered.

It asks for loopback addresses only, and follows no redirect. ``MANNER``: fetch; look (asks nothing); preconnect (as Chromium
does, a connection without a request comes first, and a favicon is asked for); late (asks after two seconds); fail (ends badly).
"""

import http.client
import json
import os
import socket
import sys
import time


def fetched(host, path):
    """Returns (status, headers, body) of a GET, or the kind of error."""
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return {"status": answer.status, "headers": dict(answer.getheaders()), "body": answer.read().decode("utf-8")}
    except (OSError, http.client.HTTPException) as error:
        return {"error": type(error).__name__}
    finally:
        connection.close()


def write(notes, note):
    path = os.path.join(notes, "%d" % os.getpid())
    with open(path, "w", encoding="utf-8") as file:
        json.dump(note, file)
    os.replace(path, path + ".json")


def main(notes, manner, url):
    note = {"url": url, "argv": sys.argv, "environ": dict(os.environ), "started_at": time.time(), "cwd": os.getcwd()}
    note["is_session_leader"] = os.getsid(0) == os.getpid()
    note["streams"] = [os.readlink("/proc/self/fd/%d" % each) for each in (0, 1, 2)]
    note["descriptors"] = len(os.listdir("/proc/self/fd"))
    if manner == "fail":
        write(notes, note)
        sys.exit(3)
    if url.startswith("http://127.0.0.1:") and manner != "look":
        host, slash, path = url[len("http://") :].partition("/")
        idle = None
        if manner == "preconnect":
            name, port = host.split(":")
            idle = socket.create_connection((name, int(port)))
            note["favicon"] = fetched(host, "/favicon.ico")
        if manner == "late":
            time.sleep(2)
        note["answer"] = fetched(host, slash + path)
        while "Refresh" in note["answer"].get("headers", {}):  # a page that is shown until there is an answer
            seconds, address = note["answer"]["headers"]["Refresh"].split("; url=")
            time.sleep(int(seconds))
            note["answer"] = fetched(host, address)
        note["answered_at"] = time.time()
        if idle:
            idle.close()
    write(notes, note)


main(*sys.argv[1:])
