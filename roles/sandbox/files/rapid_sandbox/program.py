# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the program's course: open the data directory, bind all listeners, say "ready", stop cleanly."""

import asyncio
import errno
import os
import signal
import socket
import sqlite3
import ssl

from aiohttp import web

from rapid_sandbox import (
    audit, authority, banner, connection_file, secret_store, seeds, server_certificate, service_certificates, tls)
from rapid_sandbox.admin_listener import Admin
from rapid_sandbox.data_directory import DataDirectory, StartupError
from rapid_sandbox.device_routes import Device
from rapid_sandbox.portal_listener import Portal
from rapid_sandbox.rapidauth_listener import RapidAuth
from rapid_sandbox.serving import LARGEST_BODY, Call
from rapid_sandbox.world import World

_AUTHORITY_NAME = "eccops.rapid sandbox authority"
_BACKLOG = 1024
_GRACE_SECONDS = 0.5


class Sandbox:
    """The listeners around one world."""

    def __init__(self, world):
        self.world = world
        self._servers = []

    def server_for(self, surface):
        def request(message, payload, protocol, writer, task):
            return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)

        loop = asyncio.get_running_loop()
        return web.Server(
            surface.handle, request_factory=request, access_log=None, keepalive_timeout=75, tcp_keepalive=False)

    async def listen_tls(self, surface, bound, choose_context):
        """Serve a surface over TLS; the context is chosen anew for each connection."""
        loop = asyncio.get_running_loop()
        server = self.server_for(surface)
        statistics, name = self.world.statistics, surface.name

        def on_handshake(error, transport):
            if error is None:
                statistics.handshakes[name] += 1
                return
            statistics.refused_handshakes[name] += 1
            if name == "rapidauth":
                self._record_refused_handshake(error, transport)

        def connection():
            statistics.connections[name] += 1
            return tls.TlsProtocol(loop, server(), choose_context(), on_handshake)

        self._servers.append((await loop.create_server(connection, sock=bound, backlog=_BACKLOG), server))

    async def listen_plain(self, surface, bound):
        loop = asyncio.get_running_loop()
        server = self.server_for(surface)
        self._servers.append((await loop.create_server(server, sock=bound, backlog=_BACKLOG), server))

    def _record_refused_handshake(self, error, transport):
        is_about_sac = (isinstance(error, ssl.SSLCertVerificationError)
                        or getattr(error, "reason", None) == "PEER_DID_NOT_RETURN_A_CERTIFICATE")
        if not is_about_sac:  # the client does not like the server, or speaks no TLS
            return
        peer = transport.get_extra_info("peername") if transport else None
        call = Call("handshake", {}, "", peer[0] if peer else "", "unknown")
        reason = getattr(error, "verify_message", None) or "no certificate"
        world = self.world
        with world.storage.transaction():
            audit.append(world.storage, world.clock.now_ticks(), "sac_refused", call, reason)

    async def close(self):
        for listener, _server in self._servers:
            listener.close()
        await asyncio.gather(*(server.shutdown(timeout=_GRACE_SECONDS) for _listener, server in self._servers))


def bind(name, address, port):
    """A bound socket, or a StartupError that names the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"port {port} on {address} is in use; choose another with --{name}-port (0 selects a free one)") from error
        raise StartupError(f"cannot listen on {address} port {port} for --{name}-port: {error.strerror}") from error
    return bound


def bind_all(options):
    sockets = {}
    try:
        for name in ("rapidauth", "portal", "device", "admin"):
            address = "127.0.0.1" if name == "admin" else options.listen_address
            sockets[name] = bind(name, address, getattr(options, f"{name}_port"))
    except StartupError:
        for bound in sockets.values():
            bound.close()
        raise
    return sockets


async def _stop_with(process_id, stop):
    """Set ``stop`` once no process has this id any more."""
    while True:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            stop.set()
            return
        except PermissionError:
            pass  # somebody else's, and alive
        await asyncio.sleep(0.5)


async def run(options):
    """Serve until a stop signal arrives or the --stop-with-process process ends."""
    stop = asyncio.Event()
    if options.stop_with_process:
        watcher = asyncio.create_task(_stop_with(options.stop_with_process, stop))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    directory = DataDirectory(options.data_directory)
    directory.open()
    try:
        sockets = bind_all(options)
        own = authority.load_or_create(directory, "ca", _AUTHORITY_NAME)
        devices = authority.load_or_create(directory, "trusted_issuer", "eccops.rapid sandbox device issuer")
        foreign = authority.load_or_create(directory, "foreign_ca", "Some foreign authority")
        secrets = secret_store.load_or_create(directory)
        sacs = service_certificates.load_or_create(directory, secrets["sac_passphrases"], own, foreign)
        fleet = seeds.load_or_create_fleet(directory, options.fleet_size, options.inventory)
        try:
            world = World.open(directory, secrets, fleet, devices, _AUTHORITY_NAME, bool(options.inventory))
        except (sqlite3.Error, ValueError) as error:
            raise StartupError(f"cannot open the database: {error}") from error
        sandbox = Sandbox(world)
        await _listen(sandbox, directory, sockets, server_certificate.load_or_create(
            directory, own, options.host_name, options.listen_address))
        ports = {name: bound.getsockname()[1] for name, bound in sockets.items()}
        values = connection_file.write_connection(directory, options.host_name, ports, secrets, sacs, fleet)
        connection_file.write_inventory(directory, fleet)
        connection_file.write_on_this_machine(directory, values)
        connection_file.write_curl_options(directory, values)
        print(banner.text(directory, values, bool(options.inventory)), flush=True)
        print("ready", flush=True)
        _notify_systemd()
        await stop.wait()
        if options.stop_with_process:
            watcher.cancel()
        await sandbox.close()
        world.storage.close()
    finally:
        directory.close()


def _notify_systemd():
    """Where systemd started the program (Type=notify), say that it is ready."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)


async def _listen(sandbox, directory, sockets, server_pem):
    world = sandbox.world
    ca_path, foreign_path = directory.file("ca.pem"), directory.file("foreign_ca.pem")
    plain = tls.server_context(server_pem)
    mutual = tls.mutual_context(server_pem, ca_path)
    lenient = tls.lenient_context(server_pem, (ca_path, foreign_path))

    def context_of_rapidauth():
        return lenient if world.switches["sac_refusal"] == "http_403" else mutual

    await sandbox.listen_tls(RapidAuth(world), sockets["rapidauth"], context_of_rapidauth)
    await sandbox.listen_tls(Portal(world), sockets["portal"], lambda: plain)
    await sandbox.listen_tls(Device(world), sockets["device"], lambda: plain)
    await sandbox.listen_plain(Admin(world), sockets["admin"])
