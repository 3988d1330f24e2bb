"""Files, sockets, pipes, connections, threads and maps."""

from __future__ import annotations

from .base import Model
from .ownership import Site

OWN_PATH = "(flask-heapview)"  # in place of the holder's: what the page itself holds open


class Tally(Model, frozen=True):
    """Things of one kind."""

    name: str
    count: int
    size: int | None = None  # bytes, where it has a meaning


class OpenObject(Model, frozen=True):
    """Heap objects that hold a resource open, grouped by type and holder."""

    type: str
    path: str
    count: int
    sites: list[Site] = []


class ThreadRow(Model, frozen=True):
    """Threads of one name; digits are folded to '#'."""

    name: str
    count: int
    daemon: int
    alive: bool = True


class Resources(Model, frozen=True):
    """What the process holds open."""

    descriptors: int = 0
    descriptor_limit: int | None = None
    by_kind: list[Tally] = []  # file, temp file, socket, pipe, anonymous, deleted, …
    sockets: list[Tally] = []  # by family and state
    files: list[Tally] = []  # by directory, temp files apart
    open_objects: list[OpenObject] = []
    threads: list[ThreadRow] = []
    thread_count: int = 0
    maps: list[Tally] = []  # heap, stack, anonymous, shared, files
    children: int = 0
    traced: str = "off"  # how the sites of open objects are known: sampled, exact
    in_memory: list[Tally] = []  # files of temporary filesystems, by name, numbers folded
