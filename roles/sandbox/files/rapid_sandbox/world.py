# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows what the route functions act on: one object that holds the sandbox's parts."""

import dataclasses

from rapid_sandbox import audit, seeds
from rapid_sandbox.accounts import Accounts
from rapid_sandbox.authority import Authority
from rapid_sandbox.clock import Clock
from rapid_sandbox.credentials import Credentials
from rapid_sandbox.faults import Faults
from rapid_sandbox.statistics import Statistics
from rapid_sandbox.storage import Storage
from rapid_sandbox.switches import Switches
from rapid_sandbox.tokens import Tokens


@dataclasses.dataclass
class World:
    """Everything a call can touch."""

    storage: Storage
    clock: Clock
    switches: Switches
    statistics: Statistics
    faults: Faults
    credentials: Credentials
    tokens: Tokens
    accounts: Accounts
    secrets: dict
    fleet: list
    device_authority: Authority
    sac_issuer: str
    #: How often the world was put back to its beginning since the start.
    resets: int = 0

    @classmethod
    def open(cls, directory, secrets, fleet, device_authority, sac_issuer, is_fleet_given=False):
        """The world as the data directory remembers it, planted if it is new; a given fleet may have positions that it does not know."""
        storage = Storage(directory.file("sandbox.db"))
        clock = Clock(storage.setting("clock_offset_seconds", 0.0))
        switches = Switches(storage)
        statistics = Statistics()
        world = cls(
            storage, clock, switches, statistics, Faults(statistics),
            Credentials(storage, clock, switches),
            Tokens(storage, clock, switches, secrets["token_signing_key"]),
            Accounts(storage, clock, switches, secrets["accounts"]),
            secrets, fleet, device_authority, sac_issuer)
        if not storage.setting("is_planted", False):
            world.plant()
        elif is_fleet_given:
            with storage.transaction():
                seeds.plant_fleet(world.credentials, fleet, clock.now_ticks())
        return world

    def plant(self):
        with self.storage.transaction():
            self.credentials.delete_all()
            seeds.plant(self.credentials, self.fleet, self.clock.now_ticks())
            self.storage.keep_setting("licences_used", 0)
            self.storage.keep_setting("is_planted", True)

    def move_clock(self, offset_seconds):
        self.clock.offset_seconds = offset_seconds
        self.storage.keep_setting("clock_offset_seconds", offset_seconds)

    def reset(self, call):
        """Back to the seeded fleet and the defaults; authorities, SACs, secrets and the log stay. Calls that a fault delays are dropped."""
        self.resets += 1
        with self.storage.transaction():
            audit.append(self.storage, self.clock.now_ticks(), "reset", call)
            self.move_clock(0.0)
            self.switches.reset()
            self.accounts.unlock_everyone()
            self.storage.execute("DELETE FROM tokens")
            self.plant()
        self.faults.clear()
        self.statistics.reset()
