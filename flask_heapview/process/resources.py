"""What the service holds open: descriptors, sockets, threads, maps."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from pathlib import Path

import psutil

from ..inspection.roots import known_threads
from ..model.resources import Resources, Tally, ThreadRow
from ..text import clean

_MAP = re.compile(r"^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+\s*(.*)$")


def thread_rows() -> list[ThreadRow]:
    """Threads by name. Taken in the service: a fork leaves only one of them."""
    threads = known_threads().values()
    counts = Counter(name for name, _ in threads)
    daemons = Counter(name for name, daemon in threads if daemon)
    return [ThreadRow(name=n, count=c, daemon=daemons[n]) for n, c in counts.most_common(200)]


def _links(pid: int) -> list[str]:
    links = []
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
            except OSError:  # closed meanwhile
                continue
    except OSError:
        return []
    return [link for link in links if link != "anon_inode:[pidfd]"]  # our own watch


def kind_of(link: str, temp: str) -> str:
    """What sort of thing a descriptor is, from its link in /proc."""
    if link.startswith(("socket:", "pipe:", "anon_inode:")):
        return link.partition(":")[0].replace("anon_inode", "kernel object")
    if link.startswith(("/dev/shm/", "/memfd:")):
        return "shared memory"
    if link.endswith(" (deleted)"):
        return "deleted file"
    if link.startswith("/dev/"):
        return "device"
    return "temp file" if link.startswith(temp + os.sep) else "file"


def _sockets(pid: int) -> list[Tally]:
    try:
        process = psutil.Process(pid)
        connections = getattr(process, "net_connections", None) or process.connections
        counts = Counter(
            f"{'unix' if not isinstance(c.family, int) or c.family == 1 else 'inet'} "
            f"{c.status.lower().replace('none', '').strip()}".strip()
            for c in connections(kind="all")
        )
    except (psutil.Error, OSError):
        return []
    return [Tally(name=name, count=count) for name, count in counts.most_common()]


def _status(pid: int, field: str) -> int | None:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    match = re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE)
    return int(match[1]) if match else None


def read_maps(pid: int) -> list[Tally]:
    """Resident bytes of a process's mappings by kind."""
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    kind = ""
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text(errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        match = _MAP.match(line)
        if match:
            kind = _map_kind(match[1], match[2])
            counts[kind] += 1
        elif line.startswith("Rss:"):
            sizes[kind] += int(line.split()[1]) * 1024
    return [Tally(name=k, count=counts[k], size=size) for k, size in sizes.most_common()]


def _map_kind(permissions: str, name: str) -> str:
    if name.startswith("["):
        return name if name in ("[heap]", "[stack]") else "[kernel]"
    if not name:
        return "shared anonymous" if permissions.endswith("s") else "anonymous"
    if name.startswith(("/dev/shm/", "/memfd:", "/SYSV", "/dev/zero")):
        return "shared memory"
    return "libraries" if ".so" in name or "x" in permissions else "mapped files"


def read_resources(pid: int, threads: list[ThreadRow], maps: list[Tally]) -> Resources:
    """Figures of process `pid`, which the child reads of its parent."""
    temp = os.path.realpath(tempfile.gettempdir())
    links = _links(pid)
    kinds = Counter(kind_of(link, temp) for link in links)
    folders = Counter(
        os.path.dirname(link.removesuffix(" (deleted)"))
        for link in links
        if kind_of(link, temp) in ("file", "temp file", "deleted file", "shared memory")
    )
    try:
        limit: int | None = psutil.Process(pid).rlimit(psutil.RLIMIT_NOFILE)[0]
        children = len(psutil.Process(pid).children())
    except (psutil.Error, OSError, AttributeError):
        limit, children = None, 0
    return Resources(
        descriptors=len(links),
        descriptor_limit=limit,
        by_kind=[Tally(name=n, count=c) for n, c in kinds.most_common()],
        sockets=_sockets(pid),
        files=[Tally(name=clean(n), count=c) for n, c in folders.most_common(50)],
        threads=threads,
        thread_count=_status(pid, "Threads") or len(threads),
        maps=maps,
        children=max(0, children - (pid != os.getpid())),
    )
