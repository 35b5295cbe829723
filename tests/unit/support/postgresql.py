# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A PostgreSQL server of the tests' own: in a directory that it alone has, on a Unix socket and on a port of the loopback, as an unprivileged user."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl
from ansible_collections.eccops.rapid.tests.unit.support import certificates

#: Where Debian and others have the server's programs, which are not on the PATH.
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/lib/postgresql*/bin", "/usr/local/pgsql/bin")
#: Of the login "jobs", which must give it over TCP and has no rights of its own.
PASSWORD = "Correct-Horse-82c1"
#: What the server's certificate is for.
HOST_NAME = "db.example.test"
_numbers = itertools.count(1)


def find_programs():
    """Returns the directory of initdb and postgres, or None."""
    found = shutil.which("initdb")
    places = [pathlib.Path(found).resolve().parent] if found else []
    places += [path for pattern in _PLACES for path in sorted(pathlib.Path("/").glob(pattern[1:]), reverse=True)]
    return next((path for path in places if (path / "initdb").exists() and (path / "postgres").exists()), None)


def find_reason():
    """Returns why the tests cannot have a server, or an empty text."""
    try:
        import psycopg  # noqa: F401  # pylint: disable=unused-import,import-outside-toplevel
    except ImportError:
        return "psycopg is not installed: nothing was tested over PostgreSQL"
    if find_programs() is None:
        return "PostgreSQL is not installed (apt-get install postgresql): nothing was tested over it"
    return ""


class PostgresqlServer:
    """A server; ``is_durable`` syncs, which only a measurement needs: what dies in tests is the process, not the machine."""

    def __init__(self, is_durable=False, **settings):
        self._programs = find_programs()
        self._user = pwd.getpwnam("postgres" if "postgres" in (each.pw_name for each in pwd.getpwall()) else "nobody") if os.geteuid() == 0 else None
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has 107 characters at most
        self.owner = self._user.pw_name if self._user else pwd.getpwuid(os.geteuid()).pw_name
        if self._user:
            os.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "--pgdata", "data", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions", "--username", "owner")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        wanted = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": str(self.directory), "max_connections": 60,
                  "shared_buffers": "16MB", "fsync": "on" if is_durable else "off", "autovacuum": "off", "log_min_messages": "fatal",
                  "dynamic_shared_memory_type": "mmap", "ssl": "on", "ssl_ca_file": "ca.crt", **settings}
        with (self.directory / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines("%s = '%s'\n" % each for each in wanted.items())
        rules = self.directory / "data" / "pg_hba.conf"
        rules.write_text("hostssl all certified all cert\nhost all jobs all scram-sha-256\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")
        self.authority, key = certificates.Authority("PostgreSQL CA"), certificates.new_key()
        self.ca_path = self._write("data/ca.crt", self.authority.pem)
        self._write("data/server.key", certificates.key_pem(key))
        self._write("data/server.crt", certificates.certificate_pem(self.authority.issue(HOST_NAME, key, host_names=[HOST_NAME])))
        self.process = None
        self.start()
        self.execute("CREATE ROLE jobs LOGIN PASSWORD '%s'" % PASSWORD)
        self.execute("CREATE ROLE certified LOGIN SUPERUSER")

    def _as_owner(self):
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}

    def _run(self, program, *arguments):
        subprocess.run([self._programs / program, *arguments], cwd=self.directory, check=True, stdout=subprocess.DEVNULL, timeout=120, **self._as_owner())

    def _write(self, name, content):
        path = self.directory / name
        path.touch(0o600)
        path.write_bytes(content)
        if self._user:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)
        return path

    def start(self, is_awaited=True, most_file_bytes=None):
        """Starts it, perhaps with a limit for the size of a file."""
        line = [self._programs / "postgres", "-D", "data"]
        if most_file_bytes:
            line = ["prlimit", "--fsize=%d" % most_file_bytes, *line]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(line, cwd=self.directory, stdout=log, stderr=log, **self._as_owner())
        if is_awaited:
            self.wait()

    def wait(self):
        """Returns once it answers."""
        import psycopg  # pylint: disable=import-outside-toplevel

        give_up_at = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(self.url("postgres").url, connect_timeout=5):
                    return
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.directory / "log").read_text(encoding="utf-8")
                assert time.monotonic() < give_up_at
                time.sleep(0.02)

    def url(self, database, user="owner", **parameters):
        """Returns the LedgerUrl of a database, over the Unix socket."""
        query = "".join("&%s=%s" % each for each in parameters.items())
        return LedgerUrl("postgresql://%s@/%s?host=%s&port=%d%s" % (user, database, self.directory, self.port, query))

    def network_url(self, database, user="owner", port=None, password=None, **parameters):
        """Returns the LedgerUrl of a database over TCP, perhaps by another port that leads to the server."""
        query = "".join("&%s=%s" % each for each in parameters.items())
        return LedgerUrl("postgresql://%s@127.0.0.1:%d/%s?sslmode=disable%s" % (user, port or self.port, database, query), password)

    def verified_url(self, database, user="jobs", host=HOST_NAME, password=None, **parameters):
        """Returns the LedgerUrl of a database over TLS, for whose server the name stands."""
        query = "".join("&%s=%s" % each for each in {"sslmode": "verify-full", "sslrootcert": self.ca_path, **parameters}.items() if each[1])
        return LedgerUrl("postgresql://%s@%s:%d/%s?hostaddr=127.0.0.1%s" % (user, host, self.port, database, query), password)

    def execute(self, sql, *values, database="postgres"):
        """Returns the rows of a statement as tuples, by an administrator's connection of its own."""
        import psycopg  # pylint: disable=import-outside-toplevel

        with psycopg.connect(self.url(database).url, autocommit=True) as connection:
            cursor = connection.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def new_database(self):
        """Returns the name of a database that is new and empty."""
        name = "ledger_%d_%d" % (os.getpid(), next(_numbers))
        self.execute("CREATE DATABASE %s STRATEGY file_copy" % name if self.version() >= 150000 else "CREATE DATABASE %s" % name)
        return name

    def version(self):
        import psycopg  # pylint: disable=import-outside-toplevel

        with psycopg.connect(self.url("postgres").url) as connection:
            return connection.info.server_version

    def end_sessions(self, most=1):
        """Ends some sessions that use a ledger, at random; returns how many."""
        return len(self.execute("SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'eccops.rapid%%'"
                                " ORDER BY random() LIMIT %s) AS chosen", most))

    def stop(self, is_killed=False):
        """Stops it: sessions are ended and what they did is kept (fast), or as by a crash, with all of its processes."""
        if is_killed:
            children = (pathlib.Path("/proc") / str(self.process.pid) / "task" / str(self.process.pid) / "children").read_text(encoding="ascii").split()
            for each in [self.process.pid, *map(int, children)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
        else:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def restart(self, is_killed=False, is_awaited=True):
        self.stop(is_killed)
        self.start(is_awaited)

    @contextlib.contextmanager
    def standby(self):
        """Gives a server that follows this one."""
        place = copy.copy(self)
        place.directory = pathlib.Path(tempfile.mkdtemp(prefix="pg-"))
        if self._user:
            os.chown(place.directory, self._user.pw_uid, self._user.pw_gid)
        place._run("pg_basebackup", "--pgdata", "data", "--write-recovery-conf", "--checkpoint", "fast", "--no-sync", "--dbname",
                   "host=%s port=%d user=owner" % (self.directory, self.port))
        with (place.directory / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("listen_addresses = ''\nunix_socket_directories = '%s'\n" % place.directory)
        place.start()
        try:
            yield place
        finally:
            place.close()

    @contextlib.contextmanager
    def pooler(self, program, mode, size=20):
        """Runs pgbouncer before this server; gives its port."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = self.directory / "pgbouncer.ini"
        settings.write_text("""[databases]
* = host=%s port=%d user=owner
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = %d
""" % (self.directory, self.port, port, mode, size), encoding="utf-8")
        settings.chmod(0o644)
        process = subprocess.Popen([program, "-q", settings], cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_owner())
        try:
            give_up_at = time.monotonic() + 30
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert process.poll() is None and time.monotonic() < give_up_at
                time.sleep(0.02)
            yield port
        finally:
            process.terminate()
            process.wait(30)

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.directory)
