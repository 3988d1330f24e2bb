"""Which process it is: a pid alone comes back after its process has ended."""

from __future__ import annotations

import psutil


def worker_id(pid: int) -> str:
    """The same for the same process, and never for another one. Raises psutil.Error."""
    started = int(psutil.Process(pid).create_time() * 100)
    return f"{pid}-{started:x}"
