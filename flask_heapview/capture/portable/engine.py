"""The portable engine: guppy3's node sets, objgraph's chains, Pympler's sizes, in a child.

guppy3 tells what the interpreter itself reaches and remembers what was visited; objgraph finds the
chains of cycles; Pympler measures cache entries; tracemalloc tells who allocated.
"""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from guppy.heapy import heapyc
from guppy.sets import mutnodeset

from ...allocations import reader, tracing
from ...allocations.site_counter import SiteCounter
from ...inspection import distributions
from ...inspection.bounds import DATA_NAMES, shared_limit
from ...inspection.code_locations import CodeLocations, reachable_codes
from ...inspection.cycle_shape import is_ours
from ...inspection.roots import APP, OURS, ThreadRoot, roots_of
from ...inspection.type_info import Types
from ...isolation.unpatched import original
from ...model.allocations import Allocations
from ...model.caches import Cache, Caches
from ...model.cycles import Cycles
from ...model.heap import Heap, TypeRow
from ...model.ownership import FROM_C, GARBAGE, HOLDER_FROM, HOLDERS, THREAD, Holder, Ownership
from ...model.process import Process
from ...model.snapshot import Kind, Snapshot
from ...process import memory, resources
from ...process.headroom import estimate_bytes
from ..base import Capture, CaptureCost, ServiceFacts
from . import caches, cycles, deep_sizes
from .edges import Edges, referents
from .forked import ForkedEngine
from .names import Names
from .open_objects import with_open_objects
from .walk import Walk

BYTES_PER_BLOCK = 280  # copied pages, the tree, the visited set and the queue; see docs/capture.md
FIXED_BYTES = 24_000_000
SECONDS_PER_BLOCK = 4e-6
MAX_NEWEST_ENTRIES = 24  # entries of a container whose allocation is looked up
MAX_OBJECTS_BELOW = 40  # objects below each of them


class PortableEngine(ForkedEngine):
    """See the module's head. `why` says why it is this one."""

    kind = "portable"

    def __init__(self, why: str = "") -> None:
        self.why = why
        self._view: object = None

    def warm_up(self) -> None:
        """Touches every module that a capture uses."""
        if self._view is None:
            self._view = heapyc.HeapView(heapyc.RootState, ())  # kept: it is a cycle of its own
        mutnodeset().tas(self._view)
        deep_sizes.warm_up()
        sys.getallocatedblocks()

    def estimate(self, kind: Kind = "ownership") -> CaptureCost:  # noqa: ARG002
        blocks = sys.getallocatedblocks()
        return CaptureCost(
            bytes=estimate_bytes(BYTES_PER_BLOCK, FIXED_BYTES),
            seconds=0.2 + SECONDS_PER_BLOCK * blocks,
            stall_seconds=0.01 + 3e-8 * blocks,
        )

    def look(
        self, capture: Capture, facts: ServiceFacts, threads: Sequence[ThreadRoot], forked: bool
    ) -> Snapshot:
        return _HeapLook(capture, facts, forked, self._view).run(threads)


class _HeapLook:
    """One look at the heap, step by step."""

    def __init__(self, capture: Capture, facts: ServiceFacts, forked: bool, view: Any) -> None:
        self.request, self.info, self.advance = capture.request, capture.info, capture.page.advance
        self.facts, self.forked, self.view = facts, forked, view
        self.before = set(sys.modules)
        self.types = Types()
        self.total = sys.getallocatedblocks()
        self.tracing = tracing.mode() == "exact"

    def run(self, threads: Sequence[ThreadRoot]) -> Snapshot:
        facts, request, pid = self.facts, self.request, self.facts.process.pid
        if self.forked:
            tracing.stop_tracing_in_child()
        pymalloc = memory.pymalloc_figures() if self.forked else None
        maps = resources.read_maps(pid) if self.forked else []
        seen = mutnodeset([self.view])  # guppy's own books grow with every capture
        self.edges = Edges(self.types, self.forked, Names(self._functions(), threads))
        walk = self.walk = Walk(self.edges, seen.tas, self._walked)
        held = self.view.heap()  # first: before we make objects
        walk.walk_modules(roots_of(self.request.app))
        walk.walk_threads(threads)
        _mark_own((self, walk, seen, facts, threads), seen.tas)
        self._interpreter(held, seen)
        del held
        garbage = self._unreached(seen)
        seen.clear()  # it refers to every object, itself included, and so hides who else does
        self.places = CodeLocations(reachable_codes(self._functions()), request.endpoints)
        self.stacks, self.place = walk.stacks()
        self.sizes = self.stacks.totals()[1]
        ownership = self._ownership()
        self.objects, self.holders = self._by_path(), ownership.holders
        heap = self._heap()
        self.advance("cycles", walk.visited, walk.visited)
        found = self._cycles(garbage)
        self.advance("allocations", walk.visited, walk.visited)
        traced = self._allocations()
        opened = resources.read_resources(pid, facts.thread_rows, maps)
        opened = with_open_objects(opened, walk, self.places, facts.own_open, traced.mode)
        self.advance("cache sizes", walk.visited, walk.visited)
        holders, by_hand = ownership.holders, request.caches
        cached = caches.find_caches(
            walk, holders, walk.owners(self.stacks), self.objects, by_hand, request.show_values
        )
        return Snapshot(
            info=self.info,
            heap=heap,
            ownership=ownership,
            gc=msgspec.structs.replace(facts.gc, tracked=sum(t.tracked for t in heap.types)),
            cycles=found,
            caches=self._sized(cached),
            allocations=traced,
            resources=opened,
            process=self._process(pymalloc, heap),
            libraries=distributions.libraries(
                facts.python, facts.import_path, self.before, request.app_module, facts.libc
            ),
            imported=sorted(set(sys.modules) - self.before),
        )

    # --- the walk's last parts

    def _walked(self, done: int) -> None:
        self.advance("walking", done, self.total)

    def _interpreter(self, held: object, seen: object) -> None:
        """What the interpreter holds by itself, as guppy3's root state shows it."""
        rest = [o for o in held if o not in seen]  # type: ignore[attr-defined,operator]
        self.walk.walk_others("(interpreter)", rest, OURS)

    def _unreached(self, seen: object) -> list[object]:
        """Walks what only C code holds; returns the cyclic garbage, which is walked as well.

        An object with more references than were found inside the unreached rest is held from
        outside. What no such object reaches is garbage that waits for the collector.
        """
        _mark_own((self,), seen.tas)  # type: ignore[attr-defined]
        rest = _unseen(gc.get_objects(), seen)
        self.walk.walk_others(FROM_C, self._held_outside(rest), OURS)
        garbage = _unseen(rest, seen)
        self.garbage_node = self.walk.walk_others(GARBAGE, garbage, OURS)
        return garbage

    def _held_outside(self, rest: list[object]) -> list[object]:
        """Those with more references than the others in the list account for."""
        inside: Counter[int] = Counter()
        for obj in rest:
            found = list(map(id, referents(obj)))
            inside.update(found)
            inside.update(self._own_dict(obj).difference(found))
        held = []
        for obj in rest:
            # three more: the list, the variable and the argument of getrefcount
            if sys.getrefcount(obj) - 3 > inside[id(obj)]:
                held.append(obj)
        return held

    def _own_dict(self, obj: object) -> set[int]:
        """The address of an instance's dictionary. CPython 3.13 visits the values that lie within
        the instance, and not the dictionary that was made of them."""
        getter = self.types.of(obj).dict_getter
        if getter is None or not self.forked:
            return set()
        return {id(getter(obj))}

    def _functions(self) -> list[object]:
        return [o for o in gc.get_objects() if type(o) is types.FunctionType]

    # --- the views

    def _heap(self) -> Heap:
        rows = []
        for number, (count, size) in self.walk.census().items():
            info = self.types.all[number]
            rows.append(
                TypeRow(
                    type=info.name,
                    module=info.module,
                    count=count,
                    size=size,
                    tracked=self.walk.tracked[number],
                )
            )
        rows.sort(key=lambda r: -r.size)
        return Heap(
            objects=self.walk.visited,
            size=sum(r.size for r in rows),
            types=rows,
            large=self.walk.large,
        )

    def _ownership(self) -> Ownership:
        walk = self.walk
        nodes = [n for n in range(len(walk.labels)) if walk.entries[n] >= HOLDER_FROM]
        # the app's own and those with a limit are described whatever their size
        nodes.sort(key=lambda n: (walk.rank[n] != APP, n not in walk.limits, -walk.entries[n]))
        roots = [n for n, parent in enumerate(walk.parent) if parent < 0]
        return Ownership(
            stacks=self.stacks,
            holders=[self._holder(n) for n in nodes[:HOLDERS]],
            roots=len(roots),
            app_roots=[walk.labels[n] for n in roots if walk.rank[n] == APP],
            truncated=walk.truncated,
        )

    def _holder(self, node: int) -> Holder:
        walk = self.walk
        sites = SiteCounter(self.places)
        kinds: Counter[str] = Counter()
        sampled = 0
        limit, guessed = self._limit(node)
        for obj in walk.samples.get(node, ()):
            for entry in newest(obj, MAX_NEWEST_ENTRIES):
                sampled += 1
                kinds[self.types.of(entry).name] += 1
                if self.tracing:
                    self._add_sites(entry, sites)
        return Holder(
            node=self.place[node],
            path=self._holder_path(node),
            type=self.types.all[walk.type_of[node]].name,
            entries=walk.entries[node],
            containers=walk.containers[node],
            limit=limit,
            limit_guessed=guessed,
            kind="cache" if self._is_cache(node) else "container",
            app=walk.rank[node] == APP,
            sites=sites.sites(),
            sampled=sampled,
            entry_types=[name for name, _ in kinds.most_common(4)],
        )

    def _holder_path(self, node: int) -> str:
        """A cache is named, not the dictionary within it, unless it has no name itself."""
        walk, above = self.walk, self.walk.parent[node]
        inside = walk.labels[node].lstrip(".") in DATA_NAMES
        named = above >= 0 and not walk.labels[above].startswith("[")
        if named and inside and self._cache_type(walk.type_of[above]):
            return walk.path(above)
        return walk.path(node)

    def _limit(self, node: int) -> tuple[int | None, bool]:
        """(entries that all its containers may hold, whether that is a guess)."""
        walk = self.walk
        own, owner = walk.limits.get(node), walk.limits.get(walk.parent[node])
        certain = self._is_cache(node) or walk.labels[node].lstrip(".") in DATA_NAMES
        return shared_limit(own, owner, walk.containers[node], certain)

    def _is_cache(self, node: int) -> bool:
        walk = self.walk
        near = (node, walk.parent[node])
        return any(n >= 0 and self._cache_type(walk.type_of[n]) for n in near)

    def _cache_type(self, number: int) -> bool:
        return number >= 0 and self.types.all[number].cache is not None

    def _add_sites(self, entry: object, sites: SiteCounter) -> None:
        """The entry and a little of what hangs below it, without leaving for shared things."""
        todo, seen = [entry], {id(entry)}
        while todo and len(seen) <= MAX_OBJECTS_BELOW:
            obj = todo.pop()
            info = self.types.of(obj)
            sites.add(obj, info.sizeof(obj))
            if info.tracked and not cycles.in_blob(info):
                for child in referents(obj)[:MAX_OBJECTS_BELOW]:
                    if id(child) not in seen and not cycles.in_blob(self.types.of(child)):
                        seen.add(id(child))
                        todo.append(child)

    def _cycles(self, garbage: Sequence[object]) -> Cycles:
        dead = cycles.find(garbage, self.edges, self.places, garbage=True)
        own, known = self.edges.instance_dicts, {id(o) for o in garbage}
        candidates = [
            o
            for o in gc.get_objects()
            if id(o) not in own
            and id(o) not in known
            and not cycles.in_blob(self.types.of(o))
            and cycles.leads_on(o)
        ]
        note = ""
        if len(candidates) > cycles.MAX_LIVE_OBJECTS:
            note = (
                f"Live cycles were looked for among {cycles.MAX_LIVE_OBJECTS} of "
                f"{len(candidates)} objects."
            )
            candidates = candidates[-cycles.MAX_LIVE_OBJECTS :]
        live = cycles.find(candidates, self.edges, self.places, garbage=False)
        return Cycles(
            garbage_objects=len(garbage),
            garbage_bytes=self.sizes[self.place[self.garbage_node]],
            groups=[*dead, *(g for g in live if not is_ours(g.types))],
            note=note,
        )

    def _allocations(self) -> Allocations:
        if not self.forked and self.tracing:
            note = "Tracebacks are aggregated only in a forked child, which this system lacks."
            return Allocations(mode="exact", note=note)
        return reader.read_allocations(self.places)

    def _by_path(self) -> dict[str, object]:
        """The caches and containers that can be measured, the outermost of each path."""
        found = {self.walk.path(n): o for o, n in self.walk.caches}
        for node in sorted(self.walk.samples):
            found.setdefault(self.walk.path(node), self.walk.samples[node][0])
        return found

    def _sized(self, found: Caches) -> Caches:
        if not self.forked:
            note = "Deep sizes are measured only in a forked child, which this system lacks."
            return msgspec.structs.replace(found, note=note)
        sizer = deep_sizes.Sizer(original("signal", "signal"), self.types)
        own = {h.path for h in self.holders if h.app and not h.path.startswith(THREAD)}
        # time may run out: the app's own first, and those near its modules before what is deep
        wanted = sorted(found.caches, key=lambda c: (c.path not in own, c.path.count("[")))
        rows = [self._deep(cache, self.objects.get(cache.path), sizer) for cache in wanted]
        rows.sort(key=lambda c: (-(c.size or 0), -c.entries))
        return msgspec.structs.replace(found, caches=rows)

    def _deep(self, cache: Cache, obj: object, sizer: deep_sizes.Sizer) -> Cache:
        if obj is None or not cache.entries:
            return cache
        try:
            entries, total = deep_sizes.entries_of(obj, self.types.of(obj))
        except Exception:
            return cache
        measured = sizer.measure(entries, max(total, cache.entries))
        if measured is None:
            return cache
        size, error, sampled = measured
        return msgspec.structs.replace(cache, size=size, size_error=error, sampled=sampled)

    def _process(self, pymalloc: memory.Arenas | None, heap: Heap) -> Process:
        return memory.complete(self.facts.process, pymalloc, heap)


# In the next two, plain loops: a comprehension would put the lists into cells, which CPython 3.11
# makes before the lists are filled, and which would then count as roots of everything.


def _unseen(objects: Iterable[object], seen: object) -> list[object]:
    found = []
    for obj in objects:
        if obj not in seen:  # type: ignore[operator]
            found.append(obj)
    return found


def newest(obj: object, wanted: int) -> list[object]:
    """The entries that were added last, as far as the container keeps an order."""
    if type.__dict__["__flags__"].__get__(type(obj)) & 1 << 29:
        items: list[object] = list(dict.values(obj))[-wanted:]  # type: ignore[arg-type]
        keys: list[object] = list(dict.keys(obj))[-wanted:]  # type: ignore[arg-type]
        return items + [k for k in keys if type(k) is not int and type(k) is not bool]
    refs = [r for r in referents(obj) if r is not type(obj)]
    return refs[-wanted:]


def _mark_own(objects: Sequence[object], mark: Callable[[object], object]) -> None:
    """Takes the capture's own books out of the count; they grow while this goes on."""
    todo = list(objects)
    first = {id(obj) for obj in objects}
    while todo:
        obj = todo.pop()
        if not mark(obj) or id(obj) in first:
            first.discard(id(obj))
            todo += referents(obj)
