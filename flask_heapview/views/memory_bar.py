"""Where the memory of a worker and its container is, as parts that add up."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..model.process import Container, Process

Tone = Literal[
    "python", "python-free", "native", "native-free", "files", "rest", "others", "cached", "left"
]


class Part(msgspec.Struct, frozen=True):
    """A part of the bar."""

    name: str
    size: int  # bytes
    tone: Tone
    left: float  # share of the bar before it
    share: float  # of the bar


class MemoryBar(msgspec.Struct, frozen=True):
    """The parts, in order. Together they are `whole` bytes: the container's limit, where it has
    one; else what is resident."""

    parts: list[Part]
    whole: int
    untouched: int = 0  # bytes handed out that are not resident: they are in no part


def memory_bar(process: Process, container: Container) -> MemoryBar:
    """Parts of nothing are left out, and so is what the system does not tell."""
    inside, untouched = _inside(process)
    found = [row for row in (*inside, *_outside(process, container)) if row[1] > 0]
    whole = sum(size for _, size, _ in found)
    parts, before = [], 0
    for name, size, tone in found:
        parts.append(Part(name, size, tone, before / whole, size / whole))
        before += size
    return MemoryBar(parts, whole, untouched)


Row = tuple[str, int, Tone]


def _inside(process: Process) -> tuple[list[Row], int]:
    """Of the process's resident memory; and how much its allocators claim beyond that."""
    known = process.allocators
    claimed: list[Row] = [
        ("Python's arenas, in use", known.pymalloc_used or 0, "python"),
        ("Python's arenas, free", known.pymalloc_free or 0, "python-free"),
        ("C library, in use", known.malloc_used or 0, "native"),
        ("C library, free", known.malloc_free or 0, "native-free"),
    ]
    files = min(process.file_backed or 0, process.resident)
    room = process.resident - files
    rows, left = list(claimed), sum(size for _, size, _ in claimed) - room
    untouched = max(0, left)
    # what is free was often given back to the kernel page by page, and what is in use seldom is
    for at in (3, 1, 2, 0):
        name, size, tone = rows[at]
        less = min(size, max(0, left))
        rows[at] = (name, size - less, tone)
        left -= less
    rest = room - sum(size for _, size, _ in rows)
    rows += [
        ("libraries and mapped files", files, "files"),
        ("stacks and other maps", rest, "rest"),
    ]
    return rows, untouched


def _outside(process: Process, container: Container) -> list[Row]:
    """Of the container. One without a limit may be the whole machine: it says nothing then."""
    if container.usage is None or container.limit is None:
        return []
    used = max(container.usage, process.resident)
    rest = used - process.resident
    cached = min(rest, container.inactive_file or 0)
    return [
        ("other processes and the kernel", rest - cached, "others"),
        ("cached files, given back when needed", cached, "cached"),
        ("left until the limit", max(0, container.limit - used), "left"),
    ]
