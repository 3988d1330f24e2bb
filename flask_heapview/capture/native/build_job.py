"""Makes a snapshot of what the native core wrote, in a process of its own; see fresh.py."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ...errors import HeapViewError
from ...model.base import from_json
from ...model.retained import Retained
from ...store.snapshots import Store
from . import walk_file
from .snapshot_builder import SnapshotBuilder, WalkResult


def handle(data: bytes) -> bytes:
    """Takes a WalkResult as JSON, saves the snapshot, answers nothing. Raises HeapViewError."""
    work = from_json(data, WalkResult)
    store = Store(Path(work.directory))
    try:
        made = SnapshotBuilder(work, walk_file.read(Path(work.walk_file)))
        snapshot = made.snapshot()
        if work.graph is not None:
            path = Path(work.graph)
            snapshot = msgspec.structs.replace(snapshot, retained=_graph(made, path))
            os.rename(path, store.graph(work.info.id))
        store.save(made.timed(snapshot))
    except (OSError, ValueError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise HeapViewError(f"the snapshot could not be built: {reason}") from error
    return b""


def _graph(made: SnapshotBuilder, path: Path) -> Retained:
    from ...graphs.summary import GraphFacts, Holding, TypeTally, complete
    from ...graphs.write import Regions

    found = made.walk
    facts = GraphFacts(
        types=[t.name for t in found.types],
        tallies=[TypeTally(t.count, t.size) for t in found.types],
        labels=found.labels,
        roots=made.root_names(),
        holdings=[Holding(*row) for row in made.holdings()],
    )
    graph = found.graph
    return complete(path, Regions(graph.objects, graph.edges, graph.places), facts)
