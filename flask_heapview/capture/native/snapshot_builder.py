"""From the native core's figures to a snapshot.

Runs in a process of its own, after the child has gone: nothing here looks at a live object.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from ...allocations import estimates
from ...allocations.native_samples import parse_native
from ...allocations.native_sites import native_memory
from ...allocations.unheld import unheld
from ...core import offsets
from ...inspection import distributions, known_caches
from ...inspection.container_owners import Owners
from ...inspection.roots import APP
from ...inspection.type_info import CACHES
from ...model.allocations import Allocations
from ...model.base import Model
from ...model.caches import Cache, Caches
from ...model.heap import Heap, TypeRow
from ...model.native import NativeMemory
from ...model.ownership import FROM_C, HOLDER_FROM, HOLDERS, SMALL, Holder, Ownership, Site, dotted
from ...model.process import Process
from ...model.snapshot import Snapshot, SnapshotInfo
from ...model.stacks import Frame, Stacks, StacksBuilder
from ...process import memory, resources, tmpfs
from ...process.written import written_by_group
from ..base import ServiceFacts
from . import walk_file
from .cycle_groups import CycleGroups
from .node_ages import node_ages
from .open_objects import OpenObjects
from .sample_owners import SampleOwners
from .surroundings import Surroundings


class TracemallocSites(Model, frozen=True):
    """Who allocated what the core sampled, where tracing knows; by place in its lists."""

    holders: dict[int, list[Site]] = {}
    open: dict[int, list[Site]] = {}
    cycles: dict[int, list[Site]] = {}


class WalkResult(Model, frozen=True):
    """What the service hands over beside the core's file."""

    directory: str  # of the store
    walk_file: str  # the core's file
    info: SnapshotInfo
    began: float  # seconds of the machine's monotonic clock
    forked: bool
    pause_ms: float
    facts: ServiceFacts
    registered: list[Cache]
    allocations: Allocations = Allocations()
    sites: TracemallocSites = TracemallocSites()
    native: bytes = b""  # what the sampler of native memory knows; nothing while it is off
    graph: str | None = None  # the core's file with the graph's arrays
    app_module: str = ""


class SnapshotBuilder:
    """One snapshot in the making."""

    def __init__(self, work: WalkResult, found: walk_file.WalkFile) -> None:
        self.work, self.walk = work, found
        self.stacks, self.place = self._stacks()
        self.sizes = self.stacks.totals()[1]
        self.path = cache(self._path)
        self.roots = {
            number: found.labels[node.label]
            for number, node in enumerate(found.nodes)
            if node.parent == walk_file.NONE
        }
        self.owned = SampleOwners(found)
        self.around = Surroundings(found)
        self.children: dict[int, list[int]] = {one.node: [] for one in found.caches}
        for number, node in enumerate(found.nodes):
            if node.parent in self.children:
                self.children[node.parent].append(number)

    def snapshot(self) -> Snapshot:
        """The whole."""
        work, facts, heap = self.work, self.work.facts, self._heap()
        ownership = self._ownership()
        opened = resources.read_resources(
            facts.process.pid, facts.thread_rows, resources.read_maps(facts.process.pid)
        )
        allocated, held = self._allocations(), OpenObjects(self.walk, self.owned, self.path)
        return Snapshot(
            heap=heap,
            ownership=ownership,
            gc=msgspec.structs.replace(facts.gc, tracked=sum(t.tracked for t in self.walk.types)),
            cycles=CycleGroups(self.walk, self.owned, work.sites.cycles).cycles(
                self.sizes[self.place[self.walk.garbage_node]]
            ),
            caches=self._caches(ownership.holders),
            allocations=allocated,
            native=self._native(),
            resources=msgspec.structs.replace(
                opened,
                open_objects=held.listed(facts.own_open, work.sites.open),
                traced=allocated.mode,
                in_memory=tmpfs.files(Path(work.directory)),
            ),
            process=self._process(heap),
            libraries=distributions.libraries(
                facts.python,
                facts.import_path,
                set(self.roots.values()),
                work.app_module,
                facts.libc,
            ),
            info=self._info(),
        )

    def _process(self, heap: Heap) -> Process:
        known = self.work.facts.process
        found = memory.complete(known, memory.parse_pymalloc(self.walk.allocator), heap)
        return msgspec.structs.replace(found, written=written_by_group(known.pid))

    def _allocations(self) -> Allocations:
        """The exact ones where tracemalloc was on; else what was sampled, if anything was."""
        if self.work.allocations.mode != "off" or self.walk.sampler is None:
            return self.work.allocations
        small, large = unheld(self.walk.sampler, [kind.name for kind in self.walk.types])
        return msgspec.structs.replace(
            estimates.allocations(self.walk.sampler), unheld_small=small, unheld_large=large
        )

    def _native(self) -> NativeMemory:
        if not self.work.native:
            return NativeMemory()
        return native_memory(parse_native(self.work.native), self.work.facts.import_path)

    def timed(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with what it took, to be called last."""
        taken = round((time.monotonic() - self.work.began) * 1000, 1)
        info = msgspec.structs.replace(snapshot.info, duration_ms=taken)
        return msgspec.structs.replace(snapshot, info=info)

    def _info(self) -> SnapshotInfo:
        work, visited = self.work, self.walk.visited
        return msgspec.structs.replace(
            work.info,
            state="done",
            progress=msgspec.structs.replace(work.info.progress, done=visited, total=visited),
            pause_ms=round(work.pause_ms, 1),
            extra_bytes=self.walk.private if work.forked else None,
        )

    # --- the tree and the census

    def _stacks(self) -> tuple[Stacks, list[int]]:
        """The tree as a snapshot keeps it, and where each node went; small ones are merged."""
        builder = StacksBuilder()
        place: list[int] = []
        nodes, small = self.walk.nodes, Frame(SMALL)
        for node in nodes:
            above = place[node.parent] if node.parent != walk_file.NONE else -1
            if node.kept:
                made = builder.node(above, Frame(self.walk.labels[node.label], self._kind(node)))
            elif node.parent != walk_file.NONE and not nodes[node.parent].kept:
                made = above
            else:
                made = builder.node(above, small)
            place.append(made)
            builder.count[made] += node.count
            builder.size[made] += node.size
        return builder.build(), place

    def _kind(self, node: walk_file.Node) -> str:
        return self.walk.types[node.type].name if node.type != walk_file.NONE else ""

    def _path(self, node: int) -> str:
        labels = []
        while node != walk_file.NONE:
            labels.append(self.walk.labels[self.walk.nodes[node].label])
            node = self.walk.nodes[node].parent
        return dotted(labels[::-1])

    def _heap(self) -> Heap:
        rows = [
            TypeRow(
                type=t.name,
                module=t.module,
                count=t.count,
                size=t.size,
                tracked=min(t.count, t.tracked),
            )
            for t in self.walk.types
            if t.count
        ]
        rows.sort(key=lambda r: -r.size)
        return Heap(
            objects=self.walk.visited,
            size=sum(r.size for r in rows),
            types=rows,
            large=self.walk.large,
            small=self.walk.small,
        )

    # --- what collects

    def _ownership(self) -> Ownership:
        found = []
        for number, node in enumerate(self.walk.nodes):
            known = self.around.collects(node)
            if known is not None and known.entries >= HOLDER_FROM:
                found.append((node.rank != APP, known.limit < 0, -known.entries, number))
        found.sort()
        from_c = next(
            (number for number, label in self.roots.items() if label == FROM_C), walk_file.NONE
        )
        self.owned.watch([*(row[-1] for row in found[:HOLDERS]), self.walk.garbage_node, from_c])
        return Ownership(
            stacks=self.stacks,
            holders=[self._holder(number) for *_, number in found[:HOLDERS]],
            roots=len(self.roots),
            app_roots=[label for number, label in self.roots.items() if self._rank(number) == APP],
            loose=self.owned.elsewhere(self.place),
            from_c=self.owned.sites(from_c),
            ages=node_ages(self.walk.sampler, self.stacks, self.place),
            truncated=self.walk.truncated,
        )

    def _rank(self, number: int) -> int:
        return self.walk.nodes[number].rank

    def _holder(self, number: int) -> Holder:
        node = self.walk.nodes[number]
        known = self.walk.collects[node.collects - 1]
        entries = self.walk.samples.get(node.collects, [])
        kinds = Counter(self.walk.types[e.type].name for e in entries)
        limit, guessed = self.around.limit(node)
        return Holder(
            node=self.place[number],
            path=self._holder_path(number),
            type=self._kind(node),
            entries=known.entries,
            containers=known.containers,
            limit=limit,
            limit_guessed=guessed,
            kind="cache" if self.around.is_cache(node) else "container",
            app=node.rank == APP,
            sites=self.work.sites.holders.get(node.collects) or self.owned.sites(number),
            sampled=len(entries),
            entry_types=[name for name, _ in kinds.most_common(4)],
            ends=self._ends(node, known),
        )

    def _ends(self, node: walk_file.Node, known: walk_file.Containers) -> list[int]:
        """By which the judge sees whether entries stay; of a single container: it has an order."""
        ends = self.walk.ends.get(node.collects, (0, 0))
        return list(ends) if known.containers == 1 and any(ends) else []

    def _holder_path(self, number: int) -> str:
        """A cache is named, not the dictionary within it, unless it has no name itself."""
        node = self.walk.nodes[number]
        if not self.around.keeps_entries(node):
            return self.path(number)
        cache = self.walk.labels[self.walk.nodes[node.parent].label]
        return self.path(number if cache.startswith("[") else node.parent)

    # --- caches

    def _caches(self, holders: Sequence[Holder]) -> Caches:
        together: Counter[int] = Counter()
        for one in self.walk.caches:
            together[one.node] += max(1, one.entries)
        nodes = self.walk.nodes
        found = known_caches.of_the_service(
            (self._cache(one, together[one.node]), nodes[one.node].rank) for one in self.walk.caches
        )
        keys = {
            self.place[number]: self.walk.keys[node.collects]
            for number, node in enumerate(nodes)
            if node.collects in self.walk.keys
        }
        found += known_caches.containers(
            holders,
            self._owners(),
            found,
            lambda holder: known_caches.shown(keys.get(holder.node, [])),
        )
        found += self.work.registered
        found.sort(key=lambda c: (-(c.size or 0), -c.entries))
        return Caches(caches=found)

    def _owners(self) -> Owners:
        """Who made what hangs in the tree."""
        ranks = {label: self._rank(number) for number, label in self.roots.items()}
        return Owners(self.stacks, ranks, {t.name for t in self.walk.types if t.metaclass})

    def _cache(self, one: walk_file.Cache, together: int) -> Cache:
        """Its bytes are those of its entries; caches on one node share them by their number."""
        kind = self.walk.types[one.type]
        whole, entries = self._entry_bytes(one.node), max(1, one.entries)
        return Cache(
            path=self.path(one.node),
            type=kind.name,
            source=CACHES[offsets.caches()[kind.cache - 1]],
            entries=one.entries,
            limit=one.limit if one.limit >= 0 else None,
            hits=one.hits if one.hits >= 0 else None,
            misses=one.misses if one.misses >= 0 else None,
            size=whole * entries // together if one.entries else 0,
            size_error=0 if together == entries else None,
            sampled=one.entries,
        )

    def _entry_bytes(self, cache: int) -> int:
        """What hangs below a cache's node, the function that it wraps left out."""
        return sum(
            self.sizes[self.place[number]]
            for number in self.children[cache]
            if self._kind(self.walk.nodes[number]) not in ("function", "method")
        )

    # --- what the graph's arrays do not say

    def root_names(self) -> dict[int, tuple[str, str]]:
        """(sort, name) of the roots that are known, by their place in the graph."""
        nodes, labels = self.walk.nodes, self.walk.labels
        found = {
            index: ("local variable", self.path(node) + labels[label])
            for index, node, label in self.walk.graph.held
        }
        for index, attributes, node in self.walk.graph.modules:
            if node != walk_file.NONE:
                found[index] = found[attributes] = "module", labels[nodes[node].label]
        return found

    def holdings(self) -> list[tuple[str, bool, int, int, int]]:
        """Of each module: name, whether it is the app's, the place of its dictionary in the graph,
        objects and bytes that have it as their nearest owner."""
        counts, sizes = self.stacks.totals()
        rows = []
        for _, index, number in self.walk.graph.modules:
            if number != walk_file.NONE:
                node, at = self.walk.nodes[number], self.place[number]
                name = self.walk.labels[node.label]
                rows.append((name, node.rank == APP, index, counts[at], sizes[at]))
        return rows
