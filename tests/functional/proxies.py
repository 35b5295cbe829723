# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Real proxies and a real web server on the loopback interface: programs of the machine, run by an account without rights."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

LOGIN = ("dispatch", "Hunter2-proxy")
_SECONDS = 30


def needed(program, package):
    """Returns the path of a program; skips the test where it is missing, and fails in CI, which installs it."""
    path = shutil.which(program, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
    if path is None:
        reason = "%s is not installed (Debian's package %s): nothing is proved with it" % (program, package)
        if os.environ.get("CI"):
            pytest.fail(reason)
        print(reason)
        pytest.skip(reason)
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Service:
    """A program in a directory of its own; ``arguments(self)`` writes what it needs there and returns its argument list."""

    def __init__(self, arguments):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="service-", dir="/var/tmp"))
        self.port = free_port()
        account = {}
        try:
            argv = arguments(self)
            if os.getuid() == 0:
                account = {"user": "nobody", "group": "nogroup", "extra_groups": []}
                for each in [self.directory, *self.directory.rglob("*")]:
                    shutil.chown(each, "nobody", "nogroup")
            with open(self.directory / "output", "wb") as output:
                self._process = subprocess.Popen(
                    argv, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={"PATH": os.defpath}, **account)
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("it did not start: %s" % self.log("*"))

    def write(self, name, text, mode=0o600):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def log(self, pattern):
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.directory.glob(pattern)) if path.is_file())

    def wait_for_log(self, pattern, text):
        end = time.monotonic() + _SECONDS
        while text not in self.log(pattern):
            assert time.monotonic() < end, self.log(pattern)
            time.sleep(0.05)
        return self.log(pattern)

    def url(self, login=None):
        return "http://%s127.0.0.1:%d" % ("%s:%s@" % login if login else "", self.port)

    def stop(self):
        process = getattr(self, "_process", None)
        if process is not None:
            process.terminate()
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def tinyproxy(login=None, ports=()):
    """Starts a tinyproxy that wants ``login`` (user, password) and tunnels to ``ports`` only, or to all."""
    program = needed("tinyproxy", "tinyproxy")

    def arguments(service):
        lines = ["Port %d" % service.port, "Listen 127.0.0.1", "Timeout 60", "MaxClients 50", "Allow 127.0.0.1", "LogLevel Connect",
                 'LogFile "%s/access"' % service.directory, 'PidFile "%s/pid"' % service.directory]
        lines += ["BasicAuth %s %s" % login] if login else []
        lines += ["ConnectPort %d" % port for port in ports]
        return [program, "-d", "-c", service.write("tinyproxy.conf", "\n".join(lines) + "\n")]

    return Service(arguments)


def squid(login=None, ports=()):
    """Starts a squid that wants ``login`` (user, password) and tunnels to ``ports`` only, or to all."""
    program = needed("squid", "squid")

    def arguments(service):
        helper = service.write(
            "login", '#!/bin/sh\nwhile read -r line; do if [ "$line" = "%s" ]; then echo OK; else echo ERR; fi; done\n' % " ".join(login or ("", "")), 0o700)
        lines = ["http_port 127.0.0.1:%d" % service.port, "visible_hostname proxy.example", "cache deny all",
                 "pinger_enable off", "shutdown_lifetime 0 seconds",
                 "netdb_filename none", "memory_cache_shared off", "coredump_dir %s" % service.directory, "pid_filename %s/pid" % service.directory,
                 "access_log stdio:%s/access" % service.directory, "cache_log %s/cache" % service.directory, "acl connect method CONNECT"]
        lines += ["acl allowed port %s" % " ".join(map(str, ports)), "http_access deny !allowed"] if ports else []
        if login:
            lines += ["auth_param basic program %s" % helper, "auth_param basic realm proxy", "acl users proxy_auth REQUIRED"]
        lines += ["http_access allow connect %s" % ("users" if login else ""), "http_access deny all"]
        return [program, "-N", "-f", service.write("squid.conf", "\n".join(lines) + "\n")]

    return Service(arguments)


def apache(server_pem, client_ca_pem, files, location_lines, protocol="-all +TLSv1.3"):
    """Starts an Apache that serves ``files`` ({path: text}) over TLS; ``location_lines`` are for the Location /rapid."""
    program = needed("apache2", "apache2-bin")

    def arguments(service):
        for path, text in files.items():
            service.write("files" + path, text)
        modules = ["mpm_event", "authz_core", "ssl"]
        lines = ['ServerRoot "%s"' % service.directory, "ServerName localhost", "Listen 127.0.0.1:%d" % service.port, "PidFile pid", "DefaultRuntimeDir .",
                 "ErrorLog error", "Mutex posixsem"]
        lines += ["LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so" % (each, each) for each in modules]
        lines += ["SSLEngine on", "SSLProtocol %s" % protocol, "SSLSessionCache none", "SSLCertificateFile %s" % service.write("server.pem", server_pem),
                  "SSLCACertificateFile %s" % service.write("clients.pem", client_ca_pem), 'DocumentRoot "%s/files"' % service.directory,
                  "<Location /rapid>", *location_lines, "</Location>"]
        return [program, "-X", "-f", service.write("apache.conf", "\n".join(lines) + "\n")]

    return Service(arguments)
