"""Workers compared with one another, each by one snapshot: who holds more than the others, of what.

The workers are different processes. So nothing is subtracted in time, and no rate is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from ..model.across import SCHEMA, Across, Difference, OwnerFigures, WorkerFigures
from ..model.base import moment
from ..model.ownership import FRAME, GARBAGE, OTHER, SMALL, is_own_type, of_service
from ..model.query import WorkerRef
from ..model.service_report import MissingWorker
from ..model.snapshot import Snapshot
from ..model.worker_facts import (
    AboutTheSame,
    AcrossFact,
    HeapDiffers,
    OnlyIn,
    OwnerDiffers,
    ResidentDiffers,
    TooFewToCompare,
)
from .growing_nodes import path_of
from .united import United

MIN_BYTES = 1_000_000  # a difference that is worth a word
MIN_HEAP_SHARE = 0.01  # of the largest worker's Python heap, for an owner
MIN_SHARE = 0.05  # of the other worker's figure, for heap and resident memory
MIN_RESIDENT_BYTES = 5_000_000  # allocators alone make workers differ by less
MIN_ENTRIES = 32  # of what only one worker has
MIN_LIBRARY_BYTES = 100_000  # of what only one worker has, where it is not the app's own
MAX_OTHER_SHARE = 0.1  # of its bytes, that may be at that place in the others
MIN_EXPLAINED = 0.7  # of a node's difference, by those below it that are named in its place
MIN_PART = 0.2  # of a node's difference, for one below it to be named
MIN_ENTRIES_SHARE = 0.1  # of the entries, from which a container is what differs
MAX_OF_A_KIND = 10  # differences that are told
MAX_OWNERS = 50  # rows

Compared = tuple[WorkerRef, Snapshot]


def middle(values: Sequence[float]) -> int:
    """The place of the median; of an even number, of the lower one. Of two, the lesser's."""
    return list(values).index(sorted(values)[(len(values) - 1) // 2])


class _Gap(msgspec.Struct):
    """What a worker holds more at a path, or less, than the one in the middle."""

    worker: int
    than: int
    path: str
    bytes: int
    nodes: list[int]


class _Comparer(United):
    """Looks through the union of all workers' path trees."""

    def __init__(self, compared: Sequence[Compared]) -> None:
        super().__init__([snapshot for _, snapshot in compared])
        self.refs = [worker for worker, _ in compared]
        largest = max(s.heap.size for s in self.snapshots)
        self.min_bytes = max(MIN_BYTES, round(MIN_HEAP_SHARE * largest))

    def sizes(self, node: int) -> list[int]:
        return [column[node] for column in self.totals]

    # --- owners

    @cached_property
    def gaps(self) -> list[_Gap]:
        """The places that tell each worker from the one in the middle, the largest first."""
        found: dict[tuple[int, str], _Gap] = {}
        for worker in range(len(self.refs)):
            for node in self._places(worker):
                path = path_of(self.tree, node)
                if not (of_service(path) or path.startswith(GARBAGE)):
                    continue
                than = middle(self.sizes(node))
                made = _Gap(worker, than, path, self._gap(worker, node), [node])
                known = found.setdefault((worker, path), made)
                if known is not made:
                    known.bytes += made.bytes
                    known.nodes.append(node)
        return sorted(found.values(), key=lambda gap: -abs(gap.bytes))

    def _gap(self, worker: int, node: int) -> int:
        sizes = self.sizes(node)
        return sizes[worker] - sizes[middle(sizes)]

    def _places(self, worker: int) -> Iterable[int]:
        """From the roots down to where the difference is: to the first container that holds more
        entries, or to where it spreads."""
        ways = [*self.children.get(-1, ())]
        while ways:
            node = ways.pop()
            gap = self._gap(worker, node)
            if abs(gap) < self.min_bytes or is_own_type(self.tree.frame_at(node).type):
                continue
            parts = [] if self._collects(worker, node) else self._parts(worker, node, gap)
            if parts:
                ways += parts
            else:
                yield node

    def _collects(self, worker: int, node: int) -> bool:
        held = self.held(node)
        here, there = held[worker], held[middle(self.sizes(node))]
        return abs(here - there) > MIN_ENTRIES_SHARE * max(here, there, 1)

    def _parts(self, worker: int, node: int, gap: int) -> list[int]:
        """Those below it that explain the difference together, where there are such."""
        least = max(self.min_bytes, MIN_PART * abs(gap))
        parts, explained = [], 0
        for child in self.children.get(node, ()):
            part = self._gap(worker, child)
            named = self.tree.frame_at(child).label not in (OTHER, SMALL)
            if named and part * gap > 0 and abs(part) >= least:
                parts.append(child)
                explained += abs(part)
        return parts if explained >= MIN_EXPLAINED * abs(gap) else []

    def owners(self) -> list[OwnerFigures]:
        """A row for each place, with every worker's figures."""
        nodes: dict[str, set[int]] = {}
        for gap in self.gaps:
            nodes.setdefault(gap.path, set()).update(gap.nodes)
        rows = []
        for path, here in nodes.items():
            columns = [sum(sizes) for sizes in zip(*map(self.sizes, here), strict=True)]
            entries = [sum(held) for held in zip(*map(self.held, here), strict=True)]
            kind = self.tree.frame_at(min(here)).type
            spread = max(columns) - min(columns)
            rows.append(OwnerFigures(path, kind, columns, entries, spread))
        rows.sort(key=lambda row: -row.spread)
        return rows[:MAX_OWNERS]

    def of_owners(self) -> list[OwnerDiffers]:
        return [
            OwnerDiffers(
                **self._pair(gap.worker, gap.than),
                path=gap.path,
                bytes=abs(gap.bytes),
                more=gap.bytes > 0,
                entries=sum(self.held(node)[gap.worker] for node in gap.nodes) or None,
                than_entries=sum(self.held(node)[gap.than] for node in gap.nodes) or None,
            )
            for gap in self.gaps
            if abs(gap.bytes) >= self.min_bytes
        ]

    def _pair(self, worker: int, than: int) -> dict[str, Any]:
        return {
            "number": self.refs[worker].number,
            "worker": self.refs[worker].id,
            "than_number": self.refs[than].number,
            "than_worker": self.refs[than].id,
        }

    # --- what only one of them has

    def only(self) -> list[OnlyIn]:
        """Containers and caches with entries in one worker alone: the app's first, then by size."""
        found: dict[str, tuple[bool, OnlyIn]] = {}
        for worker in range(len(self.refs)):
            self._only_containers(worker, found)
            self._only_caches(worker, found)
        kept = [row for path, row in found.items() if of_service(path)]
        kept.sort(key=lambda row: (not row[0], -(row[1].bytes or 0)))
        return [fact for _, fact in kept]

    def _only_containers(self, worker: int, found: dict[str, tuple[bool, OnlyIn]]) -> None:
        place = self.union.place[worker]
        told: set[int] = set()
        for holder in sorted(self.snapshots[worker].ownership.holders, key=lambda h: h.node):
            node = place[holder.node]
            size = self.sizes(node)[worker]
            if holder.entries < MIN_ENTRIES or not self._alone(worker, node):
                continue
            if size < MIN_LIBRARY_BYTES and not holder.app:
                continue
            if told.isdisjoint(self.tree.chain(node)):  # not within another such container
                told.add(node)
                fact = self._fact(worker, holder.path, holder.type, holder.entries, size)
                found.setdefault(holder.path, (holder.app, fact))

    def _fact(self, worker: int, path: str, kind: str, entries: int, size: int | None) -> OnlyIn:
        ref = self.refs[worker]
        return OnlyIn(
            number=ref.number, worker=ref.id, path=path, type=kind, entries=entries, bytes=size
        )

    def _alone(self, worker: int, node: int) -> bool:
        """Whether the others have as good as nothing there."""
        frames = [self.tree.frame_at(each) for each in self.tree.chain(node)]
        if any(frame.label.startswith(FRAME) or is_own_type(frame.type) for frame in frames):
            return False  # local variables are those of a moment, and our records are no service's
        sizes, held = self.sizes(node), self.held(node)
        most = MAX_OTHER_SHARE * sizes[worker]
        others = [other for other in range(len(self.refs)) if other != worker]
        return all(not held[other] and sizes[other] <= most for other in others)

    def _only_caches(self, worker: int, found: dict[str, tuple[bool, OnlyIn]]) -> None:
        own = self.snapshots[worker]
        others = [one for one in self.snapshots if one is not own]
        elsewhere = {c.path for one in others for c in one.caches.caches if c.entries}
        for cache in own.caches.caches:
            app = cache.path.partition(".")[0] in own.ownership.app_roots
            large = app or (cache.size or 0) >= MIN_LIBRARY_BYTES
            if large and cache.entries >= MIN_ENTRIES and cache.path not in elsewhere:
                fact = self._fact(worker, cache.path, cache.type, cache.entries, cache.size)
                found.setdefault(cache.path, (app, fact))

    # --- the whole

    def of_processes(self) -> list[HeapDiffers | ResidentDiffers]:
        """Resident memory, and the Python heap where that does not tell it already."""
        heaps = [s.heap.size for s in self.snapshots]
        resident = [s.process.resident for s in self.snapshots]
        found: list[HeapDiffers | ResidentDiffers] = []
        for worker, gap, than in _apart(resident, MIN_RESIDENT_BYTES):
            objects = (heaps[worker] - heaps[than]) * (1 if gap > 0 else -1)
            found.append(
                ResidentDiffers(
                    **self._pair(worker, than),
                    bytes=abs(gap),
                    more=gap > 0,
                    objects_bytes=min(abs(gap), max(0, objects)),
                )
            )
        told = {fact.worker for fact in found}
        for worker, gap, than in _apart(heaps, MIN_BYTES):
            pair = self._pair(worker, than)
            if pair["worker"] not in told:
                found.append(HeapDiffers(**pair, bytes=abs(gap), more=gap > 0))
        return found

    def differences(self) -> list[AcrossFact]:
        """The owners first, the largest difference at the head, then the processes."""
        only = self.only()[:MAX_OF_A_KIND]
        told = {(fact.worker, fact.path) for fact in only}
        owners = [fact for fact in self.of_owners() if (fact.worker, fact.path) not in told]
        places: list[OwnerDiffers | OnlyIn] = [*owners[:MAX_OF_A_KIND], *only]
        places.sort(key=lambda fact: -(fact.bytes or 0))
        return [*places, *self.of_processes()[:MAX_OF_A_KIND]]

    def figures(self) -> list[WorkerFigures]:
        return [
            WorkerFigures(
                number=ref.number,
                id=ref.id,
                snapshot=snapshot.info.id,
                taken_at=snapshot.info.taken_at,
                requests=snapshot.info.requests.total if snapshot.info.requests.known else None,
                resident=snapshot.process.resident,
                python_heap=snapshot.heap.size,
                objects=snapshot.heap.objects,
            )
            for ref, snapshot in zip(self.refs, self.snapshots, strict=True)
        ]


def _apart(values: Sequence[int], least: int) -> Iterable[tuple[int, int, int]]:
    """(place, difference, place of the middle) of those that differ, the largest first."""
    than = middle(values)
    least = max(least, round(MIN_SHARE * values[than]))
    gaps = [(place, value - values[than], than) for place, value in enumerate(values)]
    return sorted((gap for gap in gaps if abs(gap[1]) >= least), key=lambda gap: -abs(gap[1]))


def compare_workers(compared: Sequence[Compared], missing: Sequence[MissingWorker]) -> Across:
    """Each worker by its snapshot: facts, the sentences are empty."""
    made = _Comparer(compared) if compared else None
    facts: list[AcrossFact] = []
    first: AcrossFact = TooFewToCompare(workers=len(compared))
    if made is not None and len(compared) > 1:
        facts = made.differences()
        same = AboutTheSame(workers=len(compared), min_bytes=made.min_bytes)
        first = facts[0] if facts else same
    return Across(
        schema=SCHEMA,
        generated_at=moment(),
        summary="",
        note="",
        workers=made.figures() if made is not None else [],
        missing=list(missing),
        differences=[Difference(fact) for fact in facts],
        owners=made.owners() if made is not None and len(compared) > 1 else [],
        summary_facts=[first],
    )
