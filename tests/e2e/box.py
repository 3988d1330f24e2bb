"""A real container: an OCI bundle for runc, with the system bind-mounted and a memory limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..helpers import ROOT, needs

SHARED = ("/usr", "/bin", "/lib", "/lib64", "/etc")
NAMESPACES = ("pid", "mount", "ipc", "uts")


def require() -> None:
    """Where there can be no container, the test says why."""
    needs(os.geteuid() == 0, "a container needs root")
    needs(shutil.which("runc"), "the container tests need Debian's package runc")


def new_name() -> str:
    return f"heapview-{os.getpid()}-{time.monotonic_ns()}"


def run(place: Path, name: str, **options: Any) -> subprocess.Popen[str]:
    """Starts the container of a bundle."""
    command = ["runc", "run", "--bundle", str(place), name]
    return subprocess.Popen(command, text=True, **options)


def remove(name: str) -> None:
    subprocess.run(["runc", "delete", "--force", name], capture_output=True, check=False)


def _mount(where: str, kind: str, source: str, *options: str) -> dict[str, Any]:
    return {"destination": where, "type": kind, "source": source, "options": list(options)}


def _mounts(writable: dict[str, Path]) -> list[dict[str, Any]]:
    shared = sorted({*SHARED, str(ROOT), sys.prefix, sys.base_prefix})
    return [
        _mount("/proc", "proc", "proc"),
        _mount("/dev", "tmpfs", "tmpfs", "mode=755"),
        _mount("/tmp", "tmpfs", "tmpfs", "mode=1777"),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro"),
        *(_mount(path, "bind", path, "rbind", "ro") for path in shared),
        *(_mount(path, "bind", str(source), "rbind", "rw") for path, source in writable.items()),
    ]


def bundle(
    place: Path,
    arguments: Sequence[str],
    limit: int,
    *,
    files: dict[str, str],
    user: int = 0,
    network: bool = False,
    writable: dict[str, Path] | None = None,
    env: Sequence[str] = (),
) -> Path:
    """An OCI bundle: the system bind-mounted read-only, `files` in /inside, a limit in bytes.

    The root file system is read-only. Its places for data are a tmpfs on /tmp, and `writable`.
    """
    rootfs = place / "rootfs"
    mounts = _mounts(writable or {})
    for one in mounts:
        (rootfs / one["destination"].lstrip("/")).mkdir(parents=True, exist_ok=True)
    (rootfs / "tmp").chmod(0o1777)  # the file system that is mounted there gets its mode
    (rootfs / "inside").mkdir()
    for name, text in files.items():
        (rootfs / "inside" / name).write_text(text)
    namespaces = [*NAMESPACES, *(() if network else ("network",))]
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": user, "gid": user},
            "args": list(arguments),
            "env": ["PATH=/usr/bin:/bin", "HOME=/tmp", "PYTHONDONTWRITEBYTECODE=1", *env],
            "cwd": "/inside",
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "box",
        "mounts": mounts,
        "linux": {
            "namespaces": [{"type": kind} for kind in namespaces],
            "resources": {"memory": {"limit": limit, "swap": limit}},
        },
    }
    (place / "config.json").write_text(json.dumps(config))
    return place
