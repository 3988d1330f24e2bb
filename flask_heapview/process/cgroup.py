"""The control group that this process lives in: memory figures of version 1 and version 2.

Fields: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of the Linux kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..model.process import Container

UNLIMITED_BYTES = 1 << 60  # version 1 writes "no limit" as a huge number


def read_container(root: Path = Path("/")) -> Container:
    """Figures of the innermost group; an empty Container where there is none.

    `root` stands for "/" so that recorded trees can be read.
    """
    groups = _memberships(root)
    mounts = list(_mounts(root))
    for version in (1, 2):
        name = groups.get(version)
        mount = next((m for v, m, _ in mounts if v == version), None)
        base = next((b for v, _, b in mounts if v == version), "/")
        if name is None or mount is None:
            continue
        place = _place(root, mount, base, name)
        container = _read_v1(place) if version == 1 else _read_v2(place, _top(root, mount))
        if container is not None:
            return container
    return Container()


def _memberships(root: Path) -> dict[int, str]:
    """The group's name by version, from /proc/self/cgroup."""
    groups = {}
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, name = [*line.split(":", 2), "", ""][:3]
        if number == "0" and not controllers:
            groups[2] = name
        elif "memory" in controllers.split(","):
            groups[1] = name
    return groups


def _mounts(root: Path) -> Iterator[tuple[int, str, str]]:
    """(version, mount point, the group that is mounted there) from /proc/self/mountinfo."""
    for line in _lines(root / "proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        if kind[0] == "cgroup2":
            yield 2, fields[4], fields[3]
        elif kind[0] == "cgroup" and "memory" in kind[2].split(","):
            yield 1, fields[4], fields[3]


def _top(root: Path, mount: str) -> Path:
    return root / mount.lstrip("/")


def _place(root: Path, mount: str, base: str, name: str) -> Path:
    """The directory of the group. A container without a namespace of its own sees the host's name
    but only its own group, mounted at the top."""
    top = _top(root, mount)
    inner = name[len(base) :] if base != "/" and name.startswith(base) else name
    place = top / inner.lstrip("/")
    return place if place.is_dir() else top


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    lines = _lines(path)
    if not lines or not lines[0].strip().isdigit():
        return None
    value = int(lines[0])
    return None if value >= UNLIMITED_BYTES else value


def _table(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _lines(path))
    return {p[0]: int(p[1]) for p in pairs if len(p) == 2 and p[1].isdigit()}


def _tightest(values: Iterator[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return min(known) if known else None


def _read_v2(place: Path, top: Path) -> Container | None:
    usage = _number(place / "memory.current")
    if usage is None:  # the root group has no such file
        return None
    stat = _table(place / "memory.stat")
    chain = [place, *(p for p in place.parents if p == top or top in p.parents)]
    return Container(
        version=2,
        path=str(place),
        usage=usage,
        limit=_tightest(_number(p / "memory.max") for p in chain),
        peak=_number(place / "memory.peak"),
        swap=_number(place / "memory.swap.current"),
        swap_limit=_tightest(_number(p / "memory.swap.max") for p in chain),
        anonymous=stat.get("anon"),
        file=stat.get("file"),
        shared=stat.get("shmem"),
        inactive_file=stat.get("inactive_file"),
        kernel=stat.get("kernel"),
        events=_table(place / "memory.events"),
    )


def _read_v1(place: Path) -> Container | None:
    usage = _number(place / "memory.usage_in_bytes")
    if usage is None:
        return None
    stat = _table(place / "memory.stat")
    limit = _number(place / "memory.limit_in_bytes")
    tree = stat.get("hierarchical_memory_limit", UNLIMITED_BYTES)
    if tree < UNLIMITED_BYTES:
        limit = min(tree, limit) if limit is not None else tree
    both = _number(place / "memory.memsw.limit_in_bytes")  # memory and swap together
    control = _table(place / "memory.oom_control")
    failures = _number(place / "memory.failcnt")
    return Container(
        version=1,
        path=str(place),
        usage=usage,
        limit=limit,
        peak=_number(place / "memory.max_usage_in_bytes"),
        swap=stat.get("total_swap", stat.get("swap")),
        swap_limit=both - limit if both is not None and limit is not None else None,
        anonymous=stat.get("total_rss", stat.get("rss")),
        file=stat.get("total_cache", stat.get("cache")),
        shared=stat.get("total_shmem", stat.get("shmem")),
        inactive_file=stat.get("total_inactive_file", stat.get("inactive_file")),
        kernel=_number(place / "memory.kmem.usage_in_bytes"),
        events={k: v for k, v in {**control, "max": failures}.items() if v is not None},
    )
