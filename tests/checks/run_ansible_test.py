# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs C(ansible-test KIND) over a copy of this tree, with this Python unless C(--python) says otherwise.

ansible-test wants the tree at .../ansible_collections/eccops/rapid, and in git, which lists its files.
It also downloads pip for each virtual environment it makes; the copy of that script in its cache, written here, asks
Python's own ensurepip instead, so that the package index is all that is needed. The integration tests need no such
environment: they run with this Python and its packages.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import powershell_programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "ansible-test"

GET_PIP = '''\
"""Installs pip from what Python brings along; called by ansible-test as it would call get-pip.py."""
import os, subprocess, sys
environment = dict(os.environ)
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], env=environment)
arguments = [each for each in sys.argv[1:] if each not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + arguments, env=environment))
'''


def copy_tree(place):
    """Makes ``place`` a git checkout of what is tracked here and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    names = [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    subprocess.run(["git", "add", "--all", "--force"], cwd=place, check=True)


def pip_versions():
    """Returns the pip versions this ansible-test would bootstrap."""
    import ansible_test

    source = pathlib.Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    return set(re.findall(r"pip='([0-9.]+)'", source.read_text()))


def run(kind, *arguments):
    """Runs ``ansible-test kind`` with this Python and returns its exit code; two at once do not meet, and one that is ended leaves no process."""
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))
    home = WORK / "home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in pip_versions():
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    if "--python" not in arguments:
        arguments = ("--python", "%d.%d" % sys.version_info[:2], *arguments)
    if kind != "integration":
        arguments = ("--venv", *arguments)
    program = pathlib.Path(sys.executable).parent / "ansible-test"
    environment = dict(os.environ, HOME=str(home))
    if kind == "sanity":
        arguments += provide_powershell(environment)
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        place = pathlib.Path(scratch) / "ansible_collections" / "eccops" / "rapid"
        copy_tree(place)
        return run_to_end([program, kind, "--color", "no", *arguments], cwd=place, env=environment)


def provide_powershell(environment):
    """Puts PowerShell on the path of ``environment`` for validate-modules; returns the arguments that leave out what cannot be checked, and says so."""
    path = os.pathsep.join(filter(None, (environment["PATH"], environment.get("POWERSHELL_BIN"))))
    program = shutil.which("pwsh", path=path)
    if "pwsh" in powershell_programs.missing(path):
        modules = [str(each.relative_to(ROOT)) for each in sorted((ROOT / "plugins" / "modules").glob("*.ps1"))]
        print("SKIPPED: the sanity tests of %s, which need PowerShell (pwsh)" % ", ".join(modules), flush=True)
        return tuple(argument for name in modules for argument in ("--exclude", name))
    environment["PATH"] = path
    listed = subprocess.run(
        [program, "-NoProfile", "-Command", "Get-Module -ListAvailable PSScriptAnalyzer"], check=True, capture_output=True, text=True).stdout
    if "PSScriptAnalyzer" in listed:
        return ()
    print("SKIPPED: the sanity test pslint, which needs PSScriptAnalyzer", flush=True)
    return "--skip-test", "pslint"


def run_to_end(command, **options):
    """Returns the exit code of a command without input; where this process is interrupted, none of the command's processes goes on."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            # It removes its temporary files then, but kills the ansible-test that it runs in its environment, whose files stay: it passes no TMPDIR on.
            os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
