"""Files that lie in memory: the temporary filesystems that this process sees."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..model.resources import Tally
from ..text import clean

MAX_FILES = 20_000  # that are looked at
MAX_ROWS = 30
_NUMBERS = re.compile(
    r"[0-9a-f]{8,}|\d+"
)  # numbers and random names, by which files of one sort differ


def mounts() -> list[str]:
    """Where writable temporary filesystems are mounted, each filesystem once."""
    found: dict[int, str] = {}
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        fields = line.split()
        if len(fields) < 3 or fields[2] not in ("tmpfs", "ramfs"):
            continue
        place = fields[1].encode().decode("unicode_escape")
        try:
            device = os.stat(place).st_dev
        except OSError:
            continue
        if os.access(place, os.W_OK):
            found.setdefault(device, place)
    return list(found.values())


def size_of(places: list[str]) -> int:
    """Bytes that the filesystems take: memory that is nobody's."""
    total = 0
    for place in places:
        try:
            stat = os.statvfs(place)
        except OSError:
            continue
        total += (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    return total


def files(own: Path) -> list[Tally]:
    """The files there by name, numbers folded, the largest sum first; those in `own` left out."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for looked, (path, size) in enumerate(_walk(own)):
        if looked >= MAX_FILES:
            break
        name = clean(_NUMBERS.sub("#", path))
        counts[name] += 1
        sizes[name] += size
    return [Tally(name=n, count=counts[n], size=s) for n, s in sizes.most_common(MAX_ROWS) if s]


def _walk(own: Path) -> Iterator[tuple[str, int]]:
    for place in mounts():
        device = os.stat(place).st_dev
        for folder, inner, names in os.walk(place):
            if Path(folder) == own or os.stat(folder).st_dev != device:
                inner.clear()
                continue
            for name in names:
                path = os.path.join(folder, name)
                try:
                    stat = os.lstat(path)
                except OSError:  # deleted meanwhile
                    continue
                yield path, stat.st_blocks * 512
