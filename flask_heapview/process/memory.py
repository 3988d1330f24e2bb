"""The memory of this process, its allocators and its container."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil

from ..model.heap import Heap
from ..model.process import MAX_PYMALLOC_BYTES, Allocators, Bridge, Container, Process
from . import glibc, tmpfs
from .cgroup import read_container

# a line of sys._debugmallocstats: " 3 free 2-sized PyTupleObjects * 40 bytes each = 120"
_KEPT = re.compile(r"^ *([\d,]+) free (?:\d+-sized )?Py(\w+?)Objects? \* (\d+) bytes each", re.M)
NOT_COLLECTED = ("Float", "DictKeys")  # by name: the collector knows none of them
GC_HEAD_BYTES = 16  # before an object that the collector knows (PyGC_Head)
ALIGNMENT = 16  # bytes, of a block of Python's allocator
_FIELD = re.compile(r"^(\w+):\s+(\d+) kB", re.MULTILINE)


def _kilobytes(path: str) -> dict[str, int]:
    try:
        text = Path(path).read_text()
    except OSError:
        return {}
    return {name: int(value) * 1024 for name, value in _FIELD.findall(text)}


def read_process() -> Process:
    """Figures of the calling process, without those that only a capture knows."""
    process = psutil.Process()
    status = _kilobytes("/proc/self/status")
    rollup = _kilobytes("/proc/self/smaps_rollup")
    memory = process.memory_info()
    machine = psutil.virtual_memory()
    private = [rollup[k] for k in ("Private_Clean", "Private_Dirty") if k in rollup]
    return Process(
        pid=os.getpid(),
        resident=memory.rss,
        anonymous=status.get("RssAnon"),
        proportional=rollup.get("Pss"),
        unique=sum(private) if private else None,
        swap=status.get("VmSwap"),
        shared=status.get("RssShmem"),
        file_backed=status.get("RssFile"),
        virtual=memory.vms,
        peak=status.get("VmHWM"),
        machine_total=machine.total,
        machine_available=machine.available,
        tmpfs=tmpfs.size_of(tmpfs.mounts()),
        container=read_container() if sys.platform == "linux" else Container(),
        allocators=glibc.figures(),
    )


def resident_now() -> tuple[int, int]:
    """Bytes that are resident, and that are swapped out: few figures, at a low price."""
    status = _kilobytes("/proc/self/status")
    if "VmRSS" in status:
        return status["VmRSS"], status.get("VmSwap", 0)
    return psutil.Process().memory_info().rss, 0


class Arenas(NamedTuple):
    """Those of Python's allocator of small objects, in bytes."""

    size: int
    used: int
    free: int
    kept: int | None  # of what is free, freed objects that their types keep for the next one

    def added_to(self, allocators: Allocators) -> Allocators:
        """The figures of all allocators, with these."""
        return msgspec.structs.replace(
            allocators,
            pymalloc_arenas=self.size,
            pymalloc_used=self.used,
            pymalloc_free=self.free,
            pymalloc_kept=self.kept,
        )


def pymalloc_figures() -> Arenas | None:
    """The figures, from what CPython prints of its own allocator.

    Only for a child: descriptor 2 is turned aside while CPython writes to it.
    """
    try:
        with (
            tempfile.TemporaryFile()
            if not hasattr(os, "memfd_create")
            else open(os.memfd_create("heapview"), "w+b") as file
        ):
            saved = os.dup(2)
            os.dup2(file.fileno(), 2)
            try:
                sys._debugmallocstats()
            finally:
                os.dup2(saved, 2)
                os.close(saved)
            file.seek(0)
            return parse_pymalloc(file.read().decode(errors="replace"))
    except OSError:
        return None


def parse_pymalloc(text: str) -> Arenas | None:
    """Reads the totals of sys._debugmallocstats (Objects/obmalloc.c); None if they are missing."""

    def total(name: str) -> int | None:
        match = re.search(rf"^{name}\s*=\s*([\d,]+)", text, re.MULTILINE)
        return int(match[1].replace(",", "")) if match else None

    arenas = re.search(r"^\d+ arenas \* \d+ bytes/arena\s*=\s*([\d,]+)", text, re.MULTILINE)
    used = total("# bytes in allocated blocks")
    if arenas is None or used is None:
        return None
    kept = kept_for_later(text)
    size, used = int(arenas[1].replace(",", "")), used - (kept or 0)
    return Arenas(size, used, size - used, kept)


def kept_for_later(text: str) -> int | None:
    """Bytes of the freed objects that types keep in lists: 2,000 tuples of each size are 4 MB. None
    where the lists are missing.

    Before Python 3.15, the sizes leave out the collector's header.
    """
    lists = [(name, int(n.replace(",", "")), int(size)) for n, name, size in _KEPT.findall(text)]
    if not lists:
        return None
    bare = any(name == "List" and size == list.__basicsize__ for name, _, size in lists)
    found = 0
    for name, count, size in lists:
        whole = size + (GC_HEAD_BYTES if bare and name not in NOT_COLLECTED else 0)
        if whole <= MAX_PYMALLOC_BYTES:
            found += count * -(-whole // ALIGNMENT) * ALIGNMENT
    return found


def complete(process: Process, pymalloc: Arenas | None, heap: Heap) -> Process:
    """Adds what the capture found out, and draws the bridge from resident set to objects."""
    allocators = process.allocators
    if pymalloc is not None:
        allocators = pymalloc.added_to(allocators)
    return msgspec.structs.replace(
        process, allocators=allocators, bridge=_bridge(process, allocators, heap)
    )


def _bridge(process: Process, allocators: Allocators, heap: Heap) -> Bridge:
    used, arenas = allocators.malloc_used, allocators.pymalloc_arenas
    native: int | None = None
    if used is not None:
        # objects over 512 bytes come from malloc; so do small ones under PYTHONMALLOC=malloc
        native = max(0, used - (heap.large if arenas is not None else heap.size))
    free = allocators.malloc_free
    overhead = allocators.pymalloc_free
    # at most what pymalloc handed out is objects; its other blocks are tables and strings' parts
    python = heap.size
    known = sum(v or 0 for v in (python, overhead, native, free, process.file_backed))
    return Bridge(
        python_objects=python,
        python_overhead=overhead,
        native=native,
        malloc_free=free,
        file_backed=process.file_backed,
        unexplained=process.resident - known,
    )
