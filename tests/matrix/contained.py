# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the matrix's tests with a Python that this machine does not have and a newer Debian has: in a container, as root, without systemd.

The container sees a copy of the checkout, uncommitted changes included, and the machine's network, for PyPI and its own loopback servers.
"""

from __future__ import annotations

import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "hosts")]

import host_images  # noqa: E402  # pylint: disable=wrong-import-position
import host_podman  # noqa: E402  # pylint: disable=wrong-import-position

#: {Python: the image of tests/hosts whose python3 it is}
IMAGES = {"3.14": "forky"}
_SCRIPT = """
set -e
collection=/tree/ansible_collections/eccops/rapid
mkdir -p "$collection"
cd /source
git config --global --add safe.directory /source
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read | tar --extract --directory "$collection"
cd "$collection"
git init --quiet
git add --all
git -c user.name=matrix -c user.email=matrix@localhost commit --quiet --message matrix
mkdir build
python3 -m venv /venv
/venv/bin/pip install --quiet "ansible-core==$1.*" -r requirements.txt -r tests/run-requirements.txt -r tests/unit/requirements.txt pytest pytest-xdist
/venv/bin/python -c 'import sys; assert sys.version_info[:2] == tuple(map(int, sys.argv[1].split("."))), sys.version' "$2"
/venv/bin/ansible --version
shift 2
exec /venv/bin/python -m pytest "$@"
"""


def image_of(version):
    """Returns the name of podman's image with that Python, made where it is missing; None, aloud, where it cannot be had."""
    if version not in IMAGES:
        return None
    try:
        host_podman.install(host_podman.lacking())
        return host_podman.imported(host_images.built(IMAGES[version]))
    except (RuntimeError, host_podman.PodmanError) as reason:
        print("Python %s cannot be had in a container either: %s" % (version, reason), flush=True)
        return None


def command(image, core, version, arguments):
    """Returns (command, environment) that run pytest with ``arguments`` by that ansible-core on the Python of the image."""
    line = [shutil.which("podman"), "run", "--rm", "--pull=never", "--network=host", "--volume=%s:/source:ro" % ROOT, image,
            "bash", "-c", _SCRIPT, "matrix", core, version, *arguments]
    return line, host_podman.environment()
