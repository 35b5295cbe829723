# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how images of real Debian hosts are made from Debian's own packages, and kept.

An image is a tar under build/hosts/images, named by what went into it (suite, packages, customize.py, this machine's authorities);
it is made once. The mirror is the one this machine's own apt uses.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
DIRECTORY = REPOSITORY / "build" / "hosts"
RECIPES = HERE / "recipes"
BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")

#: {image: (suite, files of packages)}
IMAGES = {
    "bookworm": ("bookworm", ("host.packages",)),
    "trixie": ("trixie", ("host.packages",)),
    "forky": ("forky", ("host.packages", "python.packages")),
    "desktop": ("bookworm", ("host.packages", "desktop.packages")),
}
_UNWANTED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
#: A host has apt's lists of packages, as any host that was installed once.
_OPTIONS = ("--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists", "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in _UNWANTED))
#: A mirror may not have followed Debian's testing for some days; signatures are looked at all the same.
_OPTIONS_OF_SUITES = {"forky": ('--aptopt=Acquire::Check-Valid-Until "false"',)}


def built(image):
    """Returns the path of the image's tar; builds it where it is missing."""
    images = DIRECTORY / "images"
    images.mkdir(parents=True, exist_ok=True)
    path = images / f"{image}-{_key(image)}.tar"
    with locked(images / f".{image}.lock"):
        if not path.exists():
            print(f"Building the image '{image}' (once; later runs take it from {images}) ...", file=sys.stderr, flush=True)
            partial = path.with_suffix(".partial.tar")
            _build(image, partial)
            for earlier in images.glob(f"{image}-*.tar"):
                if earlier != partial:
                    earlier.unlink()
            partial.rename(path)
    return path


def packages(image):
    names = []
    for file in IMAGES[image][1]:
        lines = (RECIPES / file).read_text(encoding="utf-8").splitlines()
        names += [line for line in lines if line and not line.startswith("#")]
    return names


def _options(image):
    return (*_OPTIONS, *_OPTIONS_OF_SUITES.get(IMAGES[image][0], ()))


def _key(image):
    inputs = [IMAGES[image][0].encode(), "\n".join([*packages(image), *_options(image)]).encode(), (RECIPES / "customize.py").read_bytes(),
              BUNDLE.read_bytes() if BUNDLE.exists() else b""]
    return hashlib.sha256(b"\0".join(hashlib.sha256(each).digest() for each in inputs)).hexdigest()[:12]


def _build(image, path):
    hook = f'{sys.executable} {RECIPES / "customize.py"} "$1" {BUNDLE}'
    command = ["nice", "-n", "10", "mmdebstrap", "--quiet", *_options(image), "--include=" + ",".join(packages(image)), "--customize-hook=" + hook,
               IMAGES[image][0], str(path), *debian_mirror()]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    completed = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, text=True, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if completed.returncode != 0:
        path.unlink(missing_ok=True)
        raise RuntimeError(f"mmdebstrap could not build '{image}':\n{completed.stdout[-4000:]}")


def debian_mirror(root=pathlib.Path("/")):
    """Returns [mirror], or [] where this machine's apt has no Debian archive: mmdebstrap knows the public one."""
    apt = root / "etc/apt"
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            fields = dict(re.findall(r"^(URIs|Suites|Components):\s*(.+)$", stanza, re.MULTILINE))
            for uri in fields.get("URIs", "").split():
                if _is_debian(uri, fields.get("Suites", "").split(), fields.get("Components", "").split()):
                    return [uri]
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            found = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)", line)
            if found and _is_debian(found[1], [found[2]], found[3].split()):
                return [found[1]]
    return []


def _is_debian(uri, suites, components):
    """Whether it is Debian's main archive, and not its security updates or somebody else's packages."""
    path = uri.rstrip("/").rsplit("/", 1)[-1]
    return path == "debian" and "main" in components and any("security" not in suite for suite in suites)


@contextlib.contextmanager
def locked(path):
    """Holds a lock among the processes of this machine; it is free again when the process is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
