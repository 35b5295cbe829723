# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Portal tokens kept between tasks and runs: encrypted, private, one login at a time; and refused logins remembered.

One entry belongs to one account at one URL. It is encrypted with a key derived from the account's password, so that
who can read the file but does not know the password has nothing. The same directory remembers that a password was
refused: five refused logins within 15 minutes may lock an account (the usual policy, CJIS AC-7), and one play can
ask for a hundred. A refused password is often nearly the right one: its entry needs the directory's own random secret
too, and is deleted once it is over.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import hmac
import json
import os
import secrets
import stat
import tempfile
import time
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import MissingLibrary, RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import make_missing, remove, replace
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_fault, find_intruder
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import Token
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, parse_instant

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    CRYPTOGRAPHY_ERROR = None
except ImportError as error:
    CRYPTOGRAPHY_ERROR = str(error)

#: No token outlives a shift on disk.
LONGEST_KEPT = datetime.timedelta(hours=12)
#: A refused password is not tried again within the window in which refusals are counted.
REFUSAL_REMEMBERED = datetime.timedelta(minutes=15)
#: What is kept of an account, each in a file of its own: a refused password must not cost the token of the right one.
KINDS = ("token", "refusal")
#: What a refusal's key needs besides the password: a file in the same directory.
SECRET_NAME, _SECRET_BYTES = "secret", 32
#: A process holds the account for as long as its login takes.
LOCK_WAIT_SECONDS = 600
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}  # about 0.1 s and 32 MiB for each guess


class TokenCache:
    """The entry of one account in ``directory``. Use it inside ``with cache.locked():``."""

    def __init__(self, directory: str, *account: str, wait_seconds: float = LOCK_WAIT_SECONDS, clock: typing.Any = time) -> None:
        if CRYPTOGRAPHY_ERROR:
            raise MissingLibrary("the Python library 'cryptography' is needed for cache_path: %s" % CRYPTOGRAPHY_ERROR)
        self._directory = directory.rstrip("/") or "/"  # with a slash at its end a symbolic link looks like a directory
        name = hashlib.sha256("\n".join(account).encode("utf-8")).hexdigest()[:32]
        self._path = os.path.join(self._directory, name)
        self._wait_seconds, self._clock = wait_seconds, clock

    @contextlib.contextmanager
    def locked(self) -> typing.Iterator[None]:
        """Holds the account for this process; others wait. Refuses a directory that others could write or read.

        Refusals that are over are deleted, whichever account they are of.
        """
        self._ensure_private_directory()
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locks.held(self._path + ".lock", "logging in", self._wait_seconds, clock=self._clock))
            except OSError as error:  # some network file systems have no locks
                raise self._trouble("its lock cannot be opened or taken: %s; use a local directory" % error.strerror) from None
            self._delete_old_refusals()
            yield

    def _delete_old_refusals(self) -> None:
        for name in os.listdir(self._directory):
            path = os.path.join(self._directory, name)
            if not name.endswith(".refusal") or not self._is_old(path):
                continue
            lock = path[: -len("refusal")] + "lock"
            with contextlib.ExitStack() as held, contextlib.suppress(OSError, RapidError):  # whoever is at work there deletes it
                if lock != self._path + ".lock":
                    held.enter_context(locks.held(lock, "logging in", 0, clock=self._clock))
                if self._is_old(path):  # still the same one
                    remove(path)

    def _is_old(self, path: str) -> bool:
        try:
            return abs(self._clock.time() - os.lstat(path).st_mtime) >= REFUSAL_REMEMBERED.total_seconds()
        except OSError:
            return False

    def exists(self) -> bool:
        return any(os.path.lexists(self._path + "." + kind) for kind in KINDS)

    def read(self, kind: str, password: str) -> dict:
        """Returns what was stored as this ``kind`` for this ``password`` (see the functions below), or {}.

        Another password, a cut-off file and an unknown form all mean that there is nothing stored: a login is always possible.
        """
        content = self._read_private(self._path + "." + kind, "its %s file" % kind)
        secret = self._read_secret() if kind == "refusal" else None
        if content is None or (secret is None and kind == "refusal"):
            return {}
        try:
            sealed = {name: base64.b64decode(value) for name, value in json.loads(content).items()}
            opened = AESGCM(_key(password, sealed["salt"], secret)).decrypt(sealed["nonce"], sealed["content"], None)
            return json.loads(opened)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidTag):
            return {}

    def _read_private(self, path: str, what: str) -> bytes | None:
        """Returns what is in a file of this account's own, or None where there is none."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._trouble("%s cannot be opened safely: %s" % (what, error.strerror)) from None
        with os.fdopen(descriptor, "rb") as file:
            self._ensure_private(os.fstat(file.fileno()), what)
            return file.read(65536)

    def _read_secret(self) -> bytes | None:
        secret = self._read_private(os.path.join(self._directory, SECRET_NAME), "its secret")
        if secret is not None and len(secret) != _SECRET_BYTES:
            raise self._trouble("its secret is damaged; remove '%s'" % os.path.join(self._directory, SECRET_NAME))
        return secret

    def _get_secret(self) -> bytes | None:
        """Returns the directory's secret, which the first of all processes makes; it has its name once it is whole."""
        if self._read_secret() is None:
            path = os.path.join(self._directory, SECRET_NAME)
            with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", suffix=".new") as file:  # 0600
                file.write(secrets.token_bytes(_SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(file.name, path)
        return self._read_secret()

    def write(self, kind: str, password: str, content: dict) -> None:
        """Stores ``content`` (a dict) as this ``kind`` for this ``password``, atomically and with mode 0600."""
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        opened = json.dumps(content).encode("utf-8")
        try:
            secret = self._get_secret() if kind == "refusal" else None
            sealed = {"salt": salt, "nonce": nonce, "content": AESGCM(_key(password, salt, secret)).encrypt(nonce, opened, None)}
            text = json.dumps({name: base64.b64encode(value).decode("ascii") for name, value in sealed.items()})
            path = self._path + "." + kind
            replace(path, path + ".new", text.encode("ascii"))
        except OSError as error:
            raise self._trouble("its %s file cannot be written: %s" % (kind, error.strerror)) from None

    def remove(self) -> bool:
        """Returns whether there was something to remove."""
        is_removed = False
        for kind in KINDS:
            try:
                os.unlink(self._path + "." + kind)
                is_removed = True
            except FileNotFoundError:
                pass
            except OSError as error:
                raise self._trouble("its %s file cannot be removed: %s" % (kind, error.strerror)) from None
        return is_removed

    def ensure_writable(self) -> None:
        """Raises before a login what a full or read-only disk would make fail after it."""
        try:
            with tempfile.TemporaryFile(dir=self._directory) as file:
                file.write(b"\0" * 8192)
                file.flush()
        except OSError as error:
            raise self._trouble("nothing can be written to it: %s" % error.strerror) from None

    def _ensure_private_directory(self) -> None:
        try:
            self._ensure_closed()
            make_missing(self._directory, [], 0o700)
            self._ensure_private(os.lstat(self._directory), "it", stat.S_ISDIR)
            self._ensure_closed()
        except OSError as error:
            raise self._trouble("it cannot be created: %s" % error.strerror) from None

    def _ensure_closed(self) -> None:
        above = os.path.dirname(os.path.abspath(self._directory))
        intruder = find_intruder(above)
        if intruder:
            raise self._trouble("others could replace it: %s" % intruder)

    def _ensure_private(self, status: os.stat_result, what: str, is_wanted_type: typing.Callable[[int], bool] = stat.S_ISREG) -> None:
        fault = find_fault(status, is_wanted_type)
        if fault:
            raise self._trouble("%s %s" % (what, fault))

    def _trouble(self, reason: str) -> RapidError:
        return RapidError("cache_path '%s' cannot be used: %s" % (self._directory, reason), kind="cache_unusable")


def _key(password: str, salt: bytes, secret: bytes | None = None) -> bytes:
    guessed = password.encode("utf-8")
    return Scrypt(salt=salt, length=32, **_SCRYPT).derive(guessed if secret is None else hmac.digest(secret, guessed, "sha256"))


def token_content(token: Token) -> dict:
    """Returns what ``write`` stores for a Token."""
    return {
        "token": token.value,
        "issued_at": format_instant(token.issued_at),
        "expires_at": format_instant(token.expires_at),
        "expires_basis": token.expires_basis,
    }


def stored_token(content: dict, min_remaining: datetime.timedelta, now: datetime.datetime) -> Token | None:
    """Returns the Token in ``content`` if more than ``min_remaining`` (timedelta) of it is left, else None."""
    issued_at, expires_at = parse_instant(content.get("issued_at")), parse_instant(content.get("expires_at"))
    if not content.get("token") or issued_at is None or expires_at is None:
        return None
    token = Token(content["token"], issued_at, expires_at, content.get("expires_basis"))
    # A clock that was set back must not make a token look young for ever.
    if now < issued_at - datetime.timedelta(minutes=5):
        return None
    return token if min(expires_at, issued_at + LONGEST_KEPT) - now > min_remaining else None


def refusal_content(error: Refusal, now: datetime.datetime) -> dict:
    """Returns what ``write`` stores for a login that was refused."""
    return {"refused_at": format_instant(now), "message": error.message, "kind": error.kind}


def ensure_not_just_refused(content: dict, now: datetime.datetime) -> None:
    """Raises RapidError if this password was refused a moment ago."""
    refused_at = parse_instant(content.get("refused_at"))
    if refused_at is not None and abs(now - refused_at) < REFUSAL_REMEMBERED:
        raise RapidError(
            "not tried again within 15 minutes, since the same password was refused at %s (state=absent with cache_path forgets that): %s"
            % (content["refused_at"], content.get("message")),
            kind=content.get("kind"),
        )
