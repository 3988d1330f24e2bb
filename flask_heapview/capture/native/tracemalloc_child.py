"""What tracemalloc knows of a capture by the native core: read in a second child.

tracemalloc hands its traces out as Python objects, millions of them. They are made in a forked
child, which looks up who allocated what the core sampled, by address.
"""

from __future__ import annotations

import gc
import tracemalloc
import types
from collections.abc import Iterable
from pathlib import Path

from ...allocations import tracing
from ...core.loader import core
from ...inspection.code_locations import CodeLocations, EndpointCode, reachable_codes
from ...isolation import forked_child
from ...model.allocations import Allocations
from ...model.base import Model, from_json, to_json
from ...model.ownership import Site
from ..base import Capture
from . import walk_file
from .snapshot_builder import TracemallocSites


class TracemallocResult(Model, frozen=True):
    """What the child found."""

    allocations: Allocations
    sites: TracemallocSites


def read(capture: Capture, path: Path) -> tuple[Allocations, TracemallocSites]:
    """Who allocated, by traceback and by what the core sampled. Raises ChildFailed or OSError."""
    path_of_result = path.with_name(path.name.replace(".raw.", ".traces."))
    path_of_result.touch(0o600)

    def work() -> None:
        tracing.stop_tracing_in_child()
        path_of_result.write_bytes(to_json(_look(walk_file.read(path), capture.request.endpoints)))

    forked = forked_child.spawn(work, capture.page, capture.deadline, keep=())
    try:
        forked.watch(capture.page, capture.deadline)
        found = from_json(path_of_result.read_bytes() or b"null", TracemallocResult | None)  # type: ignore[arg-type]
    except TimeoutError:
        found = None
    finally:
        forked.close()
        path_of_result.unlink(missing_ok=True)
    if found is None:
        return Allocations(note="The traces could not be read: their child hung or was killed."), (
            TracemallocSites()
        )
    return found.allocations, found.sites


def _look(found: walk_file.WalkFile, endpoints: Iterable[EndpointCode]) -> TracemallocResult:
    functions = [o for o in gc.get_objects() if type(o) is types.FunctionType]
    places = CodeLocations(reachable_codes(functions), endpoints)
    sites = TracemallocSites(
        holders={
            number: _sites(places, (block for entry in entries for block in entry.blocks))
            for number, entries in found.samples.items()
        },
        open={n: _sites(places, [(one.block, 1)]) for n, one in enumerate(found.open)},
        cycles={
            n: _sites(places, ((block, 1) for block in group.blocks))
            for n, group in enumerate(found.cycles)
        },
    )
    return TracemallocResult(allocations=tracing.read_allocations(places), sites=sites)


def _sites(places: CodeLocations, blocks: Iterable[tuple[int, int]]) -> list[Site]:
    counter = tracing.SiteCounter(places)
    for address, size in blocks:
        frames = core.traceback_of(address) if core is not None else None
        if frames is not None:
            counter.add_traceback(tracemalloc.Traceback(frames), size)
    return counter.sites()
