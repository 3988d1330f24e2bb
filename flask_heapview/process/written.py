"""What a service's processes can have put into files in memory, whoever else writes there."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")
# in /proc/PID/stat, behind the name: proc_pid_stat(5)
GROUP, FAULTS, FAULTS_OF_CHILDREN = 2, 7, 8


def written_by_group(pid: int, proc: Path = PROC) -> int | None:
    """Bytes that the process and its group have written since they began, at most.

    They are those handed to calls that write, to sockets and logs, too, and a page for each page
    fault: memory that is mapped is written by touching it. A server and its workers are one group.
    What `fallocate` reserves is not known. None where /proc does not tell.
    """
    own = _stat(proc / str(pid))
    if own is None:
        return None
    total = 0
    for place in proc.iterdir():
        found = _stat(place) if place.name.isdigit() else None
        if found is None or found[GROUP] != own[GROUP]:
            continue
        calls = _written_by_calls(place)
        if calls is None:
            return None
        total += calls + PAGE * (found[FAULTS] + found[FAULTS_OF_CHILDREN])
    return total


def _stat(place: Path) -> list[int] | None:
    """The fields behind the name, with 0 for the state; none where it has ended."""
    try:
        text = (place / "stat").read_text(errors="replace")
    except OSError:
        return None
    _, *fields = text.rpartition(")")[2].split()
    return [0, *map(int, fields)]


def _written_by_calls(place: Path) -> int | None:
    try:
        lines = (place / "io").read_text().splitlines()
    except OSError:
        return None
    return next((int(line[6:]) for line in lines if line.startswith("wchar:")), None)
