"""The interpreter of this process. A server that embeds Python has itself as `sys.executable`."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

# where this package lies: an editable install is found by a hook that only a virtual environment's
# own interpreter runs
OWN_PLACE = str(Path(__file__).parents[2])


def free_threaded() -> bool:
    """Whether this Python was built without a global interpreter lock (PEP 703)."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def find_interpreter() -> str | None:
    """An interpreter of this version, with this process's packages. None where there is none."""
    return next((path for path in _candidates() if is_interpreter(path)), None)


def search_path() -> list[str]:
    """Where this process finds its modules."""
    found = [place for place in sys.path if place]
    return found if OWN_PLACE in found else [*found, OWN_PLACE]


def _candidates() -> Iterator[str]:
    own = sys.executable or ""
    in_venv = sys.prefix != sys.base_prefix
    if not in_venv or Path(own).is_relative_to(sys.prefix):
        yield own
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    scripts = "Scripts" if os.name == "nt" else "bin"
    for prefix in (sys.prefix, sys.base_prefix):
        yield os.path.join(prefix, scripts, name)
    if in_venv:  # its own has no other version
        yield os.path.join(sys.prefix, scripts, "python3")
    yield own
    yield getattr(sys, "_base_executable", None) or ""
    yield os.path.join(sysconfig.get_config_var("BINDIR") or "", name)


def is_interpreter(path: str | None) -> TypeGuard[str]:
    """Whether it is a Python that can be started, by its name."""
    if path is None:
        return False
    return os.path.basename(path).startswith("python") and os.access(path, os.X_OK)
