"""How much memory may still be used, and whether a child fits into it."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from ..errors import NotEnoughMemory
from ..model.history import Bound
from ..model.process import Container, Headroom
from .cgroup import read_container

MAX_HEADROOM_SHARE = 0.9  # of the headroom that a child may take: others allocate meanwhile


def read_headroom(container: Container | None = None, root: Path = Path("/")) -> Headroom:
    """Bytes until the container's limit, swap included, and until the machine has none left."""
    if container is None:
        container = read_container(root)
    limits = {"machine": _machine(root)}
    free = _free(container)
    if free is not None:
        limits["container"] = free + _swap_room(container)
    return Headroom(available=min(limits.values()), limits=limits)


def left_until_limit(container: Container, root: Path = Path("/")) -> tuple[int, Bound]:
    """Bytes until the tightest bound, and which one it is. Swap is left out: a service that lives
    on it hardly answers."""
    machine, free = _machine(root), _free(container)
    if free is None or free > machine:
        return machine, "machine"
    return free, "container"


def _free(container: Container) -> int | None:
    """Bytes until its limit; None where it has none. Files that nobody reads make room."""
    if container.limit is None or container.usage is None:
        return None
    return max(0, container.limit - container.usage + (container.inactive_file or 0))


def _swap_room(container: Container) -> int:
    machine = psutil.swap_memory().free
    if container.swap_limit is None:
        return machine
    return max(0, min(machine, container.swap_limit - (container.swap or 0)))


def _machine(root: Path) -> int:
    try:
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int(psutil.virtual_memory().available)


def estimate_bytes(per_block: int, fixed: int) -> int:
    """What a capture will add, from the number of blocks on Python's heap."""
    return fixed + per_block * sys.getallocatedblocks()


def require(
    needed: int,
    room: Headroom,
    *,
    what: str = "A capture",
    instead: str = "capture earlier, soon after the worker has started",
) -> None:
    """Raises NotEnoughMemory, with the figures, when what needs so many bytes would not fit."""
    if needed > room.available * MAX_HEADROOM_SHARE:
        name = min(room.limits, key=lambda k: room.limits[k])
        raise NotEnoughMemory(
            f"{what} would need about {needed / 1e6:.0f} MB, and the {name} has "
            f"{room.available / 1e6:.0f} MB left. Raise the memory limit, or {instead}.",
            needed_bytes=needed,
            headroom_bytes=room.available,
            limits=room.limits,
        )
