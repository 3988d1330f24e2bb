"""Process: its memory, its container's, and the bridge between."""

from __future__ import annotations

from typing import Any

from ..analysis import diff
from ..model.diff import ProcessDiff
from ..model.process import Arena, Process
from ..model.query import TableQuery
from .base import View
from .table import Column, Row, Table, table

_NAME = Column("name", "What", names="figure")
_FIGURES = [_NAME, Column("size", "Bytes", "bytes"), Column("note", "")]
_NOTES = {
    "resident": "counted by the kernel as this process's memory",
    "anonymous": "in no file: heaps and stacks",
    "virtual": "addresses: most of it need not be in memory",
    "peak": "the most there ever was",
    "machine available": "of the whole machine, for all processes",
    "pymalloc arenas": "taken from the system for small Python objects",
    "pymalloc used": "of these, in use",
    "pymalloc kept": "of those in use: freed objects that types keep for new ones",
    "pymalloc free": "of these, free",
    "malloc arenas": "taken from the system by the C library",
    "malloc used": "of these, in use",
    "proportional": "shared pages divided among those who share them",
    "unique": "would be free if this process ended",
    "swap": "moved out of memory",
    "shared": "in memory that is shared with others, such as /dev/shm",
    "written": "at most, to files, sockets and mapped memory, by it and its process group",
    "tmpfs": "files in memory: charged to the container, shown by no process",
    "python objects": "the shallow sizes of all objects",
    "python overhead": "free blocks in Python's arenas",
    "native": "allocated with malloc, by something other than Python objects",
    "malloc free": "free in the C library's heap, still held",
    "file backed": "libraries and mapped files",
    "unexplained": "resident, and none of the above",
}
_SKIP = frozenset(("pid", "version", "path", "events", "machine_total"))


def _figures(title: str, struct: Any, query: TableQuery, name: str, empty: str = "") -> Table:
    rows = []
    for field in struct.__struct_fields__:
        value = getattr(struct, field)
        if isinstance(value, int) and field not in _SKIP:
            label = field.replace("_", " ")
            rows.append(Row([label, value, _NOTES.get(label, "")]))
    return table(
        title, _FIGURES, rows, query, name=name, empty=empty or "Not available on this system."
    )


def _arenas(arenas: list[Arena], query: TableQuery) -> Table:
    columns = [
        Column("name", "Arena"),
        Column("size", "Size", "bytes"),
        Column("used", "In use", "bytes"),
        Column("free", "Free", "bytes"),
    ]
    rows = [
        Row(["main" if n == 0 else f"number {n}", a.size, a.size - a.free, a.free])
        for n, a in enumerate(arenas)
    ]
    return table("Arenas of the C library", columns, rows, query, name="arenas")


def _tables(process: Process, query: TableQuery) -> list[Table]:
    container = process.container
    none = "This process is in no cgroup with memory figures."
    tables = [
        _figures("Where resident memory goes", process.bridge, query, "bridge"),
        _figures(f"Process {process.pid}", process, query, "process"),
        _figures("Allocators", process.allocators, query, "allocators"),
        _figures(f"Container (cgroup v{container.version})", container, query, "container", none),
    ]
    if process.allocators.arenas:
        tables.append(_arenas(process.allocators.arenas, query))
    if container.events:
        columns = [Column("name", "Event"), Column("count", "Times", "int")]
        rows = [Row([name, count]) for name, count in container.events.items()]
        tables.append(table("Container events", columns, rows, query, name="events"))
    return tables


def _diff_tables(process: ProcessDiff, query: TableQuery) -> list[Table]:
    columns = [
        _NAME,
        Column("base", "Before", "bytes"),
        Column("target", "After", "bytes"),
        Column("delta", "+/−", "delta_bytes"),
    ]
    rows = [Row([c.name, int(c.base), int(c.target), int(c.delta)]) for c in process.changes]
    return [table("Memory before and after", columns, rows, query)]


VIEW = View(
    name="process",
    title="Process",
    summary="Where the process's memory is: objects, allocators, native memory, files, container.",
    section=Process,
    difference=ProcessDiff,
    diff=diff.process,
    tables=_tables,
    diff_tables=_diff_tables,
)
