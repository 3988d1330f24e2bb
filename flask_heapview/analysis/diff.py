"""Two snapshots of one worker, view by view: target less base."""

from __future__ import annotations

from ..model import diff as d
from ..model.caches import Cache
from ..model.resources import Resources, Tally
from ..model.snapshot import Snapshot
from .align import align, subtract, subtract_with
from .growing_sites import own_frames_of_both


def heap(base: Snapshot, target: Snapshot) -> d.HeapDiff:
    """By type, the largest growth in bytes first."""
    before = {row.type: row for row in base.heap.types}
    after = {row.type: row for row in target.heap.types}
    rows = []
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        some = new or old
        count, size = (new.count, new.size) if new else (0, 0)
        row = d.TypeChange(
            type=name,
            module=some.module if some else "",
            count=count,
            size=size,
            count_delta=count - (old.count if old else 0),
            size_delta=size - (old.size if old else 0),
        )
        if row.count_delta or row.size_delta:
            rows.append(row)
    return d.HeapDiff(
        objects_delta=target.heap.objects - base.heap.objects,
        size_delta=target.heap.size - base.heap.size,
        types=sorted(rows, key=lambda r: (-r.size_delta, r.type)),
    )


def ownership(base: Snapshot, target: Snapshot) -> d.OwnershipDiff:
    """The path tree, and the collecting nodes whose entries changed."""
    both = align([base.ownership.stacks, target.ownership.stacks])
    first, last = both.totals()
    before = {both.place[0][h.node]: h.entries for h in base.ownership.holders}
    holders = []
    for holder in target.ownership.holders:
        node = both.place[1][holder.node]
        delta, grown = holder.entries - before.get(node, 0), last[node] - first[node]
        if delta or grown:
            holders.append(
                d.OwnerChange(
                    path=holder.path,
                    type=holder.type,
                    entries=holder.entries,
                    entries_delta=delta,
                    size_delta=grown,
                    limit=holder.limit,
                )
            )
    holders.sort(key=lambda h: (-h.size_delta, -h.entries_delta))
    tree = subtract(base.ownership.stacks, target.ownership.stacks)
    return d.OwnershipDiff(tree=tree, holders=holders)


def allocations(base: Snapshot, target: Snapshot) -> d.AllocationsDiff:
    """The allocation tree, with the target's note."""
    old, new = base.allocations, target.allocations
    tree, (variance, allocated) = subtract_with(
        old.stacks, new.stacks, (old.variance, new.variance), (old.allocated, new.allocated)
    )
    return d.AllocationsDiff(
        mode=new.mode,
        tree=tree,
        note=new.note,
        app_frames=own_frames_of_both(tree.stacks, old, new),
        requests=served(base, target),
        variance=[a + b for a, b in zip(*variance, strict=True)],
        allocated=[round(b - a) for a, b in zip(*allocated, strict=True)],
        sample_bytes=new.sample_bytes,
    )


def served(base: Snapshot, target: Snapshot) -> dict[str, int]:
    """Requests between two snapshots, by endpoint."""
    before, after = base.info.requests.endpoints, target.info.requests.endpoints
    return {k: v - before.get(k, 0) for k, v in after.items() if v > before.get(k, 0)}


def _change(name: str, base: float | None, target: float | None) -> d.Change:
    return d.Change(
        name=name, base=base or 0, target=target or 0, delta=(target or 0) - (base or 0)
    )


def gc(base: Snapshot, target: Snapshot) -> d.GcDiff:
    """Both states and what the collector did between them."""
    changes = [
        _change("tracked objects", base.gc.tracked, target.gc.tracked),
        _change("frozen objects", base.gc.frozen, target.gc.frozen),
        _change("gc.garbage", base.gc.garbage, target.gc.garbage),
    ]
    for number, (old, new) in enumerate(
        zip(base.gc.generations, target.gc.generations, strict=False)
    ):
        name = f"generation {number}"
        changes += [
            _change(f"{name}: collections", old.collections, new.collections),
            _change(f"{name}: collected", old.collected, new.collected),
            _change(f"{name}: uncollectable", old.uncollectable, new.uncollectable),
        ]
        if new.candidates is not None and new.duration is not None:  # Python 3.15 and later
            looked_at, seconds = old.candidates or 0, old.duration or 0.0
            changes += [
                _change(f"{name}: objects looked at", looked_at, new.candidates),
                _change(f"{name}: milliseconds", seconds * 1000, new.duration * 1000),
            ]
    return d.GcDiff(base=base.gc, target=target.gc, changes=changes)


def cycles(base: Snapshot, target: Snapshot) -> d.CyclesDiff:
    """Groups by fingerprint."""
    before = {(g.fingerprint, g.garbage): g for g in base.cycles.groups}
    rows = []
    for group in target.cycles.groups:
        old = before.get((group.fingerprint, group.garbage))
        rows.append(
            d.CycleChange(
                group=group,
                count_delta=group.count - (old.count if old else 0),
                size_delta=group.size - (old.size if old else 0),
                components_delta=group.components - (old.components if old else 0),
            )
        )
    rows.sort(key=lambda r: (-r.size_delta, -r.count_delta))
    return d.CyclesDiff(
        garbage_objects_delta=target.cycles.garbage_objects - base.cycles.garbage_objects,
        garbage_bytes_delta=target.cycles.garbage_bytes - base.cycles.garbage_bytes,
        groups=rows,
    )


def retained(base: Snapshot, target: Snapshot) -> d.RetainedDiff:
    """Retained bytes by type and by module, where both captures have a graph."""
    old, new = base.retained, target.retained
    both = bool(old.objects and new.objects)
    return d.RetainedDiff(
        objects_delta=new.objects - old.objects if both else 0,
        edges_delta=new.edges - old.edges if both else 0,
        types=_retained(
            {t.type: t.retained for t in old.types}, {t.type: t.retained for t in new.types}, both
        ),
        modules=_retained(
            {m.module: m.size for m in old.modules}, {m.module: m.size for m in new.modules}, both
        ),
    )


def _retained(old: dict[str, int], new: dict[str, int], both: bool) -> list[d.Change]:
    rows = [_change(name, old.get(name), new.get(name)) for name in {**new, **old}]
    rows.sort(key=lambda row: -row.delta)
    return [row for row in rows if row.delta] if both else []


def caches(base: Snapshot, target: Snapshot) -> d.CachesDiff:
    """Caches by path."""
    before = {cache.path: cache for cache in base.caches.caches}
    rows = [_cache_change(before.get(c.path), c) for c in target.caches.caches]
    rows.sort(key=lambda r: (-r.entries_delta, -(r.size_delta or 0)))
    return d.CachesDiff(caches=rows)


def _cache_change(old: Cache | None, new: Cache) -> d.CacheChange:
    known = new.size is not None and (old is None or old.size is not None)
    return d.CacheChange(
        cache=new,
        entries_delta=new.entries - (old.entries if old else 0),
        size_delta=(new.size or 0) - ((old.size if old else 0) or 0) if known else None,
    )


def _tallies(resources: Resources) -> dict[tuple[str, str], Tally]:
    threads = [Tally(name=t.name, count=t.count) for t in resources.threads]
    held = [Tally(name=f"{o.path} ({o.type})", count=o.count) for o in resources.open_objects]
    groups = {
        "descriptors": resources.by_kind,
        "sockets": resources.sockets,
        "files": resources.files,
        "open objects": held,
        "threads": threads,
        "maps": resources.maps,
        "files in memory": resources.in_memory,
    }
    return {(group, tally.name): tally for group, rows in groups.items() for tally in rows}


def resources(base: Snapshot, target: Snapshot) -> d.ResourcesDiff:
    """Everything that is counted, where the count or the size changed."""
    before, after = _tallies(base.resources), _tallies(target.resources)
    rows = []
    for group, name in before.keys() | after.keys():
        old = before.get((group, name), Tally(name=name, count=0))
        new = after.get((group, name), Tally(name=name, count=0))
        sized = old.size is not None or new.size is not None
        size = (new.size or 0) - (old.size or 0) if sized else None
        if new.count != old.count or size:
            rows.append(
                d.TallyChange(
                    group=group, tally=new, count_delta=new.count - old.count, size_delta=size
                )
            )
    rows.sort(key=lambda r: (r.group, -(r.size_delta or 0), -r.count_delta, r.tally.name))
    return d.ResourcesDiff(
        descriptors_delta=target.resources.descriptors - base.resources.descriptors,
        threads_delta=target.resources.thread_count - base.resources.thread_count,
        changes=rows,
    )


def process(base: Snapshot, target: Snapshot) -> d.ProcessDiff:
    """Every figure of the process, its allocators, its container and the bridge."""
    old, new = base.process, target.process
    changes = [
        _change(label, getattr(old, name), getattr(new, name))
        for label, name in (
            ("resident", "resident"),
            ("anonymous", "anonymous"),
            ("proportional", "proportional"),
            ("unique", "unique"),
            ("swap", "swap"),
            ("tmpfs", "tmpfs"),
        )
    ]
    for title, part in (
        ("container", "container"),
        ("allocators", "allocators"),
        ("of resident", "bridge"),
    ):
        before, after = getattr(old, part), getattr(new, part)
        for name in after.__struct_fields__:
            value = getattr(after, name)
            if isinstance(value, int) and name != "version":
                label = f"{title}: {name.replace('_', ' ')}"
                changes.append(_change(label, getattr(before, name), value))
    return d.ProcessDiff(base=old, target=new, changes=changes)
