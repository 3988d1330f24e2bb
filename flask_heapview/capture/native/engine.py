"""The native engine: a walk in C, in a child of a bare fork; see csrc/ and docs/capture.md."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Self

import msgspec
import psutil

from ...allocations import native_sampler, tracing
from ...core import offsets, selfcheck
from ...core.arguments import ModuleRoot, ThreadName, TypeTable
from ...core.loader import WHY_NOT, core
from ...graphs.loader import WHY_NOT as WHY_NO_GRAPHS
from ...inspection.known_caches import registered
from ...inspection.roots import known_threads, module_dict, roots_of
from ...inspection.type_info import Types
from ...isolation import forked_child, resident_reader
from ...model.allocations import Allocations
from ...model.base import to_json
from ...model.ownership import HOLDER_FROM
from ...model.snapshot import Kind
from ...process import glibc
from ..base import Capture, CaptureCost, ServiceFacts
from . import tracemalloc_child
from .snapshot_builder import TracemallocSites, WalkResult

MAX_NODES = 250_000  # path nodes, before those that weigh least are merged
BYTES_PER_BLOCK = 3.5  # the bitmap, the queue, the tree: measured, see docs/capture.md
FIXED_BYTES = 35_000_000  # the tree, the candidates for cycles, and the fresh interpreter
BYTES_PER_MODULE = 6_000  # what is imported has paths: 50 a module, 90 bytes each, and a reserve
TRACED_BYTES_PER_BLOCK = 190  # while tracemalloc is on, its traces are copied
GRAPH_BYTES_PER_BLOCK = 90  # the file, which may lie in memory, and its analysis
SECONDS_PER_BLOCK = 1.5e-7
FORK_SECONDS, FORK_SECONDS_PER_BYTE = 0.001, 2.5e-11
MAX_BUILD_SECONDS = 300.0  # that putting the snapshot together may take

MallocBytes = tuple[int, int, int]  # from the kernel, handed out, and of neither; or 0


class NativeEngine:
    """See the module's head."""

    def __init__(self) -> None:
        self._type_table: TypeTable | None = None
        self._safe_in_process = False

    @staticmethod
    def why_not() -> str | None:
        """None where the core can be loaded, else the reason."""
        return None if core is not None else WHY_NOT

    @property
    def name(self) -> str:
        """As snapshots and the overview give it."""
        return "native"

    @property
    def why(self) -> str:
        """Why it is this one, in a sentence."""
        said = "The native core is built, and its self-check passed."
        if self._type_table is None:
            said = "The native core is built. It checks itself before the first capture."
        return f"{said} {WHY_NO_GRAPHS}".rstrip()

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it can capture."""
        return frozenset(("ownership",) if WHY_NO_GRAPHS else ("ownership", "graph"))

    def warm_up(self) -> None:
        """Finds the layouts out, and has the self-check run in a child. Raises Unfit."""
        if self._type_table is None:
            assert core is not None
            known = offsets.type_table(core)
            selfcheck.verify(core, known)
            self._type_table = known

    def estimate(self, kind: Kind = "ownership") -> CaptureCost:
        """The cost of a capture now."""
        blocks = sys.getallocatedblocks()
        each = TRACED_BYTES_PER_BLOCK if tracing.mode() == "exact" else BYTES_PER_BLOCK
        each += GRAPH_BYTES_PER_BLOCK if kind == "graph" else 0
        return CaptureCost(
            bytes=FIXED_BYTES + BYTES_PER_MODULE * len(sys.modules) + int(each * blocks),
            seconds=0.4 + SECONDS_PER_BLOCK * blocks,
            stall_seconds=min(_fork_seconds(), SECONDS_PER_BLOCK * blocks),
        )

    def _forks(self) -> bool:
        """A small heap is walked in less time than a fork takes; but first a child has to show
        that no type of the service's breaks under it."""
        walk = SECONDS_PER_BLOCK * sys.getallocatedblocks()
        return not self._safe_in_process or walk > _fork_seconds()

    def capture(self, capture: Capture) -> None:
        """See Engine.capture."""
        # it loads while the child walks
        builder = "flask_heapview.capture.native.build_job"
        with resident_reader.Assembly(capture.sink.directory, builder) as assembly:
            work = self._look(capture)
            assembly.run(to_json(work), MAX_BUILD_SECONDS)

    def _look(self, capture: Capture) -> WalkResult:
        """Walks, and says all that the core's file does not."""
        began = time.monotonic()
        facts = capture.facts()
        native = native_sampler.read()
        named = [registered(name, obj, Types()) for name, obj in capture.request.caches.items()]
        files = _Files(capture)
        forks = files.graph is not None or self._forks()
        with files:
            pause, malloc = self._walk(files, capture, forks)
        self._safe_in_process = True
        traced, sites = self._traces(capture, files.walk)
        total = capture.page.progress().done
        capture.page.advance("building", total, total)
        name = "native" if forks else "native, in-process"
        return WalkResult(
            directory=str(capture.sink.directory),
            walk_file=str(files.walk),
            info=msgspec.structs.replace(capture.info, engine=name),
            began=began,
            forked=forks,
            pause_ms=pause,
            facts=_as_walked(facts, malloc),
            app_module=capture.request.app_module,
            registered=named,
            allocations=traced,
            sites=sites,
            native=native,
            graph=None if files.graph is None else str(files.graph),
        )

    def _traces(self, capture: Capture, path: Path) -> tuple[Allocations, TracemallocSites]:
        """What tracemalloc knows; what the sampler knows stands in the core's own file."""
        if tracing.mode() != "exact":
            return Allocations(note=tracing.OFF), TracemallocSites()
        total = capture.page.progress().done
        capture.page.advance("allocations", total, total)
        return tracemalloc_child.read(capture, path)

    def _walk(self, files: _Files, capture: Capture, forks: bool) -> tuple[float, MallocBytes]:
        """Walks, and returns for how many milliseconds the service stood still, and what the C
        library said in that time."""
        assert core is not None
        assert self._type_table is not None
        found = roots_of(capture.request.app)
        roots = [ModuleRoot(r.name, r.module, module_dict(r.module), r.rank) for r in found]
        names = [ThreadName(ident, name) for ident, (name, _) in known_threads().items()]
        time.sleep(0)  # whoever waits for the lock goes first: it will be held for the fork
        pid, pause, malloc = core.capture(
            files.fd,
            self._type_table,
            roots,
            names,
            progress=capture.page.mapping,
            fork=forks,
            deadline=capture.deadline,
            node_limit=MAX_NODES,
            min_entries=HOLDER_FROM,
            expected_objects=sys.getallocatedblocks(),
            with_addresses=tracing.mode() == "exact",
            with_keys=capture.request.show_values,
            graph_fd=files.graph_fd,
            with_malloc=glibc.is_cheap(),
        )
        capture.page.pause_ns = pause
        if pid:
            self._watch(forked_child.Child(pid), capture)
        return pause / 1e6, malloc

    def _watch(self, forked: forked_child.Child, capture: Capture) -> None:
        try:
            forked.watch(capture.page, capture.deadline)
        except TimeoutError:
            raise forked_child.ChildFailed(
                "the child process hung before it began to work"
            ) from None
        finally:
            forked.close()
        if forked.status != 0:
            raise forked_child.ChildFailed(
                "the child process ended without a result: it was killed"
            )


def _as_walked(facts: ServiceFacts, malloc: MallocBytes) -> ServiceFacts:
    """With the C library's figures of the moment of the walk, if there are any: what other threads
    allocate between two moments would look like native memory."""
    if not any(malloc):
        return facts
    arenas, used, free = malloc
    process = facts.process
    allocators = msgspec.structs.replace(
        process.allocators, malloc_arenas=arenas, malloc_used=used, malloc_free=free
    )
    return msgspec.structs.replace(
        facts, process=msgspec.structs.replace(process, allocators=allocators)
    )


class _Files:
    """Where the core writes; open as long as it does."""

    def __init__(self, capture: Capture) -> None:
        self.walk = capture.sink.part(capture.info.id)
        self.graph: Path | None = None
        if capture.request.kind == "graph":
            self.graph = self.walk.with_name(self.walk.name.replace(".raw.", ".arrays."))
        self.fd = self.graph_fd = -1

    def __enter__(self) -> Self:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self.fd = os.open(self.walk, flags, 0o600)
        if self.graph is not None:
            self.graph_fd = os.open(self.graph, flags, 0o600)
        return self

    def __exit__(self, *_: object) -> None:
        for fd in (self.fd, self.graph_fd):
            if fd >= 0:
                os.close(fd)


def _fork_seconds() -> float:
    return FORK_SECONDS + FORK_SECONDS_PER_BYTE * float(psutil.Process().memory_info().rss)
