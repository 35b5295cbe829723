# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the counters: calls per route and method, TLS handshakes and connections per listener."""

import collections


class Statistics:
    """Counts since the start or the last reset; kept in memory only."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.calls = collections.Counter()
        self.connections = collections.Counter()
        self.handshakes = collections.Counter()
        self.refused_handshakes = collections.Counter()
        self.refused_writes = 0
        self.faults_fired = 0

    def as_object(self):
        routes = {}
        for (route, method), count in sorted(self.calls.items()):
            routes.setdefault(route, {})[method] = count
        return {
            "calls": routes,
            "connections": dict(self.connections),
            "tls_handshakes": dict(self.handshakes),
            "refused_tls_handshakes": dict(self.refused_handshakes),
            "refused_writes": self.refused_writes,
            "faults_fired": self.faults_fired,
        }
